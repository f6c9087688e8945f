package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// patiently asks as a client does: each try has 5 s, and is tried again on what the
// server answers with 503 and 504. The emulator holds locks for seconds.
func patiently[T any](t testing.TB, ask func(context.Context) (T, error)) (T, error) {
	for begin := time.Now(); ; {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		got, err := ask(ctx)
		cancel()
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			return got, err
		}
		if time.Since(begin) > 2*time.Minute {
			t.Errorf("no answer in %v: %v", time.Since(begin), err)
			return got, err
		}
	}
}

// together runs all at the same time and returns when all are done.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// TestOneOfTwo has two matches selected at once of which only one can be: two askers want
// a willsoner's time, for now or for hours that overlap by a minute, or one asker selects
// two matches of a concern.
func TestOneOfTwo(t *testing.T) {
	t.Parallel()
	subjects, matches, errs := make([]*subject, 6), make([][2]life.Match, 6), make([][]error, 6)
	for round := range subjects {
		subjects[round], errs[round] = emulated(t), make([]error, 2)
		both := [2]life.Match{storetest.Waiting(1, asker, willsoner), storetest.Waiting(2, "another", willsoner)}
		for i := range both {
			switch m := &both[i]; {
			case round%3 == 2:
				m.AskerUID, m.WillsonerUID, m.ConcernIdx, m.StartsAt = asker, fmt.Sprint(i), 3, later(1+100*i)
			case round%3 == 1:
				m.StartsAt = later(60 + 49*i)
			}
			subjects[round].put(t, docs{storetest.Path(both[i].Idx): both[i]})
		}
		matches[round] = both
	}
	together(2*len(subjects), func(n int) {
		m := matches[n/2][n%2]
		_, errs[n/2][n%2] = patiently(t, func(ctx context.Context) (life.Match, error) {
			return subjects[n/2].Select(ctx, m.AskerUID, m.Idx)
		})
	})
	for round, s := range subjects {
		one(t, errs[round], life.ErrAlreadyMatched)
		s.consistent(t)
	}
}

// one fails the test unless one of two succeeded and the other was told why not.
func one(t testing.TB, errs []error, want error) {
	t.Helper()
	if !(errs[0] == nil && errs[1] == want || errs[0] == want && errs[1] == nil) {
		t.Errorf("%v and %v, want %v once", errs[0], errs[1], want)
	}
}

// TestSentManyTimes has one select arrive six times at once.
func TestSentManyTimes(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.clock.step = time.Microsecond // or each would take the others' writes for its own
	s.put(t, session("waiting"))
	answers := make([]life.Match, 6)
	together(len(answers), func(i int) {
		var err error
		answers[i], err = patiently(t, func(ctx context.Context) (life.Match, error) { return s.Select(ctx, asker, 1) })
		if err != nil {
			t.Error(err)
		}
	})
	for _, answer := range answers {
		same(t, answer, answers[0])
	}
	same(t, []int{s.metric(t, "willson_changes_total", "select", "done"), int(s.did.Load())}, []int{1, 1})
	s.consistent(t)
}

