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

	"willson/life"
)

// ErrUnavailable: Firestore cannot be reached or is overloaded, or every attempt at a
// change lost against others. Whether a change was made is not known.
var ErrUnavailable = errors.New("store: Firestore unavailable")

var (
	// errUnreadable is wrapped by the error of a document that does not follow the schema.
	errUnreadable = errors.New("store: unreadable document")
	// errStale: a document was changed between two looks at it.
	errStale = errors.New("store: changed meanwhile")
)

// transient are the codes with which Firestore says that the same request may succeed
// later: https://cloud.google.com/firestore/docs/understand-error-codes, and those after
// which Google's own libraries run a transaction anew. CANCELLED is among them because a
// connection that broke says it too; a caller's own is looked for in its context.
var transient = []codes.Code{
	codes.Unavailable, codes.Aborted, codes.Internal, codes.ResourceExhausted, codes.DeadlineExceeded,
	codes.Canceled, codes.Unknown, codes.Unauthenticated,
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
	if errors.Is(err, errStale) {
		return true
	}
	status, ok := status.FromError(err)
	if !ok {
		return false
	}
	text := status.Message()
	return slices.Contains(transient, status.Code()) ||
		strings.Contains(text, "RST_STREAM") || // gRPC makes any code of a reset stream, permission denied among them
		status.Code() == codes.InvalidArgument && isOfTransaction(text)
}

// isOfTransaction reports whether a refusal says that the transaction is over, expired or
// closed, and not that something is wrong with what was asked.
func isOfTransaction(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "transaction has expired") || strings.Contains(text, "transaction is invalid or closed")
}

// explain turns an error of the client into one of ours. Every call goes through it.
func explain(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, errUnreadable), errors.Is(err, ErrUnavailable), isRefusal(err):
		return err
	}
	if ended := ended(ctx); ended != nil { // gRPC says it in two ways
		return fmt.Errorf("store: %w", ended)
	}
	if isTransient(ctx, err) {
		return fmt.Errorf("%w: %v%s", ErrUnavailable, err, advice(err))
	}
	return fmt.Errorf("store: %w%s", err, advice(err))
}

// refusals are the errors that answer a request: the rules at work, and no failure.
var refusals = []error{
	life.ErrNotFound, life.ErrUserNotFound, life.ErrAlreadyMatched, life.ErrTooEarly, life.ErrReviewExists,
	life.ErrConcernInProcess, life.ErrAmountNotEnough, life.ErrWillsonerNotFound, life.ErrTimeOut,
	life.ErrOutsideWindows, life.ErrAlreadyRegistered, life.ErrCodeNotFound, life.ErrUnknownKeyword,
}

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
