package handlers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/auth"
	"willson/handlers"
	"willson/internal/openapi"
	"willson/internal/storetest"
	"willson/internal/telemetrytest"
	"willson/life"
	"willson/reference"
	"willson/store"
	"willson/telemetry"
)

const (
	chatrooms = "/api/v1/asker/chat/chatrooms"
	willsoner = "/api/v1/willsoner/chat/chatrooms"
	selects   = "/api/v1/asker/list/matches/15145/select"
	completes = "/api/v1/asker/chat/complete/15145"
	reviews   = "/api/v1/asker/chat/review"
	reports   = "/api/v1/asker/chat/report/15145"
	asker     = storetest.ExampleAsker
)

// verifier is a handlers.Verifier that is always ready.
type verifier func(values []string) (uid string, err error)

func (v verifier) Verify(_ context.Context, values []string) (string, error) { return v(values) }
func (v verifier) Ready() error                                              { return nil }

// anybody takes every token for its user's uid.
var anybody = verifier(func(values []string) (string, error) {
	if len(values) == 0 {
		return "", auth.ErrMissing
	}
	return values[0], nil
})

// SignIn takes a token as Verify does. It is of a user with an address, and becomes a cookie
// that is the same token.
func (v verifier) SignIn(_ context.Context, token string) (auth.Identity, error) {
	uid, err := v([]string{token})
	return auth.Identity{UID: uid, Email: "asker@willson.test"}, err
}

func (v verifier) Cookie(_ context.Context, token string) (string, error) { return token, nil }

// description is openapi.yaml, read once.
var description struct {
	sync.Once
	*openapi.Description
}

func described(t testing.TB) *openapi.Description {
	t.Helper()
	description.Do(func() { description.Description = openapi.Load(t, "../openapi.yaml") })
	return description.Description
}

// A fakeStore is a handlers.Store for the tests of sessions, always ready; for those of the
// road there is startRoad. A function that is nil answers with the contract's example. What
// it has no method for panics, as with the other stores of tests, and is answered with 500.
type fakeStore struct {
	handlers.Store
	sessions func(ctx context.Context, caller life.Caller) (store.Sessions, error)
	change   func(ctx context.Context, action string, caller life.Caller, matchIdx int64) (life.Match, error)
	images   func() ([]life.ReviewImage, error)
	review   func(life.Review) (life.Review, error)
	report   func(askerUID string, matchIdx int64, ids []string) error
}

func (f fakeStore) Sessions(ctx context.Context, caller life.Caller) (store.Sessions, error) {
	if f.sessions == nil {
		return example(), nil
	}
	return f.sessions(ctx, caller)
}

func (f fakeStore) Select(ctx context.Context, askerUID string, matchIdx int64) (life.Match, bool, error) {
	return f.done(ctx, "select", life.Caller{Party: life.Asker, UID: askerUID}, matchIdx)
}

func (f fakeStore) Join(ctx context.Context, caller life.Caller, matchIdx int64) (life.Match, bool, error) {
	return f.done(ctx, "join", caller, matchIdx)
}

func (f fakeStore) Complete(ctx context.Context, askerUID string, matchIdx int64) (life.Match, error) {
	return f.changed(ctx, "complete", life.Caller{Party: life.Asker, UID: askerUID}, matchIdx)
}

func (f fakeStore) done(ctx context.Context, action string, caller life.Caller, matchIdx int64) (life.Match, bool, error) {
	m, err := f.changed(ctx, action, caller, matchIdx)
	return m, err == nil, err
}

func (f fakeStore) changed(ctx context.Context, action string, caller life.Caller, matchIdx int64) (life.Match, error) {
	if f.change == nil {
		return selected(func(m *life.Match) { m.Idx = matchIdx }), nil
	}
	return f.change(ctx, action, caller, matchIdx)
}

func (f fakeStore) ReviewImages(context.Context) ([]life.ReviewImage, error) {
	if f.images == nil {
		return []life.ReviewImage{{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: pictures + "review_image/1.png"}}, nil
	}
	return f.images()
}

func (f fakeStore) Review(_ context.Context, review life.Review) (life.Review, error) {
	if f.review == nil {
		review.CreatedAt = time.UnixMilli(1609645346317)
		return review, nil
	}
	return f.review(review)
}

func (f fakeStore) Report(_ context.Context, askerUID string, matchIdx int64, ids []string) error {
	if f.report == nil {
		return nil
	}
	return f.report(askerUID, matchIdx, ids)
}

func (fakeStore) Ready(context.Context) error { return nil }

// An api is the real router behind a real server. Each token is its user's uid.
type api struct {
	url       string
	client    *http.Client
	log       *logLines
	metrics   *prometheus.Registry
	described *openapi.Description // what every answer is held against, nil for nothing
}

// serve serves the contract's example to everybody who has a token, unless edited.
func serve(t testing.TB, edits ...func(*handlers.Config)) *api {
	t.Helper()
	a := serveBy(t, handlers.New, edits)
	a.described = described(t)
	return a
}

