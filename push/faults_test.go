package push_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
	"willson/internal/telemetrytest"
	"willson/life"
	"willson/push"
)

// tokens is a push.Tokens.
type tokens struct {
	mu      sync.Mutex
	kept    []life.PushToken
	removed []life.PushToken
	reads   int
	err     error
}

// tokensOf keeps a phone of each.
func tokensOf(uids ...string) *tokens {
	kept := &tokens{}
	for _, uid := range uids {
		kept.kept = append(kept.kept, life.PushToken{Token: phone(uid), UID: uid})
	}
	return kept
}

func (k *tokens) PushTokens(_ context.Context, uids ...string) ([]life.PushToken, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reads++
	return slices.DeleteFunc(slices.Clone(k.kept), func(t life.PushToken) bool { return !slices.Contains(uids, t.UID) }), k.err
}

func (k *tokens) RemovePushTokens(_ context.Context, gone ...life.PushToken) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.removed = append(k.removed, gone...)
	return k.err
}

// A sender is a push.Sender over a stand-in.
type sender struct {
	*push.Sender
	world
	kept *tokens
}

func newSender(t testing.TB, kept *tokens, edits ...func(*push.Config)) *sender {
	t.Helper()
	s := &sender{world: world{fcm: newStandIn(t), log: &telemetrytest.Log{}, metrics: prometheus.NewRegistry()}, kept: kept}
	cfg := push.Config{
		Project: "demo-willson", Tokens: kept, Endpoint: s.fcm.url,
		Log: slog.New(slog.NewTextHandler(s.log, nil)), Metrics: s.metrics,
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	s.Sender = push.New(cfg)
	s.Wait(30 * time.Second)
	return s
}

// withoutEndpoint means FCM itself, which needs credentials.
func withoutEndpoint(cfg *push.Config) { cfg.Endpoint = "" }

// reviewed is a notice of no hurry.
func reviewed(uid string) push.Notice {
	return push.ReviewedBy(&life.Review{MatchIdx: 1, ConcernIdx: 1, WillsonerUID: uid, CreatedAt: time.Now()})
}

// TestSignInAnyway: whatever the push token is, and whether it can be kept or not, whoever
// may sign in does.
func TestSignInAnyway(t *testing.T) {
	t.Parallel()
	server := fakefirestore.New(t)
	w := newWorld(t, server.Addr())
	for _, token := range []any{nil, 7, "", []string{phone("asker")}, map[string]any{"token": phone("asker")}} {
		w.ask(t, "", http.MethodPost, "asker/sign/signin", map[string]any{"token": "asker", "social": "email", "push_token": token}, "success")
	}
	server.OnCall(fakefirestore.On("RunQuery", fakefirestore.Always(fakefirestore.Fault{Hang: true}))) // which sign-in needs for the token alone
	start := time.Now()
	w.ask(t, "", http.MethodPost, "asker/sign/signin", map[string]any{"token": "asker", "social": "email", "push_token": phone("asker")}, "success")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	server.OnCall(nil)
	if kept := w.phones(t, "asker"); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
	w.ask(t, "", http.MethodPost, "asker/sign/signup", map[string]any{"token": "asker", "social": "email", "push_token": phone("asker"),
		"email": "", "nickname": "잔나", "gender": "F", "age": 1990}, "success")
	if kept := w.phones(t, "asker"); len(kept) != 1 {
		t.Errorf("sign-up kept %v", kept)
	}
}

// TestNoCredentials: a server without credentials starts, and fails to tell at once.
func TestNoCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	s := newSender(t, tokensOf("a"), withoutEndpoint)
	s.Tell(t.Context(), reviewed("a"))
	if got := s.counted(t, push.Reviewed, "failed"); got != 1 {
		t.Errorf("%v failed: %s", got, s.log)
	}
}

