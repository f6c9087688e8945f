// Package store keeps Willson's sessions in Firestore: it answers a party's lists and
// moves a session from the asker's "yes" to the review.
//
// The schema is in schema.go: one type for each kind of document.
//
// # A match and its session
//
// A match is a willsoner's offer for an asker's concern. What may be asked of one, by
// its status:
//
//	action    party      waiting  chat    complete
//	select    asker      acts     again   -
//	join      either     -        acts    -
//	complete  asker      -        acts    again
//	review    asker      -        acts    acts
//	report    asker      -        acts    acts
//
// "acts" changes something if the action's own rule allows it (machine.go). "again" is
// the repeat of a request whose answer was lost: the same answer, and no change. "-" is
// ErrNotFound, and so is any other status, a match that does not exist and one in which
// the caller is not that party: nobody learns which matches exist.
//
// Select turns a waiting match into chat. Without an hour agreed (starts_at) that opens
// a chatroom at once; with one it makes a reservation, whose chatroom the first join
// opens, from ten minutes before that hour on. Complete ends match and chatroom.
//
// Each action is one Firestore transaction (transaction.go).
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// What a method returns when it has no answer. Errors wrap one of these, or the error of
// the context; any other needs an operator.
var (
	// ErrNotFound: there is nothing to show, or no match of that number in which the caller
	// is that party and whose status allows the action.
	ErrNotFound = errors.New("store: not found")
	// ErrAlreadyMatched: another match of the concern was selected, or a party has a session
	// at that time.
	ErrAlreadyMatched = errors.New("store: already matched")
	// ErrTooEarly: the reservation's hour is more than ten minutes away.
	ErrTooEarly = errors.New("store: too early")
	// ErrReviewExists: the session was reviewed before.
	ErrReviewExists = errors.New("store: review exists")
	// ErrUnavailable: Firestore cannot be reached or is overloaded, or every attempt at a
	// transaction lost against others. Whether a change was made is not known.
	ErrUnavailable = errors.New("store: Firestore unavailable")
)

// A Party is the role of a user in a session.
type Party string

// The two parties of a session.
const (
	Asker     Party = "asker"
	Willsoner Party = "willsoner"
)

// uidField is where a document names the party.
func (p Party) uidField() string { return string(p) + "_uid" }

// A Caller is who asks, and as which party.
type Caller struct {
	Party Party
	UID   string
}

// Config says which database a Store uses. Project, Log and Metrics are required.
type Config struct {
	Project string
	// EmulatorHost is the host:port of a Firestore emulator; "" means Google's Firestore
	// with the credentials that the environment offers.
	EmulatorHost string
	// Tracing records a span for each call.
	Tracing bool
	// Now is the clock that sessions start by; nil means time.Now.
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// A Store uses one project's default database. It is safe for concurrent use, and holds
// no state that a second copy would need.
type Store struct {
	client  *firestore.Client // for transactions and single queries
	lists   *listClient
	ready   readiness
	now     func() time.Time
	log     *slog.Logger
	metrics metrics
}

type metrics struct {
	read        prometheus.Counter
	unreadable  *prometheus.CounterVec
	transitions *prometheus.CounterVec
	retries     *prometheus.CounterVec
}

// Open makes a Store without waiting for a connection.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	factory := promauto.With(cfg.Metrics)
	s := &Store{now: cfg.Now, log: cfg.Log, ready: readiness{answered: map[listKind]bool{}}, metrics: metrics{
		read: factory.NewCounter(prometheus.CounterOpts{
			Name: "willson_firestore_documents_read_total",
			Help: "Documents that Firestore sent for lists.",
		}),
		unreadable: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "willson_firestore_unreadable_documents_total",
			Help: "Documents met that do not follow the schema, by collection.",
		}, []string{"collection"}),
		transitions: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "willson_transitions_total",
			Help: "Requests to change a session, by action and outcome (done, again, refused, failed).",
		}, []string{"action", "outcome"}),
		retries: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "willson_transaction_retries_total",
			Help: "Transactions tried again, by action.",
		}, []string{"action"}),
	}}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.client, err = newClient(ctx, cfg); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if s.lists, err = newListClient(ctx, cfg, s.metrics.read); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), s.client.Close())
	}
	return s, nil
}

// Close closes the connections.
func (s *Store) Close() error { return errors.Join(s.client.Close(), s.lists.Close()) }

// unreadable logs and counts a document that does not follow the schema.
func (s *Store) unreadable(ctx context.Context, collection, path string, err error) {
	s.metrics.unreadable.WithLabelValues(collection).Inc()
	s.log.ErrorContext(ctx, "unreadable document", "path", path, "error", err)
}
