package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"willson/auth"
	"willson/internal/issuer"
)

// uids are of every kind that Firebase Auth gives out.
var uids = []string{
	"xMKS6tTX55OmOevsm2mD4lfNztw1",
	"1205312339",
	"kakao/1205312339",
	"../../askers/1",
	" asker one ",
	strings.Repeat("고민", 21),
	`a"b\c'd`,
	"a\x00b\nc",
	strings.Repeat("u", 128),
}

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	for _, uid := range uids {
		for _, signer := range signers() {
			token := signer.Token(uid)
			for range 3 {
				v.good(t, token, uid)
			}
		}
	}
	if checked, cached := v.verdicts(t, "ok"), v.verdicts(t, "cached"); checked != 2*len(uids) || cached != 4*len(uids) {
		t.Errorf("the SDK verified %d tokens and %d were known, want %d and %d", checked, cached, 2*len(uids), 4*len(uids))
	}
}

// What is wrong with a token reaches the log and the metric as one word. How a header can
// be wrong over HTTP is in hostile_test.go and hostile_tokens_test.go.
func TestRefused(t *testing.T) {
	for kind, signer := range signers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			testRefused(t, signer)
		})
	}
}

func testRefused(t *testing.T, google *issuer.Signer) {
	v := newReady(t)
	now := time.Now().Unix()
	token := google.Token("asker")
	v.good(t, token, "asker") // known: what resembles it is refused all the same
	parts := strings.Split(token, ".")
	edited := func(edits ...func(header, claims map[string]any)) string { return google.Token("asker", edits...) }
	forged := func(token string) string { return token[:len(token)-4] + "AAAA" }
	other, otherIssuer := signers()["session_cookie"], "https://session.firebase.google.com/"+project
	if other == google {
		other, otherIssuer = signers()["id_token"], "https://securetoken.google.com/"+project
	}
	ofTenant := edited(with(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}}))

	for reason, rows := range map[string][][]string{
		"missing":  {nil, {""}, {" \t "}},
		"repeated": {{token, token}, {"", token}, {token, ""}, {"", ""}},
		"too_long": {{strings.Repeat("A", 8<<10+1)}, {edited(with(map[string]any{"role": strings.Repeat("r", 8<<10)}))}},
		"bearer_prefix": {
			{"Bearer " + token}, {"bearer " + token}, {"Bearer undefined"},
		},
		"malformed": {
			{"null"}, {".."}, {strings.Repeat(".", 8<<10)}, {parts[0] + "." + parts[1]}, {token + "." + parts[2]},
			{token + ", " + token}, {" " + token}, {parts[0] + ".." + parts[2]}, {"." + parts[1] + "." + parts[2]},
			{edited(head(map[string]any{"kid": nil}))}, {edited(head(map[string]any{"kid": 1}))},
			{edited(with(map[string]any{"sub": nil}))}, {edited(with(map[string]any{"sub": strings.Repeat("u", 129)}))},
			{edited(with(map[string]any{"exp": "tomorrow"}))}, {edited(with(map[string]any{"firebase": "password"}))},
			{edited(with(map[string]any{"firebase": map[string]any{"tenant": 1}}))},
			{google.Raw("RS256", "{}")}, {google.Raw(`{"alg":"RS256","kid":"`+google.KeyID()+`"}`, `{"x":1e999,"aud":"`+project+`"}`)},
		},
		"unsigned": {
			{parts[0] + "." + parts[1] + "."}, {google.Raw(`{"alg":"none"}`, "{}")}, {google.Raw(`{"alg":"nOnE","kid":"x"}`, "{}")},
		},
		"algorithm": {
			{edited(head(map[string]any{"alg": nil}))}, {edited(head(map[string]any{"alg": "HS256"}))}, {edited(head(map[string]any{"alg": "rs256"}))},
		},
		"wrong_project": {
			{edited(with(map[string]any{"aud": "other"}))}, {edited(with(map[string]any{"iss": "https://securetoken.google.com/other"}))},
			{edited(with(map[string]any{"iss": "https://session.firebase.google.com/other"}), head(map[string]any{"kid": other.KeyID()}))},
			{edited(with(map[string]any{"iss": otherIssuer + "/"}))}, {edited(with(map[string]any{"iss": nil}))},
			{edited(with(map[string]any{"iss": "https://accounts.google.com", "aud": "1234.apps.googleusercontent.com"}))}, {google.Raw(`{"alg":"RS256"}`, "null")},
		},
		"expired": {
			{edited(with(map[string]any{"exp": now - 302}))}, {forged(edited(with(map[string]any{"exp": now - 302})))}, {edited(with(map[string]any{"exp": nil}))},
		},
		"not_yet_valid": {{edited(with(map[string]any{"iat": now + 400}))}, {forged(edited(with(map[string]any{"iat": now + 400})))}},
		"unknown_key": {{edited(head(map[string]any{"kid": "another"}))}, {forged(edited(head(map[string]any{"kid": strings.ToUpper(google.KeyID())})))},
			{edited(with(map[string]any{"iss": otherIssuer}))}, // signed with the other kind's key
		},
		"signature": {{forged(token)}, {parts[0] + "." + strings.Split(google.Token("victim"), ".")[1] + "." + parts[2]},
			{edited(with(map[string]any{"iss": otherIssuer}), head(map[string]any{"kid": other.KeyID()}))},
		},
		"tenant": {{ofTenant}, {ofTenant}},
	} {
		for i, values := range rows {
			t.Run(fmt.Sprintf("%s/%d", reason, i), func(t *testing.T) { v.refused(t, reason, values...) })
		}
	}
}

