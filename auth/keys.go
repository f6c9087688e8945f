package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	fbauth "firebase.google.com/go/v4/auth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// This package relies on what the Admin SDK (v4.19.0, auth/token_verifier.go) does, but
// does not document. TestAdminSDK fails when a new version does otherwise:
//
//   - VerifyIDToken uses its context for fetching keys and for nothing else, so that with
//     a cancelled one it answers from the keys at hand, or fails at once.
//   - A client keeps the keys that it fetched until the max-age of their answer is over,
//     and fetches none before that, not even for a key that it does not know.
//   - It fetches from certificatesURL, through a copy of http.DefaultTransport that is
//     made with the client, as a key endpoint of tests needs.
//   - It checks the signature last. So a token whose signature alone is wrong tells whether
//     a client holds keys: without them the answer is that they cannot be fetched.
//   - It accepts a token until 300 s past its end, and up to 300 s before its time.
//   - FIREBASE_AUTH_EMULATOR_HOST makes a client accept unsigned tokens.

const (
	// loadTimeout ends an attempt to load keys. It is below the default deadline of a
	// request, so that one that waits for the first load learns that there are none.
	loadTimeout = 4 * time.Second
	// maxPause bounds the pause between failed attempts: 1, 2, 4, then 5 s.
	maxPause = 5 * time.Second
	// shortWait is how long a request that finds no keys waits for a load, unless none was
	// ever done. A healthy endpoint is asked twice within it.
	shortWait = 400 * time.Millisecond
)

var errNoKeys = fmt.Errorf("%w: Google's keys are not loaded", ErrUnavailable)

// keys verifies tokens with Google's keys, which it keeps fresh.
//
// An SDK client fetches keys when it has none or they have ended, in the request that
// needs them, with no timeout and under a lock that all others wait for. So a client is
// used here only with a cancelled context, which keeps it from fetching, and is replaced
// by another one that was loaded beside the requests: when half of the keys' life has
// passed. A load is started by
// a request and runs beside it: nothing else here would get any CPU on Cloud Run, which
// may give none between requests.
type keys struct {
	project   string
	log       *slog.Logger
	cancelled context.Context // keeps a client from fetching
	base      context.Context // ends with close
	close     context.CancelFunc
	current   atomic.Pointer[keySet]

	mu       sync.Mutex
	load     *load     // the newest attempt, nil before the first
	failures int       // of attempts since one succeeded
	next     time.Time // no attempt before

	succeeded, failed prometheus.Counter
}

// A keySet is an SDK client and what is known of the keys that it holds.
type keySet struct {
	client *fbauth.Client
	since  time.Time // zero: the client never had keys
	ends   time.Time // as Google announced it; the client itself knows to the instant
	due    time.Time // when to load the next set
}

// A load is one attempt to load keys.
type load struct {
	started time.Time
	done    chan struct{}
}

func newKeys(empty *fbauth.Client, project string, log *slog.Logger, factory promauto.Factory) *keys {
	k := &keys{project: project, log: log, cancelled: cancelled()}
	k.base, k.close = context.WithCancel(context.Background())
	k.current.Store(&keySet{client: empty})

	refreshes := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "willson_key_refreshes_total",
		Help: "Attempts to load Google's keys, by outcome.",
	}, []string{"outcome"})
	k.succeeded, k.failed = refreshes.WithLabelValues("ok"), refreshes.WithLabelValues("failed")
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "willson_key_age_seconds",
		Help: "Time since the keys in use were loaded; -1 before the first.",
	}, func() float64 {
		if since := k.current.Load().since; !since.IsZero() {
			return time.Since(since).Seconds()
		}
		return -1
	})
	return k
}

// verify verifies the token of a request that came at now. It waits only when there are
// no keys, and then for the load that is under way or that it starts.
func (k *keys) verify(ctx context.Context, token string, now time.Time) (*fbauth.Token, error) {
	set := k.current.Load()
	t, err := k.verifyWith(set, token, now)
	if err == errNoKeys {
		k.await(ctx, set.since.IsZero(), now)
		return k.verifyWith(k.current.Load(), token, now)
	}
	return t, err
}

