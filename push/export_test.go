package push

import "time"

// EndPause ends a pause as time does.
func (s *Sender) EndPause() {
	s.breaker.mu.Lock()
	defer s.breaker.mu.Unlock()
	s.breaker.until = time.Time{}
}
