package server_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"willson/internal/issuer"
)

// A hostileToken is the value of the x-token header; a code of "" means that it is good.
type hostileToken struct {
	name, value string
	code        string
}

func TestHostileTokens(t *testing.T) {
	f := startHostile(t)
	good := 0
	fetches, queries := f.google.Fetches(), f.firestore.Count("RunQuery")
	for _, token := range hostileTokens(t, f.google) {
		t.Run(token.name, func(t *testing.T) {
			start := time.Now()
			before := f.firestore.Count("RunQuery")
			replies := exchange(t, f.server.base, "GET "+list+" HTTP/1.1\r\nHost: willson\r\nx-token: "+token.value+"\r\nConnection: close\r\n\r\n", false, http.MethodGet)
			if took := time.Since(start); took > prompt {
				t.Errorf("took %v", took)
			}
			if len(replies) != 1 {
				t.Fatalf("%d replies", len(replies))
			}
			switch {
			case token.code == "":
				good++
				replies[0].check(t, http.MethodGet, http.StatusOK, "")
			case len(token.value) > 16<<10:
				replies[0].check(t, http.MethodGet, http.StatusRequestHeaderFieldsTooLarge, "")
			default:
				replies[0].check(t, http.MethodGet, http.StatusUnauthorized, token.code)
				if asked := f.firestore.Count("RunQuery") - before; asked != 0 {
					t.Errorf("Firestore was asked %d times", asked)
				}
			}
			if len(token.value) > 24 && strings.Contains(f.server.log.String(), token.value) {
				t.Error("the token is in the log")
			}
		})
	}
	// The unknown key ID costs a load, which is two fetches, where this takes a minute.
	if asked := f.google.Fetches() - fetches; asked > 2 {
		t.Errorf("Google was asked %d times", asked)
	}
	if asked := f.firestore.Count("RunQuery") - queries; asked != 2*good {
		t.Errorf("Firestore was asked %d times for %d good tokens", asked, good)
	}
	if status, _, err := f.phone.ask(); status != http.StatusOK {
		t.Errorf("afterwards the server answers %d, %v", status, err)
	}
}

// hostileTokens are, but for the last, tokens that must not open anything: one of each kind.
// All kinds are in auth's tests.
func hostileTokens(t *testing.T, google *issuer.Issuer) []hostileToken {
	t.Helper()
	now := time.Now().Unix()
	good := google.Token("asker")
	parts := strings.Split(good, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	headed := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(header, "KID", google.KeyID(), 1))) + "." + payload
	}
	claiming := func(changes map[string]any) string {
		return google.Token("asker", func(_, claims map[string]any) { maps.Copy(claims, changes) })
	}
	hs256 := headed(`{"alg":"HS256","kid":"KID"}`)
	mac := hmac.New(sha256.New, []byte(google.Certificate()))
	mac.Write([]byte(hs256))

	return []hostileToken{
		{"blank", " \t ", missing},
		{"Bearer", "Bearer " + good, invalid},
		{"8 KiB of dots", strings.Repeat(".", 8<<10), invalid},
		{"a megabyte", strings.Repeat("a.", 1<<19), invalid},
		{"a tab within", header + ".\t" + payload + "." + signature, invalid},
		{"bytes of no script", "\xff\xfe." + payload + "." + signature, invalid},
		{"twice with a comma", good + "," + good, invalid},
		{"unsigned, as the emulator's", headed(`{"alg":"none","typ":"JWT"}`) + ".", invalid},
		{"HS256 with the certificate", hs256 + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), invalid},
		{"an unknown kid", google.Token("asker", func(header, _ map[string]any) { header["kid"] = "../../dev/null" }), invalid},
		{"another key, brought along", issuer.Sign(foreign, headed(`{"alg":"RS256","kid":"KID","x5c":["MIIB"],"jku":"https://keys.example/jwks.json"}`)), invalid},
		{"another's payload", header + "." + strings.Split(google.Token("victim"), ".")[1] + "." + signature, invalid},
		{"past its end", claiming(map[string]any{"exp": now - 302}), expired},
		{"from the future", claiming(map[string]any{"iat": now + 330}), invalid},
		{"another project's", claiming(map[string]any{"aud": "other", "iss": "https://securetoken.google.com/other"}), invalid},
		{"a session cookie by the ID tokens' key", claiming(map[string]any{"iss": "https://session.firebase.google.com/" + testProject}), invalid},
		{"of a tenant", claiming(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}}), invalid},

		{"good, with blanks around", " \t" + good + "\t ", ""},
		{"good, of many claims", claiming(map[string]any{"role": strings.Repeat("r", 5000)}), ""},
	}
}
