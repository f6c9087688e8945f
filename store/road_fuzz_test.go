package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// FuzzRoad has three people write, pay, offer, choose, join, complete and review, at any
// time, now and then two at once or with a lost reply, and looks for broken invariants. All
// may ask, and all but the first counsel.
func FuzzRoad(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		steps := make([]byte, 360)
		for i := range steps {
			steps[i] = byte(random.Uint32())
		}
		f.Add(steps)
	}
	people := []string{"a", "b", "c"}
	f.Fuzz(func(t *testing.T, steps []byte) {
		t.Parallel()
		s, server := faked(t)
		s.clock.step = time.Microsecond
		all := docs{}
		for i, uid := range people {
			profile := profileOf(uid)
			profile.Idx = int64(i + 1)
			all = merged(all, wealthy(uid, 49), docs{"willsoners/" + uid: profile})
		}
		delete(all, "willsoners/a")
		s.put(t, all)
		var mu sync.Mutex
		var concerns []life.Concern
		var matches []life.Match // newest last, as they were sent
		do := func(what, who, which byte) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			uid := people[int(who)%len(people)]
			mu.Lock()
			concern := life.Concern{Idx: 1, AskerUID: uid, Type: life.Realtime}
			if n := len(concerns); n > 0 {
				concern = concerns[n-1-int(which)%min(n, 4)]
			}
			match := life.Match{Idx: 1, AskerUID: uid, WillsonerUID: uid, Type: life.Realtime}
			if n := len(matches); n > 0 {
				match = matches[n-1-int(which)%min(n, 6)]
			}
			mu.Unlock()
			stranger := which%32 == 0
			own := func(owner string) string {
				if stranger {
					return uid
				}
				return owner
			}
			var err error
			switch what % 12 {
			case 0:
				of := written(uid)
				if which%3 == 0 {
					reserved(30, 60, 10, 90)(&of)
					for i := range of.Windows { // from now on
						ahead := s.clock.Now().Sub(noon).Truncate(time.Minute)
						of.Windows[i].From, of.Windows[i].To = of.Windows[i].From.Add(ahead), of.Windows[i].To.Add(ahead)
					}
				}
				if of, err = s.Write(ctx, of); err == nil {
					mu.Lock()
					concerns = append(concerns, of)
					mu.Unlock()
				}
			case 1, 2, 3:
				ticket := half
				if which%8 == 0 {
					ticket = whole
				}
				var sent []life.Match
				_, sent, err = s.Pay(ctx, own(concern.AskerUID), concern.Idx, ticket, store.Whom(which%16/14))
				mu.Lock()
				matches = append(matches, sent...)
				mu.Unlock()
			case 4, 5:
				starts := time.Time{}
				if match.Type == life.Reserve {
					starts = match.Windows[0].From.Add(time.Duration(which/64) * 10 * time.Minute)
				}
				_, err = s.tally(s.Offer(ctx, own(match.WillsonerUID), match.Type, match.Idx, starts))
			case 6, 7:
				_, err = s.Select(ctx, own(match.AskerUID), match.Idx)
			case 8:
				_, err = s.Join(ctx, counselled(own(match.WillsonerUID)), match.Idx)
			case 9:
				_, err = s.Complete(ctx, own(match.AskerUID), match.Idx)
			case 10:
				_, err = s.Review(ctx, life.Review{MatchIdx: match.Idx, AskerUID: own(match.AskerUID), Rating: float64(which%5) + 1, ImageIdx: 1, Content: fmt.Sprint(which)})
			case 11:
				switch which % 16 {
				case 0:
					_, err = s.Judge(ctx, uid, "rejected")
				case 1:
					_, err = s.End(ctx, match.Idx)
				case 2, 3:
					_, err = s.Give(ctx, uid, 7)
				default:
					_, err = s.Judge(ctx, uid, life.Approved)
				}
			}
			for _, known := range []error{nil, life.ErrNotFound, life.ErrAlreadyMatched, life.ErrTooEarly, life.ErrReviewExists, life.ErrConcernInProcess,
				life.ErrAmountNotEnough, life.ErrWillsonerNotFound, life.ErrTimeOut, life.ErrOutsideWindows, store.ErrUnavailable} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Errorf("action %d of %s: %v", what%12, uid, err)
		}
		for len(steps) >= 3 {
			what, who, which := steps[0], steps[1], steps[2]
			steps = steps[3:]
			if pause := time.Duration(who / 16); pause > 8 {
				s.clock.set(s.clock.Now().Add(pause * pause * time.Second))
			}
			switch {
			case who%16 == 15:
				server.OnCall(lost(1))
				do(what, who, which)
				server.OnCall(nil)
			case who%16 >= 13:
				together(2, func(i int) { do(what+byte(i)*(which&1), who, which) })
			default:
				do(what, who, which)
			}
		}
		s.consistent(t)
		s.covered(t)
		for _, uid := range people {
			var open []int64
			for _, kind := range []string{life.Realtime, life.Reserve} {
				rows, err := s.Incoming(t.Context(), uid, kind, 0)
				if err != nil {
					t.Error(err)
				}
				for _, m := range rows {
					if m.Shown != life.Closed {
						open = append(open, m.Idx)
					}
				}
			}
			if broken, err := storetest.Shown(t.Context(), s.client, open...); err != nil || len(broken) > 0 {
				t.Errorf("%v: %v", err, broken)
			}
		}
	})
}
