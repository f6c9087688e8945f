package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"willson/auth"
)

// forged is a token that names a key of which nobody has heard.
func (n *network) forged(i int) string {
	return n.Token("victim", head(map[string]any{"kid": fmt.Sprintf("forged %d", i)}))
}

// rotate replaces Google's key, and returns the old one's ID and certificate.
func (n *network) rotate(t *testing.T) (keyID, certificate string) {
	t.Helper()
	keyID, certificate = n.KeyID(), n.Certificate()
	if err := n.Rotate(); err != nil {
		t.Fatal(err)
	}
	return keyID, certificate
}

func TestRotation(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t)
		seen, early, late := n.Token("seen"), n.Token("early"), n.Token("late")
		v.good(t, seen, "seen")
		time.Sleep(30 * time.Minute)
		oldID, old := n.rotate(t)
		n.keys(func(w http.ResponseWriter, r *http.Request) { // both keys, as Google does for a while
			time.Sleep(100 * time.Millisecond)
			answer(http.StatusOK, keep, keysJSON(oldID, old, n.KeyID(), n.Certificate()))(w, r)
		})
		start := time.Now()
		v.good(t, n.Token("new"), "new")
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("the new key's first token took %v, want the 200 ms of a load", took)
		}
		v.goodAtOnce(t, n.Token("new"), "new")
		v.goodAtOnce(t, early, "early")
		n.asked(t, "with both keys", 4)

		n.keys(nil) // the new one alone
		time.Sleep(20 * time.Minute)
		v.goodAtOnce(t, late, "late") // the keys at hand still hold it
		n.asked(t, "before the keys are due", 4)
		time.Sleep(3 * time.Hour)
		v.goodAtOnce(t, n.Token("new"), "new")
		n.asked(t, "when the keys are due", 6)
		v.refused(t, "unknown_key", n.Token("new", head(map[string]any{"kid": oldID})))
	})
}

// Anybody can name an unknown key. However many do, it costs one load a minute, and
// nobody else notices.
func TestForgedKeyIDs(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t)
		v.good(t, n.Token("asker"), "asker")
		v.refused(t, "unknown_key", n.forged(0)) // the keys are not a minute old
		n.asked(t, "while the keys are fresh", 2)
		time.Sleep(2 * time.Minute)

		n.keys(slow(time.Second))
		var requests sync.WaitGroup
		var refused, unavailable atomic.Int64
		start := time.Now()
		for i := range 100 {
			token := n.forged(i)
			requests.Go(func() {
				_, err := v.verify(token)
				switch took := time.Since(start); {
				case auth.Reason(err) == "unknown_key" && took == 2*time.Second:
					refused.Add(1)
				case errors.Is(err, auth.ErrUnavailable) && took == 0:
					unavailable.Add(1)
				default:
					t.Errorf("a forged token got %v after %v", err, took)
				}
			})
		}
		time.Sleep(time.Second)
		v.goodAtOnce(t, n.Token("asker"), "asker")
		requests.Wait()
		if refused.Load() != 32 || unavailable.Load() != 68 {
			t.Errorf("%d waited for the load and %d did not, want 32 and 68", refused.Load(), unavailable.Load())
		}
		n.asked(t, "for 100 forged tokens", 4)

		for end := time.Now().Add(30 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Second) {
			v.refused(t, "unknown_key", n.forged(0))
			v.goodAtOnce(t, n.Token("asker"), "asker")
		}
		if loads := v.loads(t, n.kind, "ok"); loads < 25 || loads > 32 {
			t.Errorf("keys were loaded %d times in half an hour, want once a minute at most", loads)
		}
	})
}

// While Google cannot be asked, nobody can tell whether a key is unknown or only new.
func TestAnUnknownKeyWithoutGoogle(t *testing.T) {
	for _, name := range []string{"refused", "hanging", "500 the second time"} {
		t.Run(name, func(t *testing.T) {
			forBoth(t, func(t *testing.T, n *network) {
				v := newVerifier(t)
				v.good(t, n.Token("asker"), "asker")
				time.Sleep(2 * time.Minute)
				old := n.Token("old")
				n.rotate(t)
				n.fail(n.faults()[name])
				token := n.Token("new")
				minute := time.Now().Add(time.Minute)
				v.unavailable(t, token, firstWait)
				for ; time.Now().Before(minute); time.Sleep(time.Second) {
					v.unavailable(t, token, 0)
				}
				if failed := v.loads(t, n.kind, "failed"); failed != 1 {
					t.Errorf("%d loads in a minute, want 1", failed)
				}
				v.goodAtOnce(t, old, "old")
				n.repair()
				v.good(t, token, "new")
				v.refused(t, "unknown_key", n.forged(1))
			})
		})
	}
}

// Google has many servers. When the one that the SDK asks is behind the one that this
// package asks, the new key's tokens are not the user's fault either, however fresh the
// keys are. The old key is known to all and its forged tokens are refused.
func TestAnSDKThatGotAnOlderAnswer(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		oldID, old := n.rotate(t)
		n.keys(inTurns(n.trueKeys(keep), answer(http.StatusOK, keep, keysJSON(oldID, old))))
		v := newVerifier(t)
		token := n.Token("new")
		v.unavailable(t, token, firstWait)
		changed := token[:len(token)-4] + "AAAA"
		v.refused(t, "signature", changed)
		n.keys(nil)
		time.Sleep(time.Minute)
		v.good(t, token, "new")
	})
}
