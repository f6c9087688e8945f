package push

import (
	"sync"
	"time"
)

const (
	// tolerated is how many failures in a row stop the tries. One that took all the time
	// there is counts as so many: somebody has waited for it.
	tolerated = 3
	// pause is how long nothing is tried then.
	pause = 15 * time.Second
)

// A breaker keeps requests from waiting for an FCM that is away. After failures in a row
// nothing is tried for a while; then one request tries, and the others when that went well.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time // nothing is tried before
}

// isPaused reports whether nothing is tried at now.
func (b *breaker) isPaused(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.until)
}

// try reports whether the caller may try at now. Its outcome has to be noted.
func (b *breaker) try(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return false
	}
	if b.failures >= tolerated { // the others wait for how it goes
		b.until = now.Add(pause)
	}
	return true
}

// note notes how a try went, and reports whether that begins a pause: FCM answered, or it
// failed, or it took all the time there is.
func (b *breaker) note(now time.Time, answered, hung bool) (begins bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if answered {
		b.failures, b.until = 0, time.Time{}
		return false
	}
	was := b.failures
	if b.failures++; hung {
		b.failures = max(b.failures, tolerated)
	}
	if b.failures < tolerated {
		return false
	}
	b.until = now.Add(pause)
	return was < tolerated
}
