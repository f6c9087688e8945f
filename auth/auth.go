// Package auth tells whose request it is: it turns the value of the header x-token, a
// Firebase ID token or a Firebase session cookie, into the uid that Firebase Auth vouches
// for, and makes such a cookie for who signs in.
//
// The Admin SDK decides. This package adds what the SDK lacks: no request waits for
// Google's key endpoint while there are keys (keys.go), a token that was verified is not
// verified again (verdicts.go), a cookie outlives an outage of Google's list of users
// (users.go), calls to Google are bounded in time and number (google.go), what cannot be
// a token never reaches the SDK (token.go), and a refusal says why (reason.go). The SDK's
// types and errors do not leave this package.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	fbauth "firebase.google.com/go/v4/auth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Config says for whom and how a Verifier verifies.
type Config struct {
	// Project is the Firebase project whose tokens are good.
	Project string
	// Emulated says that the Auth emulator stands in for Firebase Auth: signatures are
	// not checked. The Admin SDK takes the decision from FIREBASE_AUTH_EMULATOR_HOST; New
	// fails when the two do not agree.
	Emulated bool
	// CheckRevoked also refuses ID tokens that were revoked and those of users that were
	// disabled or deleted, at the price of a call to Google every five minutes for each
	// token, which needs credentials: New fails without. Unless it is set, such a token is
	// good until it ends, at most an hour and five minutes.
	// Session cookies are always checked, and so is everything by the emulator.
	CheckRevoked bool
	Log          *slog.Logger
	Metrics      prometheus.Registerer
}

// A Verifier verifies ID tokens and session cookies, and makes these. It is safe for
// concurrent use.
type Verifier struct {
	project      string
	checkRevoked bool
	emulated     bool
	google       *google
	outcomes     *prometheus.CounterVec
	// The rest is nil in emulator mode.
	keys     map[*kind]*keys
	verdicts *verdicts
	users    *users
}

// The outcomes of a verification, beside the reasons for a refusal.
const (
	accepted    = "ok"          // by the SDK
	cached      = "cached"      // accepted without the SDK, which accepted the same token before
	unavailable = "unavailable" // ErrUnavailable
	failed      = "failed"      // any other error
)

// New returns a Verifier and begins to load Google's keys, without waiting for them. It
// needs credentials for CheckRevoked alone: without any, cookies are good until they are
// an hour old, and nobody can sign in.
func New(ctx context.Context, cfg Config) (*Verifier, error) {
	if cfg.Project == "" {
		return nil, errors.New("auth: no project")
	}
	client, err := newClient(ctx, cfg.Project)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if accepts := acceptsUnsigned(client, cfg.Project); accepts != cfg.Emulated {
		return nil, fmt.Errorf("auth: the Admin SDK accepts unsigned tokens: %t, but the configuration says %t", accepts, cfg.Emulated)
	}
	factory := promauto.With(cfg.Metrics)
	outcomes := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "willson_token_verdicts_total",
		Help: "Tokens looked at, by outcome: ok; cached, an ok that the SDK was not asked for again; " +
			"unavailable; failed; or the reason for a refusal.",
	}, []string{"outcome"})
	v := &Verifier{
		project: cfg.Project, checkRevoked: cfg.CheckRevoked, emulated: cfg.Emulated,
		google: newGoogle(cfg.Project), outcomes: outcomes,
	}
	for _, outcome := range append([]string{accepted, cached, unavailable, failed}, reasons...) {
		outcomes.WithLabelValues(outcome) // there from the start, at zero
	}
	if cfg.Emulated {
		v.google.client = client
		return v, nil
	}
	if cfg.CheckRevoked {
		if _, err := v.google.sdk(); err != nil {
			return nil, fmt.Errorf("auth: checking for revoked tokens: %w", err)
		}
	}
	if v.verdicts, err = newVerdicts(); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	v.users = &users{google: v.google, log: cfg.Log}
	v.keys = make(map[*kind]*keys)
	for _, of := range []*kind{idToken, sessionCookie} {
		v.keys[of] = newKeys(of, client, cfg.Project, cfg.Log, factory)
	}
	v.refreshIfDue(time.Now())
	return v, nil
}

