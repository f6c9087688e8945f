// Package push tells people's phones what happened, by Firebase Cloud Messaging: a
// willsoner that a concern was sent, an asker that somebody offers, and what follows.
//
// A push is a courtesy. It is sent after what it tells of is stored, within the request
// that did it, since an instance may have no CPU afterwards; it takes a second at most,
// nothing of its failures reaches an answer, and while FCM is away nobody waits for it
// (breaker.go). What a phone shows says nothing of a concern or of anybody (message.go).
// The Admin SDK's types do not leave this package.
package push

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"willson/life"
)

const (
	// within bounds what telling takes of a request.
	within = time.Second
	// forTokens is the part of it that is left for removing those of phones that are gone.
	forTokens = 100 * time.Millisecond
)

// Tokens keeps where accounts are reached.
type Tokens interface {
	// PushTokens returns the tokens of accounts, none of one that has none.
	PushTokens(ctx context.Context, uids ...string) ([]life.PushToken, error)
	// RemovePushTokens forgets those that still are the account's.
	RemovePushTokens(ctx context.Context, tokens ...life.PushToken) error
}

// Config is what a Sender needs: all of it but for Endpoint.
type Config struct {
	// Project is the Firebase project that the app belongs to.
	Project string
	Tokens  Tokens
	// Endpoint is where a stand-in for FCM is, asked without credentials; "" means FCM, with
	// the credentials that the environment offers.
	Endpoint string
	Log      *slog.Logger
	Metrics  prometheus.Registerer
}

// A Sender tells phones. It is safe for concurrent use. Until it has somebody to tell, it
// holds neither credentials nor connections.
type Sender struct {
	within  time.Duration
	tokens  Tokens
	fcm     *fcm
	breaker breaker
	good    map[Kind]*atomic.Bool // FCM took a message of the kind
	log     *slog.Logger
	pushes  *prometheus.CounterVec
}

// The outcomes. The first three are of a phone, or of a person whose phones could not be
// read; the others of a person.
const (
	sent    = "sent"
	gone    = "gone"     // FCM does not know the phone any more; its token is removed
	failed  = "failed"   // by FCM or Firestore
	skipped = "skipped"  // not tried: FCM failed before
	noPhone = "no_phone" // the account has no token
	late    = "late"     // what would be told is over
)

// New returns a Sender. It neither looks for credentials nor connects.
func New(cfg Config) *Sender {
	s := &Sender{
		within: within,
		tokens: cfg.Tokens,
		fcm:    &fcm{project: cfg.Project, endpoint: cfg.Endpoint, slots: make(chan struct{}, maxSends)},
		good:   map[Kind]*atomic.Bool{},
		log:    cfg.Log,
		pushes: promauto.With(cfg.Metrics).NewCounterVec(prometheus.CounterOpts{
			Name: "willson_pushes_total",
			Help: "Pushes by kind and outcome. Of a phone: sent, gone (unknown to FCM, and removed), failed. " +
				"Of a person: failed (the phones could not be read), skipped (not tried, FCM failed before), no_phone, late (over already).",
		}, []string{"kind", "outcome"}),
	}
	for _, kind := range Kinds() {
		s.good[kind] = new(atomic.Bool)
		for _, outcome := range []string{sent, gone, failed, skipped, noPhone, late} {
			s.pushes.WithLabelValues(string(kind), outcome) // there from the start, at zero
		}
	}
	return s
}

// A push is a notice for one phone, and what became of it.
type push struct {
	*Notice
	token life.PushToken
	err   error // nil: FCM took it
}

// Tell tells people what is stored already, each on all phones. It takes a second at most,
// also when the request has less left: whoever is told waits for it, not only who asks. A
// client that goes away stops nothing.
func (s *Sender) Tell(ctx context.Context, notices ...Notice) {
	now := time.Now()
	notices = slices.DeleteFunc(slices.Clone(notices), func(n Notice) bool {
		isLate := n.Until.Sub(now) < time.Second
		if isLate {
			s.count(late, n)
		}
		return isLate
	})
	if len(notices) == 0 {
		return
	}
	if s.breaker.isPaused(now) {
		s.count(skipped, notices...)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.within)
	defer cancel()

	pushes, err := s.addressed(ctx, notices)
	if err != nil {
		s.count(failed, notices...)
		s.log.WarnContext(ctx, "push failed: the phones could not be read", "kind", notices[0].Kind, "error", err)
		return
	}
	if len(pushes) == 0 {
		return
	}
	if !s.breaker.try(time.Now()) {
		s.count(skipped, notices...)
		return
	}
	hung := s.fcm.send(ctx, pushes, now)
	answered := slices.ContainsFunc(pushes, func(p push) bool { return isAnswer(p.err) })
	if s.breaker.note(time.Now(), answered, hung) {
		s.log.WarnContext(ctx, "FCM fails: nobody is told anything for a while", "pause", pause.String())
	}
	s.settle(ctx, pushes)
}

// addressed makes a push of every notice for every phone of who is told.
func (s *Sender) addressed(ctx context.Context, notices []Notice) ([]push, error) {
	uids := make([]string, len(notices))
	for i, n := range notices {
		uids[i] = n.UID
	}
	tokens, err := s.tokens.PushTokens(ctx, uids...)
	if err != nil {
		return nil, err
	}
	phones := map[string][]life.PushToken{}
	for _, t := range tokens {
		if t.Token != "" { // one message without would fail all others
			phones[t.UID] = append(phones[t.UID], t)
		}
	}
	var pushes []push
	for i := range notices {
		n := &notices[i]
		if len(phones[n.UID]) == 0 {
			s.count(noPhone, *n)
		}
		for _, t := range phones[n.UID] {
			pushes = append(pushes, push{Notice: n, token: t})
		}
	}
	return pushes, nil
}

// settle counts what became of pushes, logs what failed, and has the tokens removed that
// are no phone's any more.
func (s *Sender) settle(ctx context.Context, pushes []push) {
	for _, p := range pushes {
		if p.err == nil {
			s.good[p.Kind].Store(true)
		}
	}
	var away []life.PushToken
	var first *push // that failed
	failures := 0
	for i := range pushes {
		p := &pushes[i]
		switch {
		case p.err == nil:
			s.count(sent, *p.Notice)
		case isGone(p.err, s.good[p.Kind].Load()):
			s.count(gone, *p.Notice)
			away = append(away, p.token)
		default:
			s.count(failed, *p.Notice)
			if failures++; first == nil {
				first = p
			}
		}
	}
	if first != nil {
		s.log.WarnContext(ctx, "push failed", "kind", first.Kind, "phones", failures, "of", len(pushes), "error", reason(first))
	}
	if len(away) == 0 {
		return
	}
	if err := s.tokens.RemovePushTokens(ctx, away...); err != nil {
		s.log.WarnContext(ctx, "tokens of phones that are gone were not removed", "phones", len(away), "error", err)
	}
}

func (s *Sender) count(outcome string, notices ...Notice) {
	for _, n := range notices {
		s.pushes.WithLabelValues(string(n.Kind), outcome).Inc()
	}
}
