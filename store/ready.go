package store

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

// probeTimeout bounds a look at whether Firestore answers, probesAtOnce how many run.
const (
	probeTimeout = 3 * time.Second
	probesAtOnce = 8
)

// readiness knows which kinds of queries were answered the last time.
type readiness struct {
	probes singleflight.Group

	mu       sync.Mutex
	answered map[kind]bool
}

func (r *readiness) note(kind kind, answered bool) {
	if kind == "" { // a look-up by id needs no index
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered[kind] = answered
}

func (r *readiness) isAnswered(kind kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answered[kind]
}

// Ready reports whether Firestore answers every kind of query. It sends only those that
// failed the last time or were never sent, for a document each, and once for all callers.
func (s *Store) Ready(ctx context.Context) error {
	result := s.ready.probes.DoChan("", func() (any, error) {
		// No caller's context: the first to ask may hang up before the others.
		ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
		defer cancel()
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(probesAtOnce)
		for _, probe := range probes() {
			if s.ready.isAnswered(probe.kind) {
				continue
			}
			group.Go(func() error {
				r := s.reader(ctx)
				defer r.end()
				return probe.run(r)
			})
		}
		return nil, group.Wait()
	})
	select {
	case done := <-result:
		return done.Err
	case <-ctx.Done():
		return explain(ctx, ctx.Err())
	}
}
