package auth_test

import (
	"context"
	"encoding/json"
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
	// firstWait is the longest that a request waits for the first keys, and laterWait the
	// longest for others when there are none.
	firstWait = 4 * time.Second
	laterWait = 400 * time.Millisecond
	// recovery is how soon after an outage all is well again: the longest pause between
	// attempts, and the one that was under way.
	recovery = 10 * time.Second
)

// recovers fails the test unless new tokens are soon served again.
func (w *world) recovers(t *testing.T, v *verifier) {
	t.Helper()
	w.repair()
	token := google.Token("late")
	start := time.Now()
	for {
		if _, err := v.verify(token); err == nil {
			break
		}
		if time.Since(start) > recovery {
			t.Errorf("still refused %v after the end of the fault", time.Since(start))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := v.Ready(); err != nil {
		t.Errorf("not ready after the end of the fault: %v", err)
	}
}

// unavailable fails the test unless the token is refused with ErrUnavailable within d. It
// returns how long that took.
func unavailable(t *testing.T, v *verifier, token string, d time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	_, err := v.verify(token)
	if !errors.Is(err, auth.ErrUnavailable) || errors.Is(err, auth.ErrInvalid) || errors.Is(err, auth.ErrExpired) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	took := time.Since(start)
	if took > d {
		t.Errorf("took %v, want at most %v", took, d)
	}
	return took
}

func TestColdStartWithoutKeys(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fail(f)
				v := newVerifier(t, config())
				token := google.Token("early")
				expired := google.Token("early", func(_, claims map[string]any) { claims["exp"] = time.Now().Unix() - 301 })
				unavailable(t, v, token, firstWait)
				waited := 0
				for range 120 {
					if unavailable(t, v, token, laterWait) > 0 {
						waited++
					}
					if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
						t.Fatalf("Ready: %v", err)
					}
					time.Sleep(500 * time.Millisecond)
				}
				v.refused(t, "a.b.c", auth.ErrInvalid)
				v.refused(t, expired, auth.ErrExpired)
				w.triedGently(t, v, waited)
				w.recovers(t, v)
			})
		})
	}
}

// triedGently fails the test unless the last minute had a few attempts, one at a time, and
// no more requests waited for keys than began an attempt.
func (w *world) triedGently(t *testing.T, v *verifier, waited int) {
	t.Helper()
	if failed := v.metric(t, "willson_key_refreshes_total", "failed"); failed < 5 || failed > 16 {
		t.Errorf("%v attempts failed in a minute, want 5 to 16", failed)
	} else if waited > int(failed)+1 {
		t.Errorf("%d requests waited for %v attempts", waited, failed)
	}
	if _, most := w.underWay(); most > 1 {
		t.Errorf("Google was asked %d times at once", most)
	}
}

func TestKeysThatEnd(t *testing.T) {
	const life = time.Minute
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				google.SetMaxAge(life)
				v := newVerifier(t, config())
				seen := google.Token("seen")
				v.good(t, seen, "seen")
				loaded := time.Now()

				w.fail(f)
				for time.Since(loaded) < life-time.Second {
					start := time.Now()
					v.good(t, google.Token("new"), "new")
					if took := time.Since(start); took != 0 {
						t.Errorf("a new token waited %v for keys", took)
					}
					time.Sleep(5 * time.Second)
				}
				time.Sleep(time.Until(loaded.Add(life + time.Second)))
				fetches, waited := w.fetches(), 0
				unseen := google.Token("unseen")
				for range 60 {
					if unavailable(t, v, unseen, laterWait) > 0 {
						waited++
					}
					v.good(t, seen, "seen")
					if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
						t.Fatalf("Ready: %v", err)
					}
					time.Sleep(500 * time.Millisecond)
				}
				if f.handle != nil && w.fetches() == fetches {
					t.Error("no attempt was made after the keys had ended")
				}
				w.triedGently(t, v, waited)
				w.recovers(t, v)
				v.good(t, unseen, "unseen")
			})
		})
	}
}

func TestKeysAreNeverWaitedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(slow(time.Second))
		google.SetMaxAge(4 * time.Second)
		v := newVerifier(t, config())
		v.good(t, google.Token("first"), "first")
		for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			start := time.Now()
			v.good(t, google.Token("asker"), "asker")
			if took := time.Since(start); took != 0 {
				t.Errorf("a token waited %v", took)
			}
		}
		if _, most := w.underWay(); most != 1 {
			t.Errorf("Google was asked %d times at once", most)
		}
		if n := w.fetches(); n < 6 || n > 14 {
			t.Errorf("Google was asked %d times, want 6 to 14", n)
		}
	})
}

func TestFirstKeysAreWaitedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(slow(time.Second))
		v := newVerifier(t, config())
		if age := v.metric(t, "willson_key_age_seconds", ""); age != -1 {
			t.Errorf("the keys' age is %v before there are any", age)
		}
		if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("ready before there are keys: %v", err)
		}
		start := time.Now()
		var requests sync.WaitGroup
		for n := range 20 {
			token := google.Token(fmt.Sprint(n))
			requests.Go(func() { v.good(t, token, fmt.Sprint(n)) })
		}
		hurried, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := v.Verify(hurried, []string{google.Token("hurried")}); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("a request whose time ran out got %v", err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("a request that had 300 ms took %v", took)
		}
		requests.Wait()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the first tokens took %v, want the 2 s of a load", took)
		}
		if n := w.fetches(); n != 2 {
			t.Errorf("Google was asked %d times, want 2", n)
		}
		if err := v.Ready(); err != nil {
			t.Errorf("not ready with keys: %v", err)
		}
		time.Sleep(time.Minute)
		if age := v.metric(t, "willson_key_age_seconds", ""); age != 62 {
			t.Errorf("the keys' age is %v s a minute after their load of 2 s", age)
		}
	})
}

func TestClientsThatHangUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(slow(time.Second))
		google.SetMaxAge(time.Minute)
		v := newVerifier(t, config())
		hungUp, hangUp := context.WithCancel(t.Context())
		var requests sync.WaitGroup
		for n := range 10 {
			left, stays := google.Token("left"), google.Token("stays")
			requests.Go(func() {
				start := time.Now()
				if _, err := v.Verify(hungUp, []string{left}); !errors.Is(err, auth.ErrUnavailable) && !errors.Is(err, context.Canceled) {
					t.Errorf("a client that hung up got %v", err)
				}
				if took := time.Since(start); took != 500*time.Millisecond {
					t.Errorf("client %d hung up after 500 ms and was held for %v", n, took)
				}
			})
			requests.Go(func() { v.good(t, stays, "stays") })
		}
		time.Sleep(500 * time.Millisecond)
		hangUp()
		requests.Wait()
		if n := w.fetches(); n != 2 {
			t.Errorf("Google was asked %d times, want 2", n)
		}

		// A refresh that such a client starts is made all the same.
		time.Sleep(40 * time.Second)
		if _, err := v.Verify(hungUp, []string{google.Token("left")}); err != nil {
			t.Errorf("with keys at hand: %v", err)
		}
		time.Sleep(40 * time.Second)
		v.good(t, google.Token("stays"), "stays")
		if failed := v.metric(t, "willson_key_refreshes_total", "failed"); failed != 0 {
			t.Errorf("%v refreshes failed", failed)
		}
	})
}

func TestKeysAreRefreshedBesideRequests(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := newVerifier(t, config()) // keys for six hours
		v.good(t, google.Token("asker"), "asker")
		asked := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if n := w.fetches(); n != want {
				t.Errorf("%s: Google was asked %d times, want %d", when, n, want)
			}
		}
		asked("after the start", 2)
		time.Sleep(3*time.Hour - time.Minute)
		for range 100 {
			v.good(t, google.Token("asker"), "asker")
		}
		asked("in the first half of the keys' life", 2)
		time.Sleep(2 * time.Hour)
		asked("without a request", 2)
		v.refused(t, "no.token", auth.ErrInvalid)
		v.refused(t, "", auth.ErrMissing)
		asked("for what cannot be a token", 2)
		google.Handle(slow(time.Second))
		var requests sync.WaitGroup
		for range 50 {
			token := google.Token("asker")
			requests.Go(func() {
				start := time.Now()
				v.good(t, token, "asker")
				if took := time.Since(start); took != 0 {
					t.Errorf("a request waited %v for a refresh", took)
				}
			})
		}
		requests.Wait()
		time.Sleep(2 * time.Second)
		asked("after 50 requests in the second half", 4)
		v.good(t, google.Token("asker"), "asker")
		asked("with new keys", 4)
		time.Sleep(4 * time.Hour)
		if err := v.Ready(); err != nil {
			t.Errorf("Ready: %v", err)
		}
		time.Sleep(2 * time.Second)
		asked("after a probe in the second half", 6)
		if ok := v.metric(t, "willson_key_refreshes_total", "ok"); ok != 3 {
			t.Errorf("%v loads are counted, want 3", ok)
		}
	})
}

func TestIdleServerWhoseKeysEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := newVerifier(t, config())
		v.good(t, google.Token("asker"), "asker")
		time.Sleep(7 * time.Hour)
		google.Handle(slow(100 * time.Millisecond))
		start := time.Now()
		var requests sync.WaitGroup
		for range 20 {
			token := google.Token("asker")
			requests.Go(func() { v.good(t, token, "asker") })
		}
		requests.Wait()
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("the first tokens took %v, want the 200 ms of a load", took)
		}
		if n := w.fetches(); n != 4 {
			t.Errorf("Google was asked %d times, want 4", n)
		}

		time.Sleep(7 * time.Hour)
		google.Handle(hang)
		for range 20 {
			token := google.Token("asker")
			requests.Go(func() { unavailable(t, v, token, laterWait) })
		}
		requests.Wait()
		if n := w.fetches(); n != 5 {
			t.Errorf("Google was asked %d times, want 5", n)
		}
		w.recovers(t, v)
	})
}

