package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"
	"golang.org/x/oauth2"
)

const (
	// callTimeout ends a call to Google. It is below the default deadline of a request:
	// the SDK by itself tries again until the deadline is over.
	callTimeout = 3 * time.Second
	// maxCalls bounds the calls to Google that are under way at once.
	maxCalls = 32
	// cookieLife is how long a session cookie is good: longer than a day's talks and their
	// reviews. Google allows five minutes to two weeks.
	cookieLife = 30 * time.Hour
)

var errBusy = fmt.Errorf("%w: too many calls to Google at once", ErrUnavailable)

// google asks Firebase Auth what needs credentials: looking users up and making cookies.
// In emulator mode it asks the emulator.
type google struct {
	project string
	slots   chan struct{} // holds one for each call that is under way

	mu     sync.Mutex
	client *fbauth.Client // nil until one could be made
}

func newGoogle(project string) *google {
	return &google{project: project, slots: make(chan struct{}, maxCalls)}
}

// sdk returns the SDK client, which is made at its first use: a server without
// credentials starts, and verifies what it can without them.
func (g *google) sdk() (*fbauth.Client, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.client != nil {
		return g.client, nil
	}
	// The client fetches its access tokens with this context and with no timeout of its own.
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: http.DefaultTransport, Timeout: callTimeout})
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: g.project})
	if err != nil {
		return nil, err
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, err
	}
	g.client = client
	return client, nil
}

// call makes one call, which ends with ctx and after callTimeout. The error is the SDK's
// own value, or wraps ErrUnavailable: at once when there are maxCalls already. While an
// access token is fetched, the SDK does not look at its context, and all calls wait for
// one fetch: so call does not wait for the SDK to come back.
func call[T any](ctx context.Context, g *google, do func(context.Context, *fbauth.Client) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	select {
	case g.slots <- struct{}{}:
	default:
		return result{}.value, errBusy
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { <-g.slots; done <- r }()
		var client *fbauth.Client
		if client, r.err = g.sdk(); r.err == nil {
			r.value, r.err = do(ctx, client)
		}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return result{}.value, fmt.Errorf("%w: Google does not answer: %v", ErrUnavailable, ctx.Err())
	}
}

// refuses asks whether a user is deleted or disabled, or whether the tokens of sign-ins
// before since, in seconds, were revoked. It compares as the SDK's functions that check
// for revocation do; those would verify the signature once more, and compare a cookie's
// iat, which is later than the sign-in that it stands for.
func (g *google) refuses(ctx context.Context, uid string, since int64) (bool, error) {
	user, err := call(ctx, g, func(ctx context.Context, client *fbauth.Client) (*fbauth.UserRecord, error) {
		return client.GetUser(ctx, uid)
	})
	switch {
	case fbauth.IsUserNotFound(err):
		return true, nil
	case err != nil:
		return false, unanswered(err, "look users up", "firebaseauth.users.get")
	}
	return user.Disabled || since*1000 < user.TokensValidAfterMillis, nil
}

// cookie makes a session cookie of an ID token.
func (g *google) cookie(ctx context.Context, token string) (string, error) {
	cookie, err := call(ctx, g, func(ctx context.Context, client *fbauth.Client) (string, error) {
		return client.SessionCookie(ctx, token, cookieLife)
	})
	switch {
	case fbauth.IsUserNotFound(err), errorutils.IsInvalidArgument(err): // status 400
		return "", fmt.Errorf("%w: %v", invalid(noCookie), err)
	case err != nil:
		return "", unanswered(err, "make session cookies", "firebaseauth.users.createSession")
	case cookie == "":
		return "", fmt.Errorf("%w: Google answered without a cookie", ErrUnavailable)
	}
	return cookie, nil
}

// unanswered tells an error of a call that says nothing about a token: an outage is
// ErrUnavailable; what only the operator can mend is no error of this package's list.
func unanswered(err error, what, permission string) error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return err
	case errorutils.IsPermissionDenied(err), errorutils.IsUnauthenticated(err):
		return fmt.Errorf("auth: this server may not %s: give its service account a role with the permission %s: %w", what, permission, err)
	}
	return fmt.Errorf("%w: this server cannot %s: %v", ErrUnavailable, what, err)
}
