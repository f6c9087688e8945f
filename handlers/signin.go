package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"willson/auth"
	"willson/life"
)

// An AccountStore keeps who there is.
type AccountStore interface {
	// Enter makes the account, with so many welcome pots, or notes the login of the one there
	// is, and returns it.
	Enter(ctx context.Context, who life.Account, welcome int64) (life.Account, error)
	// EnterKnown notes the login of an account, or returns life.ErrUserNotFound.
	EnterKnown(ctx context.Context, uid string) (life.Account, error)
	// KeepPushToken notes on which phone an account signed in last, if that is a token.
	KeepPushToken(ctx context.Context, uid, token string) error
}

// keepTokenTimeout is how long a sign-in waits for its push token to be kept.
const keepTokenTimeout = time.Second

// socials are the ways in which a user may have signed in.
var socials = []string{"email", "facebook", "apple", "google", "kakao"}

// An enteredAccount is the data of sign-up and sign-in. The app keeps access_token for good.
type enteredAccount struct {
	LoginAt      int64   `json:"login_at"` // epoch milliseconds, as the next two
	CreatedAt    int64   `json:"created_at"`
	UpdatedAt    int64   `json:"updated_at"`
	Idx          int64   `json:"idx"`
	ID           string  `json:"id"` // the uid
	Social       string  `json:"social"`
	Email        string  `json:"email"`
	Gender       string  `json:"gender"` // F, M or ""
	Age          string  `json:"age"`    // a band, or ""
	Nickname     string  `json:"nickname"`
	Status       *string `json:"status"`       // always null
	AccessToken  string  `json:"access_token"` // a session cookie
	RefreshToken string  `json:"refresh_token"`
}

// signUp serves POST /api/v1/asker/sign/signup.
func (s *server) signUp(ctx context.Context, r request) (any, error) {
	who, token, err := s.signedIn(ctx, r)
	if err != nil {
		return nil, err
	}
	who.Social = r.body.oneOf("social", socials...)
	who.Nickname = r.body.trimmed("nickname", 1, 20)
	who.Gender = r.body.oneOf("gender", "F", "M")
	who.BirthYear = r.body.year("age")
	if r.body.err != nil {
		return nil, r.body.err
	}
	if age := int64(s.Now().In(life.Seoul).Year()) - who.BirthYear; age < 19 || who.BirthYear < 1900 {
		return nil, outOfRange(who.BirthYear)
	}
	account, err := s.Store.Enter(ctx, who, s.WelcomePots)
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, r, account, token)
}

// signIn serves POST /api/v1/asker/sign/signin. Somebody without an account whom the app
// has no form for gets one; others are told to sign up.
func (s *server) signIn(ctx context.Context, r request) (any, error) {
	who, token, err := s.signedIn(ctx, r)
	if err != nil {
		return nil, err
	}
	who.Social = r.body.oneOf("social", socials...)
	if r.body.err != nil {
		return nil, r.body.err
	}
	var account life.Account
	if who.Social == "email" {
		// A name made of the address would publish it.
		who.Nickname = s.Reference.Nickname(rand.Uint64())
		account, err = s.Store.Enter(ctx, who, s.WelcomePots)
	} else if account, err = s.Store.EnterKnown(ctx, who.UID); errors.Is(err, life.ErrUserNotFound) {
		err = errToSignUp
	}
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, r, account, token)
}

// signedIn verifies the token of a body. Whoever it is was asked for at Google just now.
func (s *server) signedIn(ctx context.Context, r request) (life.Account, string, error) {
	var token string
	r.body.value("token", &token)
	if r.body.err != nil {
		return life.Account{}, "", r.body.err
	}
	if strings.TrimSpace(token) == "" {
		return life.Account{}, "", auth.ErrMissing
	}
	identity, err := s.Verifier.SignIn(ctx, token)
	if err != nil {
		return life.Account{}, "", loginFailed(r, err)
	}
	r.rec.uid = identity.UID
	return life.Account{UID: identity.UID, Email: identity.Email}, token, nil
}

// keepPushToken keeps where the phone is told things. It is a courtesy: whatever the body
// says and whatever fails, the user is signed in.
func (s *server) keepPushToken(ctx context.Context, r request, uid string) {
	var token string
	if json.Unmarshal(r.body.keys["push_token"], &token) != nil || token == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keepTokenTimeout)
	defer cancel()
	if err := s.Store.KeepPushToken(ctx, uid, token); err != nil {
		s.Log.WarnContext(ctx, "a push token was not kept", "error", err)
	}
}

// loginFailed is what a refused token is in a body: there is no header to blame.
func loginFailed(r request, err error) error {
	if !errors.Is(err, auth.ErrInvalid) && !errors.Is(err, auth.ErrExpired) && !errors.Is(err, auth.ErrMissing) {
		return err
	}
	var social string
	if r.body.value("social", &social); social == "kakao" {
		return fmt.Errorf("%w: %w", errKakao, err)
	}
	return fmt.Errorf("%w: %w", errLoginFailed, err)
}

// entered answers with the account and a cookie for it.
func (s *server) entered(ctx context.Context, r request, account life.Account, token string) (any, error) {
	cookie, err := s.Verifier.Cookie(ctx, token)
	if err != nil {
		return nil, loginFailed(r, err)
	}
	s.keepPushToken(ctx, r, account.UID)
	return enteredAccount{
		LoginAt:     account.LoginAt.UnixMilli(),
		CreatedAt:   account.CreatedAt.UnixMilli(),
		UpdatedAt:   account.UpdatedAt.UnixMilli(),
		Idx:         account.Idx,
		ID:          account.UID,
		Social:      account.Social,
		Email:       account.Email,
		Gender:      account.Gender,
		Age:         life.Age(account.BirthYear, s.Now()),
		Nickname:    account.Nickname,
		AccessToken: cookie,
	}, nil
}