// Once attempts fail, the request that begins one waits a little for it: where there is
// CPU during requests alone, an attempt that nobody waited for would never end.
func TestARequestSeesItsAttemptThrough(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(answer(http.StatusInternalServerError, "", ""))
		v := newVerifier(t, config())
		token := google.Token("asker")
		unavailable(t, v, token, firstWait)
		time.Sleep(10 * time.Second)
		google.Handle(slow(100 * time.Millisecond))
		start := time.Now()
		v.good(t, token, "asker")
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("took %v, want the 200 ms of a load", took)
		}
	})
}

// Of the two answers of a load the SDK keeps to the second, and tells nobody.
func TestKeysThatEndEarly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(inTurns(trueKeys("max-age=21600"), trueKeys("max-age=60")))
		v := newVerifier(t, config())
		v.good(t, google.Token("asker"), "asker")
		time.Sleep(61 * time.Second)
		v.good(t, google.Token("asker"), "asker")
	})
}

// Keys may end while others are on their way.
func TestKeysThatEndDuringALoad(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.SetMaxAge(10 * time.Second)
		v := newVerifier(t, config())
		v.good(t, google.Token("asker"), "asker")
		ends := time.Now().Add(10 * time.Second)
		time.Sleep(9*time.Second + 900*time.Millisecond)
		google.Handle(slow(100 * time.Millisecond))
		start := time.Now()
		v.good(t, google.Token("asker"), "asker")
		if took := time.Since(start); took != 0 {
			t.Errorf("a token waited %v for keys while there were some", took)
		}
		time.Sleep(time.Until(ends) + time.Millisecond)
		start = time.Now()
		v.good(t, google.Token("asker"), "asker")
		if took := time.Since(start); took != 99*time.Millisecond {
			t.Errorf("a token waited %v for keys that were 99 ms away", took)
		}
	})
}

func TestRotation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.SetMaxAge(20 * time.Minute)
		v := newVerifier(t, config())
		seen := google.Token("seen")
		early, late, tooLate := google.Token("early"), google.Token("late"), google.Token("too late")
		v.good(t, seen, "seen")
		oldID, old := google.KeyID(), google.Certificate()
		if err := google.Rotate(); err != nil {
			t.Fatal(err)
		}
		v.good(t, early, "early")
		v.refused(t, google.Token("new"), auth.ErrInvalid)
		if n := w.fetches(); n != 2 {
			t.Errorf("a key that is not known made Google be asked: %d times", n)
		}
		refreshed := func() {
			time.Sleep(10*time.Minute + time.Second)
			v.good(t, seen, "seen")
			synctest.Wait()
		}

		google.Handle(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]string{oldID: old, google.KeyID(): google.Certificate()})
			answer(http.StatusOK, "max-age=1200", string(body))(rw, r)
		})
		refreshed()
		v.good(t, late, "late")
		v.good(t, google.Token("new"), "new")

		google.Handle(nil)
		refreshed()
		v.refused(t, tooLate, auth.ErrInvalid)
		v.good(t, google.Token("new"), "new")
		v.good(t, seen, "seen")
	})
}

func TestClose(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		google.Handle(hang)
		v := newVerifier(t, config())
		synctest.Wait()
		if at, _ := w.underWay(); at != 1 {
			t.Fatalf("%d requests for keys are under way", at)
		}
		start := time.Now()
		v.Close()
		synctest.Wait()
		if at, _ := w.underWay(); at != 0 || time.Since(start) != 0 {
			t.Errorf("after Close %d requests for keys are under way", at)
		}
		time.Sleep(time.Minute)
		v.Ready()
		synctest.Wait()
		if n, failed := w.fetches(), v.metric(t, "willson_key_refreshes_total", "failed"); n != 1 || failed != 1 {
			t.Errorf("%d requests for keys in %v attempts, want one in the one that Close ended", n, failed)
		}
	})
}

// In a world where time stands still keys that may not be kept would last for ever.
func TestKeysThatMayNotBeKept(t *testing.T) {
	google.Handle(inTurns(google.Serve, trueKeys("")))
	t.Cleanup(func() { google.Handle(nil) })
	v := newVerifier(t, config())
	unavailable(t, v, google.Token("asker"), time.Minute)
	if err := v.Ready(); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("Ready: %v", err)
	}
	if failed := v.metric(t, "willson_key_refreshes_total", "failed"); failed != 1 {
		t.Errorf("%v attempts failed, want 1", failed)
	}
}

// The same as TestKeysAreNeverWaitedFor, by the clock on the wall and over TLS. There are
// four refreshes; one token may meet a machine that stood still.
func TestKeysAreNeverWaitedForInRealTime(t *testing.T) {
	google.Handle(slow(time.Second))
	google.SetMaxAge(4 * time.Second)
	t.Cleanup(func() {
		google.Handle(nil)
		google.SetMaxAge(6 * time.Hour)
	})
	v := newVerifier(t, config())
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
