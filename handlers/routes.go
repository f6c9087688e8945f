package handlers

import (
	"context"
	"errors"
	"fmt"
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
}

type route struct {
	Route
	handle handler
}

// A handler answers a request with its data, nil for none, or with an error.
type handler func(ctx context.Context, r request) (data any, err error)

// A request is what a handler is given of it.
type request struct {
	caller   store.Caller // with a uid unless the route is public
	matchIdx int64        // of the path, 0 when it has none
	body     []byte       // of a POST
}

func (s *server) routes() []route {
	const (
		asker, willsoner, public = store.Asker, store.Willsoner, store.Party("")
		get, patch, post         = http.MethodGet, http.MethodPatch, http.MethodPost
	)
	return []route{
		{Route{get, "/healthz", public}, s.healthz},
		{Route{get, "/readyz", public}, s.readyz},

		{Route{get, "/api/v1/asker/chat/chatrooms", asker}, s.chatrooms},
		{Route{get, "/api/v1/willsoner/chat/chatrooms", willsoner}, s.chatrooms},

		{Route{patch, "/api/v1/asker/list/matches/{match_idx}/select", asker}, s.selectMatch},
		{Route{patch, "/api/v1/asker/chat/join/{match_idx}", asker}, s.join},
		{Route{patch, "/api/v1/willsoner/chat/join/{match_idx}", willsoner}, s.join},
		{Route{patch, "/api/v1/asker/chat/complete/{match_idx}", asker}, s.complete},

		{Route{get, "/api/v1/asker/chat/review/image", asker}, s.reviewImages},
		{Route{post, "/api/v1/asker/chat/review", asker}, s.review},
		{Route{post, "/api/v2/asker/chat/review", asker}, s.review},
		{Route{post, "/api/v1/asker/chat/review/complete", asker}, s.reviewComplete},
		{Route{post, "/api/v1/asker/chat/report/{match_idx}", asker}, s.report},
	}
}

// Routes lists all routes but the console's, for tests that go through all of them.
func Routes() []Route {
	var all []Route
	for _, r := range (*server)(nil).routes() {
		all = append(all, r.Route)
	}
	return all
}

// byPath groups routes by their path and, in that, by their method.
func byPath(routes []route) map[string]map[string]route {
	paths := map[string]map[string]route{}
	for _, r := range routes {
		if paths[r.Path] == nil {
			paths[r.Path] = map[string]route{}
		}
		paths[r.Path][r.Method] = r
	}
	return paths
}

// methods serves the routes of one path.
func (s *server) methods(path string, routes map[string]route) http.Handler {
	var allowed []string
	for method := range routes {
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	return s.adapt(path, func(w http.ResponseWriter, r *http.Request) error {
		route, ok := routes[r.Method]
		if !ok {
			w.Header().Set("Allow", allow)
			return errMethod
		}
		data, err := s.handle(route, w, r)
		if err != nil {
			return err
		}
		return success(w, r, data)
	})
}

// handle does what is common to all routes, in the order in which the contract has a
// request refused: token, number in the path, body.
func (s *server) handle(route route, w http.ResponseWriter, r *http.Request) (data any, err error) {
	req := request{caller: store.Caller{Party: route.Party}}
	if route.Party == "" {
		return route.handle(r.Context(), req)
	}
	err = s.inSlot(func() error {
		req.caller.UID, err = s.Verifier.Verify(r.Context(), r.Header["X-Token"])
		return err
	})
	if err != nil {
		return nil, err
	}
	rec := recordOf(r)
	rec.uid = req.caller.UID
	if number, ok := mux.Vars(r)["match_idx"]; ok {
		if req.matchIdx, err = matchIdx(number); err != nil {
			return nil, err
		}
		rec.matchIdx = req.matchIdx
	}
	if route.Method == http.MethodPost {
		if req.body, err = readBody(w, r); err != nil {
			return nil, err
		}
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

// matchIdx reads the number of a match in a path, as it came over the wire. There is no
// match 0, +7 or 007.
func matchIdx(encoded string) (int64, error) {
	number, err := url.PathUnescape(encoded)
	if err != nil || number == "" || number[0] < '1' || number[0] > '9' {
		return 0, store.ErrNotFound
	}
	idx, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, store.ErrNotFound
	}
	return idx, nil
}

// healthz serves GET /healthz: the process lives.
func (s *server) healthz(context.Context, request) (any, error) { return nil, nil }

// readyz serves GET /readyz: tokens can be verified and Firestore answers.
func (s *server) readyz(ctx context.Context, _ request) (any, error) {
	if err := errors.Join(s.Verifier.Ready(), s.Store.Ready(ctx)); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotReady, err)
	}
	return nil, nil
}
