package fakefirestore

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Fault is what goes wrong with one call. Err, Hang or Reset comes after the Delay and
// instead of the call; After or HangAfter comes instead of the answer to a call that was
// done: a lost reply.
type Fault struct {
	Delay     time.Duration
	Err       error // the status to answer
	Hang      bool  // no answer until the client gives up
	Reset     bool  // every connection is cut with a TCP reset
	Documents int   // how many documents of a stream go out before Err, Hang or Reset
	After     error // the status to answer
	HangAfter bool
}

// A Hook chooses the fault of a call. n counts the calls since the hook was set, from 1.
// Calls that arrive together call it together.
type Hook func(n int, call Call) Fault

type hook struct {
	choose Hook
	n      atomic.Int64
}

// OnCall sets the hook for all calls. A nil hook ends all faults.
func (s *Server) OnCall(h Hook) {
	if h == nil {
		h = Always(Fault{})
	}
	s.hook.Store(&hook{choose: h})
}

// Always chooses f for every call.
func Always(f Fault) Hook { return func(int, Call) Fault { return f } }

// First chooses f for the first n calls.
func First(n int, f Fault) Hook {
	return func(i int, _ Call) Fault {
		if i <= n {
			return f
		}
		return Fault{}
	}
}

// On asks h about the calls of one method, and counts these alone.
func On(method string, h Hook) Hook {
	var n atomic.Int64
	return func(_ int, call Call) Fault {
		if call.Method != method {
			return Fault{}
		}
		return h(int(n.Add(1)), call)
	}
}

// Code is a Fault that answers c.
func Code(c codes.Code) Fault { return Fault{Err: status.Error(c, "made to order")} }

// before does what comes before the call, and returns an error if the client gives up.
func (s *Server) before(ctx context.Context, method string, req proto.Message) (Fault, error) {
	call := Call{method, req}
	s.mu.Lock()
	s.counts[method]++
	if len(s.calls) < maxCalls {
		s.calls = append(s.calls, call)
	}
	s.mu.Unlock()
	h := s.hook.Load()
	f := h.choose(int(h.n.Add(1)), call)
	if wait := f.Delay + time.Duration(s.latency.Load()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return f, hang(ctx)
		}
	}
	return f, nil
}

func (s *Server) fail(ctx context.Context, f Fault) error {
	if f.Reset && f.Documents > 0 {
		time.Sleep(20 * time.Millisecond) // gRPC does not tell when the documents are out
	}
	if f.Reset {
		s.ResetConnections()
	}
	if f.Hang || f.Reset {
		return hang(ctx)
	}
	return f.Err
}

func (f Fault) after(ctx context.Context) error {
	if f.HangAfter {
		return hang(ctx)
	}
	return f.After
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// unary serves a call of one answer, which do makes while the server is locked.
func unary[Req proto.Message, Resp any](ctx context.Context, s *Server, method string, req Req, do func(Req) (Resp, error)) (resp Resp, err error) {
	f, err := s.before(ctx, method, req)
	if err == nil {
		err = s.fail(ctx, f)
	}
	if err != nil {
		return resp, err
	}
	s.mu.Lock()
	resp, err = do(req)
	s.mu.Unlock()
	if lost := f.after(ctx); lost != nil {
		return resp, lost
	}
	return resp, err
}

// found is the answer of a stream and how many of its messages are about documents.
type found struct {
	messages  []proto.Message
	documents int
}

// stream serves a call of many answers, which do finds while the server is locked.
func stream[Req proto.Message](s *Server, stream grpc.ServerStream, method string, req Req, do func(Req) (found, error)) error {
	f, err := s.before(stream.Context(), method, req)
	if err == nil && f.Documents == 0 {
		err = s.fail(stream.Context(), f)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	a, err := do(req)
	s.mu.Unlock()
	if f.Documents > 0 {
		a.documents = min(a.documents, f.Documents)
		a.messages = a.messages[:a.documents]
	}
	s.reads.Add(int64(a.documents))
	for _, m := range a.messages {
		if err := stream.SendMsg(m); err != nil {
			return err
		}
	}
	if f.Documents > 0 {
		return s.fail(stream.Context(), f)
	}
	if lost := f.after(stream.Context()); lost != nil {
		return lost
	}
	return err
}