// serveRoutes serves these routes alone, which nothing describes.
func serveRoutes(t testing.TB, routes []handlers.Route, edits ...func(*handlers.Config)) *api {
	t.Helper()
	return serveBy(t, func(cfg handlers.Config) (http.Handler, error) { return handlers.NewOf(cfg, routes) }, edits)
}

func serveBy(t testing.TB, newHandler func(handlers.Config) (http.Handler, error), edits []func(*handlers.Config)) *api {
	t.Helper()
	a := &api{log: &logLines{}, metrics: prometheus.NewRegistry()}
	cfg := handlers.Config{
		Verifier:        anybody,
		Store:           fakeStore{},
		Reference:       fixed(t),
		WelcomePots:     30,
		InvitationCodes: []string{"AUTUMN-2025", "SPRING-2026"},
		Deadline:        10 * time.Second,
		MaxInFlight:     100,
		Project:         "demo-willson",
		Log:             telemetry.NewLogger(a.log, slog.LevelInfo, false),
		Metrics:         a.metrics,
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	handler, err := newHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	a.url, a.client = server.URL, server.Client()
	a.client.Transport.(*http.Transport).DisableCompression = true
	a.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return a
}

// fixed is the reference data.
func fixed(t testing.TB) *reference.Data {
	t.Helper()
	data, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pathOf is the route's path, with a number if it names one.
func pathOf(route handlers.Route) string {
	before, name, ok := strings.Cut(route.Path, "{")
	if !ok {
		return route.Path
	}
	_, after, _ := strings.Cut(name, "}")
	return before + "15145" + after
}

// operation is how a route is described.
func operation(t testing.TB, route handlers.Route) *openapi.Operation {
	t.Helper()
	return described(t).Paths[route.Path][strings.ToLower(route.Method)]
}

// goodBody is a body that the route takes, the last of its examples; "" for none.
func goodBody(t testing.TB, route handlers.Route) string {
	t.Helper()
	if !route.Body {
		return ""
	}
	examples := operation(t, route).Body.Content["application/json"].Examples
	body, err := json.Marshal(examples[slices.Max(slices.Collect(maps.Keys(examples)))].Value)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// goodKeys are the keys of such a body, each with its JSON.
func goodKeys(t testing.TB, method, path string) (keys map[string]string) {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(goodBody(t, handlers.Route{Method: method, Path: path, Body: true})), &raw); err != nil {
		t.Fatal(err)
	}
	keys = map[string]string{}
	for key, value := range raw {
		keys[key] = string(value)
	}
	return keys
}

// bodyOf is an object of these keys, but for those whose JSON is "". Each edit is a key and
// its JSON.
func bodyOf(keys map[string]string, edits ...string) string {
	keys = maps.Clone(keys)
	for edit := range slices.Chunk(edits, 2) {
		keys[edit[0]] = edit[1]
	}
	var fields []string
	for key, value := range keys {
		if value != "" {
			fields = append(fields, `"`+key+`":`+value)
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// unreached has no store: asking it panics, which is answered with 500.
func unreached(cfg *handlers.Config) { cfg.Store = nil }

// wantRefused has a request refused for each of these values of each key, on account of
// that key and before the store is asked. "" stands for no such key.
func wantRefused(t *testing.T, method, path string, good map[string]string, bad map[string][]string, edits ...func(*handlers.Config)) {
	t.Helper()
	api := serve(t, append(edits, unreached)...)
	for key, values := range bad {
		for _, value := range values {
			got := api.send(t, method, path, bodyOf(good, key, value))
			if got.wantError(t, 400, "invalid_request", "Invalid request", key); t.Failed() {
				t.Fatalf("%s of %s: %.200s", key, path, value)
			}
		}
	}
}

func withStore(f fakeStore) func(*handlers.Config) {
	return func(cfg *handlers.Config) { cfg.Store = f }
}

// withSessions has the lists answered by f.
func withSessions(f func(ctx context.Context, caller life.Caller) (store.Sessions, error)) func(*handlers.Config) {
	return withStore(fakeStore{sessions: f})
}

// failing serves routes of which every one does nothing but fail so.
func failing(t testing.TB, err error, edits ...func(*handlers.Config)) *api {
	t.Helper()
	a := serveRoutes(t, handlers.Failing(err), edits...)
	a.described = described(t)
	return a
}

// A response is an answer, read to its end.
type response struct {
	*http.Response
	body []byte
}

// ask sends a request without a body, as the asker unless the headers, names and values
// in turn, say otherwise.
func (a *api) ask(t testing.TB, method, path string, headers ...string) response {
	t.Helper()
	return a.send(t, method, path, "", headers...)
}

// send is ask with a body.
func (a *api) send(t testing.TB, method, path, body string, headers ...string) response {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, a.url+path, content)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["X-Token"] = []string{asker}
	for header := range slices.Chunk(headers, 2) {
		if header[0] == "x-token" {
			req.Header.Del("x-token")
		}
		if header[1] != "" {
			req.Header.Add(header[0], header[1])
		}
	}
	resp, err := a.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := response{resp, got}
	if body := answer.plain(t); len(body) > 0 && bytes.IndexByte(body, '\n') != len(body)-1 {
		t.Errorf("%s %s: not one line: %q", method, path, body)
	}
	if resp.Header.Get("Content-Encoding") == "" {
		answer.body = bytes.TrimSuffix(got, []byte("\n"))
	}
	if path, _, _ := strings.Cut(path, "?"); a.described != nil && !strings.HasPrefix(path, "/console") {
		if err := a.described.CheckAnswer(method, path, resp.StatusCode, resp.Header, answer.plain(t)); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
	}
	return answer
}

// plain is the body, decompressed if need be.
func (r response) plain(t testing.TB) []byte {
	t.Helper()
	if r.Header.Get("Content-Encoding") != "gzip" || len(r.body) == 0 {
		return r.body
	}
	reader, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// json is the body as an object.
func (r response) json(t testing.TB) (object map[string]any) {
	t.Helper()
	body := r.plain(t)
	if err := json.Unmarshal(body, &object); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return object
}

// wantError holds an answer against a row of the contract's table. Of a body that is
// refused, the last parameter may name the key.
func (r response) wantError(t testing.TB, status int, code, message string, field ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("status %d, want %d", r.StatusCode, status)
	}
	var route handlers.Route // what is special about some, none of which has a number in its path
	for _, known := range handlers.Routes() {
		if known.Path == r.Request.URL.Path {
			route = known
		}
	}
	if r.Request.Method != http.MethodHead {
		want := `{"code":"` + code + `","message":"` + message + `"`
		for _, key := range field {
			want += `,"field":"` + key + `"`
		}
		if route.DataInErrors {
			want += `,"data":{}`
		}
		if want += "}"; string(r.body) != want {
			t.Errorf("body %s, want %s", r.body, want)
		}
	}
	retryAfter := ""
	if status == http.StatusServiceUnavailable {
		retryAfter = "1"
	}
	kept := "private, no-cache"
	if route.Credential && status != http.StatusMethodNotAllowed {
		kept = "no-store"
	}
	r.wantHeaders(t, "Content-Type", "application/json; charset=utf-8", "Cache-Control", kept,
		"Retry-After", retryAfter, "ETag", "", "Location", "")
}

// wantHeaders compares headers, given as names and values in turn; "" means absent.
func (r response) wantHeaders(t testing.TB, want ...string) {
	t.Helper()
	for header := range slices.Chunk(want, 2) {
		if got := strings.Join(r.Header.Values(header[0]), " | "); got != header[1] {
			t.Errorf("%s: %q, want %q", header[0], got, header[1])
		}
	}
}

// logLines is the server's log.
type logLines struct{ telemetrytest.Log }

// wait returns the lines logged as soon as there are n.
func (l *logLines) wait(t testing.TB, n int) (lines []map[string]any) {
	t.Helper()
	waitFor(t, func() bool { return strings.Count(l.String(), "\n") >= n })
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, fields)
	}
	return lines
}

func waitFor(t testing.TB, met func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within ten seconds")
		}
	}
}

