package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	fbauth "firebase.google.com/go/v4/auth"
)

// What can be wrong with a token. The errors of a Verifier wrap one of these. Any other
// error is a fault of this server or of its configuration, never the user's.
var (
	// ErrMissing: no header, or a blank one.
	ErrMissing = errors.New("auth: no token")
	// ErrExpired: a token past its end. Whoever sent it fetches a new one, or signs in again.
	ErrExpired = errors.New("auth: token expired")
	// ErrInvalid: anything else that is wrong with the token or its user.
	ErrInvalid = errors.New("auth: token invalid")
	// ErrUnavailable: nobody can tell now, because Google cannot be asked. Never the user's fault.
	ErrUnavailable = errors.New("auth: cannot verify tokens now")
)

// The reasons for which a token is refused, for the log and the metric: a fixed list, so
// that none of a client's own words gets there.
const (
	missing      = "missing"       // no header, or a blank one
	repeated     = "repeated"      // the header came more than once
	tooLong      = "too_long"      // more than maxToken bytes
	bearerPrefix = "bearer_prefix" // "Bearer " before the token, as in an Authorization header
	malformed    = "malformed"     // not the form of a token, or a claim missing or of a wrong type
	unsigned     = "unsigned"      // no signature, or the algorithm "none": an emulator's token, mostly
	algorithm    = "algorithm"     // signed in another way than RS256
	wrongProject = "wrong_project" // the claim aud or iss is of another project or service
	expired      = "expired"       // past its end
	notYetValid  = "not_yet_valid" // issued in the future: somebody's clock is wrong
	unknownKey   = "unknown_key"   // names a key that Google's newest keys do not hold
	signature    = "signature"     // not signed by the key that it names
	tenant       = "tenant"        // of an Identity Platform tenant; this product has none
	revoked      = "revoked"       // revoked, or its user disabled or deleted
	notIDToken   = "cookie"        // a session cookie, where an ID token is asked for
	anonymous    = "anonymous"     // signs in a user who gave no proof of anything
	noCookie     = "no_cookie"     // Google made no cookie of it: it just ended, or its user is gone
)

var reasons = []string{
	missing, repeated, tooLong, bearerPrefix, malformed, unsigned, algorithm, wrongProject,
	expired, notYetValid, unknownKey, signature, tenant, revoked, notIDToken, anonymous, noCookie,
}

// A refusal is an error that says why a token is not accepted.
type refusal struct {
	kind   error // ErrMissing, ErrExpired or ErrInvalid
	reason string
}

func (r *refusal) Error() string { return r.kind.Error() + ": " + r.reason }
func (r *refusal) Unwrap() error { return r.kind }

func invalid(reason string) error { return &refusal{ErrInvalid, reason} }

// Reason returns why a token was refused, one word of a short fixed list, or "" when err
// is not the refusal of a token.
func Reason(err error) string {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.reason
	}
	return ""
}

// A content is what a token says, verified or not.
type content struct {
	header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	claims fbauth.Token
}

// refusalOf turns the SDK's error about a token into a refusal, or returns nil when the
// error is none. The SDK tells the kind of its refusals but the cause in words alone, so
// the cause is looked for in the token itself, by the SDK's own rules: where nothing
// else is wrong, it is the signature. Nothing that a refused token says makes it good;
// its key ID may make it worth verifying again. err has to be the SDK's own value:
// wrapped, it would lose its kind.
func refusalOf(err error, of *kind, token, project string, emulated bool, now time.Time) (content, error) {
	switch {
	case of.expired(err):
		return content{}, &refusal{ErrExpired, expired}
	case of.revoked(err), fbauth.IsUserDisabled(err), fbauth.IsUserNotFound(err):
		return content{}, invalid(revoked)
	case !of.invalid(err):
		return content{}, nil
	}
	said, ok := read(token)
	if !ok {
		return content{}, invalid(malformed)
	}
	return said, invalid(said.flaw(of.issuer+project, project, emulated, now))
}

// read decodes a token's first two parts as the SDK does, into a map too: that fails for
// numbers which no struct's field asks for.
func read(token string) (said content, ok bool) {
	header, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	var all map[string]any
	for _, part := range []struct {
		encoded string
		into    any
	}{{header, &said.header}, {payload, &said.claims}, {payload, &all}} {
		decoded, err := base64.RawURLEncoding.DecodeString(part.encoded)
		if err != nil || json.NewDecoder(bytes.NewReader(decoded)).Decode(part.into) != nil {
			return content{}, false
		}
	}
	return said, true
}

// flaw names what is wrong with a token of this issuer for this project at this time.
func (c *content) flaw(issuer, project string, emulated bool, now time.Time) string {
	switch {
	case !emulated && strings.EqualFold(c.header.Algorithm, "none"):
		return unsigned
	case !emulated && c.header.Algorithm != "RS256":
		return algorithm
	case c.claims.Audience != project, c.claims.Issuer != issuer:
		return wrongProject
	case !emulated && c.header.KeyID == "", c.claims.Subject == "", len(c.claims.Subject) > 128:
		return malformed
	case c.claims.IssuedAt > now.Add(leeway).Unix():
		return notYetValid
	}
	return signature
}
