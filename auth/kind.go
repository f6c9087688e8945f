package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	fbauth "firebase.google.com/go/v4/auth"
)

// A kind is one of the two forms in which Firebase Auth says who somebody is. Both are
// signed tokens with the same claims. Each has an issuer and keys of its own, so that
// neither can be taken for the other.
type kind struct {
	name         string // for the log and the metrics
	issuer       string // the claim iss, but for the project at its end
	certificates string // where Google serves its keys
	// alwaysChecked says that revocation is checked whatever Config.CheckRevoked says.
	alwaysChecked bool
	verify        func(*fbauth.Client, context.Context, string) (*fbauth.Token, error)
	// What the SDK's refusals of this kind are; the other kind's predicates are false for
	// them. A disabled and a deleted user is the same refusal for both.
	expired, invalid, revoked func(error) bool
}

// The two kinds, with the Admin SDK's own values from its token_verifier.go.
var (
	// An ID token is good for an hour; Firebase's client SDKs renew it.
	idToken = &kind{
		name:         "id_token",
		issuer:       "https://securetoken.google.com/",
		certificates: "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com",
		verify:       (*fbauth.Client).VerifyIDToken,
		expired:      fbauth.IsIDTokenExpired,
		invalid:      fbauth.IsIDTokenInvalid,
		revoked:      fbauth.IsIDTokenRevoked,
	}
	// A session cookie is made of an ID token (Verifier.Cookie) and is good for 30 hours.
	// It keeps the ID token's claims, auth_time among them, but iss, iat and exp.
	sessionCookie = &kind{
		name:          "session_cookie",
		issuer:        "https://session.firebase.google.com/",
		certificates:  "https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys",
		alwaysChecked: true,
		verify:        (*fbauth.Client).VerifySessionCookie,
		expired:       fbauth.IsSessionCookieExpired,
		invalid:       fbauth.IsSessionCookieInvalid,
		revoked:       fbauth.IsSessionCookieRevoked,
	}
)

// kindOf tells by the claim iss which kind a token wants to be verified as; what says
// nothing that fits is verified, and refused, as an ID token. Nothing is proven by it:
// the SDK compares iss again.
func kindOf(token string) *kind {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	var claims struct {
		Issuer string `json:"iss"`
	}
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil && json.NewDecoder(bytes.NewReader(decoded)).Decode(&claims) == nil &&
		strings.HasPrefix(claims.Issuer, sessionCookie.issuer) {
		return sessionCookie
	}
	return idToken
}
