package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/auth"
	"willson/internal/issuer"
	"willson/internal/telemetrytest"
)

// credentials is the variable that names the credentials of calls to Google.
const credentials = "GOOGLE_APPLICATION_CREDENTIALS"

// another changes a token without changing what it says.
var another = head(map[string]any{"n": 2})

// old makes a token of a sign-in two hours ago.
func old(_, claims map[string]any) {
	at := time.Now().Add(-2 * time.Hour).Unix()
	claims["iat"], claims["auth_time"] = at, at
}

// set says of a user until the end of the test.
func set(t *testing.T, uid string, user issuer.User) {
	t.Helper()
	google.SetUser(uid, user)
	t.Cleanup(func() { google.SetUser(uid, issuer.User{}) })
}

// forbidden is Google's answer when this server may not do what it asks for.
var forbidden = answer(http.StatusForbidden, "", `{"error": {"message": "PERMISSION_DENIED", "status": "PERMISSION_DENIED"}}`)

// outages are what Google answers to calls when it cannot.
func outages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"hanging":           hang,
		"reset":             func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"503":               answer(http.StatusServiceUnavailable, "", "{}"),
		"too many requests": answer(http.StatusTooManyRequests, "", `{"error": {"message": "QUOTA_EXCEEDED"}}`),
		"a page":            answer(http.StatusOK, "", "<!doctype html>"),
	}
}

func TestUsersThatMayNotAsk(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t, checkRevoked)
		time.Sleep(24 * time.Hour)
		now := time.Now().Truncate(time.Second)
		for _, test := range []struct {
			uid     string
			user    issuer.User
			refused bool
		}{
			{"signed out before this token", issuer.User{ValidSince: now.Add(-time.Second)}, false},
			{"signed out in this second", issuer.User{ValidSince: now}, false},
			{"signed out since", issuer.User{ValidSince: now.Add(time.Second)}, true},
			{"disabled", issuer.User{Disabled: true}, true},
			{"deleted", issuer.User{Deleted: true}, true},
		} {
			set(t, test.uid, test.user)
			token := n.Token(test.uid)
			for range 3 {
				if test.refused {
					v.refused(t, "revoked", token)
					continue
				}
				v.good(t, token, test.uid)
			}
			n.calls(t, test.uid, users, 1)
		}
		v.refused(t, "tenant", n.Token("asker", with(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}})))
		n.calls(t, "of a tenant", users, 0)
	})
}

// A cookie made after a revocation, of an ID token from before it, is revoked too.
func TestACookieIsAsOldAsItsSignIn(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t, checkRevoked)
		now := time.Now()
		set(t, "asker", issuer.User{ValidSince: now})
		token := n.Token("asker", with(map[string]any{"auth_time": now.Add(-time.Minute).Unix()}))
		if n.kind == "session_cookie" {
			v.refused(t, "revoked", token)
		} else {
			v.good(t, token, "asker")
		}
	})
}

func TestCookiesAreAlwaysChecked(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t)
		set(t, "asker", issuer.User{Disabled: true})
		if n.kind == "session_cookie" {
			v.refused(t, "revoked", n.Token("asker"))
			n.calls(t, "for a cookie", users, 1)
		} else {
			v.good(t, n.Token("asker"), "asker")
			n.calls(t, "for an ID token", users, 0)
		}
	})
}

func TestUsersAreLookedUpEveryFiveMinutes(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t, checkRevoked)
		first, second := n.Token("asker"), n.Token("asker", another)
		v.good(t, first, "asker")
		set(t, "asker", issuer.User{Disabled: true})
		v.refused(t, "revoked", second)
		n.calls(t, "for two tokens", users, 2)
		for range 29 {
			time.Sleep(10 * time.Second)
			v.good(t, first, "asker")
			v.refused(t, "revoked", second)
		}
		n.calls(t, "within five minutes", users, 0)
		time.Sleep(11 * time.Second)
		v.refused(t, "revoked", first)
		google.SetUser("asker", issuer.User{})
		v.good(t, second, "asker")
		n.calls(t, "after five minutes", users, 2)
	})
}

func TestUsersAreLookedUpOnceAtATime(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t, checkRevoked)
		token := n.Token("asker")
		n.at(users, slow(time.Second))
		hungUp, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, hangUp)
		var requests sync.WaitGroup
		requests.Go(func() { v.Verify(hungUp, []string{token}) }) // the first, whose client hangs up
		time.Sleep(50 * time.Millisecond)
		for range 50 {
			requests.Go(func() { v.good(t, token, "asker") })
		}
		requests.Wait()
		n.calls(t, "by 51 requests", users, 1)
	})
}

// An ID token that is checked, and a cookie that is neither young nor known.
func TestUsersThatCannotBeLookedUp(t *testing.T) {
	for name, fault := range outages() {
		t.Run(name, func(t *testing.T) {
			forBoth(t, func(t *testing.T, n *network) {
				v := newVerifier(t, checkRevoked)
				seen, token := n.Token("asker", old), n.Token("asker", old, another)
				v.good(t, seen, "asker")
				n.at(users, fault)
				v.unavailable(t, token, 3*time.Second)
				v.goodAtOnce(t, seen, "asker")

				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				start := time.Now()
				if _, err := v.Verify(ctx, []string{token}); !errors.Is(err, auth.ErrUnavailable) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("a request that had 500 ms took %v", took)
				}
				time.Sleep(3 * time.Second) // its look-up ends
				n.at(users, nil)
				v.good(t, token, "asker")
			})
		})
	}
}

