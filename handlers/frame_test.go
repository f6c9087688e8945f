package handlers_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"willson/auth"
	"willson/handlers"
	"willson/store"
)

// TestWordsBeforeNumbers: a path that fits a template of words and one with a number is
// served as the first, in whatever order the routes are listed.
func TestWordsBeforeNumbers(t *testing.T) {
	t.Parallel()
	templates := []string{
		"/api/v1/asker/payment/{concern_idx}", "/api/v1/asker/payment/progress", "/api/v1/asker/payment/complete", "/api/v1/asker/payment/purchase",
		"/api/v1/asker/chat/review", "/api/v1/asker/chat/{match_idx}", "/api/v1/asker/list/concerns", "/api/v1/asker/list/{match_idx}/select", "/api/v1/asker/list/concerns/select",
	}
	for _, route := range handlers.Routes() {
		templates = append(templates, route.Path)
	}
	for range 200 {
		rand.Shuffle(len(templates), func(i, j int) { templates[i], templates[j] = templates[j], templates[i] })
		for _, template := range templates {
			path := strings.NewReplacer("{concern_idx}", "7", "{match_idx}", "7").Replace(template)
			if got := handlers.TemplateOf(templates, path); got != template {
				t.Fatalf("%s is served as %s, of %q", path, got, templates)
			}
		}
	}
}

// TestNumbers: a path's number reaches the handler under its name, and the log.
func TestNumbers(t *testing.T) {
	t.Parallel()
	names := []string{"match_idx", "concern_idx", "willsoner_idx", "category_idx", "other_idx"}
	var got handlers.Tried
	var routes []handlers.Route
	for _, name := range names {
		routes = append(routes, handlers.Try("GET", "/"+name+"/{"+name+"}", store.Asker, false, false, func(_ context.Context, r handlers.Tried) (any, error) {
			got = r
			return nil, nil
		}))
	}
	api := serveRoutes(t, routes)
	for i, want := range []handlers.Tried{{MatchIdx: 7}, {ConcernIdx: 7}, {WillsonerIdx: 7}, {CategoryIdx: 7}} {
		want.UID = asker
		if resp := api.ask(t, "GET", "/"+names[i]+"/7"); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %s, the handler got %+v", names[i], resp.Status, got)
		}
		line := api.log.wait(t, i+1)[i]
		for name, there := range map[string]bool{"match": i == 0, "concern": i == 1} {
			if _, logged := line[name]; logged != there {
				t.Errorf("%s: logged %v", names[i], line)
			}
		}
	}
	for path, status := range map[string]int{
		"/category_idx/0": 200, "/category_idx/00": 404, "/category_idx/-0": 404, "/match_idx/0": 404, "/concern_idx/0": 404, "/willsoner_idx/0": 404,
		"/concern_idx/007": 404, "/concern_idx/+7": 404, "/willsoner_idx/9223372036854775808": 404, "/category_idx/abc": 404, "/other_idx/7": 500,
	} {
		if resp := api.ask(t, "GET", path); resp.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, resp.Status, status)
		}
	}
}

// TestPublicPosts: a request that wants no token has its body read as every other, and
// takes a place; only how the process is can be asked without.
func TestPublicPosts(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	var entered atomic.Bool
	handle := func(_ context.Context, r handlers.Tried) (any, error) {
		if r.UID != "" || !r.Body {
			t.Errorf("the handler got %+v", r)
		}
		if entered.CompareAndSwap(false, true) {
			close(inside)
			<-leave
		}
		return "in", nil
	}
	api := serveRoutes(t, []handlers.Route{
		handlers.Try("POST", "/public", "", true, false, handle),
		handlers.Try("GET", "/public", "", false, false, func(context.Context, handlers.Tried) (any, error) { return nil, nil }),
	}, func(cfg *handlers.Config) {
		cfg.MaxInFlight = 1
		cfg.Verifier = verifier(func([]string) (string, error) { return "", auth.ErrMissing })
	})
	for body, status := range map[string]int{"": 400, "[]": 400, strings.Repeat(" ", 70_000): 413} {
		if got := api.send(t, "POST", "/public", body, "x-token", ""); got.StatusCode != status {
			t.Errorf("%.10q: %s, want %d", body, got.Status, status)
		}
	}
	if got := api.send(t, "POST", "/public", "{}", "x-token", "", "Content-Type", "text/plain"); got.StatusCode != 415 {
		t.Errorf("as text: %s", got.Status)
	}
	answered := make(chan string)
	go func() { answered <- string(api.send(t, "POST", "/public", "{}").body) }()
	<-inside
	if got := api.send(t, "POST", "/public", "{}"); got.StatusCode != 503 {
		t.Errorf("beyond the bound: %s", got.Status)
	}
	if got := api.ask(t, "GET", "/public"); got.StatusCode != 200 {
		t.Errorf("while full: %s", got.Status)
	}
	close(leave)
	if got := <-answered; got != `{"code":"success","message":"success","data":"in"}` {
		t.Errorf("answered %s", got)
	}
}

