package push

import "time"

const Within = within

// Wait has a sender wait for so long: an emulator on a busy machine needs more than a second.
func (s *Sender) Wait(within time.Duration) { s.within = within }

// EndPause ends a pause as time does.
func (s *Sender) EndPause() {
	s.breaker.mu.Lock()
	defer s.breaker.mu.Unlock()
	s.breaker.until = time.Time{}
}
