// Package handlers is Willson's HTTP interface. A request goes through it in a straight
// line: observed (log, metrics, recovery), given a deadline, routed, its token verified,
// answered from one call to the store. Handlers return their error; answer.go alone
// knows what status, code and message it becomes.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // the host may have no zone data

	"github.com/gorilla/mux"
	"github.com/klauspost/compress/gzhttp"
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

// A Store knows the sessions. Its errors are those of package store.
type Store interface {
	// Sessions returns the sessions of that asker and of nobody else: at least one, in each
	// list at most store.MaxRows, ascending by idx, no idx in both lists. It returns
	// store.ErrNotFound when there are none.
	Sessions(ctx context.Context, askerUID string) (store.Sessions, error)
	// Ready reports why the store could not answer now, if so.
	Ready(ctx context.Context) error
}

// Config is what the handlers need.
type Config struct {
	Verifier Verifier
	Store    Store
	// Deadline is how long a request may take.
	Deadline time.Duration
	// MaxInFlight is how many requests for sessions are served at once; more are turned away.
	MaxInFlight int
	// Project names traces in the log lines, as Cloud Logging wants it.
	Project string
	// Console is served below /console; nil in production.
	Console http.Handler
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// A Route is one request that the server answers. HEAD is answered wherever GET is.
type Route struct {
	Method, Path string
	// SignedIn routes want a token and answer for its user.
	SignedIn bool
}

// Routes lists all routes but the console's.
func Routes() []Route {
	var all []Route
	for _, r := range (*server)(nil).routes() {
		all = append(all, r.Route)
	}
	return all
}

type server struct {
	Config
	seoul    *time.Location
	inFlight chan struct{}
}

type route struct {
	Route
	serve func(http.ResponseWriter, *http.Request) error
}

func (s *server) routes() []route {
	public := func(path string, serve func(http.ResponseWriter, *http.Request) error) route {
		return route{Route{http.MethodGet, path, false}, serve}
	}
	signedIn := func(path string, serve func(http.ResponseWriter, *http.Request, string) error) route {
		return route{Route{http.MethodGet, path, true}, s.signedIn(serve)}
	}
	return []route{
		public("/healthz", s.healthz),
		public("/readyz", s.readyz),

		signedIn("/api/v1/asker/chat/chatrooms", s.chatrooms),
	}
}

// New returns the handler of all requests.
func New(cfg Config) (http.Handler, error) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		return nil, err
	}
	s := &server{Config: cfg, seoul: seoul, inFlight: make(chan struct{}, cfg.MaxInFlight)}
	compressed, err := gzhttp.NewWrapper(gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, err
	}

	// Paths are taken as they come: cleaning one would be a redirect, sent before anyone
	// is asked for a token.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	methods := map[string][]string{}
	for _, route := range s.routes() {
		allowed := []string{route.Method}
		if route.Method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
		methods[route.Path] = append(methods[route.Path], allowed...)
		router.Handle(route.Path, compressed(s.answer(route.Path, route.serve))).Methods(allowed...)
	}
	if s.Console != nil {
		router.Handle("/console", s.Console)
		router.PathPrefix("/console/").Handler(s.Console)
	}
	router.NotFoundHandler = s.answer("", func(http.ResponseWriter, *http.Request) error { return errNoRoute })
	router.MethodNotAllowedHandler = s.answer("", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", strings.Join(methods[r.URL.Path], ", "))
		return errMethod
	})
	return s.observed(s.deadline(router)), nil
}

// deadline bounds every request in time.
func (s *server) deadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Deadline)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// signedIn serves a request as the user of its token, as long as there is room.
func (s *server) signedIn(serve func(http.ResponseWriter, *http.Request, string) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		select {
		case s.inFlight <- struct{}{}:
			defer func() { <-s.inFlight }()
		default:
			return errBusy
		}
		uid, err := s.Verifier.Verify(r.Context(), r.Header["X-Token"])
		if err != nil {
			return err
		}
		recordOf(r).uid = uid
		return serve(w, r, uid)
	}
}

// healthz serves GET /healthz: the process lives.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) error {
	return success(w, r, nil)
}

// readyz serves GET /readyz: tokens can be verified and Firestore answers.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := errors.Join(s.Verifier.Ready(), s.Store.Ready(r.Context())); err != nil {
		return fmt.Errorf("%w: %w", errNotReady, err)
	}
	return success(w, r, nil)
}