// metric is the value of a counter or gauge, or a histogram's count, with these labels.
func (a *api) metric(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	return telemetrytest.Metric(t, a.metrics, name, labels...)
}

const pictures = "https://willson-v1.s3.ap-northeast-2.amazonaws.com/"

// example is what the store says when the contract's example is to be answered.
func example() store.Sessions { return storetest.Example() }

// willsonersExample is what the store says when the contract's row is to be answered.
func willsonersExample() store.Sessions {
	const other, pic = "1205312339", pictures + "user_image/img_profile_w.png"
	return store.Sessions{
		UnderWay: []life.Chatroom{{
			Idx:          18236,
			Roomkey:      other + "_SrIE0U2lHWcbtJvBFl3cXClRsY02_1605158334584",
			AskerUID:     "CLIUm7iNKgch5VHSAARQ2xkZuG93",
			WillsonerUID: asker,
			StartedAt:    time.UnixMilli(1605158334584),
			Brief: life.Brief{
				Idx: 1468, Minutes: 1, Nickname: "데이지의  루시", Content: "ㅎㅎㅎㅎ좋아요", AskerPic: pic, AskerGender: "F",
				Subcategory: &life.Topic{Name: "갈등", Category: "연애"}, Feelings: []string{"불쾌한", "절망감", "우울한"},
			},
			Card: life.Card{Idx: 150, Pic: pic},
		}},
		Reserved: []life.Reservation{{
			Idx: 18237, Roomkey: other + "_" + asker, AskerUID: other, WillsonerUID: asker,
			StartsAt: time.Date(2021, 3, 19, 13, 0, 0, 0, time.UTC),
			Brief:    life.Brief{Idx: 1469, Minutes: 60, Nickname: "잔나"},
			Card:     life.Card{Idx: 150},
		}},
	}
}
