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

	"willson/internal/issuer"
)

// A network connects to Google in memory, for a test in a synctest bubble, where time
// passes only when everything waits for it: what takes hours is tested in milliseconds,
// what took no time did not wait, and nothing depends on the machine's speed.
type network struct {
	*issuer.Signer // of the tokens that the test is about
	kind           string
	conns          chan net.Conn
	closed         chan struct{}
	down           atomic.Bool // connections to the key endpoints are refused

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc // by path, instead of Google's
	requests map[string]int              // by path
	underWay map[string]int              // requests that are with Google now, by path
	atMost   map[string]int              // and at most until now
}

// Paths of Google's beside those of keys.
const (
	users       = "/v1/projects/" + project + "/accounts:lookup"
	cookies     = "/v1/projects/" + project + ":createSessionCookie"
	accessToken = "/token"
)

// signers sign the two kinds of tokens.
func signers() map[string]*issuer.Signer {
	return map[string]*issuer.Signer{"id_token": google.Signer, "session_cookie": google.Cookies}
}

// forBoth runs a test in a bubble for each kind of token.
func forBoth(t *testing.T, test func(t *testing.T, n *network)) {
	t.Helper()
	for kind := range signers() {
		t.Run(kind, func(t *testing.T) { inBubble(t, kind, test) })
	}
}

// inBubble runs a test in a bubble. It is not parallel: http.DefaultTransport, of which
// the Admin SDK takes a copy, leads to the bubble's network meanwhile.
func inBubble(t *testing.T, kind string, test func(t *testing.T, n *network)) {
	t.Helper()
	outside := http.DefaultTransport
	t.Cleanup(func() {
		http.DefaultTransport = outside
		google.SetMaxAge(6 * time.Hour)
	})
	synctest.Test(t, func(t *testing.T) {
		n := &network{
			Signer: signers()[kind], kind: kind, conns: make(chan net.Conn), closed: make(chan struct{}),
			answers: map[string]http.HandlerFunc{}, requests: map[string]int{}, underWay: map[string]int{}, atMost: map[string]int{},
		}
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

func (n *network) dialTLS(ctx context.Context, _, addr string) (net.Conn, error) {
	if n.down.Load() && addr == "www.googleapis.com:443" {
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
	path := r.URL.Path
	n.mu.Lock()
	n.requests[path]++
	n.underWay[path]++
	n.atMost[path] = max(n.atMost[path], n.underWay[path])
	answer := n.answers[path]
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.underWay[path]--
		n.mu.Unlock()
	}()
	if answer == nil {
		answer = google.Serve
	}
	answer(w, r)
}

// at replaces Google's answer at a path; nil brings back the true one.
func (n *network) at(path string, answer http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[path] = answer
}

// keys replaces the answer of the key endpoint of the test's kind.
func (n *network) keys(answer http.HandlerFunc) { n.at(n.CertPath, answer) }

// asked fails the test unless the key endpoint was asked so often until now, never twice
// at once.
func (n *network) asked(t *testing.T, when string, want int) {
	t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if got := n.requests[n.CertPath]; got != want {
		t.Errorf("%s: Google was asked %d times, want %d", when, got, want)
	}
	if most := n.atMost[n.CertPath]; most > 1 {
		t.Errorf("%s: Google was asked %d times at once", when, most)
	}
}

// calls fails the test unless Google was asked so often at a path since this was last called.
func (n *network) calls(t *testing.T, when, path string, want int) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if got := n.requests[path]; got != want {
		t.Errorf("%s: %s was asked for %d times, want %d", when, path, got, want)
	}
	n.requests[path] = 0
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
func (n *network) faults() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"refused":                  nil, // no connection at all
		"hanging":                  hang,
		"slower than the timeout":  slow(10 * time.Second),
		"reset":                    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"500":                      answer(http.StatusInternalServerError, keep, "{}"),
		"no keys":                  answer(http.StatusOK, keep, "{}"),
		"a page":                   answer(http.StatusOK, keep, "<!doctype html><title>Sign in to this network</title>"),
		"no certificate":           answer(http.StatusOK, keep, `{"kid": "key"}`),
		"no Cache-Control":         n.trueKeys(""),
		"max-age of nothing":       n.trueKeys("max-age=0"),
		"max-age in words":         n.trueKeys("max-age=soon"),
		"hanging the second time":  inTurns(n.trueKeys(keep), hang),
		"500 the second time":      inTurns(n.trueKeys(keep), answer(http.StatusInternalServerError, keep, "")),
		"no keys the second time":  inTurns(n.trueKeys(keep), answer(http.StatusOK, keep, "{}")),
		"cut in the second answer": inTurns(n.trueKeys(keep), answer(http.StatusOK, keep, `{"kid": "-----BEGIN CERT`)),
	}
}

// fail begins a fault of the key endpoint, and repair ends it.
func (n *network) fail(answer http.HandlerFunc) {
	n.down.Store(answer == nil)
	n.keys(answer)
}

func (n *network) repair() { n.fail(google.Serve) }

func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // until then the server does not see that the client went away
	<-r.Context().Done()
}

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
func (n *network) trueKeys(cacheControl string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(http.StatusOK, cacheControl, keysJSON(n.KeyID(), n.Certificate()))(w, r)
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
