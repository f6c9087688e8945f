package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // for RS384 and RS512
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
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
	tokens := hostileTokens(t, f.google)
	good := 0
	fetches, queries := f.google.Fetches(), f.firestore.Count("RunQuery")
	for _, token := range tokens {
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
	if asked := f.google.Fetches() - fetches; asked != 0 {
		t.Errorf("Google was asked %d times", asked)
	}
	if asked := f.firestore.Count("RunQuery") - queries; asked != 2*good {
		t.Errorf("Firestore was asked %d times for %d good tokens", asked, good)
	}
	if refused := len(tokens) - good; refused < 60 {
		t.Errorf("only %d tokens are refused", refused)
	}
	if status, _, err := f.phone.ask(); status != http.StatusOK {
		t.Errorf("afterwards the server answers %d, %v", status, err)
	}
}

// hostileTokens are, but for the last, tokens that must not open anything.
func hostileTokens(t *testing.T, google *issuer.Issuer) []hostileToken {
	t.Helper()
	now := time.Now().Unix()
	good := google.Token("asker")
	header, payload, signature := parts(good)
	_, otherPayload, otherSignature := parts(google.Token("victim"))
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	publicKey := publicKeyOf(t, google.Certificate())
	with := func(edits ...any) string { return google.Token("asker", edit(edits)) }
	headed := func(changes map[string]any) string {
		return google.Token("asker", func(header, _ map[string]any) { apply(header, changes) })
	}
	claims := decoded(t, payload)
	raw := func(claims string) string { return google.Raw(decoded(t, header), claims) }
	issuedBy := func(iss, aud any, more map[string]any) string {
		return google.Token("asker", func(_, claims map[string]any) {
			claims["iss"], claims["aud"] = iss, aud
			apply(claims, more)
		})
	}
	byForeign := func(changes map[string]any) string {
		content := map[string]any{}
		if err := json.Unmarshal([]byte(decoded(t, header)), &content); err != nil {
			t.Fatal(err)
		}
		apply(content, changes)
		encoded, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		return issuer.Sign(foreign, encode(string(encoded))+"."+payload)
	}
	foreignJWK := map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": google.KeyID(), "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(foreign.N.Bytes()),
	}
	hs256 := func(secret []byte) string {
		signed := encode(`{"alg":"HS256","typ":"JWT","kid":"`+google.KeyID()+`"}`) + "." + payload
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	algorithm := func(alg string) string {
		return encode(`{"alg":"` + alg + `","typ":"JWT","kid":"` + google.KeyID() + `"}`)
	}

	return []hostileToken{
		{"blank", "   ", missing},
		{"tabs", "\t\t", missing},

		{"null", "null", invalid},
		{"undefined", "undefined", invalid},
		{"Bearer", "Bearer " + good, invalid},
		{"in quotes", `"` + good + `"`, invalid},
		{"an object", "{}", invalid},
		{"one part", header, invalid},
		{"two parts", header + "." + payload, invalid},
		{"four parts", good + "." + signature, invalid},
		{"five parts, as an encrypted token", header + ".." + payload + "." + signature + "." + signature, invalid},
		{"two dots", "..", invalid},
		{"8 KiB of dots", strings.Repeat(".", 8<<10), invalid},
		{"8 KiB of letters", strings.Repeat("A", 8<<10), invalid},
		{"a little over 8 KiB, signed", long(google, 8<<10+1), invalid},
		{"10 KiB, signed", long(google, 10<<10), invalid},
		{"a megabyte", strings.Repeat("a.", 1<<19), invalid},
		{"base64 of the other kind", strings.NewReplacer("-", "+", "_", "/").Replace(good) + "+/", invalid},
		{"padded", header + "=." + payload + "=." + signature + "==", invalid},
		{"a blank within", header + ". " + payload + "." + signature, invalid},
		{"a tab within", header + ".\t" + payload + "." + signature, invalid},
		{"dots as %2E", strings.ReplaceAll(good, ".", "%2E"), invalid},
		{"dots of another script", strings.ReplaceAll(good, ".", "。"), invalid},
		{"a space of no width", good + "\u200b", invalid},
		{"bytes of no script", "\xff\xfe." + payload + "." + signature, invalid},
		{"in capitals", strings.ToUpper(good), invalid},
		{"as JSON", `{"protected":"` + header + `","payload":"` + payload + `","signature":"` + signature + `"}`, invalid},
		{"twice with a comma", good + "," + good, invalid},
		{"with parameters", good + ";uid=victim", invalid},
		{"a header that is no JSON", issuer.Sign(foreign, encode("RS256")+"."+payload), invalid},
		{"a header that is a list", google.Raw(`["RS256"]`, claims), invalid},
		{"a header that is null", google.Raw(`null`, claims), invalid},
		{"a payload that is no JSON", raw("asker"), invalid},
		{"a payload that breaks off", raw(claims[:len(claims)-1]), invalid},
		{"a payload that is null", raw("null"), invalid},
		{"a payload that is a list", raw("[" + claims + "]"), invalid},
		{"a payload of 5,000 lists", raw(strings.Repeat("[", 5000)), invalid},
		{"a claim of 2,500 lists", raw(`{"x":` + strings.Repeat("[", 2500) + strings.Repeat("]", 2500) + "}"), invalid},
		{"a payload of zeros", raw(strings.Repeat("\x00", 300)), invalid},

		{"alg none, unsigned", encode(`{"alg":"none","typ":"JWT"}`) + "." + payload + ".", invalid},
		{"alg none, Google's kid", algorithm("none") + "." + payload + ".", invalid},
		{"alg none, a good signature", algorithm("none") + "." + payload + "." + signature, invalid},
		{"alg None", algorithm("None") + "." + payload + ".AAAA", invalid},
		{"alg nOnE", algorithm("nOnE") + "." + payload + ".AAAA", invalid},
		{"no alg", headed(map[string]any{"alg": nil}), invalid},
		{"alg null", google.Raw(`{"alg":null,"kid":"`+google.KeyID()+`"}`, claims), invalid},
		{"an empty alg", headed(map[string]any{"alg": ""}), invalid},
		{"a list of algs", headed(map[string]any{"alg": []string{"RS256"}}), invalid},
		{"alg in small letters", headed(map[string]any{"alg": "rs256"}), invalid},
		{"alg twice", encode(`{"alg":"none","kid":"`+google.KeyID()+`","alg":"RS256"}`) + "." + payload + ".AAAA", invalid},
		{"HS256 with the certificate", hs256([]byte(google.Certificate())), invalid},
		{"HS256 with the public key", hs256(publicKeyPEM(t, publicKey)), invalid},
		{"HS256 with the modulus", hs256(publicKey.N.Bytes()), invalid},
		{"HS256 with the kid", hs256([]byte(google.KeyID())), invalid},
		{"HS256 with nothing", hs256(nil), invalid},
		{"RS384 by another key", signedWith(t, foreign, crypto.SHA384, algorithm("RS384")+"."+payload), invalid},
		{"RS512 by another key", signedWith(t, foreign, crypto.SHA512, algorithm("RS512")+"."+payload), invalid},
		{"called RS384", headed(map[string]any{"alg": "RS384"}), invalid},
		{"called RS512", headed(map[string]any{"alg": "RS512"}), invalid},
		{"called PS256", headed(map[string]any{"alg": "PS256"}), invalid},
		{"called HS256", headed(map[string]any{"alg": "HS256"}), invalid},
		{"ES256", es256(t, algorithm("ES256")+"."+payload), invalid},
		{"EdDSA", eddsa(t, algorithm("EdDSA")+"."+payload), invalid},

		{"no kid", headed(map[string]any{"kid": nil}), invalid},
		{"an empty kid", headed(map[string]any{"kid": ""}), invalid},
		{"an unknown kid", headed(map[string]any{"kid": strings.Repeat("0", 40)}), invalid},
		{"a kid in capitals", headed(map[string]any{"kid": strings.ToUpper(google.KeyID())}), invalid},
		{"a number as kid", headed(map[string]any{"kid": 1}), invalid},
		{"a list of kids", headed(map[string]any{"kid": []string{google.KeyID()}}), invalid},
		{"a path as kid", headed(map[string]any{"kid": "../../../../dev/null"}), invalid},
		{"an address as kid", headed(map[string]any{"kid": "https://keys.example/key"}), invalid},
		{"SQL as kid", headed(map[string]any{"kid": "x' UNION SELECT 'secret"}), invalid},
		{"a kid of 5,000 letters", headed(map[string]any{"kid": strings.Repeat("k", 5000)}), invalid},
		{"another key under Google's kid", byForeign(nil), invalid},
		{"another key under its own kid", byForeign(map[string]any{"kid": "mine"}), invalid},
		{"another key, brought along as jwk", byForeign(map[string]any{"jwk": foreignJWK}), invalid},
		{"another key, at a jku", byForeign(map[string]any{"jku": "https://keys.example/jwks.json"}), invalid},
		{"another key, at an x5u", byForeign(map[string]any{"x5u": "https://keys.example/chain.pem"}), invalid},
		{"another key, with an x5c", byForeign(map[string]any{"x5c": []string{"MIIB"}}), invalid},
		{"another key, crit", byForeign(map[string]any{"crit": []string{"exp"}, "exp": now + 3600}), invalid},
		{"another key, b64 false", byForeign(map[string]any{"crit": []string{"b64"}, "b64": false}), invalid},
		{"another key, compressed", byForeign(map[string]any{"zip": "DEF"}), invalid},

		{"no signature", header + "." + payload + ".", invalid},
		{"a signature cut by a letter", good[:len(good)-1], invalid},
		{"a signature cut in half", good[:len(good)-len(signature)/2], invalid},
		{"a signature with more", good + "AAAA", invalid},
		{"a signature twice", good + signature, invalid},
		{"a signature with a bit changed", header + "." + payload + "." + flipped(signature, 100), invalid},
		{"stray low bits in the signature", good[:len(good)-1] + string(neighbour(good[len(good)-1])), invalid},
		{"another token's signature", header + "." + payload + "." + otherSignature, invalid},
		{"another token's payload", header + "." + otherPayload + "." + signature, invalid},
		{"a signature of zeros", header + "." + payload + "." + encode(strings.Repeat("\x00", 256)), invalid},
		{"a signature of ones", header + "." + payload + "." + encode(strings.Repeat("\xff", 256)), invalid},
		{"a signature of one", header + "." + payload + "." + encode(strings.Repeat("\x00", 255)+"\x01"), invalid},
		{"a signature and the modulus", header + "." + payload + "." + plusModulus(t, signature, publicKey), invalid},
		{"a signature with a zero before it", header + "." + payload + "." + encode("\x00"+decoded(t, signature)), invalid},
		{"the payload changed", header + "." + encode(strings.Replace(claims, `"sub":"asker"`, `"sub":"victim"`, 1)) + "." + signature, invalid},
		{"a blank more in the payload", header + "." + encode(claims+" ") + "." + signature, invalid},

		{"past its end", with("exp", now-302), expired},
		{"long past its end", with("exp", 1_000_000_000), expired},
		{"past its end and forged", flippedToken(with("exp", now-302)), expired},
		{"no exp", with("exp", nil), expired},
		{"exp null", raw(strings.Replace(claims, `"exp":`, `"exp":null,"exq":`, 1)), expired},
		{"exp 0", with("exp", 0), expired},
		{"exp before 1970", with("exp", -1), expired},
		{"exp at the end of all numbers", with("exp", int64(math.MaxInt64)), expired},
		{"exp beyond all numbers", with("exp", 1e300), invalid},
		{"exp with a fraction", with("exp", float64(now)+3600.5), invalid},
		{"exp in quotes", with("exp", fmt.Sprint(now+3600)), invalid},
		{"exp as a date", with("exp", "2099-01-01T00:00:00Z"), invalid},
		{"exp true", with("exp", true), invalid},
		{"exp a list", with("exp", []int64{now + 3600}), invalid},
		{"from the future", with("iat", now+330), invalid},
		{"from the far future", with("iat", now*1000, "exp", now*1000+3600), invalid},
		{"iat in quotes", with("iat", fmt.Sprint(now)), invalid},
		{"iat with a fraction", with("iat", float64(now)+0.5), invalid},
		{"nbf, and another key", byForeign(map[string]any{"nbf": now + 3600}), invalid},

		{"another project's aud", with("aud", "other-project"), invalid},
		{"no aud", with("aud", nil), invalid},
		{"an empty aud", with("aud", ""), invalid},
		{"a list of auds, ours among them", with("aud", []string{testProject, "other-project"}), invalid},
		{"a number as aud", with("aud", 1), invalid},
		{"aud in capitals", with("aud", strings.ToUpper(testProject)), invalid},
		{"aud with a blank", with("aud", testProject+" "), invalid},
		{"aud twice, the second another's", raw(strings.TrimSuffix(claims, "}") + `,"aud":"other-project"}`), invalid},
		{"another project's iss", with("iss", "https://securetoken.google.com/other-project"), invalid},
		{"another project's aud and iss", with("aud", "other-project", "iss", "https://securetoken.google.com/other-project"), invalid},
		{"no iss", with("iss", nil), invalid},
		{"iss without TLS", with("iss", "http://securetoken.google.com/"+testProject), invalid},
		{"iss with a slash", with("iss", "https://securetoken.google.com/"+testProject+"/"), invalid},
		{"iss of another host", with("iss", "https://securetoken.google.com.example/"+testProject), invalid},
		{"no sub", with("sub", nil), invalid},
		{"an empty sub", with("sub", ""), invalid},
		{"a sub of 129 letters", with("sub", strings.Repeat("u", 129)), invalid},
		{"a number as sub", with("sub", 1205312339), invalid},
		{"a list of subs", with("sub", []string{"asker", "victim"}), invalid},
		{"a sub within", with("sub", map[string]any{"sub": "victim"}), invalid},
		{"sub null, user_id set", with("sub", nil, "user_id", "victim", "uid", "victim"), invalid},
		{"sub twice, the second empty", raw(strings.TrimSuffix(claims, "}") + `,"sub":""}`), invalid},
		{"firebase that is no object", with("firebase", "password"), invalid},

		{"a custom token", issuer.Sign(foreign, encode(`{"alg":"RS256","typ":"JWT"}`)+"."+encode(fmt.Sprintf(
			`{"iss":"server@%s.iam.gserviceaccount.com","sub":"server@%[1]s.iam.gserviceaccount.com","aud":"https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit","iat":%d,"exp":%d,"uid":"asker"}`,
			testProject, now, now+3600))), invalid},
		{"a custom token by Google's key", issuedBy("server@"+testProject+".iam.gserviceaccount.com",
			"https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit", map[string]any{"uid": "asker"}), invalid},
		{"a session cookie", issuedBy("https://session.firebase.google.com/"+testProject, testProject, nil), invalid},
		{"a Google sign-in", issuedBy("https://accounts.google.com", "1234-abc.apps.googleusercontent.com",
			map[string]any{"azp": "1234-abc.apps.googleusercontent.com", "email": "asker@example.com", "email_verified": true}), invalid},
		{"a Google sign-in for this project", issuedBy("https://accounts.google.com", testProject, nil), invalid},
		{"a service account's own", issuedBy("server@"+testProject+".iam.gserviceaccount.com", "https://firestore.googleapis.com/",
			map[string]any{"sub": "server@" + testProject + ".iam.gserviceaccount.com"}), invalid},
		{"a Cloud Run caller's", issuedBy("https://accounts.google.com", "https://willson-abc-du.a.run.app", nil), invalid},
		{"an App Check token", issuedBy("https://firebaseappcheck.googleapis.com/1234", []string{"projects/1234", "projects/" + testProject},
			map[string]any{"sub": "1:1234:ios:abc"}), invalid},
		{"an access token", "ya29.a0AfB_byDx0000000000000000000000000000000", invalid},
		{"a refresh token", "AMf-vBx0000000000000000000000000000000000000", invalid},
		{"an API key", "AIzaSyD0000000000000000000000000000000", invalid},
		{"the emulator's", encode(`{"alg":"none","typ":"JWT"}`) + "." + encode(fmt.Sprintf(
			`{"iss":"https://securetoken.google.com/%s","aud":%[1]q,"sub":"asker","user_id":"asker","iat":%d,"exp":%d}`, testProject, now, now+3600)) + ".", invalid},

		{"good", good, ""},
		{"good, with blanks around", " \t" + good + "\t ", ""},
		{"good, past its end within the leeway", with("exp", now-200), ""},
		{"good, by a clock that is ahead within the leeway", with("iat", now+200), ""},
		{"good, with an nbf, which Firebase's never have", with("nbf", now+3600), ""},
		{"good, of almost 8 KiB", long(google, 8<<10-2), ""},
	}
}

