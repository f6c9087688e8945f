package fakefirestore

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Fault is what goes wrong with one call: after the Delay it ends with Err, Hang or
// Reset, which come instead of the call unless it is Lost.
type Fault struct {
	Delay     time.Duration
	Err       error // the status to answer
	Hang      bool  // no answer until the client gives up
	Reset     bool  // every connection is cut with a TCP reset
	Documents int   // of a stream, how many documents go out before
	Lost      bool  // the call is done, and what it answers does not arrive
}

// A Hook chooses the fault of a call. Calls that arrive together call it together.
type Hook func(Call) Fault

// OnCall sets the hook for all calls. A nil hook ends all faults.
func (s *Server) OnCall(h Hook) {
	if h == nil {
		h = Always(Fault{})
	}
	s.hook.Store(&h)
}

// Always chooses f for every call.
func Always(f Fault) Hook { return func(Call) Fault { return f } }

// First chooses f for the first n calls that it is asked about.
func First(n int64, f Fault) Hook {
	var asked atomic.Int64
	return func(Call) Fault {
		if asked.Add(1) <= n {
			return f
		}
		return Fault{}
	}
}

// On asks h about the calls of one method alone.
func On(method string, h Hook) Hook {
	return func(call Call) Fault {
		if call.Method != method {
			return Fault{}
		}
		return h(call)
	}
}

// OnBareCommit asks h about the commits alone that are in no transaction.
func OnBareCommit(h Hook) Hook {
	return func(call Call) Fault {
		if commit, ok := call.Request.(*pb.CommitRequest); !ok || len(commit.GetTransaction()) > 0 {
			return Fault{}
		}
		return h(call)
	}
}

// Code is a Fault that answers c.
func Code(c codes.Code) Fault { return Fault{Err: status.Error(c, "made to order")} }

// before notes a call and does what comes before it. An error comes instead of it.
func (s *Server) before(ctx context.Context, method string, req proto.Message) (Fault, error) {
	call := Call{method, req}
	s.mu.Lock()
	s.counts[method]++
	if len(s.calls) < maxCalls {
		s.calls = append(s.calls, call)
	}
	s.mu.Unlock()
	f := (*s.hook.Load())(call)
	time.Sleep(f.Delay)
	if f.Lost || f.Documents > 0 {
		return f, nil
	}
	return f, s.fail(ctx, f)
}

// fail makes a fault, if there is one, and returns the error to answer.
func (s *Server) fail(ctx context.Context, f Fault) error {
	if f.Reset && f.Documents > 0 {
		time.Sleep(20 * time.Millisecond) // gRPC does not tell when the documents are out
	}
	if f.Reset {
		s.reset()
	}
	if f.Hang || f.Reset {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	return f.Err
}

// unary serves a call of one answer, which do makes while the server is locked.
func unary[Resp any](ctx context.Context, s *Server, method string, req proto.Message, do func() (Resp, error)) (resp Resp, err error) {
	f, err := s.before(ctx, method, req)
	if err != nil {
		return resp, err
	}
	s.mu.Lock()
	resp, err = do()
	s.mu.Unlock()
	return resp, cmp.Or(s.fail(ctx, f), err)
}

// An answer is a stream's messages and how many of them are about documents.
type answer struct {
	messages  []proto.Message
	documents int
}

// streamed serves a call of many answers, which do finds while the server is locked.
func streamed(s *Server, stream grpc.ServerStream, method string, req proto.Message, do func() (answer, error)) error {
	f, err := s.before(stream.Context(), method, req)
	if err != nil {
		return err
	}
	s.mu.Lock()
	a, err := do()
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
	return cmp.Or(s.fail(stream.Context(), f), err)
}
