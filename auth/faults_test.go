package auth_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// A fault is what is wrong with Google's key endpoint, or with the way there.
type fault struct {
	name   string
	handle http.HandlerFunc
	dial   func(context.Context) (net.Conn, error)
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
		body, _ := json.Marshal(map[string]string{google.KeyID(): google.Certificate()})
		answer(http.StatusOK, cacheControl, string(body))(w, r)
	}
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

func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func faults() []fault {
	const keep = "public, max-age=21600, must-revalidate, no-transform"
	return []fault{
		{name: "refused", dial: func(context.Context) (net.Conn, error) { return nil, syscall.ECONNREFUSED }},
		{name: "no name", dial: func(context.Context) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "www.googleapis.com", IsNotFound: true}
		}},
		{name: "no way there", dial: func(context.Context) (net.Conn, error) {
			time.Sleep(30 * time.Second) // as net/http's dialer, which does not end with the request
			return nil, os.ErrDeadlineExceeded
		}},
		{name: "hanging", handle: hang},
		{name: "slower than the timeout", handle: slow(10 * time.Second)},
		{name: "trickling", handle: func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, " ")
				http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		}},
		{name: "reset", handle: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{name: "cut in mid-answer", handle: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "2000")
			trueKeys(keep)(w, r)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}},
		{name: "429", handle: answer(http.StatusTooManyRequests, keep, "slow down")},
		{name: "403", handle: answer(http.StatusForbidden, keep, "{}")},
		{name: "404", handle: http.NotFound},
		{name: "500", handle: answer(http.StatusInternalServerError, keep, "{}")},
		{name: "503", handle: answer(http.StatusServiceUnavailable, keep, "")},
		{name: "redirected without end", handle: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}},
		{name: "nothing", handle: answer(http.StatusOK, keep, "")},
		{name: "no keys", handle: answer(http.StatusOK, keep, "{}")},
		{name: "null", handle: answer(http.StatusOK, keep, "null")},
		{name: "garbled", handle: answer(http.StatusOK, keep, `{"kid": "-----BEGIN CERT`)},
		{name: "a page", handle: answer(http.StatusOK, keep, "<!doctype html><title>Sign in to this network</title>")},
		{name: "another JSON", handle: answer(http.StatusOK, keep, `{"keys": []}`)},
		{name: "no certificate", handle: answer(http.StatusOK, keep, `{"kid": "key"}`)},
		{name: "half a certificate", handle: func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]string{google.KeyID(): google.Certificate()[:300]})
			answer(http.StatusOK, keep, string(body))(w, r)
		}},
		{name: "no Cache-Control", handle: trueKeys("")},
		{name: "no max-age", handle: trueKeys("no-store")},
		{name: "max-age of nothing", handle: trueKeys("max-age=0")},
		{name: "max-age of less than nothing", handle: trueKeys("max-age=-60")},
		{name: "max-age in words", handle: trueKeys("max-age=soon")},
		{name: "500 the first time", handle: inTurns(answer(http.StatusInternalServerError, keep, ""), google.Serve)},
		{name: "hanging the second time", handle: inTurns(google.Serve, hang)},
		{name: "500 the second time", handle: inTurns(google.Serve, answer(http.StatusInternalServerError, keep, ""))},
		{name: "no keys the second time", handle: inTurns(google.Serve, answer(http.StatusOK, keep, "{}"))},
	}
}

func (w *world) fail(f fault) {
	if f.dial != nil {
		w.dial.Store(&f.dial)
		return
	}
	google.Handle(f.handle)
}

func (w *world) repair() {
	w.dial.Store(nil)
	google.Handle(nil)
}
