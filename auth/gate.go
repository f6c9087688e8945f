package auth

import "strings"

// maxToken bounds a token's length in bytes. Firebase's are about 900, and custom
// claims, which the SDK bounds at 1,000, add a third more than their length.
const maxToken = 8 << 10

// gate returns the one token of a request, or says why there can be none. It lets
// through only what has the form of a signed token, written in the one way that
// RFC 7515 allows: three parts of unpadded base64url. The SDK's decoder also takes
// line breaks and stray low bits in the signature, so that one token could come as
// many strings. Only the emulator's tokens are unsigned: their third part is empty.
func gate(values []string, unsigned bool) (string, error) {
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return "", ErrMissing
	}
	if len(values) > 1 || len(values[0]) > maxToken {
		return "", ErrInvalid
	}
	header, rest, _ := strings.Cut(values[0], ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if !canonical(header) || !canonical(payload) {
		return "", ErrInvalid
	}
	if !canonical(signature) && !(unsigned && strings.HasSuffix(rest, ".") && signature == "") {
		return "", ErrInvalid
	}
	return values[0], nil
}

// canonical reports whether s is some bytes, at least one, in unpadded base64url, and
// the only such string for them.
func canonical(s string) bool {
	var last byte
	for i := range len(s) {
		if last = sextet(s[i]); last > 63 {
			return false
		}
	}
	switch len(s) % 4 {
	case 0:
		return s != ""
	case 2:
		return last&0x0f == 0 // one byte in twelve bits
	case 3:
		return last&0x03 == 0 // two bytes in eighteen bits
	}
	return false
}

// sextet is the value of a base64url digit, or 0xff.
func sextet(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c - 'A'
	case 'a' <= c && c <= 'z':
		return c - 'a' + 26
	case '0' <= c && c <= '9':
		return c - '0' + 52
	case c == '-':
		return 62
	case c == '_':
		return 63
	}
	return 0xff
}
