// Package standin is a Firestore made to order: a gRPC server on loopback that
// answers RunQuery from documents given in memory.
//
// The emulator answers as it likes and when it likes, needs Java and forgives a
// query that has no index. A test of an outage needs a server that refuses the
// third query, hangs, or breaks off after two documents; a bench needs one that
// costs next to nothing. This one applies what a query says, filters, order and
// limit, so that a filter that was forgotten shows in the answer, and refuses
// what it does not understand instead of guessing. It knows no other call than
// RunQuery, no transactions and no access rules.
package standin

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
)

// maxStreams is how many calls one connection carries at a time, as the real
// service allows: a client that opens a single connection must queue here too.
const maxStreams = 100

// streamWorkers keep their grown stacks from call to call, which saves a sixth
// of a call's CPU; calls beyond them get goroutines of their own.
const streamWorkers = 16

// maxRecorded bounds Requests; a bench sends millions.
const maxRecorded = 10_000

// A Server is a Firestore on loopback. Its methods may be called from any
// goroutine and take effect from the next query on.
type Server struct {
	addr string

	mu       sync.Mutex
	grpc     *grpc.Server
	listener *listener
	docs     map[string]map[string]document
	generate Generator
	cache    map[string]answer
	requests []*firestorepb.RunQueryRequest

	hook    atomic.Pointer[hook]
	latency atomic.Int64
	gate    gate
	queries atomic.Int64
	sent    atomic.Int64
}

// Start listens on addr, any free port of 127.0.0.1 when it is empty, and
// serves until Close.
func Start(addr string) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	s := &Server{addr: addr, docs: make(map[string]map[string]document)}
	if err := s.Restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr is the host and port to put into FIRESTORE_EMULATOR_HOST. It stays the
// same over Kill and Restart.
func (s *Server) Addr() string { return s.addr }

// Kill stops listening and cuts every connection, as a crash would. Documents,
// counters and faults are kept for Restart. Killing twice does nothing.
func (s *Server) Kill() {
	s.mu.Lock()
	server := s.grpc
	s.grpc = nil
	s.mu.Unlock()
	if server != nil {
		s.Thaw()
		server.Stop()
	}
}

// Close is Kill, for a cleanup.
func (s *Server) Close() { s.Kill() }

// Restart listens again on the address of before the Kill.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		return errors.New("standin: already serving")
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("standin: %w", err)
	}
	s.addr = l.Addr().String()
	s.listener = newListener(l, &s.gate)
	s.grpc = grpc.NewServer(
		grpc.ForceServerCodecV2(codec{}),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.NumStreamWorkers(streamWorkers),
	)
	s.grpc.RegisterService(&description, s)
	go s.grpc.Serve(s.listener)
	return nil
}

// SetLatency makes every query wait so long before its first document.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }

// Queries is how many queries have arrived.
func (s *Server) Queries() int { return int(s.queries.Load()) }

// DocumentsSent is how many documents have gone out: what Firestore would put
// on the bill, but for the one read that it charges for an empty result.
func (s *Server) DocumentsSent() int { return int(s.sent.Load()) }

// Requests returns the queries seen, oldest first: the first ten thousand since
// the last Reset.
func (s *Server) Requests() []*firestorepb.RunQueryRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*firestorepb.RunQueryRequest(nil), s.requests...)
}

// Reset forgets documents, counters, requests, latency and faults.
func (s *Server) Reset() {
	s.mu.Lock()
	clear(s.docs)
	s.cache, s.requests, s.generate = nil, nil, nil
	s.mu.Unlock()
	s.hook.Store(nil)
	s.latency.Store(0)
	s.queries.Store(0)
	s.sent.Store(0)
	s.Thaw()
}
