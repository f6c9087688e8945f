package store

import (
	"context"
	"errors"
	"io"
	"path"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"

	"willson/internal/docbytes"
)

// readAttempts is how often a read outside of a transaction is sent while Firestore fails
// in a way that may pass. In a transaction the whole of it is tried again.
const readAttempts = 3

// A reader reads documents, in a transaction if it has one. What is asked for before a
// result is waited for runs at the same time: queries are sent when they are asked for, and
// all look-ups in one call when something is waited for, since a call costs more than a
// document in it. A reader is for one goroutine.
type reader struct {
	ctx         context.Context
	store       *Store
	transaction []byte
	asked       *batch             // the look-ups that are not sent yet, nil if none
	end         context.CancelFunc // ends what was sent and is not waited for
}

// reader returns one outside of a transaction. Its end has to be called.
func (s *Store) reader(ctx context.Context) *reader {
	ctx, end := context.WithCancel(ctx)
	return &reader{ctx: ctx, store: s, end: end}
}

// A sent read is a call whose answers have yet to be received.
type sent struct {
	*reader
	kind   kind // of a query
	call   func(context.Context) (grpc.ClientStream, error)
	stream grpc.ClientStream
	err    error // of sending
}

func (r *reader) send(kind kind, call func(context.Context) (grpc.ClientStream, error)) sent {
	stream, err := call(r.ctx)
	return sent{r, kind, call, stream, err}
}

// receive waits for all answers, and hands each to take. Outside of a transaction it sends
// the read again, a few times, while the failure may pass; begin is called before each try.
func (s sent) receive(begin func(), take func(answer []byte) error) error {
	s.flush() // look-ups run beside a query that is waited for first
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: 500 * time.Millisecond, Multiplier: 3}
	for attempt := 1; ; attempt++ {
		begin()
		err := s.drain(take)
		switch {
		case err == nil:
			s.store.ready.note(s.kind, true)
			return nil
		case s.transaction != nil:
			return err
		case !isTransient(s.ctx, err) || attempt == readAttempts || !sleep(s.ctx, pause.Pause()):
			err = explain(s.ctx, err)
			if !errors.Is(err, context.Canceled) { // a client that left says nothing of Firestore
				s.store.ready.note(s.kind, false)
			}
			return err
		}
		s.stream, s.err = s.call(s.ctx)
	}
}

func (s sent) drain(take func([]byte) error) error {
	if s.err != nil {
		return s.err
	}
	for {
		var answer []byte
		if err := s.stream.RecvMsg(&answer); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := take(answer); err != nil {
			return err
		}
	}
}

// A batch is the look-ups that go out in one call.
type batch struct {
	sent
	names []string
	docs  map[string]raw // by name, nil until they are received
	err   error
}

// flush sends the look-ups that were asked for.
func (r *reader) flush() {
	b := r.asked
	if b == nil {
		return
	}
	r.asked = nil
	req := &firestorepb.BatchGetDocumentsRequest{Database: r.store.database, Documents: b.names}
	if r.transaction != nil {
		req.ConsistencySelector = &firestorepb.BatchGetDocumentsRequest_Transaction{Transaction: r.transaction}
	}
	b.sent = r.send("", func(ctx context.Context) (grpc.ClientStream, error) {
		return r.store.client.BatchGetDocuments(ctx, req)
	})
}

// wait receives all documents of the batch, once.
func (b *batch) wait() error {
	if b.docs != nil {
		return b.err
	}
	b.docs = make(map[string]raw, len(b.names))
	b.err = b.receive(func() { clear(b.docs) }, func(answer []byte) error {
		doc, missing, err := docbytes.FromBatch(answer)
		switch {
		case err != nil:
			return err
		case doc != nil:
			name := doc.Name()
			b.docs[name] = raw{doc, path.Base(name), true}
		case missing != "":
			b.docs[missing] = raw{id: path.Base(missing)}
		default: // it tells only of its transaction
			return nil
		}
		b.store.metrics.read.Inc()
		return nil
	})
	return b.err
}

// A lookup is documents asked for by id.
type lookup[T any] struct {
	*reader
	batch *batch
	of    collection[T]
	names []string // of the batch's
}

