package auth

import (
	"context"
	"time"

	fbauth "firebase.google.com/go/v4/auth"
)

// An Identity is who Firebase Auth says signs in.
type Identity struct {
	UID   string
	Email string // the token's claim, "" without one
}

// SignIn returns who a token is that somebody signs in with. It has to be an ID token: a
// session cookie would renew itself for ever. Anonymous users are refused, and Google is
// asked anew, whatever CheckRevoked says and Verify knows, whether the user is disabled or
// deleted or the sign-in that the token stems from was revoked. No call to Google is made
// for a token that is refused without.
//
// The errors are Verify's. SignIn returns within three seconds: while Google cannot be
// asked, and while it is asked 32 things already, with ErrUnavailable.
func (v *Verifier) SignIn(ctx context.Context, token string) (Identity, error) {
	identity, err := v.signIn(ctx, token)
	v.count(accepted, err)
	return identity, err
}

func (v *Verifier) signIn(ctx context.Context, token string) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	t, err := v.idToken(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	if t.Firebase.SignInProvider == "anonymous" {
		return Identity{}, invalid(anonymous)
	}
	if !v.emulated { // whose SDK has just asked
		refused, err := v.google.refuses(ctx, t.UID, t.AuthTime)
		if err != nil {
			return Identity{}, err
		}
		if refused {
			return Identity{}, invalid(revoked)
		}
	}
	email, _ := t.Claims["email"].(string)
	return Identity{t.UID, email}, nil
}

// Cookie makes a session cookie, good for 30 hours, of an ID token that SignIn accepted.
// It returns within three seconds, as SignIn does. When Google makes none, because the
// token ended in between or its user is gone, the error wraps ErrInvalid or ErrExpired.
func (v *Verifier) Cookie(ctx context.Context, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := v.idToken(ctx, token); err != nil {
		return "", err
	}
	return v.google.cookie(ctx, token)
}

// idToken verifies what has to be an ID token.
func (v *Verifier) idToken(ctx context.Context, token string) (*fbauth.Token, error) {
	token, err := wellFormed([]string{token}, v.emulated)
	if err != nil {
		return nil, err
	}
	if kindOf(token) != idToken {
		return nil, invalid(notIDToken)
	}
	return v.check(ctx, idToken, token, time.Now())
}
