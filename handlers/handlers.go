// Package handlers is Willson's HTTP interface. A request goes through it in a straight
// line: observed (log, metrics, recovery), given a deadline, routed, its token verified,
// the number in its path and its body read, answered from one call to the store. A
// handler returns data or an error; the table in errors.go alone knows what status, code
// and message an error becomes.
//
// A new request is a row in routes.go and a handler in its group's file, beside what the
// group wants of the store and what it answers.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"willson/auth"
	"willson/push"
	"willson/reference"
)

// A Verifier tells whose token it is. Its errors are those of package auth.
type Verifier interface {
	// Verify returns the uid that the one value of a request's x-token header vouches for.
	Verify(ctx context.Context, values []string) (uid string, err error)
	// SignIn returns who an ID token signs in, and asks Firebase Auth anew about them.
	SignIn(ctx context.Context, token string) (auth.Identity, error)
	// Cookie returns a session cookie for the user of an ID token.
	Cookie(ctx context.Context, token string) (string, error)
	// Ready reports why a good token could not be verified now, if so.
	Ready() error
}

// A Teller tells people's phones what happened to them.
type Teller interface {
	// Tell tells each of what concerns them, after it is stored. It is bounded in time, and
	// its failures are its own.
	Tell(ctx context.Context, notices ...push.Notice)
}

// Config is what the handlers need: all of it but for Teller, Now and Console.
type Config struct {
	Verifier Verifier
	Store    Store
	// Reference is what is the same for everybody.
	Reference *reference.Data
	// Teller is told what changed, once for each change; nil: nobody's phone is told.
	Teller Teller
	// WelcomePots are given to every new account.
	WelcomePots int64
	// InvitationCodes each approve a willsoner; none: nobody is invited.
	InvitationCodes []string
	// Now is the clock by which forms are judged and ages shown; nil means time.Now.
	Now func() time.Time
	// Deadline is how long a request may take.
	Deadline time.Duration
	// MaxInFlight is how many requests are worked on at once, those for health and
	// readiness not counted; more are turned away.
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
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	return s.serving(s.routes()), nil
}

func newServer(cfg Config) (*server, error) {
	compressed, err := newCompressor()
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &server{
		Config:     cfg,
		metrics:    newMetrics(cfg.Metrics),
		compressed: compressed,
		encoders:   sync.Pool{New: newEncoder},
		slots:      make(chan struct{}, cfg.MaxInFlight),
	}, nil
}

// consolePath is where the console is, and all that belongs to it is below.
const consolePath = "/console"

// serving has the server serve these routes, and the console if there is one.
func (s *server) serving(routes []Route) *server {
	s.paths = byTemplate(routes)
	s.router = newRouter(slices.Collect(maps.Keys(s.paths)))
	if s.Console != nil {
		s.router.Handle(consolePath, s.Console)
		s.router.PathPrefix(consolePath + "/").Handler(s.Console)
	}
	return s
}

type server struct {
	Config
	metrics    metrics
	router     *mux.Router
	paths      map[string]*path // by template
	compressed func(http.Handler) http.HandlerFunc
	encoders   sync.Pool     // of *encoder, kept from one answer to the next
	slots      chan struct{} // holds one for each request that is worked on
}

// route has a request answered by what its path names.
func (s *server) route(rec *record, r *http.Request) {
	var match mux.RouteMatch
	if !s.router.Match(r, &match) {
		s.failure(rec, rec, r, errNoRoute)
		return
	}
	if r.Method == http.MethodHead { // is answered as GET is; net/http drops the body
		asGet := *r
		asGet.Method = http.MethodGet
		r = &asGet
	}
	if match.Handler != nil {
		rec.path = consolePath
		match.Handler.ServeHTTP(rec, r)
		return
	}
	p := s.paths[match.Route.GetName()]
	rec.path, rec.dataInErrors = p.template, p.dataInErrors
	s.compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := s.handle(p, match.Vars, rec, w, r)
		if err == nil {
			err = s.success(w, r, data)
		}
		if err != nil {
			s.failure(rec, w, r, err)
		}
	})).ServeHTTP(rec, r)
}

// handle does what is common to all routes, in the order in which the contract has a
// request refused: method, token, number in the path, body.
func (s *server) handle(p *path, numbers map[string]string, rec *record, w http.ResponseWriter, r *http.Request) (data any, err error) {
	route, ok := p.routes[r.Method]
	if !ok {
		w.Header().Set("Allow", p.allow())
		return nil, errMethod
	}
	if route.Credential {
		w.Header().Set("Cache-Control", "no-store")
	}
	req := request{rec: rec}
	req.caller.Party = route.Party
	if route.Party != "" {
		err := s.inSlot(func() error {
			uid, err := s.Verifier.Verify(r.Context(), r.Header["X-Token"])
			req.caller.UID, rec.uid = uid, uid
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for name, encoded := range numbers {
		if err := req.number(name, encoded); err != nil {
			return nil, err
		}
	}
	if route.Body {
		if req.body, err = readBody(rec, r); err != nil {
			return nil, err
		}
	}
	if route.Party == "" && !route.Body { // how the process is can be asked however full it is
		return route.handle(r.Context(), req)
	}
	err = s.inSlot(func() error {
		data, err = route.handle(r.Context(), req)
		return err
	})
	return data, err
}

// inSlot does work on a request if there is room for it. Reading a body is not done in a
// slot: it waits for the client, and slow ones would keep the others out.
func (s *server) inSlot(work func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return work()
	default:
		return errBusy
	}
}

// tell has people told what this request did, and no other before it.
func (s *server) tell(ctx context.Context, notices ...push.Notice) {
	if s.Teller != nil && len(notices) > 0 {
		s.Teller.Tell(ctx, notices...)
	}
}

// failure answers with an error. Every error becomes an answer here and nowhere else.
func (s *server) failure(rec *record, w http.ResponseWriter, r *http.Request, err error) {
	// net/http cancels the context also when a body is late.
	if errors.Is(r.Context().Err(), context.Canceled) && !errors.Is(err, errSlowBody) {
		err = fmt.Errorf("%w: %w", errGone, err)
	}
	rec.err = err
	out := outcomeOf(err)
	if out.status == statusGone {
		rec.status = statusGone
		return
	}
	if out.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	answer := envelope{Code: out.code, Message: out.message, Field: fieldOf(err)}
	if rec.dataInErrors {
		answer.Data = struct{}{}
	}
	s.send(w, r, out.status, answer) // strings: they always encode
}
