package push_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/auth"
	"willson/handlers"
	"willson/internal/telemetrytest"
	"willson/push"
	"willson/reference"
	"willson/store"
)

// A message is what FCM is sent for one phone.
type message struct {
	Token        string
	Notification struct{ Title, Body string }
	Data         map[string]string
	Android      struct {
		CollapseKey  string `json:"collapse_key"`
		Priority     string
		TTL          string
		Notification struct{ Tag string }
	}
	APNS struct {
		Headers map[string]string
	}
}

// A standIn stands for FCM, over HTTP.
type standIn struct {
	url string

	mu     sync.Mutex
	got    []message
	answer func(w http.ResponseWriter, r *http.Request, token string)
}

func newStandIn(t testing.TB) *standIn {
	t.Helper()
	f := &standIn{}
	f.will(accept)
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		server.CloseClientConnections() // of answers that hang
		server.Close()
	})
	f.url = server.URL
	return f
}

func (f *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct{ Message message }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.URL.Path != "/projects/demo-willson/messages:send" {
		http.Error(w, "not what FCM serves", http.StatusTeapot)
		return
	}
	f.mu.Lock()
	f.got = append(f.got, request.Message)
	answer := f.answer
	f.mu.Unlock()
	answer(w, r, request.Message.Token)
}

