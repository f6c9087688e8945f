package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"willson/auth"
)

// uids are of every kind that Firebase Auth gives out.
var uids = map[string]string{
	"Firebase's own": "xMKS6tTX55OmOevsm2mD4lfNztw1",
	"a bare number":  "1205312339",
	"a slash":        "kakao/1205312339",
	"dots":           "../../askers/1",
	"blanks":         " asker one ",
	"Korean":         strings.Repeat("고민", 21),
	"quotes":         `a"b\c'd`,
	"controls":       "a\x00b\nc",
	"128 characters": strings.Repeat("u", 128),
}

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	for name, uid := range uids {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := google.Token(uid)
			for range 3 {
				v.good(t, token, uid)
			}
		})
	}
}

func TestASeenTokenIsNotCheckedAgain(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	first, second := google.Token("first"), google.Token("second")
	for range 3 {
		v.good(t, first, "first")
		v.good(t, second, "second")
	}
	if checked, cached := v.verdicts(t, "ok"), v.verdicts(t, "cached"); checked != 2 || cached != 4 {
		t.Errorf("%d tokens were checked and %d known, want 2 and 4", checked, cached)
	}
}

// How a header can be wrong is a longer list in hostile_test.go, over HTTP.
func TestRefused(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	token := google.Token("asker")
	v.good(t, token, "asker")
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for _, test := range []struct {
		name    string
		values  []string
		want    error
		outcome string
	}{
		{"no header", nil, auth.ErrMissing, "missing"},
		{"empty", []string{""}, auth.ErrMissing, "missing"},
		{"blank", []string{" \t "}, auth.ErrMissing, "missing"},
		{"twice", []string{token, token}, auth.ErrInvalid, "invalid"},
		{"blank and good", []string{"", token}, auth.ErrInvalid, "invalid"},
		{"good and blank", []string{token, ""}, auth.ErrInvalid, "invalid"},
		{"blank twice", []string{"", ""}, auth.ErrInvalid, "invalid"},
		{"a comma", []string{token + ", " + token}, auth.ErrInvalid, "invalid"},
		{"a blank before", []string{" " + token}, auth.ErrInvalid, "invalid"},
		{"a line break after", []string{token + "\n"}, auth.ErrInvalid, "invalid"},
		{"Bearer", []string{"Bearer " + token}, auth.ErrInvalid, "invalid"},
		{"two parts", []string{header + "." + payload}, auth.ErrInvalid, "invalid"},
		{"four parts", []string{token + "." + signature}, auth.ErrInvalid, "invalid"},
		{"no signature", []string{header + "." + payload + "."}, auth.ErrInvalid, "invalid"},
		{"no header part", []string{"." + payload + "." + signature}, auth.ErrInvalid, "invalid"},
		{"no payload", []string{header + ".." + signature}, auth.ErrInvalid, "invalid"},
		{"dots", []string{strings.Repeat(".", 8<<10)}, auth.ErrInvalid, "invalid"},
		{"past its end", []string{google.Token("asker", func(_, claims map[string]any) {
			claims["exp"] = time.Now().Unix() - 302
		})}, auth.ErrExpired, "expired"},
		{"past its end and forged", []string{google.Token("asker", func(_, claims map[string]any) {
			claims["exp"] = time.Now().Unix() - 302
		}) + "AAAA"}, auth.ErrExpired, "expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := v.verdicts(t, test.outcome)
			uid, err := v.Verify(context.Background(), test.values)
			if uid != "" || !errors.Is(err, test.want) {
				t.Errorf("verified as %q, %v; want %v", uid, err, test.want)
			}
			if n := v.verdicts(t, test.outcome) - before; n != 1 {
				t.Errorf("counted %d times as %s", n, test.outcome)
			}
		})
	}
}

// A token of the greatest length passes the gate; one more byte, and a good one does not.
func TestLongTokens(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	withRole := func(n int) string {
		return google.Token("asker", func(_, claims map[string]any) { claims["role"] = strings.Repeat("r", n) })
	}
	longest := 0
	for n := (8<<10 - len(withRole(0))) * 3 / 4; ; n++ {
		token := withRole(n - 4)
		if len(token) <= 8<<10 {
			longest = max(longest, len(token))
			v.good(t, token, "asker")
			continue
		}
		v.refused(t, token, auth.ErrInvalid)
		break
	}
	if longest < 8<<10-2 {
		t.Errorf("the longest good token had %d bytes", longest)
	}
}

// A verdict answers for the one string that it was found for.
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
			refused("the lowest bit", before+digits[value^1:value^1+1]+after)
			refused("the highest bit", before+digits[value^32:value^32+1]+after)
		}
		refused("another letter", before+"="+after)
		refused("left out", before+after)
		refused("a line break", before+"\n"+token[i:])
		refused("twice", before+string(at)+token[i:])
	}
	for _, end := range []string{"=", "==", "A", "AA", "AAAA", ".", "\r\n", "\x00"} {
		refused("more at the end", token+end)
	}
	last := strings.IndexByte(digits, token[len(token)-1])
	for low := 1; low < 16; low++ { // the bits of a signature's last digit that say nothing
		refused("stray low bits", token[:len(token)-1]+digits[last^low:last^low+1])
	}
	if cached := v.verdicts(t, "cached"); cached != 0 {
		t.Errorf("a changed token was taken for one seen: %d times", cached)
	}
	v.good(t, token, "asker")
}

func TestAVerdictDiesWithItsToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := newVerifier(t, config())
		start := time.Now()
		token := google.Token("asker")
		short := google.Token("short", func(_, claims map[string]any) { claims["exp"] = start.Unix() - 200 })
		huge := google.Token("huge", func(_, claims map[string]any) { claims["exp"] = int64(1) << 62 })
		v.good(t, token, "asker")
		v.good(t, short, "short")
		v.good(t, huge, "huge")
		at := func(since time.Duration) { time.Sleep(time.Until(start.Add(since))) }

		at(100 * time.Second)
		v.good(t, short, "short")
		at(102 * time.Second)
		v.refused(t, short, auth.ErrExpired)
		at(time.Hour + 300*time.Second)
		checked := v.verdicts(t, "ok")
		v.good(t, token, "asker")
		if again := v.verdicts(t, "ok") - checked; again != 0 {
			t.Error("a seen token was checked again within its life")
		}
		at(time.Hour + 302*time.Second)
		v.refused(t, token, auth.ErrExpired)
		v.refused(t, token, auth.ErrExpired)
		v.good(t, huge, "huge")
	})
}

func TestVerdictsAreBounded(t *testing.T) {
	t.Parallel()
	v := newReady(t)
	kept := v.FillVerdicts(30_000)
	if kept > 10_000 {
		t.Errorf("%d verdicts are kept, want at most 10,000", kept)
	}
	token := google.Token("asker")
	for range 3 {
		v.good(t, token, "asker")
	}
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
			cfg := config()
			cfg.Emulated = test.emulated
			start := time.Now()
			v, err := newBare(cfg)
			if (err == nil) != test.ok {
				t.Errorf("New: %v", err)
			}
			if err == nil {
				v.Close()
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	cfg := config()
	cfg.Project = ""
	if _, err := newBare(cfg); err == nil {
		t.Error("New takes a configuration without a project")
	}
}
