package handlers_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/responses"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"willson/auth"
	"willson/handlers"
	"willson/store"
)

// A description is openapi.yaml.
type description struct {
	*v3.Document
	validator.Validator
}

func describe(t *testing.T) description {
	t.Helper()
	content, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(content)
	if err != nil {
		t.Fatal(err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	validator, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(errors.Join(problems...))
	}
	return description{&model.Model, validator}
}

// operations yields method and path of all there are.
func (d description) operations() iter.Seq2[string, *v3.Operation] {
	return func(yield func(string, *v3.Operation) bool) {
		for path, item := range d.Paths.PathItems.FromOldest() {
			for method, operation := range item.GetOperations().FromOldest() {
				if !yield(strings.ToUpper(method)+" "+path, operation) {
					return
				}
			}
		}
	}
}

func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	if ok, problems := describe(t).ValidateDocument(); !ok {
		for _, problem := range problems {
			t.Error(problem)
		}
	}
}

// TestOpenAPIHasTheRoutes: every route is described, and nothing else.
func TestOpenAPIHasTheRoutes(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, route := range handlers.Routes() {
		want[route.Method+" "+route.Path] = route.SignedIn
		if route.Method == http.MethodGet {
			want[http.MethodHead+" "+route.Path] = route.SignedIn
		}
	}
	got := map[string]bool{}
	for name, operation := range describe(t).operations() {
		got[name] = len(operation.Security) > 0
	}
	if !maps.Equal(got, want) {
		t.Errorf("openapi.yaml has %v, the server %v (true: signed in)", got, want)
	}
}