// TestMeanwhile has another request done, as a whole, before each call in turn of a first
// one, by transactions that do not lock: whatever the first has seen by then, it ends as if
// it had come after.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	other := call{life.Selects, life.Asker, func(ctx context.Context, s *subject, uid string, _ int64) (any, error) {
		return s.Select(ctx, uid, 2)
	}}
	for _, test := range []struct {
		state, first, second string
		want                 error // of the first
		done                 int   // of the two, those that change something; 0: both
	}{
		{"waiting", "select", "select", nil, 1},
		{"agreed", "select", "select", nil, 1},
		{"paid waiting", "select", "select", nil, 1},
		{"paid waiting", "select", "the other", life.ErrAlreadyMatched, 1},
		{"reserved", "join as asker", "join as willsoner", nil, 2},
		{"reserved", "join as asker", "join as asker", nil, 1},
		{"chat", "join as asker", "complete", life.ErrNotFound, 0},
		{"chat", "complete", "join as asker", nil, 0},
		{"paid chat", "complete", "complete", nil, 1},
		{"paid chat", "complete", "review", nil, 0},
		{"paid chat", "review", "complete", nil, 0},
		{"paid chat", "review", "review", life.ErrReviewExists, 1},
		{"chat", "report", "report", nil, 1},
	} {
		t.Run(test.state+", "+test.first+", "+test.second, func(t *testing.T) {
			t.Parallel()
			for nth, reached := int64(1), true; reached; nth++ {
				s, server := faked(t)
				s.put(t, session(test.state))
				if s.clock.step = time.Microsecond; test.state == "reserved" {
					s.clock.set(later(60))
				}
				do := func(name string) (any, error) {
					call, ok := calls()[name]
					if !ok {
						call = other
					}
					return call.do(within(t), s, call.caller(), 1)
				}
				var second any
				var asked atomic.Int64
				reached = false
				server.OnCall(func(fakefirestore.Call) fakefirestore.Fault {
					if asked.Add(1) == nth {
						var err error
						if second, err = do(test.second); err != nil {
							t.Errorf("before call %d: the second: %v", nth, err)
						}
						reached = true
					}
					return fakefirestore.Fault{}
				})
				first, err := do(test.first)
				server.OnCall(nil)
				if err != test.want && reached || err != nil && !reached {
					t.Errorf("before call %d: %v, want %v", nth, err, test.want)
				}
				if err == nil && test.first == test.second && reached {
					same(t, first, second)
				}
				action := strings.Fields(test.first)[0]
				if test.done > 0 && reached {
					same(t, s.metric(t, "willson_changes_total", action, "done"), test.done)
				}
				same(t, int(s.did.Load()), s.metric(t, "willson_changes_total", "select", "done")+s.metric(t, "willson_changes_total", "join", "done"))
				s.consistent(t)
			}
		})
	}
}

// TestBothJoin has both parties join a reservation at once, and the asker complete while
// the willsoner joins.
func TestBothJoin(t *testing.T) {
	t.Parallel()
	subjects := []*subject{emulated(t), emulated(t), emulated(t)}
	for _, s := range subjects {
		s.put(t, session("reserved"))
		s.clock.set(later(60))
	}
	ask := func(s *subject, name string) error {
		call := calls()[name]
		_, err := patiently(t, func(ctx context.Context) (any, error) { return call.do(ctx, s, call.caller(), 1) })
		return err
	}
	together(2*len(subjects), func(n int) {
		if err := ask(subjects[n/2], []string{"join as asker", "join as willsoner"}[n%2]); err != nil {
			t.Error(err)
		}
	})
	for _, s := range subjects {
		s.consistent(t)
		if m := read[life.Match](t, s, "matches/1"); !m.AskerJoined || !m.WillsonerJoined {
			t.Errorf("not joined: %+v", m)
		}
		s.edit(t, "matches/1", "willsoner_join", false)
	}
	together(2*len(subjects), func(n int) {
		err := ask(subjects[n/2], []string{"complete", "join as willsoner"}[n%2])
		if err != nil && !(n%2 == 1 && err == life.ErrNotFound) {
			t.Error(err)
		}
	})
	for _, s := range subjects {
		s.consistent(t)
	}
}

// TestReviewedTwice has two reviews of a session, and two reports, arrive at once.
func TestReviewedTwice(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, session("chat"))
	errs := make([]error, 2)
	together(4, func(i int) {
		_, err := patiently(t, func(ctx context.Context) (any, error) {
			if i >= 2 {
				return nil, s.Report(ctx, asker, 1, []string{"m1", "m2"})
			}
			return s.Review(ctx, life.Review{MatchIdx: 1, AskerUID: asker, Rating: 4.5, ImageIdx: 1, Content: fmt.Sprint(i)})
		})
		if i < 2 {
			errs[i] = err
		} else if err != nil {
			t.Error(err)
		}
	})
	one(t, errs, life.ErrReviewExists)
	s.consistent(t)
}
