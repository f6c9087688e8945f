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

// emulate asks the Auth emulator and returns the token in its answer, if there is one.
func emulate(t *testing.T, path string, body map[string]any) string {
	t.Helper()
	return authemulator.Ask(t, emulatorHost, path, body)
}

func emailOf(uid string) string { return fmt.Sprintf("%x@example.com", uid[:min(len(uid), 24)]) }

// signIn makes a user at the emulator and returns an ID token of it.
func signIn(t *testing.T, uid string) string {
	t.Helper()
	email := emailOf(uid)
	emulate(t, "projects/"+project+"/accounts", map[string]any{"localId": uid, "email": email, "password": "password"})
	return emulate(t, "accounts:signInWithPassword?key=any", map[string]any{"email": email, "password": "password", "returnSecureToken": true})
}

// cookie makes a cookie.
func (v *verifier) cookie(t *testing.T, token string) string {
	t.Helper()
	cookie, err := v.Cookie(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func TestEmulator(t *testing.T) {
	if emulatorHost == "" {
		t.Fatalf("%s is not set: run `make test`, or `.cache/local exec -- go test ./auth`", emulatorVariable)
	}
	t.Setenv(emulatorVariable, emulatorHost)
	v := newVerifier(t, emulated)
	if err := v.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
	run := fmt.Sprint(time.Now().UnixNano())
	for _, uid := range []string{run, run + "/kakao", run + " asker one", run + "고민", run + strings.Repeat("u", 128-len(run))} {
		token := signIn(t, uid)
		v.good(t, token, uid)
		v.signsIn(t, token, auth.Identity{UID: uid, Email: emailOf(uid)})
		cookie := v.cookie(t, token)
		v.good(t, cookie, uid)
		v.mayNotSignIn(t, "cookie", cookie)
	}
	nobody := emulate(t, "accounts:signUp?key=any", map[string]any{"returnSecureToken": true})
	if uid, err := v.verify(nobody); uid == "" || err != nil {
		t.Errorf("an anonymous user is verified as %q, %v", uid, err)
	}
	v.mayNotSignIn(t, "anonymous", nobody)

	accounts := "projects/" + project + "/accounts"
	for name, request := range map[string]struct {
		path   string
		fields map[string]any
	}{
		"disabled":   {accounts + ":update", map[string]any{"disableUser": true}},
		"signed out": {accounts + ":update", map[string]any{"validSince": fmt.Sprint(time.Now().Unix() + 5)}},
		"deleted":    {accounts + ":delete", map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			uid := name + run
			token := signIn(t, uid)
			cookie := v.cookie(t, token)
			v.good(t, token, uid)
			v.good(t, cookie, uid)
			request.fields["localId"] = uid
			emulate(t, request.path, request.fields)
			v.refused(t, "revoked", token)
			v.refused(t, "revoked", cookie)
			v.mayNotSignIn(t, "revoked", token)
		})
	}

	uid := "refused" + run
	token := signIn(t, uid)
	for _, signer := range signers() {
		for reason, bad := range map[string]string{
			"too_long":      token + strings.Repeat("A", 8<<10),
			"bearer_prefix": "Bearer " + token,
			"malformed":     token + "\n",
			"revoked":       signer.Token("nobody" + run),
			"expired":       signer.Token(uid, with(map[string]any{"exp": 1})),
			"not_yet_valid": signer.Token(uid, with(map[string]any{"iat": time.Now().Unix() + 400})),
			"wrong_project": signer.Token(uid, with(map[string]any{"aud": "other"})),
			"tenant":        signer.Token(uid, with(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}})),
		} {
			v.refused(t, reason, bad)
		}
	}
	v.refused(t, "missing", "  ")
	v.refused(t, "repeated", token, token)
}

// With the emulator gone the SDK tries for seven seconds, unless the request has less.
func TestEmulatorGone(t *testing.T) {
	t.Setenv(emulatorVariable, "127.0.0.1:9")
	v := newVerifier(t, emulated)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	for _, token := range []string{google.Token("asker"), google.Cookies.Token("asker")} {
		if _, err := v.Verify(ctx, []string{token}); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := v.SignIn(ctx, google.Token("asker")); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("signing in: %v", err)
	}
}
