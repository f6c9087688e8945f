package standin

import (
	"context"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// flushWait is how long documents get to leave the process before their
// connection is reset: gRPC writes from a goroutine of its own and tells nobody
// when it is done. Loopback takes well under a millisecond.
const flushWait = 20 * time.Millisecond

// A Fault is what befalls one query. The zero Fault is none.
type Fault struct {
	// Delay is waited for before anything is sent, on top of the latency.
	Delay time.Duration
	// After is how many documents go out, at most, before one of the following
	// happens. When all three are unset it has no meaning.
	After int
	// Hang sends nothing more until the client gives up.
	Hang bool
	// Reset cuts all connections with a TCP reset.
	Reset bool
	// Err ends the query, with the code that it carries as a gRPC status.
	Err error
}

func (f Fault) breaks() bool { return f.Hang || f.Reset || f.Err != nil }

// A Hook decides what befalls a query. n counts the queries since the hook was
// set, from 1; queries that run side by side call it side by side.
type Hook func(n int, req *firestorepb.RunQueryRequest) Fault

type hook struct {
	decide Hook
	n      atomic.Int64
}

// OnQuery sets the hook that is asked about every query; nil takes it away.
func (s *Server) OnQuery(h Hook) {
	if h == nil {
		s.hook.Store(nil)
		return
	}
	s.hook.Store(&hook{decide: h})
}

// Always brings f upon every query.
func Always(f Fault) Hook {
	return func(int, *firestorepb.RunQueryRequest) Fault { return f }
}

// First brings f upon the first n queries and spares the rest.
func First(n int, f Fault) Hook {
	return func(i int, _ *firestorepb.RunQueryRequest) Fault {
		if i <= n {
			return f
		}
		return Fault{}
	}
}

// Code is a Fault that fails a query with c before any document.
func Code(c codes.Code) Fault {
	return Fault{Err: status.Error(c, "made to order")}
}

func (s *Server) fault(req *firestorepb.RunQueryRequest) Fault {
	h := s.hook.Load()
	if h == nil {
		return Fault{}
	}
	return h.decide(int(h.n.Add(1)), req)
}

// strike does what f says, once its documents are out.
func (s *Server) strike(ctx context.Context, f Fault) error {
	switch {
	case f.Hang:
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	case f.Reset:
		if f.After > 0 {
			time.Sleep(flushWait)
		}
		s.ResetConnections()
		return status.Error(codes.Unavailable, "connection reset")
	default:
		return f.Err
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}
