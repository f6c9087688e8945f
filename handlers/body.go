package handlers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// readBody reads the JSON object that a request brings, for no longer than the request
// may take.
func readBody(rec *record, r *http.Request) (*object, error) {
	if !isJSON(r.Header) {
		return nil, errMediaType
	}
	control := http.NewResponseController(rec)
	if end, ok := r.Context().Deadline(); ok {
		_ = control.SetReadDeadline(end) // a recorder in tests has no deadline to set
	}
	body, err := io.ReadAll(http.MaxBytesReader(rec, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errSlowBody
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the body broke off", errInvalid)
	}
	// net/http goes on to read, to see whether the client goes away.
	_ = control.SetReadDeadline(time.Time{})
	rec.unread = false

	return newObject(body)
}

// isJSON reports whether the headers say that the body is plain JSON, or say nothing.
// What a media type's parameters say is of no consequence, JSON has none.
func isJSON(header http.Header) bool {
	for _, encoding := range header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	for _, value := range header["Content-Type"] {
		mediaType, _, _ := strings.Cut(value, ";")
		if value != "" && !strings.EqualFold(strings.TrimSpace(mediaType), "application/json") {
			return false
		}
	}
	return true
}
