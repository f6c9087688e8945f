package auth

import (
	"context"
	"fmt"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"
	"github.com/maypok86/otter/v2"
)

const (
	// recheck is how long an answer of Google's about a token's user is relied on.
	recheck = 5 * time.Minute
	// lookupTimeout ends a look-up, unless the request that makes it has less time.
	lookupTimeout = 3 * time.Second
)

// users asks Google whether a token was revoked, or its user disabled or deleted.
type users struct {
	client  *fbauth.Client
	refused *otter.Cache[string, bool] // by token; entries end after recheck
}

func newUsers(ctx context.Context, project string) (*users, error) {
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project})
	if err != nil {
		return nil, err
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, err
	}
	refused, err := otter.New(&otter.Options[string, bool]{
		MaximumSize:      maxVerdicts,
		ExpiryCalculator: otter.ExpiryWriting[string, bool](recheck),
	})
	if err != nil {
		return nil, err
	}
	return &users{client, refused}, nil
}

func (u *users) close() { u.refused.StopAllGoroutines() }

// check returns ErrInvalid when the token's user may no longer use it, and
// ErrUnavailable when Google did not say.
func (u *users) check(ctx context.Context, token string, known verdict) error {
	refused, err := u.refused.Get(ctx, token,
		otter.LoaderFunc[string, bool](func(ctx context.Context, _ string) (bool, error) {
			return u.ask(ctx, known)
		}))
	switch {
	case errorutils.IsPermissionDenied(err), errorutils.IsUnauthenticated(err):
		return fmt.Errorf("auth: this server may not look users up, give its service account roles/firebaseauth.viewer: %w", err)
	case err != nil:
		return fmt.Errorf("%w: looking a user up: %v", ErrUnavailable, err)
	case refused:
		return invalid(revoked)
	}
	return nil
}

// ask compares as the SDK's VerifyIDTokenAndCheckRevoked does, which would verify the
// token's signature once more and might fetch keys for it.
func (u *users) ask(ctx context.Context, known verdict) (refused bool, err error) {
	end := time.Now().Add(lookupTimeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(end) {
		end = deadline
	}
	// A client that hangs up does not end it: all that carry the token wait for it.
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	user, err := u.client.GetUser(ctx, known.uid)
	if fbauth.IsUserNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return user.Disabled || known.issued*1000 < user.TokensValidAfterMillis, nil
}
