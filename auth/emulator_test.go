package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"willson/auth"
	"willson/internal/authemulator"
)

// newEmulated returns a verifier of the Auth emulator's tokens.
func newEmulated(t *testing.T) *verifier {
	t.Helper()
	if emulatorHost == "" {
		t.Fatalf("%s is not set: run `make test`, or `.cache/local exec -- go test ./auth`", emulatorVariable)
	}
	t.Setenv(emulatorVariable, emulatorHost)
	cfg := config()
	cfg.Emulated = true
	return newVerifier(t, cfg)
}

// emulate asks the Auth emulator and returns the token in its answer, if there is one.
func emulate(t *testing.T, path string, body map[string]any) string {
	t.Helper()
	return authemulator.Ask(t, emulatorHost, path, body)
}

// signIn makes a user at the emulator and returns an ID token of it.
func signIn(t *testing.T, uid string) string {
	t.Helper()
	email := fmt.Sprintf("%x@example.com", uid[:min(len(uid), 24)])
	emulate(t, "projects/"+project+"/accounts", map[string]any{"localId": uid, "email": email, "password": "password"})
	return emulate(t, "accounts:signInWithPassword?key=any", map[string]any{"email": email, "password": "password", "returnSecureToken": true})
}

func TestEmulator(t *testing.T) {
	v := newEmulated(t)
	if err := v.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
	run := fmt.Sprint(time.Now().UnixNano())
	update := func(uid string, fields map[string]any) {
		fields["localId"] = uid
		emulate(t, "projects/"+project+"/accounts:update", fields)
	}
	for name, uid := range map[string]string{
		"Firebase's own": "xMKS6tTX55OmOevsm" + run[len(run)-11:],
		"a bare number":  run,
		"a slash":        run + "/kakao",
		"blanks":         run + " asker one",
		"Korean":         run + "고민",
		"128 characters": run + strings.Repeat("u", 128-len(run)),
	} {
		t.Run(name, func(t *testing.T) { v.good(t, signIn(t, uid), uid) })
	}
	t.Run("anonymous", func(t *testing.T) {
		if uid, err := v.verify(emulate(t, "accounts:signUp?key=any", map[string]any{"returnSecureToken": true})); uid == "" || err != nil {
			t.Errorf("verified as %q, %v", uid, err)
		}
	})

	for _, test := range []struct {
		name  string
		since func(uid string)
	}{
		{"disabled", func(uid string) { update(uid, map[string]any{"disableUser": true}) }},
		{"signed out", func(uid string) { update(uid, map[string]any{"validSince": fmt.Sprint(time.Now().Unix() + 5)}) }},
		{"deleted", func(uid string) {
			emulate(t, "projects/"+project+"/accounts:delete", map[string]any{"localId": uid})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			uid := test.name + run
			token := signIn(t, uid)
			v.good(t, token, uid)
			test.since(uid)
			v.refused(t, token, auth.ErrInvalid)
		})
	}

	uid := "refused" + run
	token := signIn(t, uid)
	header, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, test := range []struct {
		name  string
		token string
		want  error
	}{
		{"blank", "  ", auth.ErrMissing},
		{"nobody's", google.Token("nobody" + run), auth.ErrInvalid},
		{"two parts", header + "." + payload, auth.ErrInvalid},
		{"four parts", token + ".", auth.ErrInvalid},
		{"a line break", token + "\n", auth.ErrInvalid},
		{"junk", "a.b.c", auth.ErrInvalid},
		{"too long", token + strings.Repeat("A", 8<<10), auth.ErrInvalid},
		{"past its end", google.Token(uid, func(_, claims map[string]any) { claims["exp"] = 1 }), auth.ErrExpired},
		{"another project's", google.Token(uid, func(_, claims map[string]any) { claims["aud"] = "other" }), auth.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) { v.refused(t, test.token, test.want) })
	}
	if _, err := v.Verify(context.Background(), []string{token, token}); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("a token given twice: %v", err)
	}
}

// With the emulator gone the SDK tries for seven seconds, unless the request has less.
func TestEmulatorGone(t *testing.T) {
	t.Setenv(emulatorVariable, "127.0.0.1:9")
	cfg := config()
	cfg.Emulated = true
	v := newVerifier(t, cfg)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := v.Verify(ctx, []string{google.Token("asker")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
