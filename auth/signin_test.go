package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"willson/auth"
	"willson/internal/issuer"
)

// cannotSignIn fails the test unless nobody can tell within d who signs in.
func (v *verifier) cannotSignIn(t *testing.T, token string, d time.Duration) {
	t.Helper()
	start := time.Now()
	if _, err := v.SignIn(context.Background(), token); !errors.Is(err, auth.ErrUnavailable) || auth.Reason(err) != "" {
		t.Errorf("signing in: %v, want ErrUnavailable", err)
	}
	if took := time.Since(start); took > d {
		t.Errorf("signing in took %v, want at most %v", took, d)
	}
}

// signsIn fails the test unless the token signs this identity in.
func (v *verifier) signsIn(t *testing.T, token string, want auth.Identity) {
	t.Helper()
	if got, err := v.SignIn(context.Background(), token); got != want || err != nil {
		t.Errorf("signs %+v in, %v; want %+v", got, err, want)
	}
}

// mayNotSignIn fails the test unless the token signs nobody in, for this reason.
func (v *verifier) mayNotSignIn(t *testing.T, reason, token string) {
	t.Helper()
	want := errorOf(reason)
	before := v.verdicts(t, reason)
	got, err := v.SignIn(context.Background(), token)
	if got != (auth.Identity{}) || !errors.Is(err, want) || auth.Reason(err) != reason {
		t.Errorf("signs %+v in, %v; want %v because it is %s", got, err, want, reason)
	}
	if n := v.verdicts(t, reason) - before; n != 1 {
		t.Errorf("counted %d times as %s", n, reason)
	}
}

// mayNot are tokens with which nobody signs in, by the reason; none is asked about at Google.
func mayNot() map[string]string {
	now := time.Now().Unix()
	return map[string]string{
		"missing":       " ",
		"malformed":     "password",
		"bearer_prefix": "Bearer " + google.Token("asker"),
		"cookie":        google.Cookies.Token("asker"),
		"anonymous":     google.Token("asker", with(map[string]any{"firebase": map[string]any{"sign_in_provider": "anonymous"}})),
		"tenant":        google.Token("asker", with(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}})),
		"expired":       google.Token("asker", with(map[string]any{"exp": now - 301})),
		"not_yet_valid": google.Token("asker", with(map[string]any{"iat": now + 400})),
		"wrong_project": google.Token("asker", with(map[string]any{"aud": "other"})),
	}
}

func TestSignIn(t *testing.T) {
	inBubble(t, "id_token", func(t *testing.T, n *network) {
		v := newVerifier(t)
		time.Sleep(24 * time.Hour)
		for _, uid := range uids {
			v.signsIn(t, n.Token(uid), auth.Identity{UID: uid})
		}
		v.signsIn(t, n.Token("asker", with(map[string]any{"email": "asker@example.com"})), auth.Identity{UID: "asker", Email: "asker@example.com"})
		v.signsIn(t, n.Token("asker", with(map[string]any{"email": 1})), auth.Identity{UID: "asker"})
		n.calls(t, "for all", users, len(uids)+2)

		bad := mayNot()
		token := n.Token("asker")
		bad["signature"] = token[:len(token)-4] + "AAAA"
		bad["unsigned"] = google.Raw(`{"alg":"none"}`, "{}")
		for reason, token := range bad {
			v.mayNotSignIn(t, reason, token)
			_, err := v.Cookie(t.Context(), token)
			if reason != "anonymous" && auth.Reason(err) != reason { // a cookie follows a sign-in, which it is not asked again
				t.Errorf("a cookie of what is %s: %v", reason, err)
			}
		}
		n.calls(t, "for what fails", users, 0)
	})
}

// No verdict is kept for a sign-in: what Google says now counts.
func TestSignInAsksAnew(t *testing.T) {
	inBubble(t, "id_token", func(t *testing.T, n *network) {
		v := newVerifier(t, checkRevoked)
		token := n.Token("asker")
		v.good(t, token, "asker")
		v.signsIn(t, token, auth.Identity{UID: "asker"})
		v.signsIn(t, token, auth.Identity{UID: "asker"})
		n.calls(t, "for a request and two sign-ins", users, 3)
		for name, user := range map[string]issuer.User{
			"disabled": {Disabled: true}, "deleted": {Deleted: true}, "signed out": {ValidSince: time.Now().Add(time.Second)},
		} {
			set(t, "asker", user)
			v.mayNotSignIn(t, "revoked", token)
			n.calls(t, name, users, 1)
		}
		v.good(t, token, "asker") // by the verdict of five minutes
		now := time.Now()
		set(t, "asker", issuer.User{ValidSince: now}) // of the sign-in, whenever its token was renewed
		v.mayNotSignIn(t, "revoked", n.Token("asker", with(map[string]any{"auth_time": now.Add(-time.Minute).Unix()})))
	})
}

func TestCookieOfASignIn(t *testing.T) {
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		v := newVerifier(t)
		token := google.Token("asker", with(map[string]any{"auth_time": time.Now().Add(-time.Minute).Unix()}))
		cookie, err := v.Cookie(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		v.good(t, cookie, "asker")
		v.mayNotSignIn(t, "cookie", cookie)
		time.Sleep(30*time.Hour + 300*time.Second)
		v.good(t, cookie, "asker")
		v.refused(t, "expired", token)
		time.Sleep(2 * time.Second)
		v.refused(t, "expired", cookie)

		set(t, "asker", issuer.User{ValidSince: start.Add(-30 * time.Second)}) // after the sign-in, before the cookie
		late, err := v.Cookie(t.Context(), google.Token("asker", with(map[string]any{"auth_time": start.Add(-time.Minute).Unix()})))
		if err != nil {
			t.Fatal(err)
		}
		v.refused(t, "revoked", late)
	})
}

