// Package auth tells whose request it is: it turns the value of the header x-token,
// a Firebase ID token, into the uid that Firebase Auth vouches for.
//
// The Admin SDK decides. This package adds what the SDK lacks: no request waits for
// Google's key endpoint while there are keys (keys.go), a token that was verified is not
// verified again (verdicts.go), what cannot be a token never reaches the SDK (token.go),
// and a refusal says why (reason.go). The SDK's types and errors do not leave this
// package.
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
	// CheckRevoked also refuses tokens that were revoked and users that were disabled or
	// deleted, at the price of a call to Google every five minutes for each token, which
	// needs credentials. Without it such a token is good until it ends, at most
	// an hour and five minutes.
	// The emulator always checks.
	CheckRevoked bool
	Log          *slog.Logger
	Metrics      prometheus.Registerer
}

// A Verifier verifies ID tokens. It is safe for concurrent use.
type Verifier struct {
	project  string
	keys     *keys
	verdicts *verdicts
	users    *users         // nil: revocation is not checked
	emulator *fbauth.Client // nil: real tokens
	outcomes *prometheus.CounterVec
}

// The outcomes of a verification, beside the reasons for a refusal.
const (
	accepted    = "ok"          // by the SDK
	cached      = "cached"      // accepted without the SDK, which accepted the same token before
	unavailable = "unavailable" // ErrUnavailable
	failed      = "failed"      // any other error
)

// New returns a Verifier and begins to load Google's keys, without waiting for them.
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
	v := &Verifier{project: cfg.Project, outcomes: outcomes}
	for _, outcome := range append([]string{accepted, cached, unavailable, failed}, reasons...) {
		outcomes.WithLabelValues(outcome) // there from the start, at zero
	}
	if cfg.Emulated {
		v.emulator = client
		return v, nil
	}
	if v.verdicts, err = newVerdicts(); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if cfg.CheckRevoked {
		if v.users, err = newUsers(ctx, cfg.Project); err != nil {
			return nil, fmt.Errorf("auth: checking for revoked tokens: %w", err)
		}
	}
	v.keys = newKeys(client, cfg.Project, cfg.Log, factory)
	v.keys.refreshIfDue(time.Now())
	return v, nil
}

// Close ends what runs beside the requests. No Verify may follow.
func (v *Verifier) Close() {
	if v.keys != nil {
		v.keys.close()
	}
	if v.users != nil {
		v.users.close()
	}
}

// Ready reports whether a token that was never seen could be verified now.
func (v *Verifier) Ready() error {
	if v.emulator != nil {
		return nil
	}
	v.keys.refreshIfDue(time.Now())
	if !v.keys.loaded() {
		return errNoKeys
	}
	return nil
}

// Verify returns the uid that the token vouches for, given all values of the
// request's x-token header.
//
// The request waits for no call to the network, with four exceptions: the emulator looks
// every user up, CheckRevoked asks now and then, and a token that finds no keys, or names
// a key that is not among them, may wait for a load of keys (see keys.verify).
func (v *Verifier) Verify(ctx context.Context, values []string) (string, error) {
	uid, outcome, err := v.verify(ctx, values)
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
	return uid, err
}

func (v *Verifier) verify(ctx context.Context, values []string) (uid, outcome string, err error) {
	if v.emulator != nil {
		uid, err = v.emulated(ctx, values)
		return uid, accepted, err
	}
	now := time.Now()
	known, ok := v.verdicts.find(values, now)
	outcome = cached
	if ok {
		v.keys.refreshIfDue(now)
	} else {
		token, err := wellFormed(values, false)
		if err != nil {
			return "", "", err
		}
		v.keys.refreshIfDue(now)
		t, err := v.keys.verify(ctx, token, now)
		if err != nil {
			return "", "", err
		}
		if t.Firebase.Tenant != "" {
			return "", "", invalid(tenant)
		}
		known = verdict{uid: t.UID, issued: t.IssuedAt, ends: time.Unix(t.Expires, 0).Add(leeway)}
		v.verdicts.keep(token, known)
		outcome = accepted
	}
	if v.users != nil {
		if err := v.users.check(ctx, values[0], known); err != nil {
			return "", "", err
		}
	}
	return known.uid, outcome, nil
}

// emulated has the SDK verify one of the emulator's tokens, for which it looks the user up
// over HTTP.
func (v *Verifier) emulated(ctx context.Context, values []string) (string, error) {
	token, err := wellFormed(values, true)
	if err != nil {
		return "", err
	}
	t, err := v.emulator.VerifyIDToken(ctx, token)
	switch {
	case err == nil && t.Firebase.Tenant != "":
		return "", invalid(tenant)
	case err == nil:
		return t.UID, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if _, refused := refusalOf(err, token, v.project, true, time.Now()); refused != nil {
		return "", refused
	}
	return "", fmt.Errorf("%w: the emulator: %v", ErrUnavailable, err)
}
