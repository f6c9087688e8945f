package auth_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"willson/auth"
)

// FuzzHeader sends whatever can stand in a header: never a panic, never an error that is
// no refusal, and no success but for the one token that was signed.
func FuzzHeader(f *testing.F) {
	token := google.Token("asker")
	header, rest, _ := strings.Cut(token, ".")
	for _, value := range []string{token, token + "\n", header + "..", "." + rest, "eyJhbGciOiJub25lIn0." + rest, "\xff", "고민.고민.고민"} {
		f.Add(value)
	}
	v := newReady(f)
	f.Fuzz(func(t *testing.T, value string) {
		uid, err := v.verify(value)
		if value == token && uid == "asker" && err == nil {
			return
		}
		if uid != "" || auth.Reason(err) == "" {
			t.Errorf("verified as %q, %v", uid, err)
		}
	})
}

// FuzzVerify signs whatever can stand in a token's first two parts with Google's own
// keys: only what says all that it must is good, and for the user whom it names.
func FuzzVerify(f *testing.F) {
	now := time.Now().Unix()
	claims := func(changes map[string]any) string {
		all := map[string]any{
			"iss": "https://securetoken.google.com/" + project, "aud": project, "sub": "asker", "iat": now, "exp": now + 3600,
		}
		apply(all, changes)
		content, err := json.Marshal(all)
		if err != nil {
			f.Fatal(err)
		}
		return string(content)
	}
	header := `{"alg":"RS256","kid":"` + google.KeyID() + `"}`
	for _, changes := range []map[string]any{
		nil, {"sub": ""}, {"sub": strings.Repeat("u", 129)}, {"sub": []string{"asker"}}, {"uid": "other"}, {"aud": []string{project}}, {"aud": "other"},
		{"iss": nil}, {"exp": now - 301}, {"exp": nil}, {"exp": 1.5}, {"exp": -1}, {"exp": int64(math.MaxInt64)}, {"iat": now + 3600},
		{"firebase": 1}, {"firebase": map[string]any{"tenant": "other"}}, {"user_id": "other"},
	} {
		f.Add(header, claims(changes), false)
		cookie := map[string]any{"iss": "https://session.firebase.google.com/" + project}
		maps.Copy(cookie, changes)
		f.Add(`{"alg":"RS256","kid":"`+google.Cookies.KeyID()+`"}`, claims(cookie), true)
	}
	for _, other := range []string{
		``, `{}`, `null`, `[]`, `{"alg":"none"}`, `{"alg":"RS256"}`, `{"alg":"RS256","kid":"x"}`, `{"alg":"HS256","kid":"` + google.KeyID() + `"}`,
		`{"ALG":"RS256","KID":"` + google.KeyID() + `"}`, header + header, `{"x":1e999}`,
	} {
		f.Add(other, claims(nil), false)
		f.Add(header, other, true)
	}
	v := newReady(f)
	f.Fuzz(func(t *testing.T, header, payload string, cookie bool) {
		signer, issuer := google.Signer, "https://securetoken.google.com/"+project
		if cookie {
			signer, issuer = google.Cookies, "https://session.firebase.google.com/"+project
		}
		uid, err := v.verify(signer.Raw(header, payload))
		if err != nil {
			// Of an unknown key nobody may be able to tell: all workers share few loads.
			if uid != "" || auth.Reason(err) == "" && !errors.Is(err, auth.ErrUnavailable) || auth.Reason(err) == "signature" {
				t.Errorf("verified as %q, %v", uid, err)
			}
			return
		}
		var says struct {
			Iss, Aud, Sub string
			Exp, Iat      int64
			Firebase      struct{ Tenant string }
		}
		if err := json.NewDecoder(strings.NewReader(payload)).Decode(&says); err != nil {
			t.Fatalf("verified as %q: %v", uid, err)
		}
		now := time.Now().Unix()
		if uid == "" || len(uid) > 128 || uid != says.Sub || says.Aud != project || says.Iss != issuer ||
			says.Exp < now-302 || says.Iat > now+302 || says.Firebase.Tenant != "" {
			t.Errorf("verified as %q: %s", uid, payload)
		}
	})
}