// Close ends what runs beside the requests. No call of another method may follow.
func (v *Verifier) Close() {
	for _, keys := range v.keys {
		keys.close()
	}
}

// Ready reports whether a token that was never seen, of either kind, could be verified now.
func (v *Verifier) Ready() error {
	if v.emulated {
		return nil
	}
	v.refreshIfDue(time.Now())
	for of, keys := range v.keys {
		if !keys.loaded() {
			return fmt.Errorf("%w: %s", errNoKeys, of.name)
		}
	}
	return nil
}

// refreshIfDue keeps the keys of both kinds fresh, whichever a request needs.
func (v *Verifier) refreshIfDue(now time.Time) {
	for _, keys := range v.keys {
		keys.refreshIfDue(now)
	}
}

// Verify returns the uid that the token vouches for, given all values of the request's
// x-token header.
//
// The request waits for no call to the network, with these exceptions: the emulator looks
// every user up; a cookie's user is looked up every five minutes, and an ID token's if
// CheckRevoked is set; a token that finds no keys, or names a key that is not among them,
// may wait for a load of keys (see keys.verify).
func (v *Verifier) Verify(ctx context.Context, values []string) (string, error) {
	uid, outcome, err := v.verify(ctx, values)
	v.count(outcome, err)
	return uid, err
}

// count counts a token that was looked at, by the outcome if err is nil.
func (v *Verifier) count(outcome string, err error) {
	if err != nil {
		outcome = Reason(err)
		switch {
		case outcome != "":
		case errors.Is(err, ErrUnavailable):
			outcome = unavailable
		default:
			outcome = failed
		}
	}
	v.outcomes.WithLabelValues(outcome).Inc()
}

func (v *Verifier) verify(ctx context.Context, values []string) (uid, outcome string, err error) {
	now := time.Now()
	var known *verdict
	if !v.emulated {
		known = v.verdicts.find(values, now)
	}
	outcome = cached
	if known != nil {
		v.refreshIfDue(now)
	} else {
		token, err := wellFormed(values, v.emulated)
		if err != nil {
			return "", "", err
		}
		of := kindOf(token)
		t, err := v.check(ctx, of, token, now)
		if err != nil {
			return "", "", err
		}
		if v.emulated {
			return t.UID, accepted, nil
		}
		known = newVerdict(of, t)
		v.verdicts.keep(token, known)
		outcome = accepted
	}
	if known.kind.alwaysChecked || v.checkRevoked {
		if err := v.users.check(ctx, values[0], known, now); err != nil {
			return "", "", err
		}
	}
	return known.uid, outcome, nil
}

// check has the SDK verify a well-formed token as one of a kind, and refuses tenants'.
// The emulator is asked for the user too.
func (v *Verifier) check(ctx context.Context, of *kind, token string, now time.Time) (*fbauth.Token, error) {
	var t *fbauth.Token
	var err error
	if v.emulated {
		t, err = v.emulate(ctx, of, token, now)
	} else {
		v.refreshIfDue(now)
		t, err = v.keys[of].verify(ctx, token, now)
	}
	if err != nil {
		return nil, err
	}
	if t.Firebase.Tenant != "" {
		return nil, invalid(tenant)
	}
	return t, nil
}

// emulate has the SDK verify one of the emulator's tokens, for which it looks the user up
// over HTTP.
func (v *Verifier) emulate(ctx context.Context, of *kind, token string, now time.Time) (*fbauth.Token, error) {
	t, err := of.verify(v.google.client, ctx, token)
	switch {
	case err == nil:
		return t, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: the emulator does not answer: %w", ErrUnavailable, ctx.Err())
	}
	if _, refused := refusalOf(err, of, token, v.project, true, now); refused != nil {
		return nil, refused
	}
	return nil, fmt.Errorf("%w: the emulator: %v", ErrUnavailable, err)
}