// While Google cannot be asked, what it last said about a cookie counts for an hour, and a
// cookie of which it said nothing counts until it is an hour old.
func TestCookiesInAnOutage(t *testing.T) {
	for name, fault := range outages() {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "session_cookie", func(t *testing.T, n *network) {
				v := newVerifier(t)
				long := with(map[string]any{"exp": time.Now().Add(30 * time.Hour).Unix()})
				seen, gone, young := n.Token("asker", old, long), n.Token("gone", long), n.Token("young", long)
				set(t, "gone", issuer.User{Deleted: true})
				v.good(t, seen, "asker")
				v.refused(t, "revoked", gone)
				start := time.Now()
				n.at(users, fault)
				google.SetUser("gone", issuer.User{})

				time.Sleep(6 * time.Minute)
				v.good(t, seen, "asker") // asks, and does without
				for range 20 {
					v.goodAtOnce(t, seen, "asker")
					v.goodAtOnce(t, young, "young")
					v.refused(t, "revoked", gone)
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(time.Until(start.Add(time.Hour - 10*time.Second)))
				v.good(t, seen, "asker")
				v.good(t, young, "young")
				v.refused(t, "revoked", gone)
				time.Sleep(time.Until(start.Add(time.Hour + 2*time.Second)))
				v.unavailable(t, seen, 3*time.Second)
				v.unavailable(t, young, 3*time.Second)
				v.unavailable(t, gone, 3*time.Second)

				n.at(users, nil)
				for uid, token := range map[string]string{"asker": seen, "young": young, "gone": gone} {
					v.good(t, token, uid)
				}
				set(t, "asker", issuer.User{Disabled: true})
				time.Sleep(5 * time.Minute)
				v.refused(t, "revoked", seen)
			})
		})
	}
}

// After an outage cookies are asked for again within five seconds, or once somebody else
// was.
func TestCookiesAreAskedForAfterAnOutage(t *testing.T) {
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		v := newVerifier(t)
		token := n.Token("asker")
		n.at(users, answer(http.StatusInternalServerError, "", ""))
		v.good(t, token, "asker")
		n.at(users, nil)
		set(t, "asker", issuer.User{Disabled: true})
		n.calls(t, "in the outage", users, 1)
		v.goodAtOnce(t, token, "asker")
		n.calls(t, "at once", users, 0)
		time.Sleep(5 * time.Second)
		v.refused(t, "revoked", token)

		token = n.Token("asker", another)
		n.at(users, answer(http.StatusInternalServerError, "", ""))
		v.good(t, token, "asker")
		n.at(users, nil)
		v.good(t, n.Token("old", old), "old") // has to be asked for: all is well again
		v.refused(t, "revoked", token)
	})
}

func TestWithoutCredentials(t *testing.T) {
	t.Setenv(credentials, filepath.Join(t.TempDir(), "none.json"))
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		if _, err := newUnclosed(checkRevoked); err == nil {
			t.Error("New takes CheckRevoked, for which it needs credentials")
		}
		v := newVerifier(t)
		v.good(t, google.Token("asker"), "asker")
		v.good(t, n.Token("asker"), "asker")
		v.unavailable(t, n.Token("asker", old), 0)
		v.cannotSignIn(t, google.Token("asker"), 0)
		if _, err := v.Cookie(t.Context(), google.Token("asker")); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("Cookie: %v", err)
		}
		if err := v.Ready(); err != nil {
			t.Errorf("Ready: %v", err)
		}
		n.calls(t, "without credentials", users, 0)
		t.Setenv(credentials, google.Credentials()) // they came later
		v.good(t, n.Token("asker", old), "asker")
	})
}

// That this server may not look users up is its operator's fault, not the user's and no
// outage; cookies that can do without do.
func TestServerThatMayNotLookUsersUp(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{"forbidden": forbidden, "unauthenticated": answer(http.StatusUnauthorized, "", "{}")} {
		t.Run(name, func(t *testing.T) {
			forBoth(t, func(t *testing.T, n *network) {
				var log telemetrytest.Log
				v := newVerifier(t, checkRevoked, func(cfg *auth.Config) { cfg.Log = slog.New(slog.NewTextHandler(&log, nil)) })
				n.at(users, fault)
				_, err := v.verify(n.Token("asker", old))
				ourFault(t, err, "firebaseauth.users.get")
				if failed := v.verdicts(t, "failed"); failed != 1 {
					t.Errorf("counted %d times as failed", failed)
				}
				if n.kind == "session_cookie" {
					v.goodAtOnce(t, n.Token("asker"), "asker")
				} else {
					_, err := v.verify(n.Token("asker"))
					ourFault(t, err, "firebaseauth.users.get")
				}
				if !strings.Contains(log.String(), "firebaseauth.users.get") {
					t.Errorf("the log does not say what to give: %s", log.String())
				}
				_, err = v.SignIn(t.Context(), google.Token("asker"))
				ourFault(t, err, "firebaseauth.users.get")
			})
		})
	}
}

// ourFault fails the test unless the error is none of the user's and no outage, and names
// the permission that is missing.
func ourFault(t *testing.T, err error, permission string) {
	t.Helper()
	for _, known := range []error{nil, auth.ErrMissing, auth.ErrExpired, auth.ErrInvalid, auth.ErrUnavailable} {
		if errors.Is(err, known) {
			t.Errorf("got %v", err)
			return
		}
	}
	if !strings.Contains(err.Error(), permission) {
		t.Errorf("%v does not name %s", err, permission)
	}
}