// find asks for documents by id.
func find[T any](r *reader, of collection[T], ids ...string) lookup[T] {
	if r.asked == nil {
		r.asked = new(batch)
	}
	b := r.asked
	first := len(b.names)
	for _, id := range ids {
		b.names = append(b.names, r.store.name(of.doc(id)))
	}
	return lookup[T]{r, b, of, b.names[first:]}
}

// raws waits for the documents, in the order of their ids.
func (l lookup[T]) raws() ([]raw, error) {
	l.flush()
	if err := l.batch.wait(); err != nil {
		return nil, err
	}
	all := make([]raw, len(l.names))
	for i, name := range l.names {
		doc, ok := l.batch.docs[name]
		if !ok {
			return nil, errors.New("store: a document was neither found nor missing")
		}
		all[i] = doc
	}
	return all, nil
}

// decodeAll decodes documents. One that cannot be read is an error.
func decodeAll[T any](r *reader, of collection[T], raws []raw) ([]found[T], error) {
	all := make([]found[T], len(raws))
	for i, doc := range raws {
		var err error
		if all[i], err = decode(r, of, doc); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// all waits for the documents, in the order of their ids. Some may not exist.
func (l lookup[T]) all() ([]found[T], error) {
	raws, err := l.raws()
	if err != nil {
		return nil, err
	}
	return decodeAll(l.reader, l.of, raws)
}

// one waits for the one document asked for, which may not exist.
func (l lookup[T]) one() (found[T], error) {
	all, err := l.all()
	if err != nil {
		return found[T]{}, err
	}
	return all[0], nil
}

// oneOr waits for the one document asked for, and returns absent where it does not exist.
func (l lookup[T]) oneOr(absent error) (found[T], error) {
	f, err := l.one()
	if err == nil && !f.exists {
		err = absent
	}
	return f, err
}

// A result is what a query finds.
type result[T any] struct {
	sent
	query[T]
}

// run sends a query.
func run[T any](r *reader, q query[T]) result[T] {
	parent := r.store.documents
	if above := path.Dir(q.of.path); above != "." {
		parent = r.store.name(above)
	}
	req := &firestorepb.RunQueryRequest{
		Parent:    parent,
		QueryType: &firestorepb.RunQueryRequest_StructuredQuery{StructuredQuery: q.structured},
	}
	if r.transaction != nil {
		req.ConsistencySelector = &firestorepb.RunQueryRequest_Transaction{Transaction: r.transaction}
	}
	return result[T]{r.send(q.kind, func(ctx context.Context) (grpc.ClientStream, error) {
		return r.store.client.RunQuery(ctx, req)
	}), q}
}

// raws waits for the documents found, whether they can be read or not.
func (q result[T]) raws() ([]raw, error) {
	var all []raw
	err := q.receive(func() { all = all[:0] }, func(answer []byte) error {
		doc, err := docbytes.FromAnswer(answer)
		if err == nil && doc != nil {
			q.store.metrics.read.Inc()
			all = append(all, raw{doc, doc.ID(), true})
		}
		return err
	})
	return all, err
}

// all waits for the documents found. One that cannot be read is an error.
func (q result[T]) all() ([]found[T], error) {
	raws, err := q.raws()
	if err != nil {
		return nil, err
	}
	return decodeAll(q.reader, q.of, raws)
}

// rows waits for the documents found, and returns those that can be shown.
func (q result[T]) rows(wanted func(*T) error) ([]T, error) {
	raws, err := q.raws()
	if err != nil {
		return nil, err
	}
	return q.shown(raws, wanted), nil
}

// shown reads what was found. One that cannot be read, or that wanted refuses, is left out
// and logged: others' rows are served around it.
func (q result[T]) shown(found []raw, wanted func(*T) error) []T {
	all := make([]T, len(found))
	n := 0
	for _, doc := range found {
		err := decodeInto(q.reader, q.of, doc, &all[n])
		if err == nil && wanted != nil {
			if err = wanted(&all[n]); err != nil {
				q.store.unreadable(q.ctx, path.Base(q.of.path), doc.Name(), err)
			}
		}
		if err == nil {
			n++
		}
	}
	return all[:n]
}

// sleep pauses, and reports false at once if ctx would end before.
func sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	return gax.Sleep(ctx, d) == nil
}
