package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"willson/auth"
)

const (
	// firstWait is the longest that a request waits for the first keys, and shortWait the
	// longest for others when there are none.
	firstWait = 4 * time.Second
	shortWait = 400 * time.Millisecond
	// recovery is how soon after an outage all is well again: the longest pause between
	// attempts, and the one that was under way.
	recovery = 10 * time.Second
)

// outage sends requests for half a minute in which there are no keys, and fails the test
// unless they are answered soon, Google is asked gently, and all is well soon after.
func (n *network) outage(t *testing.T, v *verifier) {
	t.Helper()
	token := n.Token("unseen")
	before, waited := v.loads(t, n.kind, "failed"), 0
	for range 60 {
		if v.unavailable(t, token, shortWait) > 0 {
			waited++
		}
		if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
			t.Fatalf("Ready: %v", err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	loads := v.loads(t, n.kind, "failed") - before
	if loads < 2 || loads > 10 {
		t.Errorf("%d loads failed in half a minute, want 2 to 10", loads)
	}
	if waited > loads+1 {
		t.Errorf("%d requests waited for %d loads", waited, loads)
	}
	v.refused(t, "malformed", "a.b")
	v.refused(t, "expired", n.Token("unseen", with(map[string]any{"exp": 1})))

	n.repair()
	for start := time.Now(); v.Ready() != nil; time.Sleep(100 * time.Millisecond) {
		if time.Since(start) > recovery {
			t.Fatalf("not ready %v after the end of the fault", recovery)
		}
	}
	v.good(t, token, "unseen")
}

func TestKeysThatCannotBeLoaded(t *testing.T) {
	for name := range new(network).faults() {
		t.Run("at the start/"+name, func(t *testing.T) {
			forBoth(t, func(t *testing.T, n *network) {
				n.fail(n.faults()[name])
				v := newVerifier(t)
				v.unavailable(t, n.Token("early"), firstWait)
				n.outage(t, v)
			})
		})
		t.Run("later/"+name, func(t *testing.T) {
			forBoth(t, func(t *testing.T, n *network) {
				google.SetMaxAge(time.Minute)
				v := newVerifier(t)
				seen := n.Token("seen")
				v.good(t, seen, "seen")
				n.fail(n.faults()[name])
				for range 11 {
					v.goodAtOnce(t, n.Token("new"), "new")
					time.Sleep(5 * time.Second)
				}
				time.Sleep(6 * time.Second) // the keys end
				v.goodAtOnce(t, seen, "seen")
				n.outage(t, v)
			})
		})
	}
}

// Each kind has keys of its own: that one's cannot be loaded does not touch the other.
func TestKeySetsAreApart(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.fail(answer(http.StatusInternalServerError, "", ""))
		v := newVerifier(t)
		for kind, signer := range signers() {
			if kind != n.kind {
				v.good(t, signer.Token("asker"), "asker")
				v.unavailable(t, n.Token("asker"), firstWait)
				v.goodAtOnce(t, signer.Token("asker"), "asker")
			}
		}
		if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("ready for one kind of token: %v", err)
		}
	})
}

func TestKeysAreNeverWaitedFor(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.keys(slow(time.Second))
		google.SetMaxAge(4 * time.Second)
		v := newVerifier(t)
		v.good(t, n.Token("first"), "first")
		for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			v.goodAtOnce(t, n.Token("asker"), "asker")
		}
		if loads := v.loads(t, n.kind, "ok"); loads < 3 || loads > 7 {
			t.Errorf("keys were loaded %d times, want 3 to 7", loads)
		}
	})
}

func TestFirstKeysAreWaitedFor(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.keys(slow(time.Second))
		v := newVerifier(t)
		if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("ready before there are keys: %v", err)
		}
		start := time.Now()
		var requests sync.WaitGroup
		for i := range 20 {
			token := n.Token(fmt.Sprint(i))
			requests.Go(func() { v.good(t, token, fmt.Sprint(i)) })
		}
		hungUp, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, hangUp)
		timedOut, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		for _, ctx := range []context.Context{hungUp, timedOut} {
			token := n.Token("hurried")
			requests.Go(func() {
				if _, err := v.Verify(ctx, []string{token}); !errors.Is(err, auth.ErrUnavailable) {
					t.Errorf("a request that ended got %v", err)
				}
				if took := time.Since(start); took != 300*time.Millisecond {
					t.Errorf("a request that had 300 ms took %v", took)
				}
			})
		}
		requests.Wait()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the first tokens took %v, want the 2 s of a load", took)
		}
		n.asked(t, "for the first keys", 2)
		if err := v.Ready(); err != nil {
			t.Errorf("not ready with keys: %v", err)
		}
	})
}

