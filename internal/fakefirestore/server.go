// Package fakefirestore is a Firestore for tests and for the bench: a gRPC server on
// loopback that keeps documents in memory and fails as it is told to.
//
// The emulator cannot be told to refuse the third query, to lose the reply of a commit
// or to hang. This server serves what our clients send: queries of one collection,
// look-ups, transactions, and commits outside of them. What else it is asked it answers
// with UNIMPLEMENTED instead of guessing, as field paths in quotes, comparisons of arrays
// and maps, and queries of a group of collections. It has no access rules and wants no
// indexes. A transaction may see documents of different instants; then its commit is
// ABORTED, even that of one that only reads. Numbers compare exactly up to 2^53.
package fakefirestore

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// maxCalls bounds what Calls returns, since a bench makes millions of calls.
const maxCalls = 10_000

// A Server is a Firestore on loopback. Its methods may be called from any goroutine.
type Server struct {
	pb.UnimplementedFirestoreServer

	addr          string
	hook          atomic.Pointer[Hook]
	reads, writes atomic.Int64
	conns         sync.Map // the open *conn
	frozen        atomic.Bool
	traffic       sync.RWMutex // held for writing while frozen

	mu           sync.Mutex // guards what follows
	grpc         *grpc.Server
	calls        []Call
	counts       map[string]int
	collections  map[string]*collection // by full name
	cache        map[string]answer      // by encoded query, until a document changes
	transactions map[string]*transaction
}

// A Call is a request that has arrived. Method is like "RunQuery".
type Call struct {
	Method  string
	Request proto.Message
}

// Start listens on a free port of 127.0.0.1.
func Start() (*Server, error) {
	s := &Server{
		addr:         "127.0.0.1:0",
		counts:       make(map[string]int),
		collections:  make(map[string]*collection),
		cache:        make(map[string]answer),
		transactions: make(map[string]*transaction),
	}
	s.OnCall(nil)
	return s, s.Restart()
}

// New starts a server for a test, at whose end it is killed.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Addr is the host and port for FIRESTORE_EMULATOR_HOST. Kill and Restart keep it.
func (s *Server) Addr() string { return s.addr }

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

// unknown is the answer to what this server does not know.
func unknown(m proto.Message) error {
	return status.Errorf(codes.Unimplemented, "fakefirestore: %v", m)
}
