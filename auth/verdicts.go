package auth

import (
	"sync/atomic"
	"time"

	fbauth "firebase.google.com/go/v4/auth"
	"github.com/maypok86/otter/v2"
)

// maxVerdicts bounds the verdicts kept. An entry costs about 1.4 KB, the token for the
// most part: 14 MB when full. An asker's phone uses a token for an hour, or a cookie for
// a day.
const maxVerdicts = 10_000

// A verdict is what a token was found to say when its signature was checked, and what
// Google last said about its user.
type verdict struct {
	kind   *kind
	uid    string
	issued int64 // the iat claim, seconds
	since  int64 // tokens from before this second may be revoked: iat, or a cookie's auth_time
	ends   time.Time
	user   atomic.Pointer[answer] // nil: Google was not asked yet
}

// newVerdict is what a verified token says. The SDK compares the iat of an ID token with
// the time since when tokens are good. A cookie's is the time of its making, so that one
// made of a revoked ID token would pass; its auth_time is the ID token's.
func newVerdict(of *kind, t *fbauth.Token) *verdict {
	since := t.IssuedAt
	if of == sessionCookie {
		since = t.AuthTime
	}
	return &verdict{kind: of, uid: t.UID, issued: t.IssuedAt, since: since, ends: time.Unix(t.Expires, 0).Add(leeway)}
}

// verdicts remembers the tokens that were verified, each by its whole string and no
// longer than the SDK itself would accept it. Only good tokens enter, so nobody grows
// it without an account; a flood of them is kept from pushing the others out by the
// cache's admission policy (W-TinyLFU).
type verdicts struct {
	cache *otter.Cache[string, *verdict]
}

func newVerdicts() (*verdicts, error) {
	cache, err := otter.New(&otter.Options[string, *verdict]{MaximumSize: maxVerdicts})
	if err != nil {
		return nil, err
	}
	return &verdicts{cache}, nil
}

// find looks up the token of a request that carries exactly one. It returns nil when
// nothing is known of it any more.
func (v *verdicts) find(values []string, now time.Time) *verdict {
	if len(values) != 1 {
		return nil
	}
	known, ok := v.cache.GetIfPresent(values[0])
	if !ok || now.After(known.ends) {
		return nil
	}
	return known
}

func (v *verdicts) keep(token string, known *verdict) { v.cache.Set(token, known) }
