package auth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"
	"google.golang.org/api/option"
)

// TestAdminSDK holds what keys.go relies on and the SDK does not document, for both kinds.
func TestAdminSDK(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		google.SetMaxAge(time.Hour)
		app, err := firebase.NewApp(t.Context(), &firebase.Config{ProjectID: project}, option.WithoutAuthentication())
		if err != nil {
			t.Fatal(err)
		}
		client, err := app.Auth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		of, isExpired, isInvalid := client.VerifyIDToken, fbauth.IsIDTokenExpired, fbauth.IsIDTokenInvalid
		if n.kind == "session_cookie" {
			of, isExpired, isInvalid = client.VerifySessionCookie, fbauth.IsSessionCookieExpired, fbauth.IsSessionCookieInvalid
		}
		verify := func(when string, ctx context.Context, token string, is func(error) bool) {
			t.Helper()
			if _, err := of(ctx, token); !is(err) {
				t.Errorf("%s: the SDK says %v", when, err)
			}
		}
		good := func(err error) bool { return err == nil }
		invalid := func(err error) bool {
			return isInvalid(err) && !isExpired(err) && !fbauth.IsCertificateFetchFailed(err)
		}
		now := time.Now().Unix()
		token := n.Token("asker")
		wronglySigned := token[:len(token)-4] + "AAAA"

		verify("cancelled, without keys", cancelled, token, fbauth.IsCertificateFetchFailed)
		verify("wrongly signed, without keys", cancelled, wronglySigned, fbauth.IsCertificateFetchFailed)
		verify("wrong in another way, without keys", cancelled, n.Token("asker", with(map[string]any{"aud": "other"})), invalid)
		verify("expired, without keys", cancelled, n.Token("asker", with(map[string]any{"exp": now - 301})), isExpired)
		n.asked(t, "cancelled", 0)
		verify("fetching keys", t.Context(), token, good)
		n.asked(t, "first", 1)
		verify("cancelled, with keys", cancelled, token, good)
		verify("wrongly signed, with keys", cancelled, wronglySigned, invalid)
		verify("an unknown key", t.Context(), n.forged(1), invalid)
		for kind, signer := range signers() {
			if kind != n.kind {
				verify("the other kind", t.Context(), signer.Token("asker"), invalid)
			}
		}
		verify("at the end of the leeway", cancelled, n.Token("asker", with(map[string]any{"exp": now - 300})), good)
		verify("at its beginning", cancelled, n.Token("asker", with(map[string]any{"iat": now + 300})), good)
		verify("before it", cancelled, n.Token("asker", with(map[string]any{"iat": now + 301})), invalid)
		n.asked(t, "with keys", 1)

		time.Sleep(time.Hour)
		verify("until max-age is over", t.Context(), n.Token("asker"), good)
		n.asked(t, "until max-age is over", 1)
		time.Sleep(time.Millisecond)
		verify("after max-age", cancelled, n.Token("asker"), fbauth.IsCertificateFetchFailed)
		n.keys(n.trueKeys(""))
		verify("an answer that may not be kept", t.Context(), n.Token("asker"), good)
		n.keys(answer(http.StatusInternalServerError, "", ""))
		time.Sleep(time.Millisecond)
		verify("afterwards", t.Context(), n.Token("asker"), fbauth.IsCertificateFetchFailed)
	})
}

// What google.go relies on: by these predicates errors of calls are told apart, an outage
// is tried again until the context ends, and refusals are not.
func TestAdminSDKCalls(t *testing.T) {
	inBubble(t, "id_token", func(t *testing.T, n *network) {
		app, err := firebase.NewApp(t.Context(), &firebase.Config{ProjectID: project})
		if err != nil {
			t.Fatal(err)
		}
		client, err := app.Auth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		token := google.Token("asker")
		if cookie, err := client.SessionCookie(t.Context(), token, 30*time.Hour); err != nil {
			t.Error(err)
		} else if said, err := client.VerifySessionCookie(t.Context(), cookie); err != nil || said.Expires-said.IssuedAt != 30*3600 {
			t.Errorf("a cookie of 30 hours says %+v, %v", said, err)
		}
		n.calls(t, "once", cookies, 1)
		for name, test := range map[string]struct {
			answer http.HandlerFunc
			is     func(error) bool
			calls  int
		}{
			"bad request":     {answer(400, "", `{"error":{"message":"INVALID_ID_TOKEN"}}`), errorutils.IsInvalidArgument, 1},
			"no user":         {answer(400, "", `{"error":{"message":"USER_NOT_FOUND"}}`), fbauth.IsUserNotFound, 1},
			"forbidden":       {answer(403, "", `{"error":{"message":"PERMISSION_DENIED"}}`), errorutils.IsPermissionDenied, 1},
			"unauthenticated": {answer(401, "", `{}`), errorutils.IsUnauthenticated, 1},
			"overloaded":      {answer(503, "", `{}`), func(err error) bool { return err == context.DeadlineExceeded }, 3},
			"nothing said":    {answer(200, "", `{}`), func(err error) bool { return err == nil }, 1},
		} {
			n.at(cookies, test.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			if _, err := client.SessionCookie(ctx, token, 30*time.Hour); !test.is(err) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			n.calls(t, name, cookies, test.calls)
		}
	})
}