// TestBodiesByRoute: a PATCH has its body read where its route says so, and ignored elsewhere.
func TestBodiesByRoute(t *testing.T) {
	t.Parallel()
	read := func(_ context.Context, r handlers.Tried) (any, error) { return r.Body, nil }
	api := serveRoutes(t, []handlers.Route{
		handlers.Try("PATCH", "/with/{match_idx}", store.Willsoner, true, false, read),
		handlers.Try("PATCH", "/without/{match_idx}", store.Willsoner, false, false, read),
	})
	for path, want := range map[string]string{"/with/7": "true", "/without/7": "false"} {
		if got := api.send(t, "PATCH", path, "{}"); string(got.body) != `{"code":"success","message":"success","data":`+want+`}` {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	api.send(t, "PATCH", "/with/7", "[").wantError(t, 400, "invalid_request", "Invalid request")
	if got := api.send(t, "PATCH", "/without/7", "["); got.StatusCode != http.StatusOK {
		t.Errorf("ignored: %s", got.Status)
	}
}

// TestReadBodies: what was read to its end costs neither the connection nor the deadline's
// answer.
func TestReadBodies(t *testing.T) {
	t.Parallel()
	api := serveRoutes(t, []handlers.Route{
		handlers.Try("POST", "/quick", store.Asker, true, false, func(context.Context, handlers.Tried) (any, error) { return nil, nil }),
		handlers.Try("POST", "/slow", store.Asker, true, false, func(ctx context.Context, _ handlers.Tried) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}),
	}, func(cfg *handlers.Config) { cfg.Deadline = 200 * time.Millisecond })
	if got := api.send(t, "POST", "/quick", "{}"); got.StatusCode != 200 || got.Close {
		t.Errorf("%s, closed: %t", got.Status, got.Close)
	}
	if got := api.send(t, "POST", "/slow", "{}"); got.StatusCode != 504 || got.Close {
		t.Errorf("%s, closed: %t", got.Status, got.Close)
	}
}

// TestDataInErrors: every error of such a path has it, whoever comes upon it.
func TestDataInErrors(t *testing.T) {
	t.Parallel()
	api := serveRoutes(t, []handlers.Route{
		handlers.Try("POST", "/rows", store.Willsoner, true, true, func(_ context.Context, r handlers.Tried) (any, error) {
			if r.UID == "panics" {
				panic("boom")
			}
			return nil, store.ErrUnavailable
		}),
		handlers.Try("POST", "/plain", store.Willsoner, true, false, func(context.Context, handlers.Tried) (any, error) { return nil, store.ErrNotFound }),
	})
	for _, test := range []struct {
		method, token, body string
		status              int
	}{{"POST", "", "{}", 401}, {"POST", "a", "[", 400}, {"POST", "a", "{}", 503}, {"POST", "panics", "{}", 500}, {"PUT", "a", "{}", 405}} {
		got := api.send(t, test.method, "/rows", test.body, "x-token", test.token)
		if got.StatusCode != test.status || !strings.HasSuffix(string(got.body), `,"data":{}}`) {
			t.Errorf("%v: %s %s", test, got.Status, got.body)
		}
	}
	api.send(t, "POST", "/plain", "{}").wantError(t, 404, "not_found", "Result not found")
}

// TestOtherAnswers: an answer whose content is not in data, and a code that names a value.
func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	type page struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Rows    []int  `json:"rows"`
	}
	api := serveRoutes(t, []handlers.Route{
		handlers.Try("GET", "/page", store.Asker, false, false, func(context.Context, handlers.Tried) (any, error) {
			return handlers.Whole(page{"success", "success", []int{1}}), nil
		}),
		handlers.Try("GET", "/year", store.Asker, false, false, func(context.Context, handlers.Tried) (any, error) { return nil, handlers.OutOfRange(1970) }),
	})
	if got := api.ask(t, "GET", "/page"); string(got.body) != `{"code":"success","message":"success","rows":[1]}` {
		t.Errorf("answered %s", got.body)
	}
	api.ask(t, "GET", "/year").wantError(t, 400, "out_of_range:1970", "The value '1970' is out of range.")
}
