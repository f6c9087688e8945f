package auth_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A world is where time passes only when everything waits for it, and where Google is
// reached over a network in memory: what takes hours is tested in milliseconds, what
// took no time did not wait, and nothing depends on the machine's speed.
type world struct {
	conns  chan net.Conn
	closed chan struct{}
	before int // fetches
	// dial replaces the network's answer to a connection; nil connects.
	dial atomic.Pointer[func(context.Context) (net.Conn, error)]

	mu       sync.Mutex
	at, most int // requests that are with Google now, and at most until now
}

// inWorld runs a test in a world of its own. It is not parallel: http.DefaultTransport,
// of which the Admin SDK takes a copy, leads into this world meanwhile.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	outside := http.DefaultTransport
	t.Cleanup(func() {
		http.DefaultTransport = outside
		google.Handle(nil)
		google.SetMaxAge(6 * time.Hour)
	})
	synctest.Test(t, func(t *testing.T) {
		w := &world{conns: make(chan net.Conn), closed: make(chan struct{}), before: google.Fetches()}
		transport := outside.(*http.Transport).Clone()
		transport.DialTLSContext = w.dialTLS
		http.DefaultTransport = transport
		server := &http.Server{Handler: http.HandlerFunc(w.serve)}
		go server.Serve(w)
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			server.Close()
			time.Sleep(time.Minute) // what still waits ends; what never would fails the test
		})
		test(t, w)
	})
}

func (w *world) dialTLS(ctx context.Context, _, _ string) (net.Conn, error) {
	if dial := w.dial.Load(); dial != nil {
		return (*dial)(ctx)
	}
	client, server := net.Pipe()
	select {
	case w.conns <- server:
		return client, nil
	case <-w.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.count(1)
	defer w.count(-1)
	google.ServeHTTP(rw, r)
}

func (w *world) count(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at += n
	w.most = max(w.most, w.at)
}

// underWay returns how many requests are with Google now, and at most until now.
func (w *world) underWay() (at, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.most
}

// fetches is how often Google was asked in this world.
func (w *world) fetches() int { return google.Fetches() - w.before }

// Accept, Close and Addr make the world its server's listener.
func (w *world) Accept() (net.Conn, error) {
	select {
	case conn := <-w.conns:
		return conn, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *world) Close() error {
	close(w.closed)
	return nil
}

func (w *world) Addr() net.Addr { return &net.UnixAddr{} }

// slow answers as Google does, after d.
func slow(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			google.Serve(w, r)
		case <-r.Context().Done():
		}
	}
}
