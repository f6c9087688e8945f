package store

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// transactionAttempts is how often a transaction is tried before the client is told to
// come back. Against others that want the same documents most succeed at the second.
const transactionAttempts = 5

// A transaction is one attempt at an action: everything is read before anything is written.
type transaction struct {
	*firestore.Transaction
	ctx     context.Context
	store   *Store
	now     time.Time // of this attempt, to the microsecond, as Firestore keeps it
	attempt int       // from 1; a later one may find that an earlier was done
}

// transact runs f in a transaction, at most transactionAttempts times, until it is known to
// be done, and returns f's error.
//
// The library would try a transaction again only when it was aborted, with pauses that do
// not end with the context, and repeat a commit whose answer was lost, which is refused
// although the first was stored. So an attempt is the library's and the loop is ours:
// after any failure that may pass f runs anew, and finds its own traces if the commit was
// stored after all.
func (s *Store) transact(ctx context.Context, a action, f func(*transaction) error) error {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: time.Second, Multiplier: 2}
	// Those that lost against each other must not meet again.
	pauseAfterConflict := gax.Backoff{Initial: 400 * time.Millisecond, Max: 2 * time.Second, Multiplier: 2}
	for attempt := 1; ; attempt++ {
		var err error // f's, which the library must not take for one of its own
		failed := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			err = f(&transaction{tx, ctx, s, s.now().UTC().Truncate(time.Microsecond), attempt})
			return hidden(err)
		}, firestore.MaxAttempts(1))
		if err == nil {
			err = failed
		}
		err = revealed(err)
		if err == nil || !isTransient(ctx, err) {
			return explain(ctx, err)
		}
		if attempt == transactionAttempts && status.Code(err) == codes.AlreadyExists {
			return fmt.Errorf("store: %w", err) // no race: something else wrote what this creates
		}
		wait := pause.Pause()
		if status.Code(err) == codes.Aborted {
			wait = pauseAfterConflict.Pause()
		}
		if attempt == transactionAttempts || !sleep(ctx, wait) {
			return fmt.Errorf("%w: after %d attempts: %v", ErrUnavailable, attempt, err)
		}
		s.metrics.retries.WithLabelValues(string(a)).Inc()
	}
}

// sleep pauses, and reports false at once if ctx would end before.
func sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	return gax.Sleep(ctx, d) == nil
}

// A found document is one that was read, and its id.
type found[T any] struct {
	doc T
	id  string
}

// documentOf is *T, where that is a document.
type documentOf[T any] interface {
	*T
	document
}

// read reads one document; nil when it does not exist.
func read[T any, P documentOf[T]](tx *transaction, ref *firestore.DocumentRef) (*T, error) {
	snapshot, err := tx.snapshot(ref)
	if err != nil || snapshot == nil {
		return nil, err
	}
	return decode[T, P](tx, snapshot)
}

// snapshot reads one document; nil when it does not exist.
func (tx *transaction) snapshot(ref *firestore.DocumentRef) (*firestore.DocumentSnapshot, error) {
	snapshots, err := tx.GetAll([]*firestore.DocumentRef{ref})
	if err != nil || !snapshots[0].Exists() {
		return nil, err
	}
	return snapshots[0], nil
}

// decode turns a document into its type. One that does not follow the schema is logged.
func decode[T any, P documentOf[T]](tx *transaction, snapshot *firestore.DocumentSnapshot) (*T, error) {
	doc := new(T)
	err := snapshot.DataTo(doc)
	if err == nil {
		err = strict(reflect.ValueOf(doc).Elem(), snapshot.Data(), "")
	}
	if err == nil {
		err = P(doc).accept(snapshot.Ref.ID)
	}
	if err != nil {
		tx.store.unreadable(tx.ctx, snapshot.Ref.Parent.ID, snapshot.Ref.Path, err)
		return nil, fmt.Errorf("%w: %s: %w", errUnreadable, snapshot.Ref.Parent.ID, err)
	}
	return doc, nil
}

// strict refuses what the library's DataTo lets through and the lists' decoder does not: a
// field under a name in other letters, and a double in an integer's place. filled is the
// struct that DataTo filled from data, which stands at path in the document.
func strict(filled reflect.Value, data map[string]any, path string) error {
	for i := range filled.NumField() {
		name, _, _ := strings.Cut(filled.Type().Field(i).Tag.Get("firestore"), ",")
		field := reflect.Indirect(filled.Field(i))
		if !field.IsValid() || field.IsZero() {
			continue
		}
		switch value := data[name].(type) {
		case nil:
			return fmt.Errorf("%s: missing", path+name)
		case float64:
			if field.Kind() == reflect.Int64 {
				return fmt.Errorf("%s: double where integer belongs", path+name)
			}
		case map[string]any:
			if err := strict(field, value, path+name+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

// query reads the documents found. Those that do not follow the schema are passed over.
func query[T any, P documentOf[T]](tx *transaction, q firestore.Query) ([]found[T], error) {
	snapshots, err := tx.Documents(q).GetAll()
	if err != nil {
		return nil, err
	}
	var all []found[T]
	for _, snapshot := range snapshots {
		doc, err := decode[T, P](tx, snapshot)
		if err != nil {
			continue // decode has logged it
		}
		all = append(all, found[T]{*doc, snapshot.Ref.ID})
	}
	return all, nil
}
