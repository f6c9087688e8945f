package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// readBody reads the body of a POST, for no longer than the request may take. A request
// whose body is not read to its end has its connection closed after the answer: net/http
// would wait for the rest of the body before it answers.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if !isJSON(r.Header) {
		return nil, errMediaType
	}
	control := http.NewResponseController(w)
	if end, ok := r.Context().Deadline(); ok {
		_ = control.SetReadDeadline(end) // a recorder in tests has no deadline to set
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		// net/http goes on to read, to see whether the client goes away.
		_ = control.SetReadDeadline(time.Time{})
		w.Header().Del("Connection")
		if outside := recordOf(r).connection; outside != "" {
			w.Header().Set("Connection", outside)
		}
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlowBody
	}
	return nil, fmt.Errorf("%w: the body broke off", errInvalid)
}

// isJSON reports whether the headers say that the body is plain JSON, or say nothing.
func isJSON(header http.Header) bool {
	for _, encoding := range header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	for _, value := range header["Content-Type"] {
		if mediaType, _, err := mime.ParseMediaType(value); value != "" && (err != nil || mediaType != "application/json") {
			return false
		}
	}
	return true
}

// An object is a JSON object that a client sent. Its methods read one key each, keep the
// first problem, and return a zero value for what is not good. Keys that nobody reads are
// ignored, and of a key given twice the last counts.
type object struct {
	keys map[string]json.RawMessage
	err  error // errInvalid and the key, never a client's words
}

func newObject(body []byte) *object {
	o := &object{}
	// The decoder would put a replacement character for what is not UTF-8.
	if !utf8.Valid(body) || json.Unmarshal(body, &o.keys) != nil {
		o.err = fmt.Errorf("%w: the body is no JSON object", errInvalid)
	}
	return o
}

func (o *object) fail(key string) {
	if o.err == nil {
		o.err = fmt.Errorf("%w: %s", errInvalid, key)
	}
}

// has reports whether the key is there and not null.
func (o *object) has(key string) bool {
	raw, ok := o.keys[key]
	return ok && string(raw) != "null"
}

// value decodes the key's value; null and what is not there leave it as it is.
func (o *object) value(key string, into any) {
	if o.has(key) && json.Unmarshal(o.keys[key], into) != nil {
		o.fail(key)
	}
}

// positive is a required integer above zero.
func (o *object) positive(key string) (n int64) {
	if o.value(key, &n); n < 1 {
		o.fail(key)
	}
	return n
}

// positiveOrOne is a positive integer, or an array that holds one and nothing else.
func (o *object) positiveOrOne(key string) int64 {
	if !strings.HasPrefix(string(o.keys[key]), "[") {
		return o.positive(key)
	}
	var all []int64
	if o.value(key, &all); len(all) != 1 || all[0] < 1 {
		o.fail(key)
		return 0
	}
	return all[0]
}

// rating is a required number above zero, at most 5.
func (o *object) rating(key string) (n float64) {
	if o.value(key, &n); !(n > 0 && n <= 5) {
		o.fail(key)
	}
	return n
}

// text is a string of at most so many characters; "" for null.
func (o *object) text(key string, most int) (s string) {
	if o.value(key, &s); utf8.RuneCountInString(s) > most {
		o.fail(key)
	}
	return s
}

// required fails when the key is not there at all; null is there.
func (o *object) required(key string) {
	if _, ok := o.keys[key]; !ok {
		o.fail(key)
	}
}

// array is an array of at most so many elements, none of them null; nil for null.
func array[T any](o *object, key string, most int) []T {
	var elements []*T
	if o.value(key, &elements); len(elements) > most {
		o.fail(key)
	}
	var all []T
	for _, e := range elements {
		if e == nil {
			o.fail(key)
			return nil
		}
		all = append(all, *e)
	}
	return all
}
