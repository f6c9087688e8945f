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

// google is who googleapis.com is for this process, and shared by the tests that run
// side by side: those only sign with it.
var google *issuer.Issuer

func TestMain(m *testing.M) {
	os.Unsetenv(emulatorVariable)
	var err error
	if google, err = issuer.New(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	google.Project = project
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

func config() auth.Config {
	return auth.Config{Project: project, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// newVerifier returns a verifier that may have no keys yet.
func newVerifier(t testing.TB, cfg auth.Config) *verifier {
	t.Helper()
	v, err := newBare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// newBare returns a verifier that the caller closes.
func newBare(cfg auth.Config) (*verifier, error) {
	metrics := prometheus.NewRegistry()
	cfg.Metrics = metrics
	v, err := auth.New(context.Background(), cfg)
	return &verifier{v, metrics}, err
}

// newReady returns a verifier of production that has keys.
func newReady(t testing.TB) *verifier {
	t.Helper()
	v := newVerifier(t, config())
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

// refused fails the test unless the token is refused with want.
func (v *verifier) refused(t testing.TB, token string, want error) {
	t.Helper()
	if got, err := v.verify(token); got != "" || !errors.Is(err, want) {
		t.Errorf("verified as %q, %v; want %v", got, err, want)
	}
}

// metric is a metric's value, given its label's if it has one.
func (v *verifier) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	if label == "" {
		return telemetrytest.Metric(t, v.metrics, name)
	}
	return telemetrytest.Metric(t, v.metrics, name, label)
}

func (v *verifier) verdicts(t testing.TB, outcome string) int {
	t.Helper()
	return int(v.metric(t, "willson_token_verdicts_total", outcome))
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