// TestHangingCredentials: the SDK does not look at its context while it fetches an access
// token, and yet nobody waits for it longer than for FCM.
func TestHangingCredentials(t *testing.T) {
	s := newSender(t, tokensOf("a"), withoutEndpoint)
	s.Wait(push.Within)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var fetches atomic.Int64
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(func() { issuer.CloseClientConnections(); issuer.Close() })
	credentials, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "willson@demo-willson.iam.gserviceaccount.com", "token_uri": issuer.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	})
	path := filepath.Join(t.TempDir(), "key.json")
	if err := errors.Join(err, os.WriteFile(path, credentials, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
	start := time.Now()
	s.Tell(t.Context(), reviewed("a"))
	if took := time.Since(start); took > 2*time.Second || fetches.Load() != 1 {
		t.Errorf("took %s and %d fetches: %s", took, fetches.Load(), s.log)
	}
	if !strings.Contains(s.log.String(), "nobody is told anything for a while") {
		t.Errorf("no pause: %s", s.log)
	}
}

// TestLostAnswer: a commit whose answer is lost is done again in vain, and told of once.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	server := fakefirestore.New(t)
	w := newWorld(t, server.Addr())
	w.signIn(t, "asker", phone("asker"))
	w.counsel(t, "willsoner", phone("willsoner"))
	concern := w.write(t, "asker", life.Realtime)
	losing := func(what string, do func()) []string {
		t.Helper()
		before := server.Count("Commit")
		server.OnCall(fakefirestore.On("Commit", fakefirestore.First(1, fakefirestore.Fault{Lost: true, Err: status.Error(codes.Unavailable, "lost")})))
		do()
		server.OnCall(nil)
		if commits := server.Count("Commit") - before; commits < 1 {
			t.Errorf("%s: %d commits", what, commits)
		}
		return w.fcm.told()
	}

	told := losing("pay", func() { w.pay(t, "asker", concern) })
	match := w.sent(t, "willsoner", life.Realtime)
	is(t, "paid", told, fmt.Sprint("requested ", phone("willsoner"), " ", match))

	another := w.write(t, "asker", life.Realtime)
	server.OnCall(fakefirestore.On("Commit", fakefirestore.First(1, fakefirestore.Code(codes.Unavailable))))
	w.pay(t, "asker", another)
	server.OnCall(nil)
	is(t, "paid at the second try", w.fcm.told(), fmt.Sprint("requested ", phone("willsoner"), " ", w.sent(t, "willsoner", life.Realtime)))

	for _, step := range []struct {
		uid, path string
		body      map[string]any
		want      string
	}{
		{"willsoner", "willsoner/list/realtime/matches/%d/select", nil, fmt.Sprint("offered ", phone("asker"), " ", concern)},
		{"asker", "asker/list/matches/%d/select", nil, fmt.Sprint("selected ", phone("willsoner"), " ", match)},
		{"asker", "asker/chat/join/%d", nil, fmt.Sprint("joined ", phone("willsoner"), " ", match)},
		{"asker", "asker/chat/review", map[string]any{"match_idx": match, "rating": 5, "content": nil, "image_idx": 1},
			fmt.Sprint("reviewed ", phone("willsoner"), " ", match)},
	} {
		method, path := http.MethodPatch, step.path
		if step.body != nil {
			method = http.MethodPost
		} else {
			path = fmt.Sprintf(path, match)
		}
		told := losing(path, func() { w.ask(t, step.uid, method, path, step.body, "success") })
		is(t, path, told, step.want)
	}
}

// TestHanging: an FCM that hangs costs one payment a second and the next nothing, and
// changes neither's answer.
func TestHanging(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakefirestore.New(t).Addr())
	w.signIn(t, "asker", phone("asker"))
	w.counsel(t, "willsoner", phone("willsoner"))
	first, second := w.write(t, "asker", life.Realtime), w.write(t, "asker", life.Realtime)
	w.sender.Wait(push.Within)
	w.fcm.will(hang)
	start := time.Now()
	w.pay(t, "asker", first)
	if took := time.Since(start); took < 500*time.Millisecond || took > 4*time.Second {
		t.Errorf("took %s", took)
	}
	if got := len(w.fcm.take()); got != 1 {
		t.Errorf("tried %d times, want 1", got)
	}
	w.pay(t, "asker", second)
	is(t, "paused", w.fcm.told())
	for outcome, want := range map[string]float64{"failed": 1, "skipped": 1, "sent": 0} {
		if got := w.counted(t, push.Requested, outcome); got != want {
			t.Errorf("%v %s, want %v", got, outcome, want)
		}
	}
}

// TestBreaker: failures in a row stop the tries; after a pause one tries, and all when it
// goes well. Refusals of a phone are no failures, and neither is Firestore's.
func TestBreaker(t *testing.T) {
	t.Parallel()
	s := newSender(t, tokensOf("a", "b"))
	unavailable := func(w http.ResponseWriter, _ *http.Request, _ string) {
		refuse(w, http.StatusInternalServerError, "INTERNAL", "INTERNAL", "away")
	}
	tries := func(n int) (reached int) {
		for range n {
			s.Tell(t.Context(), reviewed("a"))
		}
		return len(s.fcm.take())
	}
	s.fcm.will(unavailable)
	if got := tries(6); got != 3 || s.kept.reads != 3 {
		t.Errorf("tried %d times and read tokens %d times, want 3", got, s.kept.reads)
	}
	s.EndPause()
	if got := tries(6); got != 1 {
		t.Errorf("tried %d times after the pause, want 1", got)
	}
	s.EndPause()
	s.fcm.will(accept)
	if got := tries(6); got != 6 {
		t.Errorf("tried %d times when it goes well, want 6", got)
	}
	s.fcm.will(unavailable)
	if got := tries(2); got != 2 {
		t.Errorf("tried %d times, want 2", got)
	}
	s.fcm.will(func(w http.ResponseWriter, _ *http.Request, _ string) {
		refuse(w, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "gone")
	})
	if got := tries(6); got != 6 {
		t.Errorf("tried %d times for a phone that is gone, want 6", got)
	}
	s.kept.err = errors.New("Firestore is away")
	tries(6)
	s.kept.err = nil
	if got := tries(1); got != 1 {
		t.Errorf("tried %d times after Firestore failed, want 1", got)
	}
}

