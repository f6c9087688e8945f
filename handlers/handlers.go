// Package handlers is Willson's HTTP interface. A request goes through it in a straight
// line: observed (log, metrics, recovery), given a deadline, routed, its token verified,
// its body read, answered from one call to the store. A handler returns data or an error;
// answer.go alone knows what status, code and message an error becomes.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"time"
	_ "time/tzdata" // the host may have no zone data

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"willson/store"
)

// A Verifier tells whose token it is. Its errors are those of package auth.
type Verifier interface {
	// Verify returns the uid that the one value of a request's x-token header vouches for.
	Verify(ctx context.Context, values []string) (uid string, err error)
	// Ready reports why a good token could not be verified now, if so.
	Ready() error
}

// A Store keeps the sessions. Its errors are those of package store; store.ErrNotFound
// stands for everything that the caller may not know. A change is made whole or not at
// all. Select, Join and Complete, repeated, return the match as it is and change nothing.
type Store interface {
	// Sessions returns the sessions of that party and of nobody else: at least one, in each
	// list at most store.MaxRows, ascending by idx, no idx in both lists.
	Sessions(ctx context.Context, caller store.Caller) (store.Sessions, error)
	// Select has the asker accept a waiting match. It may return store.ErrAlreadyMatched.
	Select(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error)
	// Join notes that a party is here. It may return store.ErrTooEarly.
	Join(ctx context.Context, caller store.Caller, matchIdx int64) (store.Match, error)
	// Complete has the asker close a session.
	Complete(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error)
	// ReviewImages returns at least one, ascending by idx.
	ReviewImages(ctx context.Context) ([]store.ReviewImage, error)
	// Review keeps the review of review.AskerUID, once: then it returns store.ErrReviewExists.
	Review(ctx context.Context, review store.Review) (store.Review, error)
	// Report keeps copies of messages, of all or of none.
	Report(ctx context.Context, askerUID string, matchIdx int64, messageIDs []string) error
	// Ready reports why the store could not answer now, if so.
	Ready(ctx context.Context) error
}

// Config is what the handlers need: all of it but for Console.
type Config struct {
	Verifier Verifier
	Store    Store
	// Deadline is how long a request may take.
	Deadline time.Duration
	// MaxInFlight is how many requests to routes that want a token are worked on at once;
	// more are turned away.
	MaxInFlight int
	// Project names traces in the log lines, as Cloud Logging wants it.
	Project string
	// Console is served below /console; nil in production.
	Console http.Handler
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// New returns the handler of all requests.
func New(cfg Config) (http.Handler, error) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		return nil, err
	}
	compressed, err := newCompressor()
	if err != nil {
		return nil, err
	}
	s := &server{Config: cfg, seoul: seoul, slots: make(chan struct{}, cfg.MaxInFlight)}

	// Paths are taken as they come: cleaning one would be a redirect, sent before anyone
	// is asked for a token.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for path, methods := range byPath(s.routes()) {
		router.Handle(path, compressed(s.methods(path, methods)))
	}
	if s.Console != nil {
		router.Handle("/console", s.Console)
		router.PathPrefix("/console/").Handler(s.Console)
	}
	router.NotFoundHandler = s.adapt("", func(http.ResponseWriter, *http.Request) error { return errNoRoute })
	return s.observed(s.deadline(headAsGet(router))), nil
}

type server struct {
	Config
	seoul *time.Location
	slots chan struct{} // holds one for each request that is worked on
}

// deadline bounds every request in time.
func (s *server) deadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Deadline)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// headAsGet has HEAD answered as GET is, but for the body.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			w, r = bodiless{w}, &get
		}
		next.ServeHTTP(w, r)
	})
}

// bodiless sends the header of an answer and drops its body.
type bodiless struct{ http.ResponseWriter }

func (b bodiless) Write(p []byte) (int, error) { return len(p), nil }

// Unwrap lets http.ResponseController reach the connection.
func (b bodiless) Unwrap() http.ResponseWriter { return b.ResponseWriter }
