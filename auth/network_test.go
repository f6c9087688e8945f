package auth_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A network connects to Google in memory, for a test in a synctest bubble, where time
// passes only when everything waits for it: what takes hours is tested in milliseconds,
// what took no time did not wait, and nothing depends on the machine's speed.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	before int         // fetches
	down   atomic.Bool // connections are refused

	mu               sync.Mutex
	underWay, atMost int // requests that are with Google now, and at most until now
}

// inBubble runs a test in a bubble. It is not parallel: http.DefaultTransport, of which
// the Admin SDK takes a copy, leads to the bubble's network meanwhile.
func inBubble(t *testing.T, test func(t *testing.T, n *network)) {
	t.Helper()
	outside := http.DefaultTransport
	t.Cleanup(func() {
		http.DefaultTransport = outside
		google.Handle(nil)
		google.SetMaxAge(6 * time.Hour)
	})
	synctest.Test(t, func(t *testing.T) {
		n := &network{conns: make(chan net.Conn), closed: make(chan struct{}), before: google.Fetches()}
		transport := outside.(*http.Transport).Clone()
		transport.DialTLSContext = n.dialTLS
		http.DefaultTransport = transport
		server := &http.Server{Handler: http.HandlerFunc(n.serve)}
		go server.Serve(n)
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			server.Close()
			time.Sleep(time.Minute) // what still waits ends; what never would fails the test
		})
		test(t, n)
	})
}

func (n *network) dialTLS(ctx context.Context, _, _ string) (net.Conn, error) {
	if n.down.Load() {
		return nil, syscall.ECONNREFUSED
	}
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) serve(w http.ResponseWriter, r *http.Request) {
	n.count(1)
	defer n.count(-1)
	google.ServeHTTP(w, r)
}

func (n *network) count(change int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.underWay += change
	n.atMost = max(n.atMost, n.underWay)
}

// asked fails the test unless Google was asked so often until now, never twice at once.
func (n *network) asked(t *testing.T, when string, want int) {
	t.Helper()
	synctest.Wait()
	if got := google.Fetches() - n.before; got != want {
		t.Errorf("%s: Google was asked %d times, want %d", when, got, want)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.atMost > 1 {
		t.Errorf("%s: Google was asked %d times at once", when, n.atMost)
	}
}

// Accept, Close and Addr make the network its server's listener.
func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	close(n.closed)
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{} }

// keep is the Cache-Control of Google's key endpoint.
const keep = "public, max-age=21600, must-revalidate, no-transform"

// faults are what can be wrong with Google's key endpoint, or with the way there.
func faults() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"refused":                  nil, // no connection at all
		"hanging":                  hang,
		"slower than the timeout":  slow(10 * time.Second),
		"reset":                    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"500":                      answer(http.StatusInternalServerError, keep, "{}"),
		"no keys":                  answer(http.StatusOK, keep, "{}"),
		"a page":                   answer(http.StatusOK, keep, "<!doctype html><title>Sign in to this network</title>"),
		"no certificate":           answer(http.StatusOK, keep, `{"kid": "key"}`),
		"no Cache-Control":         trueKeys(""),
		"max-age of nothing":       trueKeys("max-age=0"),
		"max-age in words":         trueKeys("max-age=soon"),
		"hanging the second time":  inTurns(trueKeys(keep), hang),
		"500 the second time":      inTurns(trueKeys(keep), answer(http.StatusInternalServerError, keep, "")),
		"no keys the second time":  inTurns(trueKeys(keep), answer(http.StatusOK, keep, "{}")),
		"cut in the second answer": inTurns(trueKeys(keep), answer(http.StatusOK, keep, `{"kid": "-----BEGIN CERT`)),
	}
}

// fail begins a fault, and repair ends it.
func (n *network) fail(handler http.HandlerFunc) {
	n.down.Store(handler == nil)
	google.Handle(handler)
}

func (n *network) repair() {
	n.down.Store(false)
	google.Handle(nil)
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

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

// answer is an endpoint that answers this.
func answer(status int, cacheControl, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", cacheControl)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// trueKeys is the endpoint's true answer, but for how long it may be kept.
func trueKeys(cacheControl string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(http.StatusOK, cacheControl, keysJSON(google.KeyID(), google.Certificate()))(w, r)
	}
}

// keysJSON is an answer of the endpoint, given key IDs and certificates in turn.
func keysJSON(pairs ...string) string {
	keys := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	body, _ := json.Marshal(keys) // a map of strings always encodes
	return string(body)
}

// inTurns answers the first of the two requests that a load makes with one handler and
// the second with the other.
func inTurns(first, second http.HandlerFunc) http.HandlerFunc {
	var requests atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%2 == 1 {
			first(w, r)
			return
		}
		second(w, r)
	}
}