func TestKeysAreRefreshedBesideRequests(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t) // keys for six hours
		v.good(t, n.Token("asker"), "asker")
		time.Sleep(3*time.Hour - time.Minute)
		v.good(t, n.Token("asker"), "asker")
		n.asked(t, "in the first half of the keys' life", 2)
		time.Sleep(2 * time.Hour)
		n.asked(t, "without a request", 2)
		v.refused(t, "malformed", "no.token")
		v.refused(t, "missing", "")
		n.asked(t, "for what cannot be a token", 2)

		n.keys(slow(time.Second))
		hungUp, hangUp := context.WithCancel(t.Context())
		hangUp()
		if _, err := v.Verify(hungUp, []string{n.Token("asker")}); err != nil {
			t.Errorf("with keys at hand: %v", err)
		}
		for range 50 {
			v.goodAtOnce(t, n.Token("asker"), "asker")
		}
		time.Sleep(2 * time.Second)
		n.asked(t, "after 51 requests in the second half", 4)
		v.good(t, n.Token("asker"), "asker")
		n.asked(t, "with new keys", 4)
		time.Sleep(4 * time.Hour)
		if err := v.Ready(); err != nil {
			t.Errorf("Ready: %v", err)
		}
		time.Sleep(2 * time.Second)
		n.asked(t, "after Ready in the second half", 6)
		if ok, failed := v.loads(t, n.kind, "ok"), v.loads(t, n.kind, "failed"); ok != 3 || failed != 0 {
			t.Errorf("%d loads are counted, and %d that failed; want 3 and none", ok, failed)
		}
	})
}

func TestIdleServerWhoseKeysEnded(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t)
		v.good(t, n.Token("asker"), "asker")
		time.Sleep(7 * time.Hour)
		n.keys(slow(100 * time.Millisecond))
		start := time.Now()
		var requests sync.WaitGroup
		for range 20 {
			token := n.Token("asker")
			requests.Go(func() { v.good(t, token, "asker") })
		}
		requests.Wait()
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("the first tokens took %v, want the 200 ms of a load", took)
		}
		n.asked(t, "after the keys' end", 4)
	})
}

// Once loads fail, the request that starts one waits a little for it: where there is CPU
// during requests alone, a load that nobody waits for would never end.
func TestARequestWaitsForTheLoadThatItStarts(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.fail(answer(http.StatusInternalServerError, "", ""))
		v := newVerifier(t)
		v.unavailable(t, n.Token("asker"), firstWait)
		time.Sleep(10 * time.Second)
		n.keys(slow(100 * time.Millisecond))
		start := time.Now()
		v.good(t, n.Token("asker"), "asker")
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("took %v, want the 200 ms of a load", took)
		}
	})
}

// The SDK keeps keys as long as the second of a load's two answers says, and tells nobody.
func TestKeysThatEndEarly(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.keys(inTurns(n.trueKeys("max-age=21600"), n.trueKeys("max-age=60")))
		v := newVerifier(t)
		v.good(t, n.Token("asker"), "asker")
		time.Sleep(61 * time.Second)
		v.good(t, n.Token("asker"), "asker")
	})
}

func TestClose(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		n.keys(hang)
		v := newVerifier(t)
		n.asked(t, "at the start", 1)
		start := time.Now()
		v.Close()
		synctest.Wait()
		if failed := v.loads(t, n.kind, "failed"); failed != 1 || time.Since(start) != 0 {
			t.Error("Close does not end the load that is under way")
		}
		time.Sleep(time.Minute)
		v.Ready()
		n.asked(t, "after Close", 1)
	})
}