// TestOneTriesAfterPause: while one request tries how FCM is, the others do not wait.
func TestOneTriesAfterPause(t *testing.T) {
	t.Parallel()
	s := newSender(t, tokensOf("a"))
	s.Wait(push.Within)
	s.fcm.will(hang)
	s.Tell(t.Context(), reviewed("a"))
	s.EndPause()
	s.fcm.take()
	reached := make(chan bool)
	s.fcm.will(func(w http.ResponseWriter, r *http.Request, token string) {
		close(reached)
		hang(w, r, token)
	})
	var one sync.WaitGroup
	one.Go(func() { s.Tell(t.Context(), reviewed("a")) })
	<-reached
	s.Tell(t.Context(), reviewed("a"))
	if got := s.counted(t, push.Reviewed, "skipped"); got != 1 {
		t.Errorf("%v did not wait, want 1", got)
	}
	one.Wait()
	if got := len(s.fcm.take()); got != 1 {
		t.Errorf("tried %d times, want 1", got)
	}
}

// TestClientGone: whoever is told does not depend on who asks.
func TestClientGone(t *testing.T) {
	t.Parallel()
	s := newSender(t, tokensOf("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Tell(ctx, reviewed("a"))
	is(t, "client gone", s.fcm.told(), "reviewed "+phone("a")+" 1")
}

// TestLate: nobody is told what is over.
func TestLate(t *testing.T) {
	t.Parallel()
	s := newSender(t, tokensOf("a"))
	n := reviewed("a")
	n.Until = time.Now().Add(-time.Second)
	s.Tell(t.Context(), n)
	is(t, "late", s.fcm.told())
	if got := s.counted(t, push.Reviewed, "late"); got != 1 {
		t.Errorf("%v late", got)
	}
}

// TestFifty: fifty willsoners are told within one request, those with several phones on
// each, and that one has a token that no message can be for is nothing to the others.
func TestFifty(t *testing.T) {
	t.Parallel()
	kept := tokensOf()
	var notices []push.Notice
	for i := range 50 {
		uid := fmt.Sprint("willsoner", i)
		for n := range 12 { // 600: more than the SDK takes at once
			kept.kept = append(kept.kept, life.PushToken{Token: phone(fmt.Sprint(uid, "-", n)), UID: uid})
		}
		notices = append(notices, reviewed(uid))
	}
	kept.kept[0].Token = ""
	s := newSender(t, kept)
	s.Tell(t.Context(), notices...)
	told := s.fcm.told()
	if len(told) != 599 || len(slices.Compact(told)) != 599 {
		t.Errorf("%d phones were told, want 599", len(told))
	}
	if got := s.counted(t, push.Reviewed, "sent"); got != 599 {
		t.Errorf("%v sent", got)
	}
}

// TestGone: tokens that FCM says are no phone's are removed. That an argument is invalid, or
// another project the token's, counts only where the message is known to be good.
func TestGone(t *testing.T) {
	t.Parallel()
	answers := map[string]struct {
		status          int
		canonical, code string
	}{
		"unregistered": {http.StatusNotFound, "NOT_FOUND", "UNREGISTERED"},
		"mismatch":     {http.StatusForbidden, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"},
		"invalid":      {http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT"},
		"quota":        {http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"},
		"apns":         {http.StatusUnauthorized, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"},
		"denied":       {http.StatusForbidden, "PERMISSION_DENIED", ""},
		"missing":      {http.StatusNotFound, "NOT_FOUND", ""},
	}
	everybody := []string{"good"}
	for uid := range answers {
		everybody = append(everybody, uid)
	}
	for _, test := range []struct {
		uids, want []string
	}{
		{[]string{"invalid"}, nil},
		{[]string{"mismatch"}, nil},
		{everybody, []string{"invalid", "mismatch", "unregistered"}},
		{[]string{"invalid"}, []string{"invalid"}}, // a good one was taken before
		{[]string{"mismatch"}, []string{"mismatch"}},
	} {
		s := newSender(t, tokensOf(everybody...))
		s.fcm.will(func(w http.ResponseWriter, r *http.Request, token string) {
			uid, _, _ := strings.Cut(token, ":")
			if a, ok := answers[uid]; ok {
				refuse(w, a.status, a.canonical, a.code, "not for "+token)
				return
			}
			accept(w, r, token)
		})
		if len(test.uids) == 1 && test.want != nil {
			s.Tell(t.Context(), reviewed("good"))
		}
		var notices []push.Notice
		for _, uid := range test.uids {
			notices = append(notices, reviewed(uid))
		}
		s.Tell(t.Context(), notices...)
		var removed []string
		for _, token := range s.kept.removed {
			removed = append(removed, token.UID)
		}
		if slices.Sort(removed); !slices.Equal(removed, test.want) {
			t.Errorf("%v: removed %v, want %v", test.uids, removed, test.want)
		}
		if text := s.log.String(); strings.Contains(text, "APA91b") {
			t.Errorf("a token is logged: %s", text)
		} else if len(test.uids) > 1 && !strings.Contains(text, "not for (token)") {
			t.Errorf("no reason is logged: %s", text)
		}
	}
}
