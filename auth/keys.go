package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/api/option"
)

// certURL is where the Admin SDK fetches the certificates of ID tokens
// (idTokenCertURL in its token_verifier.go).
const certURL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"

const (
	// loadTimeout ends an attempt to load keys. It is below the default deadline of a
	// request, so that one that waits for the first load learns that there are none.
	loadTimeout = 4 * time.Second
	// maxPause bounds the pause between failed attempts: 1, 2, 4, then 5 s.
	maxPause = 5 * time.Second
	// patience is how long a request without keys waits for a load, unless none was ever
	// done. A healthy endpoint is asked twice within it.
	patience = 400 * time.Millisecond
)

// keys verifies tokens with Google's keys, which it keeps fresh.
//
// An SDK client fetches keys when it has none or they have ended, in the request that
// needs them, with no timeout and under a lock that all others wait for. So clients
// are used here in turns: one that has keys serves, with a context that is already
// over, which is all that the SDK uses a context for, so that it never fetches;
// beside it a new client is loaded when half of the keys' life has passed, and takes
// over. A load is started by a request and runs beside it: nothing else here would get
// any CPU on Cloud Run, which may give none between requests.
type keys struct {
	project string
	log     *slog.Logger
	noFetch context.Context // already over
	base    context.Context // ends with close
	close   context.CancelFunc
	current atomic.Pointer[keySet]

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
	k := &keys{project: project, log: log}
	k.base, k.close = context.WithCancel(context.Background())
	over, cancel := context.WithCancel(context.Background())
	cancel()
	k.noFetch = over
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

// verify has the SDK verify the token of a request that came at now. While there are
// keys it never waits.
func (k *keys) verify(ctx context.Context, token string, now time.Time) (*fbauth.Token, error) {
	set := k.current.Load()
	t, err := set.client.VerifyIDToken(k.noFetch, token)
	if fbauth.IsCertificateFetchFailed(err) {
		t, err = k.retry(ctx, set, token, now)
	}
	if err == nil {
		return t, nil
	}
	if known := classify(err); known != nil {
		return nil, known
	}
	return nil, fmt.Errorf("auth: verify: %w", err)
}

// retry verifies again with the keys that came after set, if they came or are about to.
//
// A server that starts waits for its first load, and one that was idle until its keys
// ended waits a little. Once loads fail only the request that starts one does: without
// that wait, an instance that has CPU during requests alone could never end a load.
func (k *keys) retry(ctx context.Context, set *keySet, token string, now time.Time) (*fbauth.Token, error) {
	k.refresh(now)
	k.mu.Lock()
	attempt, failures := k.load, k.failures
	k.mu.Unlock()
	wait := patience
	switch {
	case attempt == nil, failures > 0 && attempt.started.Before(now):
		wait = 0
	case failures == 0 && set.since.IsZero():
		wait = loadTimeout
	}
	if wait > 0 {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		select {
		case <-attempt.done:
		case <-ctx.Done():
		}
	}
	return k.current.Load().client.VerifyIDToken(k.noFetch, token)
}

// loaded reports whether the current client holds keys.
func (k *keys) loaded() bool {
	return primed(k.noFetch, k.current.Load().client, k.project) == nil
}

// refreshIfDue starts a load when the current keys have lived half of their life.
func (k *keys) refreshIfDue(now time.Time) {
	if now.After(k.current.Load().due) {
		k.refresh(now)
	}
}

// refresh starts a load unless one is under way, has just failed, or was just done.
func (k *keys) refresh(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.load != nil {
		select {
		case <-k.load.done:
		default:
			return
		}
	}
	if now.Before(k.next) || k.base.Err() != nil {
		return
	}
	attempt := &load{started: now, done: make(chan struct{})}
	k.load = attempt
	go k.run(attempt)
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

// fetch makes a client that holds keys. How long they live is in a header of Google's
// answer, which the SDK keeps to itself; so the endpoint is asked once more, and first,
// since a cached answer's remaining life only shrinks.
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
	if err := primed(ctx, client, k.project); err != nil {
		return nil, err
	}
	// To the SDK an answer without keys is no error, nor is one that may not be kept.
	if primed(k.noFetch, client, k.project) != nil {
		return nil, errors.New("key endpoint: no keys, or none that may be kept")
	}
	return &keySet{client: client, since: since, ends: since.Add(life), due: since.Add(life / 2)}, nil
}

// keyLife asks Google how long its keys may be kept.
func keyLife(ctx context.Context) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, certURL, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("key endpoint: status %d", resp.StatusCode)
	}
	for directive := range strings.SplitSeq(resp.Header.Get("Cache-Control"), ",") {
		if age, ok := strings.CutPrefix(strings.TrimSpace(directive), "max-age="); ok {
			if seconds, err := strconv.Atoi(age); err == nil && seconds > 0 {
				return time.Duration(seconds) * time.Second, nil
			}
		}
	}
	return 0, errors.New("key endpoint: no max-age in its Cache-Control")
}

// newClient makes an SDK client without keys. It needs no credentials: verifying does not.
func newClient(ctx context.Context, project string) (*fbauth.Client, error) {
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, option.WithoutAuthentication())
	if err != nil {
		return nil, err
	}
	return app.Auth(ctx)
}

// primed has the client fetch its keys, if it lacks them and ctx lets it, and reports
// whether it holds some: only then can it tell that the signature of a token is junk
// which is right in all else.
func primed(ctx context.Context, client *fbauth.Client, project string) error {
	_, err := client.VerifyIDToken(ctx, probe(project, `{"alg":"RS256","kid":"probe","typ":"JWT"}`))
	if err == nil {
		return errors.New("the Admin SDK accepted a junk signature")
	}
	if fbauth.IsCertificateFetchFailed(err) || !fbauth.IsIDTokenInvalid(err) {
		return err
	}
	return nil
}

// acceptsUnsigned reports whether the client takes unsigned tokens, as it does when
// FIREBASE_AUTH_EMULATOR_HOST was set when it was made: it would go on to look the
// user up, and fails to, since it is given no time.
func acceptsUnsigned(client *fbauth.Client, project string) bool {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.VerifyIDToken(over, probe(project, `{"alg":"none","typ":"JWT"}`))
	return !fbauth.IsIDTokenInvalid(err)
}

// probe is a token of this project, good now, but for its signature.
func probe(project, header string) string {
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{ // a map of strings and integers always encodes
		"iss": "https://securetoken.google.com/" + project,
		"aud": project,
		"sub": "probe",
		"iat": now,
		"exp": now + 60,
	})
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(claims) + "." + encode([]byte("junk"))
}
