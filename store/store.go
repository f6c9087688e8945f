// Package store reads an asker's sessions from Firestore.
//
// Two collections hold them, and this is their schema. Documents hold typed data;
// what the app shows is made when answering.
//
// chatrooms/{roomkey}, a session that has started:
//
//	idx             integer
//	asker_uid       string
//	willsoner_uid   string
//	status          string     "chat" while under way, "complete" after
//	started_at      timestamp
//	ends_at         timestamp  optional; once past, the session is over whatever status says
//	concern         map        minutes integer; optional: idx integer, nickname, asker_pic strings
//	willsoner       map        optional, as all in it: idx integer; introduction, experience, nickname,
//	                           gender ("F" or "M"), pic, image_pic strings; subcategories, an array of
//	                           {name, category}; keywords, an array of strings
//
// reservations/{auto id}, a session agreed for a later date:
//
//	idx             integer
//	roomkey         string     two reservations may share one
//	asker_uid       string
//	willsoner_uid   string     optional
//	status          string     "reserved"
//	starts_at       timestamp
//	ends_at         timestamp  optional, as above
//	concern         map        minutes integer
//	willsoner       map        optional, as all in it: idx integer; nickname, image_pic strings
//
// An optional field that holds null or "" counts as absent; other fields are ignored.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	firestore "cloud.google.com/go/firestore/apiv1"
	"github.com/googleapis/gax-go/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
)

const (
	chatrooms    = "chatrooms"
	reservations = "reservations"

	underWay = "chat"
	reserved = "reserved"
)

// MaxRows is how many rows of each list an asker is shown: those with the highest idx.
const MaxRows = 300

// What can come of a question. Errors wrap one of these, or the context's error;
// any other is ours to mend.
var (
	// ErrNotFound: the asker has neither a session under way nor a reserved one.
	ErrNotFound = errors.New("store: no sessions")
	// ErrUnavailable: Firestore cannot be reached now.
	ErrUnavailable = errors.New("store: Firestore unavailable")
)

// Sessions are an asker's, at least one, each list ascending by idx.
type Sessions struct {
	UnderWay []Chatroom
	Reserved []Reservation
}

// A Chatroom is a session that has started.
type Chatroom struct {
	Idx       int64
	Roomkey   string
	AskerUID  string
	StartedAt time.Time
	Concern   Concern
	Willsoner Willsoner
}

// A Reservation is a session agreed for a later date.
type Reservation struct {
	Idx          int64
	Roomkey      string
	WillsonerUID string // "" when unknown
	StartsAt     time.Time
	Minutes      int64
	Willsoner    Willsoner
}

// A Concern is what the asker wants to talk about, and for how long.
type Concern struct {
	Idx      *int64
	Minutes  int64
	Nickname string
	AskerPic string
}

// A Willsoner is the card of the one who counsels. A reservation's has only Idx,
// Nickname and ImagePic.
type Willsoner struct {
	Idx           *int64
	Introduction  string
	Experience    string
	Nickname      string
	Gender        string // "F", "M", or whatever else was stored
	Pic           string
	ImagePic      string
	Subcategories []Subcategory
	Keywords      []string
}

// A Subcategory is a topic that a willsoner counsels on, within its category.
type Subcategory struct {
	Name     string
	Category string
}

// A Store answers from one project's default database. It is safe for concurrent use.
type Store struct {
	client  *firestore.Client
	parent  string
	log     *slog.Logger
	reached atomic.Bool // the newest query got an answer
	probes  singleflight.Group

	read       prometheus.Counter
	unreadable *prometheus.CounterVec
}

// Config says which database a Store reads.
type Config struct {
	Project string
	// EmulatorHost is the host:port of a Firestore emulator; "" means Google's Firestore
	// with the credentials that the environment offers.
	EmulatorHost string
	// Tracing records a span for each query.
	Tracing bool
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Open makes a Store without waiting for a connection.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	options, err := clientOptions(cfg)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	client, err := firestore.NewClient(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// In place of the library's own options, which retry for as long as the context lasts
	// when a query cannot be sent, and not at all when it fails later.
	client.CallOptions.RunQuery = []gax.CallOption{gax.WithGRPCOptions(grpc.ForceCodecV2(rawAnswers{}))}
	factory := promauto.With(cfg.Metrics)
	return &Store{
		client: client,
		parent: "projects/" + cfg.Project + "/databases/(default)/documents",
		log:    cfg.Log,
		read: factory.NewCounter(prometheus.CounterOpts{
			Name: "willson_firestore_documents_read_total",
			Help: "Documents that Firestore sent.",
		}),
		unreadable: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "willson_firestore_unreadable_documents_total",
			Help: "Documents left out of an answer because they do not follow the schema.",
		}, []string{"collection"}),
	}, nil
}

// Close closes the connections.
func (s *Store) Close() error { return s.client.Close() }

// Sessions returns the sessions of one asker, read in two queries that run at the same
// time. It returns nobody else's, at most MaxRows of each list, and ErrNotFound when
// there are none. A document that does not follow the schema is left out and logged.
// Of two sessions with the same idx, a reservation that is just starting, the chatroom stays.
func (s *Store) Sessions(ctx context.Context, askerUID string) (Sessions, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a query that was not read to its end
	roomsAsked := s.ask(ctx, listQuery(chatrooms, underWay, askerUID))
	reservedAsked := s.ask(ctx, listQuery(reservations, reserved, askerUID))
	rooms, err := list(ctx, roomsAsked, chatrooms, underWay, askerUID, chatroom)
	if err != nil {
		return Sessions{}, err
	}
	agreed, err := list(ctx, reservedAsked, reservations, reserved, askerUID, reservation)
	if err != nil {
		return Sessions{}, err
	}
	agreed = slices.DeleteFunc(agreed, func(r Reservation) bool {
		return slices.ContainsFunc(rooms, func(c Chatroom) bool { return c.Idx == r.Idx })
	})
	if len(rooms)+len(agreed) == 0 {
		return Sessions{}, ErrNotFound
	}
	return Sessions{UnderWay: rooms, Reserved: agreed}, nil
}

// Ready reports whether Firestore answers both queries. It asks only when the newest
// query failed or there was none yet, once for all that want to know, for a document each.
func (s *Store) Ready(ctx context.Context) error {
	if s.reached.Load() {
		return nil
	}
	_, err, _ := s.probes.Do("", func() (any, error) {
		for collection, status := range map[string]string{chatrooms: underWay, reservations: reserved} {
			query := listQuery(collection, status, "")
			query.Limit.Value = 1
			if _, err := s.ask(ctx, query).answer(ctx); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return err
}

// list reads the answer to one of the two queries with parse, which returns false for a
// session that is over. The result is ascending by idx.
func list[Row any](ctx context.Context, q question, collection, status, askerUID string, parse func(*document) (Row, bool)) ([]Row, error) {
	s := q.store
	found, err := q.answer(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(found))
	for _, raw := range found {
		doc := newDocument(raw)
		doc.mustEqual("asker_uid", askerUID)
		doc.mustEqual("status", status)
		row, current := parse(doc)
		if doc.err != nil {
			s.unreadable.WithLabelValues(collection).Inc()
			s.log.ErrorContext(ctx, "unreadable document left out", "path", doc.name, "error", doc.err)
			continue
		}
		if current && len(rows) < MaxRows {
			rows = append(rows, row)
		}
	}
	if len(found) > MaxRows {
		s.log.WarnContext(ctx, "more sessions than a list shows", "collection", collection, "uid", askerUID, "shown", len(rows))
	}
	slices.Reverse(rows)
	return rows, nil
}
