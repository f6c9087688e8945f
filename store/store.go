// Package store keeps Willson in Firestore. Package life says what there is and what may
// follow what; here stands where it is kept, how it is read, and that a change is made
// whole or not at all.
//
// queries.go has every collection and every query. A reader (reader.go) reads documents,
// several reads at the same time. A change (change.go) reads and then writes, in a
// transaction, or without locks in one commit with conditions; it is tried anew after any
// failure that may pass, and finds its own traces if it was stored after all.
package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	apiv1 "cloud.google.com/go/firestore/apiv1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"willson/reference"
)

// Config says which database a Store uses. Project, Reference, Log and
// Metrics are required.
type Config struct {
	Project string
	// EmulatorHost is the host:port of a Firestore emulator; "" means Google's Firestore
	// with the credentials that the environment offers.
	EmulatorHost string
	// Tracing records a span for each call.
	Tracing bool
	// Reference is what documents copy names and pictures from.
	Reference *reference.Data
	// Now is the clock that everything is judged by; nil means time.Now.
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// A Store uses one project's default database. It is safe for concurrent use, and holds
// no state that a second copy would need.
//
// The errors of its methods wrap a refusal of package life, ErrUnavailable, or the error
// of the context; any other needs an operator.
type Store struct {
	client     *apiv1.Client
	database   string // projects/…/databases/(default)
	documents  string // database + "/documents"
	reference  *reference.Data
	ready      readiness
	background sync.WaitGroup // rollbacks
	now        func() time.Time
	log        *slog.Logger
	metrics    metrics
}

type metrics struct {
	read       prometheus.Counter
	unreadable *prometheus.CounterVec
	changes    *prometheus.CounterVec
	retries    *prometheus.CounterVec
}

// Open makes a Store without waiting for a connection.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	client, err := newClient(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	database := "projects/" + cfg.Project + "/databases/(default)"
	factory := promauto.With(cfg.Metrics)
	s := &Store{
		client:    client,
		database:  database,
		documents: database + "/documents",
		reference: cfg.Reference,
		ready:     readiness{answered: map[kind]bool{}},
		now:       cfg.Now,
		log:       cfg.Log,
		metrics: metrics{
			read: factory.NewCounter(prometheus.CounterOpts{
				Name: "willson_firestore_documents_read_total",
				Help: "Documents that Firestore sent, or reported missing.",
			}),
			unreadable: factory.NewCounterVec(prometheus.CounterOpts{
				Name: "willson_firestore_unreadable_documents_total",
				Help: "Documents met that do not follow the schema, by collection.",
			}, []string{"collection"}),
			changes: factory.NewCounterVec(prometheus.CounterOpts{
				Name: "willson_changes_total",
				Help: "Requests to change something, by action and outcome (done, again, refused, failed).",
			}, []string{"action", "outcome"}),
			retries: factory.NewCounterVec(prometheus.CounterOpts{
				Name: "willson_change_retries_total",
				Help: "Attempts at a change after the first, by action.",
			}, []string{"action"}),
		},
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Close waits for rollbacks that are under way, and closes the connections.
func (s *Store) Close() error {
	s.background.Wait()
	return s.client.Close()
}

// unreadable logs and counts a document that does not follow the schema.
func (s *Store) unreadable(ctx context.Context, collection, path string, err error) {
	s.metrics.unreadable.WithLabelValues(collection).Inc()
	s.log.ErrorContext(ctx, "unreadable document", "path", path, "error", err)
}

// outcome counts how a request to change something went: done, or again when nothing had
// to be changed, unless it failed.
func (s *Store) outcome(action string, done bool, err error) {
	outcome := "again"
	switch {
	case isRefusal(err):
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	case done:
		outcome = "done"
	}
	s.metrics.changes.WithLabelValues(action, outcome).Inc()
}
