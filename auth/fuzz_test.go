package auth_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/auth"
)

// sentinels are what a Verify that was given its time may say.
var sentinels = []error{auth.ErrMissing, auth.ErrExpired, auth.ErrInvalid}

// FuzzGate sends whatever can stand in a header: never a panic, never an error that the
// handlers would take for a failure of ours, never a success without a good signature,
// and the same answer the second time.
func FuzzGate(f *testing.F) {
	token := google.Token("asker")
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	foreign := "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AAAA"
	for _, value := range []string{
		"", " ", token, foreign, token + "\n", token + "=", token + ".", "Bearer " + token,
		header + "." + payload, header + "." + payload + ".", header + "." + payload + "." + signature[:8],
		payload + "." + header + "." + signature, "..", "...", strings.Repeat(".", 8<<10), strings.Repeat("A", 8<<10+1),
		"eyJhbGciOiJub25lIn0." + payload + ".", "\xff\xfe", "고민.고민.고민", token[:len(token)-1], token[1:],
	} {
		f.Add(value, "", 1)
		f.Add(value, token, 2)
	}
	f.Add("", "", 0)
	v := newReady(f)
	key := publicKey(f)
	f.Fuzz(func(t *testing.T, first, second string, n int) {
		values := []string{first, second, first}[:uint(n)%4]
		uid, err := v.Verify(context.Background(), values)
		again, errAgain := v.Verify(context.Background(), values)
		if uid != again || !errors.Is(errAgain, err) {
			t.Errorf("verified as %q, %v, then as %q, %v", uid, err, again, errAgain)
		}
		switch {
		case err == nil && (len(values) != 1 || uid == "" || !signed(key, first)):
			t.Errorf("verified as %q", uid)
		case err != nil && (uid != "" || !slices.Contains(sentinels, err)):
			t.Errorf("verified as %q, %v", uid, err)
		}
	})
}

// FuzzVerify signs whatever can stand in a token's first two parts with Google's own
// key: only what says all that it must is good, and for the user whom it names.
func FuzzVerify(f *testing.F) {
	now := time.Now().Unix()
	claims := func(changes map[string]any) string {
		all := map[string]any{
			"iss": "https://securetoken.google.com/" + project, "aud": project, "sub": "asker", "iat": now, "exp": now + 3600,
		}
		for name, value := range changes {
			all[name] = value
		}
		content, err := json.Marshal(all)
		if err != nil {
			f.Fatal(err)
		}
		return string(content)
	}
	header := `{"alg":"RS256","kid":"` + google.KeyID() + `"}`
	for _, changes := range []map[string]any{
		nil, {"sub": ""}, {"sub": 1}, {"sub": strings.Repeat("u", 129)}, {"sub": []string{"asker"}}, {"uid": "other"},
		{"aud": []string{project}}, {"aud": "other"}, {"iss": "https://securetoken.google.com/other"}, {"iss": nil},
		{"exp": now - 301}, {"exp": nil}, {"exp": "1"}, {"exp": 1.5}, {"exp": -1}, {"exp": int64(math.MaxInt64)}, {"iat": now + 3600},
		{"firebase": 1}, {"firebase": map[string]any{"tenant": "other"}}, {"user_id": "other"},
	} {
		f.Add(header, claims(changes))
	}
	for _, other := range []string{
		``, `{}`, `null`, `[]`, `{"alg":"none"}`, `{"alg":"RS256"}`, `{"alg":"RS256","kid":"x"}`, `{"alg":"HS256","kid":"` + google.KeyID() + `"}`,
		`{"ALG":"RS256","KID":"` + google.KeyID() + `"}`, header + header,
	} {
		f.Add(other, claims(nil))
		f.Add(header, other)
	}
	v := newReady(f)
	f.Fuzz(func(t *testing.T, header, payload string) {
		token := google.Raw(header, payload)
		uid, err := v.verify(token)
		if err != nil {
			if uid != "" || !slices.Contains(sentinels, err) {
				t.Errorf("verified as %q, %v", uid, err)
			}
			return
		}
		var says struct {
			Iss, Aud, Sub string
			Exp, Iat      int64
		}
		if err := json.NewDecoder(strings.NewReader(payload)).Decode(&says); err != nil {
			t.Fatalf("verified as %q: %v", uid, err)
		}
		now := time.Now().Unix()
		if uid == "" || len(uid) > 128 || uid != says.Sub || says.Aud != project || says.Iss != "https://securetoken.google.com/"+project ||
			says.Exp < now-302 || says.Iat > now+302 {
			t.Errorf("verified as %q: %s", uid, payload)
		}
	})
}

// publicKey is the key that Google's certificate is for.
func publicKey(t testing.TB) *rsa.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(google.Certificate()))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.PublicKey.(*rsa.PublicKey)
}

// signed reports whether a token's signature is key's.
func signed(key *rsa.PublicKey, token string) bool {
	content, last, ok := cutLast(token, ".")
	signature, err := base64.RawURLEncoding.Strict().DecodeString(last)
	if !ok || err != nil || strings.ContainsAny(token, "\r\n") {
		return false
	}
	sum := sha256.Sum256([]byte(content))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
