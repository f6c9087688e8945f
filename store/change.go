package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/internal/docbytes"
	"willson/life"
)

// attempts is how often a change is tried before the client is told to come back. Against
// others that want the same documents most succeed at the second.
const attempts = 5

// A change is one attempt at changing documents: what is to be written is collected while
// documents are read, and committed at the end, all of it or nothing.
type change struct {
	*reader
	now    time.Time   // of this attempt, to the microsecond, as Firestore keeps it
	before []time.Time // now of earlier attempts, which may have been stored though their answers were lost
	writes []*pb.Write
	err    error // of encoding a write
}

// isOurs reports whether something that was written at that time was written by an
// earlier attempt at this change.
func (c *change) isOurs(written time.Time) bool {
	return slices.ContainsFunc(c.before, written.Equal)
}

// attempt is how many attempts were made, this one included.
func (c *change) attempt() int { return len(c.before) + 1 }

// begin begins a transaction, and returns what waits for it: what is read from then on is
// read in it, and does not change until the commit. A transaction that nobody waits for has
// locked nothing. It is begun by a call of its own: Firestore would lock what the first
// read finds before this server knows the transaction's id, and a client that goes away in
// that moment would leave the lock behind for a minute.
func (c *change) begin() func() error {
	var begun *pb.BeginTransactionResponse
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		begun, err = c.store.client.BeginTransaction(c.ctx, &pb.BeginTransactionRequest{
			Database: c.store.database,
			Options:  &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{}}},
		})
	}()
	return func() error {
		<-done
		c.flush() // what was asked for before is not read in it
		c.transaction = begun.GetTransaction()
		return err
	}
}

// commit has f read, without locks, and commits what it writes, on the conditions that it
// gives: a document exists not at all (create), or as it was found (replace). Where one
// does not hold somebody was first, and f reads again. Unlike a transaction, many of these
// at once on one document do not wait for each other.
func (s *Store) commit(ctx context.Context, label string, f func(*change) error) error {
	return s.repeatedly(ctx, label, func(c *change) error {
		if err := f(c); err != nil || len(c.writes) == 0 {
			return err
		}
		err := c.commit()
		if code := status.Code(err); code == codes.FailedPrecondition || code == codes.AlreadyExists || code == codes.NotFound {
			return fmt.Errorf("%w: %v", errStale, err)
		}
		return err
	})
}

// repeatedly makes attempts at a change until one is known to be done. A commit that fails
// may have been stored all the same; then the next attempt finds its traces.
func (s *Store) repeatedly(ctx context.Context, label string, try func(*change) error) error {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: time.Second, Multiplier: 2}
	// Those that lost against each other must not meet again.
	pauseAfterConflict := gax.Backoff{Initial: 400 * time.Millisecond, Max: 2 * time.Second, Multiplier: 2}
	var before []time.Time
	for {
		r := s.reader(ctx)
		now := s.now().UTC().Truncate(time.Microsecond)
		if n := len(before); n > 0 && !now.After(before[n-1]) { // each attempt is known by its time
			now = before[n-1].Add(time.Microsecond)
		}
		c := &change{reader: r, now: now, before: before}
		err := try(c)
		r.end()
		exists := status.Code(err) == codes.AlreadyExists
		if err == nil || !isTransient(ctx, err) && !exists {
			return explain(ctx, err)
		}
		before = append(before, c.now)
		if exists && len(before) == attempts {
			return fmt.Errorf("store: %w", err) // no race: something else wrote what this creates
		}
		wait := pause.Pause()
		if status.Code(err) == codes.Aborted {
			wait = pauseAfterConflict.Pause()
		}
		if len(before) == attempts || !sleep(ctx, wait) {
			return fmt.Errorf("%w: after %d attempts: %v%s", ErrUnavailable, len(before), err, advice(err))
		}
		s.metrics.retries.WithLabelValues(label).Inc()
	}
}

// commit writes what was collected. Without anything to write it ends the transaction. One
// that fails may not have arrived, and then the next attempt would wait for its locks.
func (c *change) commit() error {
	err := c.err
	if err == nil {
		_, err = c.store.client.Commit(c.ctx, &pb.CommitRequest{
			Database: c.store.database, Writes: c.writes, Transaction: c.transaction,
		})
	}
	if err != nil && c.transaction != nil {
		c.rollBack()
	}
	return err
}