// TestOpenAPIIsTrue holds live answers of every kind against the description, and the
// description's examples against the live answers: there is none that was not seen.
func TestOpenAPIIsTrue(t *testing.T) {
	t.Parallel()
	described := describe(t)
	bare := store.Sessions{UnderWay: []store.Chatroom{{
		Idx: 1, Roomkey: "1205312339_xMKS6tTX55OmOevsm2mD4lfNztw1_1605077440300", AskerUID: "1205312339",
		StartedAt: time.UnixMilli(1605077440300), Concern: store.Concern{Minutes: 50},
	}}}
	many := example()
	many.UnderWay, many.Reserved = slices.Repeat(many.UnderWay, store.MaxRows), slices.Repeat(many.Reserved, store.MaxRows/3)
	odd := store.Sessions{
		UnderWay: []store.Chatroom{room(func(c *store.Chatroom) {
			c.Idx, c.Willsoner.Idx, c.Concern.Minutes, c.Willsoner.Gender = -1, new(int64(0)), -5, "X"
			c.Willsoner.Subcategories = []store.Subcategory{{}, {Name: "이별"}, {Category: "연애"}}
		})},
		Reserved: []store.Reservation{{Roomkey: "r"}},
	}
	unready := func(cfg *handlers.Config) { cfg.Store = readyStore{cfg.Store, store.ErrUnavailable} }
	unlucky := func(cfg *handlers.Config) { cfg.Store, cfg.Verifier = nil, nil }
	says := func(s store.Sessions) func(*handlers.Config) {
		return withStore(func(context.Context, string) (store.Sessions, error) { return s, nil })
	}
	refuses := func(err error) func(*handlers.Config) {
		return func(cfg *handlers.Config) {
			cfg.Verifier = verifier(func([]string) (string, error) { return "", err })
		}
	}

	seen := map[string]bool{} // "METHOD path status", and the bodies
	for _, test := range []struct {
		path    string
		edit    func(*handlers.Config)
		status  int
		headers []string
	}{
		{chatrooms, says(example()), 200, nil},
		{chatrooms, says(example()), 200, []string{"Accept-Encoding", "gzip"}},
		{chatrooms, says(bare), 200, nil},
		{chatrooms, says(many), 200, nil},
		{chatrooms, says(odd), 200, nil},
		{chatrooms, says(example()), 304, []string{"If-None-Match", "*"}},
		{chatrooms, refuses(auth.ErrExpired), 401, nil},
		{chatrooms, refuses(auth.ErrMissing), 401, nil},
		{chatrooms, refuses(auth.ErrInvalid), 401, nil},
		{chatrooms, refuses(auth.ErrUnavailable), 503, nil},
		{chatrooms, failing(store.ErrNotFound), 404, nil},
		{chatrooms, failing(store.ErrUnavailable), 503, nil},
		{chatrooms, failing(context.DeadlineExceeded), 504, nil},
		{chatrooms, failing(errors.New("boom")), 500, nil},
		{chatrooms, unlucky, 500, nil},
		{"/healthz", says(bare), 200, nil},
		{"/healthz", says(bare), 304, []string{"If-None-Match", "*"}},
		{"/readyz", says(bare), 200, nil},
		{"/readyz", says(bare), 304, []string{"If-None-Match", "*"}},
		{"/readyz", unready, 503, nil},
		{"/readyz", unlucky, 500, nil},
	} {
		api := serve(t, test.edit)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := api.ask(t, method, test.path, test.headers...)
			if got.StatusCode != test.status {
				t.Fatalf("%s %s: %s, want %d", method, test.path, got.Status, test.status)
			}
			seen[method+" "+test.path+" "+strconv.Itoa(test.status)] = true
			if len(got.body) > 0 {
				seen[canonical(t, got.json(t))] = true
				body, err := json.Marshal(got.json(t))
				if err != nil {
					t.Fatal(err)
				}
				got.Header.Del("Content-Encoding") // what is described is the content, not its coding
				got.Header.Set("ETag", strings.Replace(got.Header.Get("ETag"), "-gzip", "", 1))
				if got.Header.Get("ETag") == "" {
					got.Header.Del("ETag")
				}
				got.body = body
			}
			got.Body = io.NopCloser(bytes.NewReader(got.body))
			if ok, problems := described.ValidateHttpResponse(got.Request, got.Response); !ok {
				for _, problem := range problems {
					t.Errorf("%s %s %d: %s: %v", method, test.path, test.status, problem, problem.SchemaValidationErrors)
				}
			}
		}
	}

	api := serve(t)
	for name, answer := range map[string]response{
		"RouteNotFound":    api.ask(t, http.MethodGet, "/nowhere"),
		"MethodNotAllowed": api.ask(t, http.MethodPost, "/healthz"),
	} {
		component, there := described.Components.Responses.Get(name)
		if !there {
			t.Fatalf("%s is not described", name)
		}
		seen[canonical(t, answer.json(t))] = true
		if ok, problems := responses.ValidateResponseHeaders(answer.Request, answer.Response, component.Headers, name, name); !ok {
			t.Errorf("%s: %v", name, problems)
		}
		if !strings.Contains(component.Description, strconv.Itoa(answer.StatusCode)) {
			t.Errorf("%s is answered with %d: %s", name, answer.StatusCode, component.Description)
		}
		for _, example := range exampleBodies(t, component) {
			if example != canonical(t, answer.json(t)) {
				t.Errorf("%s has the example %s, the server answers %s", name, example, answer.body)
			}
		}
	}

	for operationName, operation := range described.operations() {
		method, path, _ := strings.Cut(operationName, " ")
		for status, answer := range operation.Responses.Codes.FromOldest() {
			switch {
			case path == "/healthz" && status == "500": // nothing in it can fail
			case !seen[operationName+" "+status]:
				t.Errorf("%s is described to answer %s, which no test has seen", operationName, status)
			}
			code, err := strconv.Atoi(status)
			if err != nil {
				t.Fatal(err)
			}
			for _, example := range exampleBodies(t, answer) {
				if !seen[example] {
					t.Errorf("%s %s: no live answer is this example: %s", operationName, status, example)
				}
				described.validExample(t, method, path, code, example)
			}
		}
	}
}

// validExample holds an example against its schema.
func (d description) validExample(t *testing.T, method, path string, status int, body string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://localhost:8000"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	response := &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
	if ok, problems := d.GetResponseBodyValidator().ValidateResponseBody(request, response); !ok {
		for _, problem := range problems {
			if problem.ValidationSubType != "header" && len(problem.SchemaValidationErrors) > 0 {
				t.Errorf("%s %s %d: %s: %v: %s", method, path, status, problem, problem.SchemaValidationErrors, body)
			}
		}
	}
}

// exampleBodies are the examples of an answer as canonical JSON. An answer with content has one.
func exampleBodies(t *testing.T, answer *v3.Response) (bodies []string) {
	t.Helper()
	if answer.Content == nil {
		return nil
	}
	for mediaType, content := range answer.Content.FromOldest() {
		for _, example := range content.Examples.FromOldest() {
			var value any
			if err := example.Value.Decode(&value); err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, canonical(t, value))
		}
		if mediaType != "application/json" || len(bodies) == 0 {
			t.Errorf("%s without an example", cmp.Or(answer.Description, mediaType))
		}
	}
	return bodies
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
