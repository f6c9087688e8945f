package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"willson/life"
)

// Tried is what a tried route is given, and what it answers.
type Tried struct {
	UID                                             string
	MatchIdx, ConcernIdx, WillsonerIdx, CategoryIdx int64
	Body                                            bool
}

// Try makes a route that does nothing but what handle does, to see what the frame does.
func Try(method, path string, party life.Party, body, dataInErrors bool, handle func(context.Context, Tried) (any, error)) Route {
	return Route{Method: method, Path: path, Party: party, Body: body, DataInErrors: dataInErrors, handle: func(ctx context.Context, r request) (any, error) {
		return handle(ctx, Tried{r.caller.UID, r.matchIdx, r.concernIdx, r.willsonerIdx, r.categoryIdx, r.body != nil})
	}}
}

// Failing are all routes, each with nothing but this error for everybody.
func Failing(err error) []Route {
	routes := Routes()
	for i := range routes {
		routes[i].handle = func(context.Context, request) (any, error) { return nil, err }
	}
	return routes
}

// Whole and OutOfRange are what handlers return for other answers than data.
func Whole(answer any) any        { return whole{answer} }
func OutOfRange(year int64) error { return outOfRange(year) }

// NewOf is New with these routes alone.
func NewOf(cfg Config, routes []Route) (http.Handler, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	return s.serving(routes), nil
}

// TemplateOf tells which of these templates a path is served as, "" for none.
func TemplateOf(templates []string) func(path string) string {
	router := newRouter(templates)
	return func(path string) string {
		var match mux.RouteMatch
		if r, err := http.NewRequest(http.MethodGet, path, nil); err != nil || !router.Match(r, &match) {
			return ""
		}
		return match.Route.GetName()
	}
}

// Read reads the key k of a body in one of the ways in which handlers do, and returns the
// value and the key that is at fault.
func Read(body, how string) (value any, field string) {
	o, err := newObject([]byte(body))
	if err != nil {
		return nil, err.Error()
	}
	seoul := time.FixedZone("", 9*60*60)
	value = map[string]func() any{
		"positive":           func() any { return o.positive("k") },
		"atLeast 0":          func() any { return o.atLeast(0, "k") },
		"positives 1-3":      func() any { return o.positives("k", 1, 3) },
		"positives 0-3":      func() any { return o.positives("k", 0, 3) },
		"positiveOrMore 1-3": func() any { return o.positiveOrMore("k", 3) },
		"trimmed 1-3":        func() any { return o.trimmed("k", 1, 3) },
		"trimmed 0-3":        func() any { return o.trimmed("k", 0, 3) },
		"oneOf":              func() any { return o.oneOf("k", "F", "M") },
		"oneOfAnyCase":       func() any { return o.oneOfAnyCase("k", "ALL", "F") },
		"year":               func() any { return o.year("k") },
		"day":                func() any { return o.day("k", seoul).Format(time.RFC3339) },
		"hour":               func() any { return o.hour("k", time.Date(2026, 3, 15, 0, 0, 0, 0, seoul)).Format(time.RFC3339) },
		"texts 1-2 of 1-3":   func() any { return o.texts("k", 1, 2, 1, 3) },
	}[how]()
	return value, fieldOf(o.err)
}