// will has it answer so from now on.
func (f *standIn) will(answer func(w http.ResponseWriter, r *http.Request, token string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// take returns what it was sent since it was last asked.
func (f *standIn) take() []message {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

// told returns what take does, each as "kind token number", sorted.
func (f *standIn) told() []string {
	all := []string{}
	for _, m := range f.take() {
		all = append(all, m.Data["kind"]+" "+m.Token+" "+m.Data["match_idx"]+m.Data["concern_idx"])
	}
	slices.Sort(all)
	return all
}

func accept(w http.ResponseWriter, _ *http.Request, _ string) {
	io.WriteString(w, `{"name":"projects/demo-willson/messages/1"}`)
}

func hang(_ http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() }

// refuse answers as FCM does.
func refuse(w http.ResponseWriter, status int, canonical, code, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"status":%q,"message":%q,"details":[`+
		`{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":%q}]}}`, status, canonical, text, code)
}

// A world is the server's handlers over a store and FCM. Each token is its user's uid.
type world struct {
	*store.Store
	fcm     *standIn
	sender  *push.Sender
	url     string
	log     *telemetrytest.Log
	metrics *prometheus.Registry
}

type verifier struct{}

func (verifier) Verify(_ context.Context, values []string) (string, error) {
	if len(values) == 0 {
		return "", auth.ErrMissing
	}
	return values[0], nil
}

func (verifier) SignIn(_ context.Context, token string) (auth.Identity, error) {
	return auth.Identity{UID: token}, nil
}
func (verifier) Cookie(_ context.Context, token string) (string, error) { return token, nil }
func (verifier) Ready() error                                           { return nil }

// emulator is where the Firestore emulator is.
func emulator(t testing.TB) string {
	t.Helper()
	host := os.Getenv("FIRESTORE_EMULATOR_HOST")
	if host == "" {
		t.Fatal("FIRESTORE_EMULATOR_HOST is not set: run `make test`, or `.cache/local exec -- go test ./push/`")
	}
	return host
}

// newWorld returns one over the Firestore at host, empty.
func newWorld(t testing.TB, host string) *world {
	t.Helper()
	w := &world{fcm: newStandIn(t), log: &telemetrytest.Log{}, metrics: prometheus.NewRegistry()}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	data, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	w.Store, err = store.Open(t.Context(), store.Config{
		Project: "demo-" + strings.ToLower(rand.Text()), EmulatorHost: host, Reference: data, Log: log, Metrics: w.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sender = push.New(push.Config{Project: "demo-willson", Tokens: w.Store, Endpoint: w.fcm.url, Log: log, Metrics: w.metrics})
	w.sender.Wait(30 * time.Second)
	handler, err := handlers.New(handlers.Config{
		Verifier: verifier{}, Store: w.Store, Reference: data, WelcomePots: 30, InvitationCodes: []string{"WELCOME"},
		Teller:   w.sender,
		Deadline: time.Minute, MaxInFlight: 100, Log: log, Metrics: w.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		w.Close()
	})
	return w
}

// An answer is what all answers have.
type answer struct {
	Code string
	Data struct {
		Idx     int64
		Matches struct {
			Rows []struct{ Idx int64 }
		}
	}
}

// ask sends a request of a user, and wants this code.
func (w *world) ask(t testing.TB, uid, method, path string, body map[string]any, code string) (a answer) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
		return a
	}
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+"/api/v1/"+path, bytes.NewReader(encoded))
	if err != nil {
		t.Error(err)
		return a
	}
	r.Header.Set("X-Token", uid)
	answered, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return a
	}
	defer answered.Body.Close()
	text, err := io.ReadAll(answered.Body)
	if err != nil {
		t.Error(err)
	}
	if json.Unmarshal(text, &a); a.Code != code {
		t.Errorf("%s %s: %s, want %s", method, path, text, code)
	}
	return a
}

// phone is a token of somebody's phone.
func phone(of string) string { return of + ":APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx" }

// signIn has somebody sign in, with phones or without.
func (w *world) signIn(t testing.TB, uid string, phones ...string) {
	t.Helper()
	enter := func(pushToken any) {
		w.ask(t, "", http.MethodPost, "asker/sign/signin", map[string]any{"token": uid, "social": "email", "push_token": pushToken}, "success")
	}
	enter("asdfasdfasdf")
	for _, token := range phones {
		for !slices.Contains(w.phones(t, uid), token) && !t.Failed() { // an emulator that has just started may be too slow
			enter(token)
		}
	}
}

// phones are the tokens of an account.
func (w *world) phones(t testing.TB, uid string) []string {
	t.Helper()
	kept, err := w.PushTokens(t.Context(), uid)
	if err != nil {
		t.Error(err)
	}
	var all []string
	for _, token := range kept {
		all = append(all, token.Token)
	}
	return all
}

// counsel has somebody sign in as a willsoner of the first category.
func (w *world) counsel(t testing.TB, uid string, phones ...string) {
	t.Helper()
	w.signIn(t, uid, phones...)
	w.ask(t, uid, http.MethodPost, "willsoner/register/complete", map[string]any{
		"subcategory_idx": 1, "experience": "경험", "introduction": "소개", "image_idx": 1}, "success")
	w.ask(t, uid, http.MethodPatch, "willsoner/register/invitation", map[string]any{"code": "WELCOME"}, "success")
}

// write has an asker write a concern, and returns its number.
func (w *world) write(t testing.TB, uid, kind string) int64 {
	t.Helper()
	tomorrow := time.Now().Add(24 * time.Hour).In(time.FixedZone("Asia/Seoul", 9*60*60)).Format(time.DateOnly)
	body := map[string]any{
		"subcategory_idx": 1, "feeling_idx": []int{1}, "direction_idx": 1, "content": secret, "wil_gender": "All", "type": kind,
	}
	for _, of := range []string{"from", "to"} {
		body[of+"_date"], body[of+"_time_from"], body[of+"_time_to"] = tomorrow, "10:00", "12:00"
	}
	return w.ask(t, uid, http.MethodPost, "asker/request/complete", body, "success").Data.Idx
}

// secret is what a concern says, and nobody's phone.
const secret = "아무도 모르는 고민"

func (w *world) pay(t testing.TB, uid string, concern int64) {
	t.Helper()
	w.ask(t, uid, http.MethodPost, fmt.Sprintf("asker/payment/%d", concern), map[string]any{"ticket_idx": 1}, "success")
}

// sent is the number of the newest match that a willsoner was sent.
func (w *world) sent(t testing.TB, uid, kind string) int64 {
	t.Helper()
	rows := w.ask(t, uid, http.MethodPost, "willsoner/list/"+kind+"/matches", map[string]any{"category_idx": 0}, "success").Data.Matches.Rows
	if len(rows) == 0 {
		t.Fatalf("%s was sent nothing", uid)
	}
	return rows[0].Idx
}

// counted is how many pushes of a kind had an outcome.
func (w *world) counted(t testing.TB, kind push.Kind, outcome string) float64 {
	t.Helper()
	return telemetrytest.Metric(t, w.metrics, "willson_pushes_total", string(kind), outcome)
}

// is fails unless got is what is wanted.
func is(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: told %v, want %v", what, got, want)
	}
}