// rollbackTimeout bounds one try to roll back, rollbackTries how many there are: the locks
// of a transaction that is not ended live on for a minute.
const (
	rollbackTimeout = time.Second
	rollbackTries   = 3
)

// rollBack ends a transaction. It waits for the first try, since there may be no CPU after
// the request's answer, and leaves the others to the background.
func (c *change) rollBack() {
	s, ctx := c.store, context.WithoutCancel(c.ctx)
	try := func() bool {
		ctx, cancel := context.WithTimeout(ctx, rollbackTimeout)
		defer cancel()
		err := s.client.Rollback(ctx, &pb.RollbackRequest{Database: s.database, Transaction: c.transaction})
		return err == nil || status.Code(err) == codes.InvalidArgument || status.Code(err) == codes.NotFound // it is over
	}
	if try() {
		return
	}
	s.background.Go(func() {
		for range rollbackTries - 1 {
			if try() {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// name is the full name of a document.
func (s *Store) name(path string) string { return s.documents + "/" + path }

func (c *change) write(w *pb.Write, fields docbytes.Fields, path string, err error) {
	if err != nil {
		c.err = errors.Join(c.err, fmt.Errorf("store: %s: %w", path, err))
		return
	}
	w.Operation = &pb.Write_Update{Update: fields.Of(c.store.name(path))}
	c.writes = append(c.writes, w)
}

func exists(yes bool) *pb.Precondition {
	return &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: yes}}
}

func asFound(updated *timestamppb.Timestamp) *pb.Precondition {
	return &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: updated}}
}

// create writes a new document; the commit fails if there is one.
func create[T any](c *change, in collection[T], id string, doc *T) {
	fields, err := in.schema.Fields(doc)
	c.write(&pb.Write{CurrentDocument: exists(false)}, fields, in.doc(id), err)
}

// put writes a document, whether there is one or not.
func put[T any](c *change, in collection[T], id string, doc *T) {
	fields, err := in.schema.Fields(doc)
	c.write(&pb.Write{}, fields, in.doc(id), err)
}

// update writes some fields of a document that exists, by their stored names. A field with
// Go's zero value is written as such.
func update[T any](c *change, in collection[T], id string, doc *T, names ...string) {
	fields, err := in.schema.Update(doc, names...)
	w := &pb.Write{CurrentDocument: exists(true), UpdateMask: &pb.DocumentMask{FieldPaths: names}}
	c.write(w, fields, in.doc(id), err)
}

// replace writes some fields of a document, on the condition that it is as it was found.
func replace[T any](c *change, in collection[T], as found[T], doc *T, names ...string) {
	fields, err := in.schema.Update(doc, names...)
	w := &pb.Write{CurrentDocument: asFound(as.updated), UpdateMask: &pb.DocumentMask{FieldPaths: names}}
	c.write(w, fields, in.doc(as.id), err)
}

// clearFields removes fields from the document that the last write is of.
func (c *change) clearFields(names ...string) {
	if c.err != nil {
		return
	}
	mask := c.writes[len(c.writes)-1].GetUpdateMask()
	mask.FieldPaths = append(mask.FieldPaths, names...)
}

// remove deletes a document, on the condition that it is as it was found.
func remove[T any](c *change, in collection[T], as found[T]) {
	c.writes = append(c.writes, &pb.Write{
		Operation:       &pb.Write_Delete{Delete: c.store.name(in.doc(as.id))},
		CurrentDocument: asFound(as.updated),
	})
}

// startRoom writes a new room's start, with the server's time, without which the app lets
// nobody enter.
func (c *change) startRoom(roomkey string) {
	in := chats.below(chatrooms.doc(roomkey))
	fields, err := in.schema.Update(&life.Message{UID: "start"}, "uid", "message")
	c.write(&pb.Write{
		CurrentDocument: exists(false),
		UpdateTransforms: []*pb.DocumentTransform_FieldTransform{{
			FieldPath: "timeStamp",
			TransformType: &pb.DocumentTransform_FieldTransform_SetToServerValue{
				SetToServerValue: pb.DocumentTransform_FieldTransform_REQUEST_TIME,
			},
		}},
	}, fields, in.doc("start"), err)
}
