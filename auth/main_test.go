package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/auth"
	"willson/internal/issuer"
	"willson/internal/telemetrytest"
)

const project = "demo-willson"

// emulatorVariable makes the Admin SDK take unsigned tokens.
const emulatorVariable = "FIREBASE_AUTH_EMULATOR_HOST"

// emulatorHost is where the Auth emulator is. TestMain takes it out of the environment:
// all tests but the emulator's are about production.
var emulatorHost = os.Getenv(emulatorVariable)

// google stands for googleapis.com in this process. Tests that run side by side share it
// and only sign with it.
var google *issuer.Issuer

func TestMain(m *testing.M) {
	os.Unsetenv(emulatorVariable)
	var err error
	if google, err = issuer.New(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	google.Project = project
	os.Setenv("GOOGLE_APPLICATION_CREDENTIALS", google.Credentials())
	http.DefaultTransport.(*http.Transport).DialTLSContext = google.DialTLSContext
	code := m.Run()
	google.Close()
	os.Exit(code)
}

// A verifier is an auth.Verifier whose metrics can be read.
type verifier struct {
	*auth.Verifier
	metrics *prometheus.Registry
}

// newVerifier returns a verifier that may have no keys yet.
func newVerifier(t testing.TB, edits ...func(*auth.Config)) *verifier {
	t.Helper()
	v, err := newUnclosed(edits...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// newUnclosed returns a verifier that the caller closes.
func newUnclosed(edits ...func(*auth.Config)) (*verifier, error) {
	metrics := prometheus.NewRegistry()
	cfg := auth.Config{Project: project, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: metrics}
	for _, edit := range edits {
		edit(&cfg)
	}
	v, err := auth.New(context.Background(), cfg)
	return &verifier{v, metrics}, err
}

func emulated(cfg *auth.Config)     { cfg.Emulated = true }
func checkRevoked(cfg *auth.Config) { cfg.CheckRevoked = true }

// newReady returns a verifier of production that has keys.
func newReady(t testing.TB) *verifier {
	t.Helper()
	v := newVerifier(t)
	waitFor(t, "keys", func() bool { return v.Ready() == nil })
	return v
}

// verify verifies the one value of a header.
func (v *verifier) verify(token string) (string, error) {
	return v.Verify(context.Background(), []string{token})
}

// good fails the test unless the token is uid's.
func (v *verifier) good(t testing.TB, token, uid string) {
	t.Helper()
	if got, err := v.verify(token); got != uid || err != nil {
		t.Errorf("verified as %q, %v; want %q", got, err, uid)
	}
}

// errorOf is the error of what is refused for this reason.
func errorOf(reason string) error {
	switch reason {
	case "missing":
		return auth.ErrMissing
	case "expired":
		return auth.ErrExpired
	}
	return auth.ErrInvalid
}

// refused fails the test unless the values of the header are refused for this reason,
// which is then counted.
func (v *verifier) refused(t testing.TB, reason string, values ...string) {
	t.Helper()
	want := errorOf(reason)
	before := v.verdicts(t, reason)
	uid, err := v.Verify(context.Background(), values)
	if uid != "" || !errors.Is(err, want) || auth.Reason(err) != reason {
		t.Errorf("verified as %q, %v; want %v because it is %s", uid, err, want, reason)
	}
	if n := v.verdicts(t, reason) - before; n != 1 {
		t.Errorf("counted %d times as %s", n, reason)
	}
}

// unavailable fails the test unless nobody can tell within d whose the token is. It
// returns how long that took.
func (v *verifier) unavailable(t testing.TB, token string, d time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	_, err := v.verify(token)
	if !errors.Is(err, auth.ErrUnavailable) || errors.Is(err, auth.ErrInvalid) || auth.Reason(err) != "" {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	took := time.Since(start)
	if took > d {
		t.Errorf("took %v, want at most %v", took, d)
	}
	return took
}

// goodAtOnce is good, and fails also when time passed: in a bubble none does unless
// something is waited for.
func (v *verifier) goodAtOnce(t testing.TB, token, uid string) {
	t.Helper()
	start := time.Now()
	v.good(t, token, uid)
	if took := time.Since(start); took != 0 {
		t.Errorf("a token waited %v", took)
	}
}

// verdicts is how many verifications had this outcome, loads how many loads of keys.
func (v *verifier) verdicts(t testing.TB, outcome string) int {
	t.Helper()
	return int(telemetrytest.Metric(t, v.metrics, "willson_token_verdicts_total", outcome))
}

func (v *verifier) loads(t testing.TB, kind, outcome string) int {
	t.Helper()
	return int(telemetrytest.Metric(t, v.metrics, "willson_key_refreshes_total", kind, outcome))
}

// with changes claims of a token, and head its header; a nil takes one away.
func with(changes map[string]any) func(header, claims map[string]any) {
	return func(_, claims map[string]any) { apply(claims, changes) }
}

func head(changes map[string]any) func(header, claims map[string]any) {
	return func(header, _ map[string]any) { apply(header, changes) }
}

func apply(to, changes map[string]any) {
	for name, value := range changes {
		if to[name] = value; value == nil {
			delete(to, name)
		}
	}
}

// waitFor waits until met returns true, and fails the test after ten seconds.
func waitFor(t testing.TB, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !met(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 10 s still not: %s", what)
		}
	}
}
