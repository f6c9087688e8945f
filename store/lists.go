package store

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	apiv1 "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/googleapis/gax-go/v2"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"willson/internal/docbytes"
)

// queryAttempts is how often a list's query is sent while Firestore fails in a way that may pass.
const queryAttempts = 3

// Sessions are a party's, at least one, each list ascending by idx.
type Sessions struct {
	UnderWay []Chatroom
	Reserved []Reservation
}

// Sessions returns the sessions of one party, read in two queries that run at the same
// time. It returns nobody else's, at most MaxRows of each list, and ErrNotFound when
// there are none. A document that does not follow the schema is left out and logged.
// A reservation that is just becoming a chatroom may be met as both, and then the chatroom
// stays, or, the two queries being two looks, for an instant as neither.
func (s *Store) Sessions(ctx context.Context, caller Caller) (Sessions, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a query that was not read to its end
	underWay := listKind{chatrooms, Chat, caller.Party}
	reserved := listKind{reservations, Reserved, caller.Party}
	askedRooms := s.ask(ctx, underWay, s.listed(underWay, caller.UID))
	askedReserved := s.ask(ctx, reserved, s.listed(reserved, caller.UID))

	rooms, err := rows(ctx, askedRooms, s.lists.rooms, func(c *Chatroom) error {
		return mustEqual(caller, Chat, c.AskerUID, c.WillsonerUID, c.Status)
	})
	if err != nil {
		return Sessions{}, err
	}
	agreed, err := rows(ctx, askedReserved, s.lists.reservations, func(r *Reservation) error {
		if caller.Party == Willsoner && r.Concern.Idx <= 0 {
			return missing(field{"concern.idx", false}) // the app's willsoner cannot do without
		}
		return mustEqual(caller, Reserved, r.AskerUID, r.WillsonerUID, r.Status)
	})
	if err != nil {
		return Sessions{}, err
	}
	rooms, agreed = shown(rooms), shown(agreed)
	agreed = slices.DeleteFunc(agreed, func(r Reservation) bool {
		return slices.ContainsFunc(rooms, func(c Chatroom) bool { return c.Idx == r.Idx })
	})
	if len(rooms)+len(agreed) == 0 {
		return Sessions{}, ErrNotFound
	}
	return Sessions{UnderWay: rooms, Reserved: agreed}, nil
}

// shown is what a list shows of the rows found, ascending.
func shown[T any](found []T) []T {
	found = found[:min(len(found), MaxRows)]
	slices.Reverse(found)
	return found
}

// mustEqual refuses a row that the query should not have found: the owner of what is
// shown is checked here once more.
func mustEqual(caller Caller, status, askerUID, willsonerUID, rowStatus string) error {
	uid := askerUID
	if caller.Party == Willsoner {
		uid = willsonerUID
	}
	if uid != caller.UID || rowStatus != status {
		return errors.New("not what the query asked for")
	}
	return nil
}

// ReviewImages returns the pictures to choose from, at most MaxImages, ascending by idx, or
// ErrNotFound when there are none. A document that does not follow the schema is left out.
func (s *Store) ReviewImages(ctx context.Context) ([]ReviewImage, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	images, err := rows(ctx, s.ask(ctx, listKind{}, s.reviewImages()), s.lists.images, nil)
	if err == nil && len(images) == 0 {
		err = ErrNotFound
	}
	return images, err
}

// rows reads the answer to a query. A document that does not follow the schema, or that
// wanted refuses, is left out and logged.
func rows[T any, P documentOf[T]](ctx context.Context, q asked, decoder *docbytes.Schema[T], wanted func(*T) error) ([]T, error) {
	found, err := q.answer(ctx)
	if err != nil {
		return nil, err
	}
	all, n := make([]T, len(found)), 0
	for _, doc := range found {
		row := &all[n]
		err := decoder.Decode(doc, row)
		if err == nil {
			err = P(row).accept(doc.ID())
		}
		if err == nil && wanted != nil {
			err = wanted(row)
		}
		if err != nil {
			q.store.unreadable(ctx, path.Base(path.Dir(doc.Name())), doc.Name(), err)
			clear(all[n : n+1]) // an error may leave it half filled
			continue
		}
		n++
	}
	if len(found) > MaxRows {
		q.store.log.WarnContext(ctx, "more sessions than a list shows", "query", q.query.GetFrom()[0].GetCollectionId(), "shown", MaxRows)
	}
	return all[:n], nil
}

