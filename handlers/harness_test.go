package handlers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
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

// A fakeStore is a handlers.Store that is always ready. A function that is nil answers
// with the contract's example.
type fakeStore struct {
	sessions func(ctx context.Context, caller store.Caller) (store.Sessions, error)
	change   func(ctx context.Context, action string, caller store.Caller, matchIdx int64) (store.Match, error)
	images   func() ([]store.ReviewImage, error)
	review   func(store.Review) (store.Review, error)
	report   func(askerUID string, matchIdx int64, ids []string) error
}

func (f fakeStore) Sessions(ctx context.Context, caller store.Caller) (store.Sessions, error) {
	if f.sessions == nil {
		return example(), nil
	}
	return f.sessions(ctx, caller)
}

func (f fakeStore) Select(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error) {
	return f.changed(ctx, "select", store.Caller{Party: store.Asker, UID: askerUID}, matchIdx)
}

func (f fakeStore) Join(ctx context.Context, caller store.Caller, matchIdx int64) (store.Match, error) {
	return f.changed(ctx, "join", caller, matchIdx)
}

func (f fakeStore) Complete(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error) {
	return f.changed(ctx, "complete", store.Caller{Party: store.Asker, UID: askerUID}, matchIdx)
}

func (f fakeStore) changed(ctx context.Context, action string, caller store.Caller, matchIdx int64) (store.Match, error) {
	if f.change == nil {
		return selected(func(m *store.Match) { m.Idx = matchIdx }), nil
	}
	return f.change(ctx, action, caller, matchIdx)
}

func (f fakeStore) ReviewImages(context.Context) ([]store.ReviewImage, error) {
	if f.images == nil {
		return []store.ReviewImage{{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: pictures + "review_image/1.png"}}, nil
	}
	return f.images()
}

func (f fakeStore) Review(_ context.Context, review store.Review) (store.Review, error) {
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
		Verifier: verifier(func(values []string) (string, error) {
			if len(values) == 0 {
				return "", auth.ErrMissing
			}
			return values[0], nil
		}),
		Store:       fakeStore{},
		Deadline:    10 * time.Second,
		MaxInFlight: 100,
		Project:     "demo-willson",
		Log:         telemetry.NewLogger(a.log, slog.LevelInfo, false),
		Metrics:     a.metrics,
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

// pathOf is the route's path, of a match if it names one.
func pathOf(route handlers.Route) string {
	return strings.Replace(route.Path, "{match_idx}", "15145", 1)
}

// goodBody is a body that the route takes, "" for none.
func goodBody(route handlers.Route) string {
	switch {
	case !route.Body:
		return ""
	case strings.Contains(route.Path, "/report/"):
		return `{"reports":["m1"]}`
	}
	return `{"match_idx":15145,"title":"고마워요","content":"좋았어요","rating":4.5,"image_idx":2}`
}

func withStore(f fakeStore) func(*handlers.Config) {
	return func(cfg *handlers.Config) { cfg.Store = f }
}

// withSessions has the lists answered by f.
func withSessions(f func(ctx context.Context, caller store.Caller) (store.Sessions, error)) func(*handlers.Config) {
	return withStore(fakeStore{sessions: f})
}

// failing has the store fail at everything.
func failing(err error) func(*handlers.Config) {
	return withStore(fakeStore{
		sessions: func(context.Context, store.Caller) (store.Sessions, error) { return store.Sessions{}, err },
		change: func(context.Context, string, store.Caller, int64) (store.Match, error) {
			return store.Match{}, err
		},
		images: func() ([]store.ReviewImage, error) { return nil, err },
		review: func(store.Review) (store.Review, error) { return store.Review{}, err },
		report: func(string, int64, []string) error { return err },
	})
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
	if r.Request.Method != http.MethodHead {
		want := `{"code":"` + code + `","message":"` + message + `"`
		for _, key := range field {
			want += `,"field":"` + key + `"`
		}
		if want += "}"; string(r.body) != want {
			t.Errorf("body %s, want %s", r.body, want)
		}
	}
	retryAfter := ""
	if status == http.StatusServiceUnavailable {
		retryAfter = "1"
	}
	r.wantHeaders(t, "Content-Type", "application/json; charset=utf-8", "Cache-Control", "private, no-cache",
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
		UnderWay: []store.Chatroom{{
			Idx:          18236,
			Roomkey:      other + "_SrIE0U2lHWcbtJvBFl3cXClRsY02_1605158334584",
			AskerUID:     "CLIUm7iNKgch5VHSAARQ2xkZuG93",
			WillsonerUID: asker,
			StartedAt:    time.UnixMilli(1605158334584),
			Concern: store.Concern{
				Idx: 1468, Minutes: 1, Nickname: "데이지의  루시", Content: "ㅎㅎㅎㅎ좋아요", AskerPic: pic, AskerGender: "F",
				Subcategory: &store.Topic{Name: "갈등", Category: "연애"}, Feelings: []string{"불쾌한", "절망감", "우울한"},
			},
			Card: store.Card{Idx: 150, Pic: pic},
		}},
		Reserved: []store.Reservation{{
			Idx: 18237, Roomkey: other + "_" + asker, AskerUID: other, WillsonerUID: asker,
			StartsAt: time.Date(2021, 3, 19, 13, 0, 0, 0, time.UTC),
			Concern:  store.Concern{Idx: 1469, Minutes: 60, Nickname: "잔나"},
			Card:     store.Card{Idx: 150},
		}},
	}
}
