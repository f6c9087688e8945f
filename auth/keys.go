package auth

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
//   - VerifyIDToken and VerifySessionCookie use their context for fetching keys and for
//     nothing else, so that with a cancelled one they answer from the keys at hand, or
//     fail at once.
//   - A client keeps the keys of each kind that it fetched until the max-age of their
//     answer is over, and fetches none before that, not even for a key that it does not
//     know.
//   - It fetches from kind.certificates, through a copy of http.DefaultTransport that is
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
	// newerKeyPause is the time between two loads that are made because a token names an
	// unknown key, since anybody can send such a token. Keys younger than that are Google's
	// newest: what they do not hold is no key of Google's.
	newerKeyPause = time.Minute
	// maxWaiting bounds the requests that wait at once because of an unknown key. Each
	// occupies one of the server's requests in flight, which good tokens need.
	maxWaiting = 32
)

var (
	errNoKeys   = fmt.Errorf("%w: Google's keys are not loaded", ErrUnavailable)
	errNewerKey = fmt.Errorf("%w: the token's key may be newer than the loaded ones", ErrUnavailable)
)

// keys verifies tokens of one kind with Google's keys for it, which it keeps fresh.
//
// An SDK client fetches keys when it has none or they have ended, in the request that
// needs them, with no timeout and under a lock that all others wait for. So a client is
// used here only with a cancelled context, which keeps it from fetching, and is replaced
// by another one that was loaded beside the requests: when half of the keys' life has
// passed, or when a token names a key that the client does not know. A load is started by
// a request and runs beside it: nothing else here would get any CPU on Cloud Run, which
// may give none between requests.
type keys struct {
	kind      *kind
	project   string
	log       *slog.Logger
	cancelled context.Context // keeps a client from fetching
	base      context.Context // ends with cancel
	cancel    context.CancelFunc
	current   atomic.Pointer[keySet]
	waiting   chan struct{} // holds one for each request that waits because of an unknown key

	mu       sync.Mutex
	load     *load     // the newest attempt, nil before the first
	failures int       // of attempts since one succeeded
	next     time.Time // no attempt before
	newerKey time.Time // when the last attempt was started that an unknown key asked for

	succeeded, failed prometheus.Counter
}

// A keySet is an SDK client and what is known of the keys that it holds.
type keySet struct {
	client       *fbauth.Client
	certificates map[string]*x509.Certificate // by key ID, as Google gave them just before the client asked
	since        time.Time                    // zero: the client never had keys
	ends         time.Time                    // as Google announced it; the client itself knows to the instant
	due          time.Time                    // when to load the next set
}

// A load is one attempt to load keys.
type load struct {
	started time.Time
	done    chan struct{}
}

func newKeys(of *kind, empty *fbauth.Client, project string, log *slog.Logger, factory promauto.Factory) *keys {
	k := &keys{kind: of, project: project, log: log.With("kind", of.name), cancelled: cancelled(), waiting: make(chan struct{}, maxWaiting)}
	k.base, k.cancel = context.WithCancel(context.Background())
	k.current.Store(&keySet{client: empty})

	labels := prometheus.Labels{"kind": of.name}
	refreshes := factory.NewCounterVec(prometheus.CounterOpts{
		Name:        "willson_key_refreshes_total",
		Help:        "Attempts to load Google's keys, by the kind of token that they sign and by outcome.",
		ConstLabels: labels,
	}, []string{"outcome"})
	k.succeeded, k.failed = refreshes.WithLabelValues("ok"), refreshes.WithLabelValues("failed")
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "willson_key_age_seconds",
		Help:        "Time since the keys in use were loaded, by the kind of token that they sign; -1 before the first.",
		ConstLabels: labels,
	}, func() float64 {
		if since := k.current.Load().since; !since.IsZero() {
			return time.Since(since).Seconds()
		}
		return -1
	})
	return k
}

