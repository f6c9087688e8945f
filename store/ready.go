package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// probeTimeout bounds a look at whether Firestore answers.
const probeTimeout = 3 * time.Second

// readiness knows which of the lists' queries were answered the last time.
type readiness struct {
	probes singleflight.Group

	mu       sync.Mutex
	answered map[listKind]bool
}

func (r *readiness) note(kind listKind, answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered[kind] = answered
}

func (r *readiness) isAnswered(kind listKind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answered[kind]
}

// Ready reports whether Firestore answers the lists' queries. It sends only those that
// failed the last time or were never sent, for a document each, and once for all callers.
func (s *Store) Ready(ctx context.Context) error {
	for _, kind := range listKinds() {
		if s.ready.isAnswered(kind) {
			continue
		}
		probe := s.ready.probes.DoChan(fmt.Sprint(kind), func() (any, error) {
			// No caller's context: the first to ask may hang up before the others.
			ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
			defer cancel()
			_, err := s.ask(ctx, kind, s.listed(kind, "").Limit(1)).answer(ctx)
			return nil, err
		})
		select {
		case result := <-probe:
			if result.Err != nil {
				return result.Err
			}
		case <-ctx.Done():
			return explain(ctx, ctx.Err())
		}
	}
	return nil
}
