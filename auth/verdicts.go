package auth

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// maxVerdicts bounds the verdicts kept. An entry costs about 1.3 KB, the token for the
// most part: 13 MB when full. An asker's phone uses a token for an hour.
const maxVerdicts = 10_000

// A verdict is what a token was found to say when its signature was checked.
type verdict struct {
	uid    string
	issued int64 // the iat claim, seconds
	ends   time.Time
}

// verdicts remembers the tokens that were verified, each by its whole string and no
// longer than the SDK itself would accept it. Only good tokens enter, so nobody grows
// it without an account; a flood of them is kept from pushing the others out by the
// cache's admission policy (W-TinyLFU).
type verdicts struct {
	cache *otter.Cache[string, verdict]
}

func newVerdicts() (*verdicts, error) {
	cache, err := otter.New(&otter.Options[string, verdict]{MaximumSize: maxVerdicts})
	if err != nil {
		return nil, err
	}
	return &verdicts{cache}, nil
}

// find looks up the token of a request that carries exactly one.
func (v *verdicts) find(values []string, now time.Time) (verdict, bool) {
	if len(values) != 1 {
		return verdict{}, false
	}
	known, ok := v.cache.GetIfPresent(values[0])
	if !ok || now.After(known.ends) {
		return verdict{}, false
	}
	return known, true
}

func (v *verdicts) keep(token string, known verdict) { v.cache.Set(token, known) }