// parts are a token's three.
func parts(token string) (header, payload, signature string) {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ = strings.Cut(rest, ".")
	return header, payload, signature
}

func encode(content string) string { return base64.RawURLEncoding.EncodeToString([]byte(content)) }

func decoded(t *testing.T, part string) string {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// edit sets claims, given as names and values; a nil takes one away.
func edit(pairs []any) func(header, claims map[string]any) {
	changes := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		changes[pairs[i].(string)] = pairs[i+1]
	}
	return func(_, claims map[string]any) { apply(claims, changes) }
}

func apply(to, changes map[string]any) {
	maps.Copy(to, changes)
	maps.DeleteFunc(to, func(_ string, value any) bool { return value == nil })
}

// long is the shortest good token of at least so many bytes.
func long(google *issuer.Issuer, bytes int) string {
	withRole := func(n int) string {
		return google.Token("asker", func(_, claims map[string]any) { claims["role"] = strings.Repeat("r", n) })
	}
	n := (bytes-len(withRole(0)))*3/4 - 4
	for {
		if token := withRole(n); len(token) >= bytes {
			return token
		}
		n++
	}
}

// flipped is a part with one of its bits changed.
func flipped(part string, at int) string {
	return part[:at] + string(neighbour(part[at])) + part[at+1:]
}

// flippedToken is a token with a bit of its signature changed.
func flippedToken(token string) string { return flipped(token, len(token)-100) }

// neighbour is the digit of base64url that differs from this one in its lowest bit.
func neighbour(digit byte) byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return digits[strings.IndexByte(digits, digit)^1]
}

func publicKeyOf(t *testing.T, certificate string) *rsa.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(certificate))
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.PublicKey.(*rsa.PublicKey)
}

func publicKeyPEM(t *testing.T, key *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// plusModulus is a signature as another number that is the same to RSA.
func plusModulus(t *testing.T, signature string, key *rsa.PublicKey) string {
	t.Helper()
	sum := new(big.Int).SetBytes([]byte(decoded(t, signature)))
	return base64.RawURLEncoding.EncodeToString(sum.Add(sum, key.N).Bytes())
}

func signedWith(t *testing.T, key *rsa.PrivateKey, hash crypto.Hash, signed string) string {
	t.Helper()
	h := hash.New()
	io.WriteString(h, signed)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func es256(t *testing.T, signed string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func eddsa(t *testing.T, signed string) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed)))
}
