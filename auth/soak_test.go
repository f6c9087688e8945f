//go:build soak

package auth_test

import (
	"testing"
	"time"
)

// TestSoakKeysAreNeverWaitedFor is TestKeysAreNeverWaitedFor by the clock on the wall and
// over TLS: four refreshes, during which one token may meet a machine that stood still.
func TestSoakKeysAreNeverWaitedFor(t *testing.T) {
	google.Handle(slow(time.Second))
	google.SetMaxAge(4 * time.Second)
	t.Cleanup(func() {
		google.Handle(nil)
		google.SetMaxAge(6 * time.Hour)
	})
	v := newVerifier(t)
	v.good(t, google.Token("first"), "first")
	var late []time.Duration
	for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		token := google.Token("asker")
		start := time.Now()
		v.good(t, token, "asker")
		if took := time.Since(start); took > 500*time.Millisecond {
			late = append(late, took)
		}
	}
	if len(late) > 1 {
		t.Errorf("some tokens took %v", late)
	}
}
