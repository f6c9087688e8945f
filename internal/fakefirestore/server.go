// Package fakefirestore is a Firestore for tests and for the bench: a gRPC server on
// loopback that keeps documents in memory and fails as it is told to.
//
// The emulator cannot be told to refuse the third query, to lose the reply of a commit
// or to hang. This server serves queries of one collection, look-ups and transactions,
// from the same documents for every project. What it does not know it answers with
// UNIMPLEMENTED instead of guessing. It has no access rules. A transaction may see
// documents of different instants; then its commit is ABORTED.
package fakefirestore

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxCalls bounds what Calls returns, since a bench makes millions of calls.
const maxCalls = 10_000

// A Server is a Firestore on loopback. Its methods may be called from any goroutine.
type Server struct {
	pb.UnimplementedFirestoreServer

	addr          string
	latency       atomic.Int64
	hook          atomic.Pointer[hook]
	reads, writes atomic.Int64
	conns         sync.Map     // the open *conn
	traffic       sync.RWMutex // held for writing while frozen

	mu           sync.Mutex // guards what follows
	grpc         *grpc.Server
	frozen       bool
	calls        []Call
	counts       map[string]int
	collections  map[string]*collection
	cache        map[string]found // by encoded request, until a document changes
	transactions map[string]*transaction
	begun        int
	lastCommit   time.Time
}

// A Call is a request that has arrived. Method is like "RunQuery".
type Call struct {
	Method  string
	Request proto.Message
}

// Start listens on addr, or on a free port of 127.0.0.1 if addr is empty.
func Start(addr string) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	s := &Server{addr: addr}
	s.Reset()
	return s, s.Restart()
}

// Addr is the host and port for FIRESTORE_EMULATOR_HOST. Kill and Restart keep it.
func (s *Server) Addr() string { return s.addr }

// Close ends the server.
func (s *Server) Close() { s.Kill() }

// Kill stops listening and closes every connection, as a crash does, but keeps what is
// stored and set. A second Kill does nothing.
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

// Restart listens again after a Kill.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		return errors.New("fakefirestore: already serving")
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.addr = l.Addr().String()
	// As many streams as the real service allows. Workers keep their stacks between
	// calls, which saves a sixth of a call's CPU.
	s.grpc = grpc.NewServer(grpc.MaxConcurrentStreams(100), grpc.NumStreamWorkers(16))
	pb.RegisterFirestoreServer(s.grpc, s)
	go s.grpc.Serve(&listener{l, s})
	return nil
}

// Reset forgets documents, transactions, calls, counts, latency and faults.
func (s *Server) Reset() {
	s.Thaw()
	s.OnCall(nil)
	s.SetLatency(0)
	s.reads.Store(0)
	s.writes.Store(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.counts = nil, make(map[string]int)
	s.collections, s.cache = make(map[string]*collection), make(map[string]found)
	s.transactions = make(map[string]*transaction)
}

// SetLatency makes every call wait for d before it is done.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }

// Calls returns the first ten thousand calls, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Count is how many calls of a method have arrived.
func (s *Server) Count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[method]
}

// Reads is how many documents were sent or reported missing: what Firestore bills, but
// for the one read of a query that finds nothing.
func (s *Server) Reads() int { return int(s.reads.Load()) }

// Writes is how many documents clients have written or deleted.
func (s *Server) Writes() int { return int(s.writes.Load()) }

// now is the time in microseconds, as Firestore's, and later than every now before.
func (s *Server) now() *timestamppb.Timestamp {
	now := time.Now().Truncate(time.Microsecond)
	if !now.After(s.lastCommit) {
		now = s.lastCommit.Add(time.Microsecond)
	}
	s.lastCommit = now
	return timestamppb.New(now)
}
