package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzhttp"

	"willson/auth"
	"willson/store"
)

// The handlers' own errors.
var (
	errNoRoute   = errors.New("handlers: no such route")
	errMethod    = errors.New("handlers: method not allowed")
	errMediaType = errors.New("handlers: a body of another media type than JSON")
	errTooLarge  = errors.New("handlers: a body that is too large")
	errSlowBody  = errors.New("handlers: a body that did not come in time")
	errInvalid   = errors.New("handlers: invalid request")
	errBusy      = errors.New("handlers: too many requests in flight")
	errNotReady  = errors.New("handlers: not ready")
	errGone      = errors.New("handlers: the client went away")
)

// statusGone is logged, and never sent, for a client that did not wait (nginx's 499).
const statusGone = 499

// An outcome is what the client is told of an error.
type outcome struct {
	status        int
	code, message string
}

// outcomeOf maps every error to its answer: the contract's table.
func outcomeOf(err error) outcome {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(errGone): // first: whatever else went wrong, nobody waits for it
		return outcome{status: statusGone}
	case is(auth.ErrExpired):
		return outcome{http.StatusUnauthorized, "access_token_expired", "Access token expired"}
	case is(auth.ErrMissing):
		return outcome{http.StatusUnauthorized, "token_not_found", "Token not found"}
	case is(auth.ErrInvalid):
		return outcome{http.StatusUnauthorized, "access_token_invalid", "Access token invalid"}
	case is(errMediaType):
		return outcome{http.StatusUnsupportedMediaType, "unsupported_media_type", "Unsupported media type"}
	case is(errTooLarge):
		return outcome{http.StatusRequestEntityTooLarge, "request_too_large", "Request too large"}
	case is(errInvalid):
		return outcome{http.StatusBadRequest, "invalid_request", "Invalid request"}
	case is(store.ErrNotFound):
		return outcome{http.StatusNotFound, "not_found", "Result not found"}
	case is(errNoRoute):
		return outcome{http.StatusNotFound, "route_not_found", "Route not found"}
	case is(errMethod):
		return outcome{http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed"}
	case is(store.ErrAlreadyMatched):
		return outcome{http.StatusConflict, "already_matched", "Already matched."}
	case is(store.ErrTooEarly):
		return outcome{http.StatusConflict, "too_early", "Too early."}
	case is(store.ErrReviewExists):
		return outcome{http.StatusConflict, "review_already_exists", "Review already exist."}
	case is(errBusy, errNotReady, auth.ErrUnavailable, store.ErrUnavailable):
		return outcome{http.StatusServiceUnavailable, "service_unavailable", "Service unavailable"}
	case is(context.DeadlineExceeded, errSlowBody):
		return outcome{http.StatusGatewayTimeout, "deadline_exceeded", "Deadline exceeded"}
	}
	return outcome{http.StatusInternalServerError, "internal_error", "Internal error"}
}

// retryAfter is what a client is asked to wait, in seconds, when something cannot be reached.
const retryAfter = "1"

// adapt makes an http.Handler of one that returns its error; every error becomes an
// answer here and nowhere else.
func (s *server) adapt(path string, serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recordOf(r)
		rec.route = path
		rec.connection = w.Header().Get("Connection")
		if r.Body != nil && r.Body != http.NoBody {
			w.Header().Set("Connection", "close") // see readBody
		}
		if err := serve(w, r); err != nil {
			// net/http cancels the context also when a body is late.
			if errors.Is(r.Context().Err(), context.Canceled) && !errors.Is(err, errSlowBody) {
				err = fmt.Errorf("%w: %w", errGone, err)
			}
			rec.err = err
			failure(w, r, err)
		}
	})
}

// An envelope is what every answer looks like; data is left out of errors.
type envelope struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// success answers with a handler's data. A handler that answers otherwise returns an envelope.
func success(w http.ResponseWriter, r *http.Request, data any) error {
	e, ok := data.(envelope)
	if !ok {
		e = envelope{"success", "success", data}
	}
	return send(w, r, http.StatusOK, e)
}

func failure(w http.ResponseWriter, r *http.Request, err error) {
	out := outcomeOf(err)
	if out.status == statusGone {
		recordOf(r).status = statusGone
		return
	}
	if out.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	send(w, r, out.status, envelope{Code: out.code, Message: out.message}) // strings: they always encode
}

// An encoder is a JSON encoder and the buffer it writes to.
type encoder struct {
	bytes.Buffer
	json *json.Encoder
}

// encoders keeps buffers from one answer to the next.
var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.json = json.NewEncoder(e)
	e.json.SetEscapeHTML(false) // the app reads JSON, not HTML; & in an address stays &
	return e
}}

// send encodes the body before it sends anything, so that a failure can still become a
// clean answer. A good answer to GET carries a strong ETag over its bytes, and becomes
// 304 for a client that has them.
func send(w http.ResponseWriter, r *http.Request, status int, answer envelope) error {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.Reset()
	if err := e.json.Encode(answer); err != nil {
		return err
	}
	content := bytes.TrimSuffix(e.Bytes(), []byte("\n"))

	header := w.Header()
	header.Set("Cache-Control", "private, no-cache")
	if status == http.StatusOK && r.Method == http.MethodGet {
		sum := sha256.Sum256(content)
		tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
		if held := matching(r.Header["If-None-Match"], tag); held != "" {
			header.Set("ETag", held)
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		header.Set("ETag", tag)
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	w.Write(content) // an error means that the client is gone
	return nil
}

// gzipSuffix is what the compressor adds to the ETag of what it compresses.
const gzipSuffix = "-gzip"

// newCompressor returns a wrapper that compresses answers for clients that take it.
func newCompressor() (func(http.Handler) http.HandlerFunc, error) {
	return gzhttp.NewWrapper(gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false))
}

// matching returns the one of the client's entity tags that stands for tag, compressed
// or not, or "". If-None-Match compares weakly (RFC 9110, 13.1.2).
func matching(ifNoneMatch []string, tag string) string {
	for _, values := range ifNoneMatch {
		for value := range strings.SplitSeq(values, ",") {
			held := strings.TrimPrefix(strings.TrimSpace(value), "W/")
			if held == "*" {
				return tag
			}
			if strings.Replace(held, gzipSuffix+`"`, `"`, 1) == tag {
				return held
			}
		}
	}
	return ""
}
