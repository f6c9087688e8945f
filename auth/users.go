package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// recheck is how long an answer of Google's about a token's user is relied on.
	recheck = 5 * time.Minute
	// grace is how long a cookie does without a newer answer while Google cannot be asked:
	// counted from the last answer or, before the first, from the cookie's making.
	grace = time.Hour
	// askPause is how long, once a look-up failed, cookies that do without an answer are
	// not asked for: in an outage their requests would each wait for callTimeout.
	askPause = 5 * time.Second
)

// users checks whether a token was revoked, or its user disabled or deleted.
type users struct {
	google  *google
	log     *slog.Logger
	flights singleflight.Group // look-ups under way, by token
	paused  atomic.Int64       // until when, in Unix nanoseconds, see askPause
}

// An answer is what Google said about a token's user.
type answer struct {
	refused bool
	at      time.Time
}

func (a answer) err() error {
	if a.refused {
		return invalid(revoked)
	}
	return nil
}

// check returns ErrInvalid when the token's user may no longer use it, and another error
// when Google did not say and the token cannot do without.
func (u *users) check(ctx context.Context, token string, known *verdict, now time.Time) error {
	last := known.user.Load()
	if last != nil && now.Sub(last.at) < recheck {
		return last.err()
	}
	meanwhile, ok := known.meanwhile(now)
	if ok && now.UnixNano() < u.paused.Load() {
		return meanwhile.err()
	}
	newest, err := u.ask(ctx, token, known)
	switch {
	case err == nil:
		known.user.Store(&newest)
		return newest.err()
	case ok:
		return meanwhile.err()
	}
	return err
}

// meanwhile is what counts while Google cannot be asked, if anything does. An ID token
// is checked where the operator wants to be sure, so for one nothing does.
func (v *verdict) meanwhile(now time.Time) (answer, bool) {
	if !v.kind.alwaysChecked {
		return answer{}, false
	}
	if last := v.user.Load(); last != nil && now.Sub(last.at) <= grace {
		return *last, true
	}
	return answer{}, now.Sub(time.Unix(v.issued, 0)) < grace
}

// ask looks a token's user up. All requests that carry the token wait for one look-up,
// which a client that hangs up does not end.
func (u *users) ask(ctx context.Context, token string, known *verdict) (answer, error) {
	flight := u.flights.DoChan(token, func() (any, error) {
		at := time.Now()
		refused, err := u.google.refuses(context.WithoutCancel(ctx), known.uid, known.since)
		u.note(err)
		return answer{refused, at}, err
	})
	select {
	case landed := <-flight:
		return landed.Val.(answer), landed.Err
	case <-ctx.Done():
		return answer{}, fmt.Errorf("%w: looking a user up: %v", ErrUnavailable, ctx.Err())
	}
}

// note begins or ends a pause. The first failure is logged here, since requests that do
// without an answer are answered well and log nothing.
func (u *users) note(err error) {
	switch now := time.Now(); {
	case errors.Is(err, errBusy): // says nothing about Google
	case err == nil:
		u.paused.Store(0)
	case u.paused.Swap(now.Add(askPause).UnixNano()) < now.UnixNano():
		u.log.Error("a token's user could not be looked up", "error", err, "next_try_in", askPause.String())
	}
}