// A listClient reads queries' answers as bytes: see package docbytes.
type listClient struct {
	*apiv1.Client
	parent string
	read   prometheus.Counter

	rooms        *docbytes.Schema[Chatroom]
	reservations *docbytes.Schema[Reservation]
	images       *docbytes.Schema[ReviewImage]
}

func newListClient(ctx context.Context, cfg Config, read prometheus.Counter) (*listClient, error) {
	options, err := clientOptions(cfg)
	if err != nil {
		return nil, err
	}
	client, err := apiv1.NewClient(ctx, options...)
	if err != nil {
		return nil, err
	}
	// In place of the library's own options, which retry for as long as the context lasts
	// when a query cannot be sent, and not at all when it fails later.
	client.CallOptions.RunQuery = []gax.CallOption{gax.WithGRPCOptions(grpc.ForceCodecV2(docbytes.Codec{}))}
	return &listClient{
		Client:       client,
		parent:       "projects/" + cfg.Project + "/databases/(default)/documents",
		read:         read,
		rooms:        docbytes.For[Chatroom](),
		reservations: docbytes.For[Reservation](),
		images:       docbytes.For[ReviewImage](),
	}, nil
}

// An asked query has been sent; answer reads its result. Ask two before reading either,
// and they run at the same time.
type asked struct {
	store  *Store
	kind   listKind // zero for a query that is no list's
	query  *firestorepb.StructuredQuery
	stream grpc.ClientStream
	err    error // of sending
}

func (s *Store) ask(ctx context.Context, kind listKind, query firestore.Query) asked {
	sent := &firestorepb.RunQueryRequest{}
	serialized, err := query.Serialize()
	if err == nil {
		err = proto.Unmarshal(serialized, sent)
	}
	if err != nil {
		return asked{store: s, kind: kind, err: err}
	}
	return s.send(ctx, kind, sent.GetStructuredQuery())
}

func (s *Store) send(ctx context.Context, kind listKind, query *firestorepb.StructuredQuery) asked {
	stream, err := s.lists.RunQuery(ctx, &firestorepb.RunQueryRequest{
		Parent:    s.lists.parent,
		QueryType: &firestorepb.RunQueryRequest_StructuredQuery{StructuredQuery: query},
	})
	return asked{s, kind, query, stream, err}
}

// answer waits for all documents found, or returns an error and none. It asks again, a
// few times and within ctx, which is the one of ask, while the failure may pass.
func (q asked) answer(ctx context.Context) ([]docbytes.Document, error) {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: 500 * time.Millisecond, Multiplier: 3}
	for attempt := 1; ; attempt++ {
		found, err := q.receive()
		if err == nil {
			q.store.ready.note(q.kind, true)
			return found, nil
		}
		if !isTransient(ctx, err) || attempt == queryAttempts || !sleep(ctx, pause.Pause()) {
			if err = explain(ctx, err); !errors.Is(err, context.Canceled) { // a client that left says nothing of Firestore
				q.store.ready.note(q.kind, false)
			}
			return nil, err
		}
		q = q.store.send(ctx, q.kind, q.query)
	}
}

func (q asked) receive() ([]docbytes.Document, error) {
	if q.err != nil {
		return nil, q.err
	}
	var found []docbytes.Document
	for {
		var response []byte
		if err := q.stream.RecvMsg(&response); err == io.EOF {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		doc, err := docbytes.FromAnswer(response)
		if err != nil {
			return nil, err
		}
		if doc != nil {
			q.store.lists.read.Inc()
			found = append(found, doc)
		}
	}
}
