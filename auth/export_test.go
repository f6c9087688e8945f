package auth

import (
	"strconv"
	"time"
)

// FillVerdicts remembers n tokens that nobody signed, and returns how many are kept.
func (v *Verifier) FillVerdicts(n int) (kept int) {
	for i := range n {
		v.verdicts.keep(strconv.Itoa(i), &verdict{uid: "filler", ends: time.Now().Add(time.Hour)})
	}
	v.verdicts.cache.CleanUp()
	for range v.verdicts.cache.Keys() {
		kept++
	}
	return kept
}
