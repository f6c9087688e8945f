package auth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"google.golang.org/api/option"
)

// TestAdminSDK holds what keys.go relies on and the SDK does not document.
func TestAdminSDK(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
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
		verify := func(when string, ctx context.Context, token string, is func(error) bool) {
			t.Helper()
			if _, err := client.VerifyIDToken(ctx, token); !is(err) {
				t.Errorf("%s: the SDK says %v", when, err)
			}
		}
		good := func(err error) bool { return err == nil }
		invalid := func(err error) bool { return fbauth.IsIDTokenInvalid(err) && !fbauth.IsCertificateFetchFailed(err) }
		now := time.Now().Unix()
		token := google.Token("asker")
		wronglySigned := token[:len(token)-4] + "AAAA"

		verify("cancelled, without keys", cancelled, token, fbauth.IsCertificateFetchFailed)
		verify("wrongly signed, without keys", cancelled, wronglySigned, fbauth.IsCertificateFetchFailed)
		verify("wrong in another way, without keys", cancelled, google.Token("asker", with(map[string]any{"aud": "other"})), invalid)
		verify("expired, without keys", cancelled, google.Token("asker", with(map[string]any{"exp": now - 301})), fbauth.IsIDTokenExpired)
		n.asked(t, "cancelled", 0)
		verify("fetching keys", t.Context(), token, good)
		n.asked(t, "first", 1)
		verify("cancelled, with keys", cancelled, token, good)
		verify("wrongly signed, with keys", cancelled, wronglySigned, invalid)
		verify("an unknown key", t.Context(), forged(1), invalid)
		verify("at the end of the leeway", cancelled, google.Token("asker", with(map[string]any{"exp": now - 300})), good)
		verify("at its beginning", cancelled, google.Token("asker", with(map[string]any{"iat": now + 300})), good)
		verify("after it", cancelled, google.Token("asker", with(map[string]any{"exp": now - 301})), fbauth.IsIDTokenExpired)
		verify("before it", cancelled, google.Token("asker", with(map[string]any{"iat": now + 301})), invalid)
		n.asked(t, "with keys", 1)

		time.Sleep(time.Hour)
		verify("until max-age is over", t.Context(), google.Token("asker"), good)
		n.asked(t, "until max-age is over", 1)
		time.Sleep(time.Millisecond)
		verify("after max-age", cancelled, google.Token("asker"), fbauth.IsCertificateFetchFailed)
		google.Handle(trueKeys(""))
		verify("an answer that may not be kept", t.Context(), google.Token("asker"), good)
		google.Handle(answer(http.StatusInternalServerError, "", ""))
		time.Sleep(time.Millisecond)
		verify("afterwards", t.Context(), google.Token("asker"), fbauth.IsCertificateFetchFailed)
	})
}