// verify verifies the token of a request that came at now. It waits only when there are
// no keys, or when the token names a key that is not among them, and then for the load
// that is under way or that it starts.
func (k *keys) verify(ctx context.Context, token string, now time.Time) (*fbauth.Token, error) {
	set := k.current.Load()
	t, err := k.verifyWith(set, token, now)
	switch err {
	case errNoKeys:
		k.await(ctx, set.since.IsZero(), false, now)
	case errNewerKey:
		select {
		case k.waiting <- struct{}{}:
		default:
			return nil, err
		}
		k.await(ctx, true, true, now)
		<-k.waiting
	default:
		return t, err
	}
	return k.verifyWith(k.current.Load(), token, now)
}

// verifyWith has the SDK verify a token with the keys of a set, without asking Google.
func (k *keys) verifyWith(set *keySet, token string, now time.Time) (*fbauth.Token, error) {
	t, err := k.kind.verify(set.client, k.cancelled, token)
	switch {
	case err == nil:
		return t, nil
	case fbauth.IsCertificateFetchFailed(err):
		return nil, errNoKeys
	}
	said, refused := refusalOf(err, k.kind, token, k.project, false, now)
	switch {
	case refused == nil:
		return nil, fmt.Errorf("auth: verify: %w", err)
	case Reason(refused) != signature:
		return nil, refused
	}
	certificate, known := set.certificates[said.header.KeyID]
	switch {
	case !known && now.Sub(set.since) < newerKeyPause:
		return nil, invalid(unknownKey)
	case !known:
		return nil, errNewerKey
	case signedBy(certificate, token): // Google gave the client an older answer than this package
		return nil, errNewerKey
	}
	return nil, refused
}

func signedBy(certificate *x509.Certificate, token string) bool {
	dot := strings.LastIndexByte(token, '.')
	decoded, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	return err == nil && certificate.CheckSignature(x509.SHA256WithRSA, []byte(token[:dot]), decoded) == nil
}

// await starts a load, if one may be started, and waits for the one that is under way: a
// whole load if long, which a server that starts needs, else shortWait. Once loads fail,
// a request waits only for a load that it started itself: somebody has to, since an
// instance that has CPU during requests alone could otherwise never end a load.
func (k *keys) await(ctx context.Context, long, newerKey bool, now time.Time) {
	attempt, failures := k.refresh(now, newerKey)
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
	return loadKeys(k.cancelled, k.kind, k.current.Load().client, k.project) == nil
}

// close ends the load that is under way, and waits until it has ended.
func (k *keys) close() {
	k.cancel()
	k.mu.Lock()
	newest := k.load
	k.mu.Unlock()
	if newest != nil {
		<-newest.done
	}
}

// refreshIfDue starts a load when the current keys have lived half of their life.
func (k *keys) refreshIfDue(now time.Time) {
	if now.After(k.current.Load().due) {
		k.refresh(now, false)
	}
}

// refresh starts a load unless one is under way, has just failed, or was just done. For
// the sake of an unknown key it starts one a minute at most. It returns the newest load,
// nil if there was none, and how many have failed since one succeeded.
func (k *keys) refresh(now time.Time, newerKey bool) (*load, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.load != nil {
		select {
		case <-k.load.done:
		default:
			return k.load, k.failures
		}
	}
	if now.Before(k.next) || k.base.Err() != nil || newerKey && now.Sub(k.newerKey) < newerKeyPause {
		return k.load, k.failures
	}
	if newerKey {
		k.newerKey = now
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

// fetch makes a client that holds keys. The SDK keeps to itself which keys they are and
// how long they live, so the endpoint is asked for that too. It is asked before the
// client asks: what is left of an answer's life only shrinks, and a key that it holds
// is then in the client's answer too.
func (k *keys) fetch(ctx context.Context) (*keySet, error) {
	since := time.Now()
	certificates, life, err := fetchCertificates(ctx, k.kind.certificates)
	if err != nil {
		return nil, err
	}
	client, err := newClient(ctx, k.project)
	if err != nil {
		return nil, err
	}
	if err := loadKeys(ctx, k.kind, client, k.project); err != nil {
		return nil, err
	}
	// To the SDK an answer without keys is no error, nor is one that may not be kept.
	if loadKeys(k.cancelled, k.kind, client, k.project) != nil {
		return nil, errors.New("key endpoint: no keys, or none that may be kept")
	}
	return &keySet{client, certificates, since, since.Add(life), since.Add(life / 2)}, nil
}
