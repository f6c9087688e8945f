package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// TestTown has 200 askers pay at once, half of them twice, and willsoners offer as soon as
// they can, 500 times. Then all askers choose at once, twice; some willsoners are wanted by
// several.
func TestTown(t *testing.T) {
	t.Parallel()
	const askers, willsoners = 200, 500
	s, _ := faked(t)
	s.clock.step = time.Microsecond
	all := counselling(willsoners)
	for i := range int64(askers) {
		uid := fmt.Sprint("a", i)
		all = merged(all, wealthy(uid, 10), unpaid(i+1, uid))
	}
	s.put(t, all)
	asked := func(err error, allowed ...error) {
		isAllowed := func(known error) bool { return errors.Is(err, known) }
		if err != nil && !slices.ContainsFunc(allowed, isAllowed) {
			t.Error(err)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // how long a busy machine takes for all of it
	defer cancel()
	begin := time.Now()
	var offers sync.WaitGroup
	together(askers*3/2, func(i int) {
		i %= askers
		_, sent, err := s.Pay(ctx, fmt.Sprint("a", i), int64(i+1), half, store.Everybody)
		asked(err)
		for _, m := range sent[:min(len(sent), 2+i%2)] {
			offers.Go(func() {
				_, err := s.tally(s.Offer(ctx, m.WillsonerUID, life.Realtime, m.Idx, time.Time{}))
				asked(err)
			})
		}
	})
	offers.Wait()
	t.Logf("200 payments, 100 of them twice, and 500 offers: %v", time.Since(begin))
	same(t, []int{s.size(t, "matches"), int(s.did.Load()), s.metric(t, "willson_changes_total", "pay", "done")}, []int{50 * askers, 500, askers})
	s.covered(t)

	begin = time.Now()
	var selected [askers]bool
	together(askers, func(i int) {
		uid := fmt.Sprint("a", i)
		_, offered, err := s.OffersOn(ctx, uid, life.Realtime, int64(i+1))
		asked(err)
		together(2, func(int) {
			_, err := s.Select(ctx, uid, offered[0].Idx)
			asked(err, life.ErrAlreadyMatched, store.ErrUnavailable)
		})
		selected[i] = read[life.Match](t, s, storetest.Path(offered[0].Idx)).Status == life.Chat
	})
	t.Logf("all of them choose: %v", time.Since(begin))
	s.consistent(t)
	s.covered(t)
	sessions := s.size(t, "chatrooms")
	if t.Logf("%d sessions", sessions); sessions < askers/2 {
		t.Errorf("no more than %d could choose", sessions)
	}
	for i, chosen := range selected {
		account := read[life.Account](t, s, "askers/"+fmt.Sprint("a", i))
		if want := map[bool]int64{true: 3, false: 10}[chosen]; account.Pots != want || account.Payments != 1 {
			t.Errorf("a%d has %d pots after %d payments", i, account.Pots, account.Payments)
		}
	}
}