// A verdict answers for the one string that it was found for, and a token is one string:
// not even line breaks, padding and bits that say nothing make another one of it.
func TestEveryChangeOfASeenTokenIsRefused(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	token := google.Token("asker")
	v.good(t, token, "asker")
	refused := func(what, changed string) {
		t.Helper()
		uid, err := v.verify(changed)
		if uid != "" || !errors.Is(err, auth.ErrInvalid) && !errors.Is(err, auth.ErrExpired) {
			t.Errorf("%s: verified as %q, %v", what, uid, err)
		}
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range len(token) {
		before, at, after := token[:i], token[i], token[i+1:]
		if value := strings.IndexByte(digits, at); value >= 0 {
			refused("another digit", before+digits[value^1:value^1+1]+after)
		}
		refused("left out", before+after)
		refused("a line break", before+"\n"+token[i:])
		refused("a return", before+"\r"+token[i:])
	}
	for _, end := range []string{"=", "==", "A", "AAAA", ".", "\n", "\r\n", "\x00"} {
		refused("more at the end", token+end)
	}
	last := strings.IndexByte(digits, token[len(token)-1])
	for low := 1; low < 16; low++ { // the bits of a signature's last digit that say nothing
		refused("stray low bits", token[:len(token)-1]+digits[last^low:last^low+1])
	}
	if cached := v.verdicts(t, "cached"); cached != 0 {
		t.Errorf("a changed token was taken for the seen one %d times", cached)
	}
}

func TestAVerdictEndsWithItsToken(t *testing.T) {
	forBoth(t, func(t *testing.T, n *network) {
		v := newVerifier(t)
		start := time.Now()
		token := n.Token("asker")
		short := n.Token("short", with(map[string]any{"exp": start.Unix() - 200}))
		v.good(t, token, "asker")
		v.good(t, short, "short")
		at := func(since time.Duration) { time.Sleep(time.Until(start.Add(since))) }
		at(100 * time.Second)
		v.good(t, short, "short")
		at(102 * time.Second)
		v.refused(t, "expired", short)
		at(time.Hour + 300*time.Second)
		v.good(t, token, "asker")
		at(time.Hour + 302*time.Second)
		v.refused(t, "expired", token)
		if checked := v.verdicts(t, "ok"); checked != 2 {
			t.Errorf("the SDK verified %d tokens, want each once", checked)
		}
	})
}

func TestVerdictsAreBounded(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	if kept := v.FillVerdicts(30_000); kept > 10_000 {
		t.Errorf("%d verdicts are kept, want at most 10,000", kept)
	}
	v.good(t, google.Token("asker"), "asker")
}

func TestModes(t *testing.T) {
	for _, test := range []struct {
		name     string
		host     string
		emulated bool
		ok       bool
	}{
		{"production", "", false, true},
		{"emulator", "127.0.0.1:9", true, true},
		{"production with the emulator's variable left in the environment", "127.0.0.1:9", false, false},
		{"emulator that the SDK was not told of", "", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(emulatorVariable, test.host)
			v, err := newUnclosed(func(cfg *auth.Config) { cfg.Emulated = test.emulated })
			if (err == nil) != test.ok {
				t.Errorf("New: %v", err)
			}
			if err == nil {
				v.Close()
			}
		})
	}
	if _, err := newUnclosed(func(cfg *auth.Config) { cfg.Project = "" }); err == nil {
		t.Error("New takes a configuration without a project")
	}
}
