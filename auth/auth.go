// Package auth tells whose request it is: it turns the value of the header x-token,
// a Firebase ID token, into the uid that Firebase Auth vouches for.
//
// The Admin SDK decides. What stands around it here keeps its weaknesses off the
// requests: no request waits for Google's key endpoint (keys.go), a token that was
// checked is not checked again (verdicts.go), and what cannot be a token never
// reaches the SDK (gate.go). The SDK's types and errors do not leave this package.
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

// What can be wrong with a request's token. Verify's errors wrap one of these; in
// emulator mode also the context's error; any other is ours to mend.
var (
	// ErrMissing: no header, or a blank one.
	ErrMissing = errors.New("auth: no token")
	// ErrExpired: a token past its end. The app fetches a new one and asks again.
	ErrExpired = errors.New("auth: token expired")
	// ErrInvalid: anything else that is wrong with the token or its user.
	ErrInvalid = errors.New("auth: token invalid")
	// ErrUnavailable: nobody can tell now, because Google cannot be asked. Never the user's fault.
	ErrUnavailable = errors.New("auth: cannot verify tokens now")
)

// leeway is how far past its exp claim the Admin SDK accepts a token
// (clockSkewSeconds in its token_verifier.go).
const leeway = 300 * time.Second

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
	// needs credentials. Without it such a token is good until it ends, at most an hour.
	// The emulator always checks.
	CheckRevoked bool
	Log          *slog.Logger
	Metrics      prometheus.Registerer
}

// A Verifier verifies ID tokens. It is safe for concurrent use.
type Verifier struct {
	keys     *keys
	verdicts *verdicts
	users    *users         // nil: revocation is not checked
	emulator *fbauth.Client // nil: real tokens

	cached, checked, failed prometheus.Counter
	refused                 map[error]prometheus.Counter
}

// New returns a Verifier and begins to load Google's keys, without waiting for them.
func New(ctx context.Context, cfg Config) (*Verifier, error) {
	if cfg.Project == "" {
		return nil, errors.New("auth: no project")
	}
	client, err := newClient(ctx, cfg.Project)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if accepted := acceptsUnsigned(client, cfg.Project); accepted != cfg.Emulated {
		return nil, fmt.Errorf("auth: the Admin SDK accepts unsigned tokens: %t, but the configuration says %t", accepted, cfg.Emulated)
	}
	factory := promauto.With(cfg.Metrics)
	outcomes := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "willson_token_verdicts_total",
		Help: "Tokens looked at, by outcome; cached is an ok that the SDK was not asked for again.",
	}, []string{"outcome"})
	v := &Verifier{
		cached:  outcomes.WithLabelValues("cached"),
		checked: outcomes.WithLabelValues("ok"),
		failed:  outcomes.WithLabelValues("failed"),
		refused: map[error]prometheus.Counter{
			ErrMissing:     outcomes.WithLabelValues("missing"),
			ErrExpired:     outcomes.WithLabelValues("expired"),
			ErrInvalid:     outcomes.WithLabelValues("invalid"),
			ErrUnavailable: outcomes.WithLabelValues("unavailable"),
		},
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
		return fmt.Errorf("%w: Google's keys are not loaded", ErrUnavailable)
	}
	return nil
}

// Verify returns the uid that the token vouches for, given all values of the
// request's x-token header.
//
// It makes no call to the network that the request would wait for, with three
// exceptions: the emulator looks every user up, CheckRevoked asks now and then, and
// while there are no keys it may wait for the load that is under way (see keys.verify).
func (v *Verifier) Verify(ctx context.Context, values []string) (string, error) {
	uid, outcome, err := v.verify(ctx, values)
	if err != nil {
		outcome = v.failed
		for known, counter := range v.refused {
			if errors.Is(err, known) {
				outcome = counter
			}
		}
	}
	outcome.Inc()
	return uid, err
}

func (v *Verifier) verify(ctx context.Context, values []string) (uid string, outcome prometheus.Counter, err error) {
	if v.emulator != nil {
		uid, err = v.emulated(ctx, values)
		return uid, v.checked, err
	}
	now := time.Now()
	known, ok := v.verdicts.find(values, now)
	outcome = v.cached
	if ok {
		v.keys.refreshIfDue(now)
	} else {
		token, err := gate(values, false)
		if err != nil {
			return "", nil, err
		}
		v.keys.refreshIfDue(now)
		t, err := v.keys.verify(ctx, token, now)
		if err != nil {
			return "", nil, err
		}
		known = verdict{uid: t.UID, issued: t.IssuedAt, ends: time.Unix(t.Expires, 0).Add(leeway)}
		v.verdicts.keep(token, known)
		outcome = v.checked
	}
	if v.users != nil {
		if err := v.users.check(ctx, values[0], known); err != nil {
			return "", nil, err
		}
	}
	return known.uid, outcome, nil
}

// emulated asks the emulator's SDK, which looks the user up over HTTP.
func (v *Verifier) emulated(ctx context.Context, values []string) (string, error) {
	token, err := gate(values, true)
	if err != nil {
		return "", err
	}
	t, err := v.emulator.VerifyIDToken(ctx, token)
	switch {
	case err == nil:
		return t.UID, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if known := classify(err); known != nil {
		return "", known
	}
	return "", fmt.Errorf("%w: the emulator: %v", ErrUnavailable, err)
}

// classify turns the SDK's error into one of ours, or nil when it is of no kind that
// the SDK names. It looks at the SDK's own value: wrapped, that would lose its class.
func classify(err error) error {
	switch {
	case fbauth.IsIDTokenExpired(err): // first: an expired token also counts as invalid
		return ErrExpired
	case fbauth.IsCertificateFetchFailed(err):
		return ErrUnavailable
	case fbauth.IsIDTokenInvalid(err), fbauth.IsUserNotFound(err):
		return ErrInvalid
	}
	return nil
}
