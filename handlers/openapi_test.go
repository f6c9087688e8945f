package handlers_test

import (
	"bytes"
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

	yaml "github.com/pb33f/go-yaml"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	problem "github.com/pb33f/libopenapi-validator/errors"

	"willson/auth"
	"willson/handlers"
	"willson/store"
)

// A description is openapi.yaml, as far as these tests walk through it.
type description struct {
	Paths      map[string]map[string]operation
	Components struct {
		Responses map[string]described
	}
}

type operation struct {
	Security  []any
	Responses map[string]described
}

// A described is an answer, or a reference to one.
type described struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     map[string]any
	Content     map[string]struct {
		Examples map[string]struct{ Value any }
	}
}

func describe(t *testing.T) *description {
	t.Helper()
	d := &description{}
	if err := yaml.Unmarshal(readDescription(t), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func readDescription(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// newValidator returns the validator of openapi.yaml.
func newValidator(t *testing.T) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(readDescription(t))
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(errors.Join(problems...))
	}
	return v
}

// report fails the test for each problem found.
func report(t *testing.T, what string, problems []*problem.ValidationError) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%s: %s", what, p.Error())
		for _, detail := range p.SchemaValidationErrors {
			t.Errorf("%s: %s", what, detail.Error())
		}
	}
}

// operations yields "METHOD path" and what is described of it.
func (d *description) operations() iter.Seq2[string, operation] {
	return func(yield func(string, operation) bool) {
		for path, item := range d.Paths {
			for method, operation := range item {
				if !yield(strings.ToUpper(method)+" "+path, operation) {
					return
				}
			}
		}
	}
}

// resolved follows the reference that an answer may be.
func (d *description) resolved(answer described) described {
	if name, ok := strings.CutPrefix(answer.Ref, "#/components/responses/"); ok {
		return d.Components.Responses[name]
	}
	return answer
}

func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	_, problems := newValidator(t).ValidateDocument()
	report(t, "openapi.yaml", problems)
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
// description's examples against the live answers: there is none that was not seen, and
// so held against its schema.
func TestOpenAPIIsTrue(t *testing.T) {
	t.Parallel()
	spec, validator := describe(t), newValidator(t)
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

	seen := map[string]bool{} // "METHOD path status", and the same with the body
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
			kind := method + " " + test.path + " " + strconv.Itoa(test.status)
			seen[kind] = true
			if len(got.body) > 0 {
				body := canonical(t, got.json(t))
				seen[kind+" "+body] = true
				got.Header.Del("Content-Encoding") // what is described is the content, not its coding
				got.Header.Set("ETag", strings.Replace(got.Header.Get("ETag"), "-gzip", "", 1))
				if got.Header.Get("ETag") == "" {
					got.Header.Del("ETag")
				}
				got.body = []byte(body)
			}
			got.Body = io.NopCloser(bytes.NewReader(got.body))
			_, problems := validator.ValidateHttpResponse(got.Request, got.Response)
			report(t, kind, problems)
		}
	}

	api := serve(t)
	for name, answer := range map[string]response{
		"RouteNotFound":    api.ask(t, http.MethodGet, "/nowhere"),
		"MethodNotAllowed": api.ask(t, http.MethodPost, "/healthz"),
	} {
		component, there := spec.Components.Responses[name]
		if !there {
			t.Fatalf("%s is not described", name)
		}
		for header := range component.Headers {
			if answer.Header.Get(header) == "" {
				t.Errorf("%s comes without the header %s", name, header)
			}
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

	for operationName, operation := range spec.operations() {
		for status, answer := range operation.Responses {
			switch {
			case status == "default": // HEAD's, which are GET's
				continue
			case operationName == "GET /healthz" && status == "500": // nothing in it can fail
				continue
			case !seen[operationName+" "+status]:
				t.Errorf("%s is described to answer %s, which no test has seen", operationName, status)
			}
			for _, example := range exampleBodies(t, spec.resolved(answer)) {
				if !seen[operationName+" "+status+" "+example] {
					t.Errorf("%s %s: no live answer is this example: %s", operationName, status, example)
				}
			}
		}
	}
}

// exampleBodies are the examples of an answer as canonical JSON. An answer with content has one.
func exampleBodies(t *testing.T, answer described) (bodies []string) {
	t.Helper()
	for mediaType, content := range answer.Content {
		for _, example := range content.Examples {
			bodies = append(bodies, canonical(t, example.Value))
		}
		if mediaType != "application/json" || len(bodies) == 0 {
			t.Errorf("%s without an example: %s", mediaType, answer.Description)
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