// verifyWith has the SDK verify a token with the keys of a set, without asking Google.
func (k *keys) verifyWith(set *keySet, token string, now time.Time) (*fbauth.Token, error) {
	t, err := set.client.VerifyIDToken(k.cancelled, token)
	switch {
	case err == nil:
		return t, nil
	case fbauth.IsCertificateFetchFailed(err):
		return nil, errNoKeys
	}
	if refused := refusalOf(err, token, k.project, false, now); refused != nil {
		return nil, refused
	}
	return nil, fmt.Errorf("auth: verify: %w", err)
}

// await starts a load, if one may be started, and waits for the one that is under way: a
// whole load if long, which a server that starts needs, else shortWait. Once loads fail,
// a request waits only for a load that it started itself: somebody has to, since an
// instance that has CPU during requests alone could otherwise never end a load.
func (k *keys) await(ctx context.Context, long bool, now time.Time) {
	attempt, failures := k.refresh(now)
	if attempt == nil || failures > 0 && attempt.started.Before(now) {
		return
	}
	wait := shortWait
	if long && failures == 0 {
		wait = loadTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	select {
	case <-attempt.done:
	case <-ctx.Done():
	}
}

// loaded reports whether the current client holds keys.
func (k *keys) loaded() bool {
	return loadKeys(k.cancelled, k.current.Load().client, k.project) == nil
}

// refreshIfDue starts a load when the current keys have lived half of their life.
func (k *keys) refreshIfDue(now time.Time) {
	if now.After(k.current.Load().due) {
		k.refresh(now)
	}
}

// refresh starts a load unless one is under way, has just failed, or was just done. It
// returns the newest load, nil if there was none, and how many have failed since one
// succeeded.
func (k *keys) refresh(now time.Time) (*load, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.load != nil {
		select {
		case <-k.load.done:
		default:
			return k.load, k.failures
		}
	}
	if now.Before(k.next) || k.base.Err() != nil {
		return k.load, k.failures
	}
	k.load = &load{started: now, done: make(chan struct{})}
	go k.run(k.load)
	return k.load, k.failures
}

func (k *keys) run(attempt *load) {
	defer close(attempt.done)
	ctx, cancel := context.WithTimeout(k.base, loadTimeout)
	defer cancel()
	set, err := k.fetch(ctx)

	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		pause := min(time.Second<<min(k.failures, 3), maxPause)
		k.failures++
		k.next = time.Now().Add(pause)
		k.failed.Inc()
		k.log.Error("Google's keys could not be loaded", "error", err, "failures", k.failures, "next_try_in", pause.String())
		return
	}
	k.failures = 0
	k.next = time.Now().Add(time.Second)
	k.current.Store(set)
	k.succeeded.Inc()
	k.log.Info("Google's keys were loaded", "good_for", time.Until(set.ends).Round(time.Second).String())
}

// fetch makes a client that holds keys. The SDK keeps to itself how long they live,
// so the endpoint is asked for that too, and first: what is left of an answer's life only
// shrinks.
func (k *keys) fetch(ctx context.Context) (*keySet, error) {
	since := time.Now()
	life, err := keyLife(ctx)
	if err != nil {
		return nil, err
	}
	client, err := newClient(ctx, k.project)
	if err != nil {
		return nil, err
	}
	if err := loadKeys(ctx, client, k.project); err != nil {
		return nil, err
	}
	// To the SDK an answer without keys is no error, nor is one that may not be kept.
	if loadKeys(k.cancelled, client, k.project) != nil {
		return nil, errors.New("key endpoint: no keys, or none that may be kept")
	}
	return &keySet{client, since, since.Add(life), since.Add(life / 2)}, nil
}