func TestCookiesThatGoogleDoesNotMake(t *testing.T) {
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		v := newVerifier(t)
		for name, user := range map[string]issuer.User{"deleted": {Deleted: true}, "disabled": {Disabled: true}} {
			set(t, name, user)
			cookie, err := v.Cookie(t.Context(), google.Token(name))
			if cookie != "" || !errors.Is(err, auth.ErrInvalid) || auth.Reason(err) != "no_cookie" {
				t.Errorf("%s: a cookie %q, %v", name, cookie, err)
			}
		}
		// The SDK accepts a token for five minutes more than Google does.
		if _, err := v.Cookie(t.Context(), google.Token("asker", with(map[string]any{"exp": time.Now().Unix() - 10}))); auth.Reason(err) != "no_cookie" {
			t.Errorf("of a token that just ended: %v", err)
		}
		n.at(cookies, forbidden)
		_, err := v.Cookie(t.Context(), google.Token("asker"))
		ourFault(t, err, "firebaseauth.users.createSession")
		n.at(cookies, answer(http.StatusBadRequest, "", `{"error": {"message": "CONFIGURATION_NOT_FOUND"}}`))
		if _, err := v.Cookie(t.Context(), google.Token("asker")); err == nil || errors.Is(err, auth.ErrInvalid) {
			t.Errorf("in a project without Firebase Auth: %v", err)
		}
	})
}

// Google away is no fault of who signs in, and told within three seconds, whatever of it
// does not answer.
func TestSignInWithoutGoogle(t *testing.T) {
	all := outages()
	all["nothing said"] = answer(http.StatusOK, "", "{}")
	for name, fault := range all {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "session_cookie", func(t *testing.T, n *network) {
				v := newVerifier(t)
				token := google.Token("asker")
				makesNone := func(path string) {
					t.Helper()
					start := time.Now()
					cookie, err := v.Cookie(t.Context(), token)
					if cookie != "" || !errors.Is(err, auth.ErrUnavailable) || auth.Reason(err) != "" {
						t.Errorf("%s: a cookie %q, %v", path, cookie, err)
					}
					if took := time.Since(start); took > 3*time.Second {
						t.Errorf("%s: took %v", path, took)
					}
				}
				if name != "nothing said" {
					for _, path := range []string{accessToken, users, google.CertPath} {
						if path == accessToken && name == "hanging" {
							continue // TestNobodyWaitsForAnothersAccessToken
						}
						n.at(path, fault)
						if path == google.CertPath {
							v = newVerifier(t)
						}
						v.cannotSignIn(t, token, 3*time.Second)
						if path != users {
							makesNone(path)
						}
						n.at(path, nil)
						time.Sleep(10 * time.Second)
					}
				}
				n.at(cookies, fault)
				makesNone(cookies)
				n.at(cookies, nil)
				v.signsIn(t, token, auth.Identity{UID: "asker"})
				if _, err := v.Cookie(t.Context(), token); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A flood of sign-ins is with Google 32 times at once; cookies that can do without are
// not touched by it.
func TestCallsAreBounded(t *testing.T) {
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		v := newVerifier(t)
		cookie := n.Token("young")
		v.good(t, n.Token("asker"), "asker") // there are keys
		v.signsIn(t, google.Token("asker"), auth.Identity{UID: "asker"})
		n.at(users, slow(time.Second))
		n.at(cookies, slow(time.Second))
		var requests sync.WaitGroup
		var answered, refused atomic.Int64
		start := time.Now()
		for i := range 100 {
			token := google.Token(fmt.Sprint(i))
			requests.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = v.SignIn(t.Context(), token)
				} else {
					_, err = v.Cookie(t.Context(), token)
				}
				switch took := time.Since(start); {
				case err == nil && took == time.Second:
					answered.Add(1)
				case errors.Is(err, auth.ErrUnavailable) && took == 0:
					refused.Add(1)
				default:
					t.Errorf("got %v after %v", err, took)
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		v.goodAtOnce(t, cookie, "young")
		v.unavailable(t, n.Token("old", old), 0)
		requests.Wait()
		if answered.Load() != 32 || refused.Load() != 68 {
			t.Errorf("%d were answered and %d refused, want 32 and 68", answered.Load(), refused.Load())
		}
		set(t, "young", issuer.User{Disabled: true})
		v.refused(t, "revoked", cookie) // that was no outage: it is asked for again at once
		v.good(t, n.Token("old", old), "old")
	})
}

// While an access token is fetched, the SDK looks at no call's context, and all calls wait
// for one fetch. It is done over TLS: a bubble's time stands still while a lock is held.
func TestNobodyWaitsForAnothersAccessToken(t *testing.T) {
	v := newReady(t)
	ended := make(chan struct{})
	var fetches atomic.Int64
	google.Handle(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == accessToken && fetches.Add(1) == 1 {
			<-ended
		}
		google.Serve(w, r)
	})
	defer google.Handle(nil)
	defer close(ended)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for range 3 {
		start := time.Now()
		if _, err := v.SignIn(ctx, google.Token("asker")); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("signing in: %v", err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("a sign-in that had 100 ms took %v", took)
		}
	}
	waitFor(t, "the end of a fetch that hangs", func() bool {
		_, err := v.SignIn(t.Context(), google.Token("asker"))
		return err == nil
	})
}
