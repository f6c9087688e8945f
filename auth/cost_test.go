package auth_test

import (
	"testing"
	"time"
)

// A cookie that was seen before costs no more than an ID token that was: neither is
// verified again, and a cookie's user is not looked up for five minutes.
func TestASeenCookieCostsNoMore(t *testing.T) {
	inBubble(t, "session_cookie", func(t *testing.T, n *network) {
		v := newVerifier(t)
		allocs := map[string]float64{}
		for kind, signer := range signers() {
			values := []string{signer.Token("asker")}
			v.good(t, values[0], "asker")
			allocs[kind] = testing.AllocsPerRun(1000, func() { v.Verify(t.Context(), values) })
		}
		if allocs["session_cookie"] > allocs["id_token"] {
			t.Errorf("allocations: %v", allocs)
		}
		n.calls(t, "for 1,001 requests", users, 1)
	})
}

func BenchmarkVerify(b *testing.B) {
	v := newReady(b)
	for kind, signer := range signers() {
		b.Run("seen/"+kind, func(b *testing.B) {
			values := []string{signer.Token("asker")}
			v.good(b, values[0], "asker")
			b.ReportAllocs()
			for b.Loop() {
				v.Verify(b.Context(), values)
			}
		})
	}
}

// BenchmarkFailingSignIn is a flood of sign-ins that fail: no call to Google is made.
func BenchmarkFailingSignIn(b *testing.B) {
	v := newReady(b)
	token := google.Token("asker")
	for reason, token := range map[string]string{
		"malformed": "password",
		"cookie":    google.Cookies.Token("asker"),
		"expired":   google.Token("asker", with(map[string]any{"exp": time.Now().Unix() - 301})),
		"signature": token[:len(token)-4] + "AAAA",
		"anonymous": google.Token("asker", with(map[string]any{"firebase": map[string]any{"sign_in_provider": "anonymous"}})),
	} {
		b.Run(reason, func(b *testing.B) {
			before := google.Fetches()
			b.ReportAllocs()
			for b.Loop() {
				v.SignIn(b.Context(), token)
			}
			if asked := google.Fetches() - before; asked != 0 {
				b.Errorf("Google was asked %d times", asked)
			}
		})
	}
}
