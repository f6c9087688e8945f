package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errUnreadable is wrapped by the error of a document that does not follow the schema.
var errUnreadable = errors.New("store: unreadable document")

// transient are the codes with which Firestore says that the same request may succeed
// later: https://cloud.google.com/firestore/docs/understand-error-codes. CANCELLED is
// among them because a connection that broke says it too; a caller's own is looked for
// in its context. ALREADY_EXISTS comes of creating what a transaction has not read: it
// runs anew, and sees.
var transient = []codes.Code{
	codes.Unavailable, codes.Aborted, codes.Internal, codes.ResourceExhausted, codes.DeadlineExceeded,
	codes.Canceled, codes.AlreadyExists,
}

// ended returns the error of a context that is over. gRPC looks at the clock, and may
// know it before the context's timer has run.
func ended(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// isTransient reports whether asking again, while ctx lasts, may succeed.
func isTransient(ctx context.Context, err error) bool {
	if ended(ctx) != nil {
		return false
	}
	status, ok := status.FromError(err)
	// gRPC gives a reset stream the code that its HTTP/2 error code maps to, permission denied among them.
	return ok && (slices.Contains(transient, status.Code()) || strings.Contains(status.Message(), "RST_STREAM"))
}

// explain turns an error of the library into one of ours. Every call goes through it.
func explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, errUnreadable) || isRefusal(err) {
		return err
	}
	if ended := ended(ctx); ended != nil { // the library says it in two ways
		return fmt.Errorf("store: %w", ended)
	}
	if isTransient(ctx, err) {
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	return fmt.Errorf("store: %w%s", err, advice(err))
}

// refusals are the errors that answer a request: the rules at work, and no failure.
var refusals = []error{ErrNotFound, ErrAlreadyMatched, ErrTooEarly, ErrReviewExists}

func isRefusal(err error) bool {
	return slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
}

// advice tells an operator what mends an error, where its text says which of the several
// causes of its code it is.
func advice(err error) string {
	text := strings.ToLower(err.Error())
	says := func(part string) bool { return strings.Contains(text, part) }
	switch status.Code(err) {
	case codes.FailedPrecondition:
		switch {
		case says("requires an index"), says("index is currently building"):
			return " (deploy the indexes: `firebase deploy --only firestore:indexes`, and wait until they are built)"
		case says("datastore mode"):
			return " (the database is in Datastore mode: this server needs one in Native mode)"
		}
	case codes.PermissionDenied:
		switch {
		case says("has not been used in project"), says("it is disabled"):
			return " (enable the API: `gcloud services enable firestore.googleapis.com`)"
		case says("app check"):
			return " (App Check is enforced for Firestore: a server's credentials are exempt, so this server has none)"
		case says("missing or insufficient permissions"):
			return " (give this server's service account roles/datastore.user)"
		}
	case codes.Unauthenticated:
		return " (give this server the credentials of a service account)"
	case codes.NotFound:
		if says("does not exist for project") {
			return " (create the database: `gcloud firestore databases create`)"
		}
	}
	return ""
}

// A hiddenError keeps an error from the library's retries, which look for its gRPC status.
type hiddenError struct{ cause error }

func (h hiddenError) Error() string { return h.cause.Error() }

func hidden(err error) error {
	if err == nil {
		return nil
	}
	return hiddenError{err}
}

func revealed(err error) error {
	var h hiddenError
	if errors.As(err, &h) {
		return h.cause
	}
	return err
}
