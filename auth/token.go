package auth

import (
	"encoding/base64"
	"strings"
)

// maxToken bounds a token's length in bytes. Firebase's are about 900, and custom
// claims, which the SDK bounds at 1,000, add a third more than their length.
const maxToken = 8 << 10

// wellFormed returns the one token of a request, or says why there can be none. It
// accepts only what has the form of a signed token, written in the one way that RFC 7515
// allows: three parts of unpadded base64url. The SDK's decoder also takes line breaks
// and stray low bits in the signature, so that one token could come as many strings.
// Only the emulator's tokens are unsigned: their third part is empty.
func wellFormed(values []string, emulated bool) (string, error) {
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return "", &refusal{ErrMissing, missing}
	}
	token := values[0]
	const bearer = "Bearer "
	switch {
	case len(values) > 1:
		return "", invalid(repeated)
	case len(token) > maxToken:
		return "", invalid(tooLong)
	case len(token) >= len(bearer) && strings.EqualFold(token[:len(bearer)], bearer):
		return "", invalid(bearerPrefix)
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, last, three := strings.Cut(rest, ".")
	switch {
	case !three || !canonical(header) || !canonical(payload) || last != "" && !canonical(last):
		return "", invalid(malformed)
	case last == "" && !emulated:
		return "", invalid(unsigned)
	}
	return token, nil
}

// canonical reports whether part is some bytes, at least one, in unpadded base64url, and
// the only such string for them.
func canonical(part string) bool {
	if part == "" || strings.ContainsAny(part, "\r\n") { // Go's decoder passes over line breaks
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return err == nil
}
