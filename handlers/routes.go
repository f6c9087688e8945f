package handlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"willson/store"
)

// A Route is one request that the server answers. HEAD is answered wherever GET is.
type Route struct {
	Method, Path string
	// Party is the role in which the token's user asks; "" when no token is wanted.
	Party store.Party
	// Body tells that the request brings a JSON object. The body of another is ignored.
	Body bool
	// DataInErrors tells that errors carry "data":{}. The app crashes on an answer to
	// these requests that it cannot decode.
	DataInErrors bool

	handle handler
}

func get(path string, party store.Party, handle handler) Route {
	return Route{Method: http.MethodGet, Path: path, Party: party, handle: handle}
}

func patch(path string, party store.Party, handle handler) Route {
	return Route{Method: http.MethodPatch, Path: path, Party: party, handle: handle}
}

func post(path string, party store.Party, handle handler) Route {
	return Route{Method: http.MethodPost, Path: path, Party: party, Body: true, handle: handle}
}

func (r Route) withBody() Route         { r.Body = true; return r }
func (r Route) withDataInErrors() Route { r.DataInErrors = true; return r }

// routes is the table of all requests but the console's. Their order means nothing. A
// path holds at most one number, of those that request.number knows.
func (s *server) routes() []Route {
	const asker, willsoner, public = store.Asker, store.Willsoner, store.Party("")
	return []Route{
		// The process
		get("/health", public, s.health),
		get("/healthz", public, s.health), // Cloud Run's front end keeps paths that end in z for itself
		get("/ready", public, s.ready),
		get("/readyz", public, s.ready),

		// A session
		get("/api/v1/asker/chat/chatrooms", asker, s.chatrooms),
		get("/api/v1/willsoner/chat/chatrooms", willsoner, s.chatrooms),
		patch("/api/v1/asker/list/matches/{match_idx}/select", asker, s.selectMatch),
		patch("/api/v1/asker/chat/join/{match_idx}", asker, s.join),
		patch("/api/v1/willsoner/chat/join/{match_idx}", willsoner, s.join),
		patch("/api/v1/asker/chat/complete/{match_idx}", asker, s.complete),
		get("/api/v1/asker/chat/review/image", asker, s.reviewImages),
		post("/api/v1/asker/chat/review", asker, s.review),
		post("/api/v2/asker/chat/review", asker, s.review),
		post("/api/v1/asker/chat/review/complete", asker, s.reviewComplete),
		post("/api/v1/asker/chat/report/{match_idx}", asker, s.report),
	}
}

// Routes lists all routes but the console's, for tests that go through all of them.
func Routes() []Route { return (*server)(nil).routes() }

// A handler answers a request with its data, nil for none, or with an error.
type handler func(ctx context.Context, r request) (data any, err error)

// A request is what a handler is given of it.
type request struct {
	caller store.Caller // without a uid where no token is wanted
	// The number in the path, 0 where it has none of that name. categoryIdx may be 0: all.
	matchIdx, concernIdx, willsonerIdx, categoryIdx int64

	body *object // nil where the route takes none
	rec  *record
}

// noteMatch and noteConcern put a number into the request's log line. That of the path
// is there already.
func (r request) noteMatch(idx int64)   { r.rec.matchIdx = idx }
func (r request) noteConcern(idx int64) { r.rec.concernIdx = idx }

// number takes the number that stands in the path under this name, as it came over the
// wire. There is no match 0, +7 or 007.
func (r *request) number(name, encoded string) error {
	digits, err := url.PathUnescape(encoded)
	if err != nil || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return store.ErrNotFound
	}
	idx, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || idx == 0 && name != "category_idx" {
		return store.ErrNotFound
	}
	switch name {
	case "match_idx":
		r.matchIdx = idx
		r.noteMatch(idx)
	case "concern_idx":
		r.concernIdx = idx
		r.noteConcern(idx)
	case "willsoner_idx":
		r.willsonerIdx = idx
	case "category_idx":
		r.categoryIdx = idx
	default:
		return fmt.Errorf("handlers: a path with a number of the unknown name %s", name)
	}
	return nil
}

// A path is the routes that share one, by method.
type path struct {
	template     string
	routes       map[string]Route
	dataInErrors bool
}

// byTemplate groups routes by their path.
func byTemplate(routes []Route) map[string]*path {
	paths := map[string]*path{}
	for _, route := range routes {
		p := paths[route.Path]
		if p == nil {
			p = &path{template: route.Path, routes: map[string]Route{}}
			paths[route.Path] = p
		}
		p.routes[route.Method] = route
		p.dataInErrors = p.dataInErrors || route.DataInErrors
	}
	return paths
}

// allow is the header of an answer to any other method.
func (p *path) allow() string {
	methods := slices.Collect(maps.Keys(p.routes))
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	return strings.Join(slices.Sorted(slices.Values(methods)), ", ")
}

// newRouter returns a router that tells which template a path fits, as its route's name.
// It takes the first that fits: they are sorted, so that a word comes before a number,
// whose brace sorts after every letter.
func newRouter(templates []string) *mux.Router {
	// Paths are taken as they come: cleaning one would be a redirect, sent before anyone
	// is asked for a token.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, template := range slices.Sorted(slices.Values(templates)) {
		router.Path(template).Name(template)
	}
	return router
}

// health serves GET /health: the process lives.
func (s *server) health(context.Context, request) (any, error) { return nil, nil }

// ready serves GET /ready: tokens can be verified and Firestore answers.
func (s *server) ready(ctx context.Context, _ request) (any, error) {
	if err := errors.Join(s.Verifier.Ready(), s.Store.Ready(ctx)); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotReady, err)
	}
	return nil, nil
}
