package store_test

import (
	"context"
	"testing"
	"time"

	"willson/life"
	"willson/store"
)

// TestRoadCost counts on the wire what each request before the session costs, and in how
// many trips, in a town of 120 willsoners: asker a has concern 1, not paid for, concern 2, in
// its second five minutes, with two offers, and 3 with its own; match 5 was sent to w1.
func TestRoadCost(t *testing.T) {
	t.Parallel()
	registration := store.Registration{CategoryIdxs: []int64{1}, ImageIdx: 1, KeywordNames: []string{"집"}}
	for name, test := range map[string]struct {
		do    func(context.Context, *subject) error
		trips []int
		want  cost
	}{
		"sign-up": {func(ctx context.Context, s *subject) error { _, err := s.Enter(ctx, newcomer("x"), 15); return err }, []int{1, 1}, cost{1, 0, 1, 1, 2}},
		"sign-in": {func(ctx context.Context, s *subject) error { _, err := s.EnterKnown(ctx, "a"); return err }, []int{1, 1}, cost{1, 0, 1, 1, 1}},
		"keywords": {func(ctx context.Context, s *subject) error {
			_, err := s.KeepKeywords(ctx, "a", 1, []string{"집", "방"})
			return err
		}, []int{1, 1}, cost{1, 0, 1, 1, 2}},
		"registration": {func(ctx context.Context, s *subject) error { _, err := s.Register(ctx, "a", registration); return err }, []int{1, 1}, cost{1, 0, 1, 2, 2}},
		"invitation":   {func(ctx context.Context, s *subject) error { _, err := s.Invite(ctx, "b"); return err }, []int{1, 1}, cost{1, 0, 1, 1, 1}},
		"my page":      {func(ctx context.Context, s *subject) error { _, err := s.Home(ctx, "a"); return err }, []int{1, 1}, cost{1, 1, 0, 4, 0}},
		"ledger":       {func(ctx context.Context, s *subject) error { _, err := s.Ledger(ctx, "a"); return err }, []int{2}, cost{1, 1, 0, 2, 0}},
		"purchase":     {func(ctx context.Context, s *subject) error { _, err := s.Spendable(ctx, "a"); return err }, []int{1, 1}, cost{1, 1, 0, 3, 0}},
		"home page":    {func(ctx context.Context, s *subject) error { _, err := s.Willsoners(ctx, 1); return err }, []int{1}, cost{0, 1, 0, 10, 0}},
		"a concern":    {func(ctx context.Context, s *subject) error { _, err := s.Write(ctx, written("a")); return err }, []int{1, 1}, cost{1, 0, 1, 1, 1}},
		"an estimate": {func(ctx context.Context, s *subject) error {
			_, err := s.Estimate(ctx, "a", 1, store.Everybody)
			return err
		}, []int{1, 1, 1}, cost{1, 2, 0, 24, 0}},
		"payment": {func(ctx context.Context, s *subject) error {
			_, _, err := s.Pay(ctx, "a", 1, half, store.Everybody)
			return err
		}, []int{1, 1, 1, 1}, cost{1, 2, 1, 104, 52}},
		"incoming list": {func(ctx context.Context, s *subject) error {
			_, err := s.Incoming(ctx, "w1", life.Realtime, 0)
			return err
		}, []int{1, 1}, cost{1, 1, 0, 4, 0}},
		"... for nobody": {func(ctx context.Context, s *subject) error {
			_, err := s.Incoming(ctx, "b", life.Realtime, 0)
			return err
		}, []int{1}, cost{0, 1, 0, 0, 0}},
		"incoming match": {func(ctx context.Context, s *subject) error {
			_, err := s.IncomingMatch(ctx, "w1", life.Realtime, 5)
			return err
		}, []int{1, 1}, cost{2, 0, 0, 2, 0}},
		"an offer": {func(ctx context.Context, s *subject) error {
			_, _, err := s.Offer(ctx, "w1", life.Realtime, 5, time.Time{})
			return err
		}, []int{2, 4, 1}, cost{2, 3, 1, 4, 1}},
		"... repeated": {func(ctx context.Context, s *subject) error {
			_, _, err := s.Offer(ctx, "w1", life.Realtime, 6, time.Time{})
			return err
		}, []int{2, 1}, cost{2, 0, 0, 2, 0}},
		"concern list": {func(ctx context.Context, s *subject) error { _, _, err := s.Concerns(ctx, "a"); return err }, []int{2, 1}, cost{0, 3, 0, 3, 0}},
		"offers": {func(ctx context.Context, s *subject) error {
			_, _, err := s.OffersOn(ctx, "a", life.Realtime, 2)
			return err
		}, []int{1, 1}, cost{1, 1, 0, 3, 0}},
		"an offered match": {func(ctx context.Context, s *subject) error {
			_, _, err := s.Offered(ctx, "a", life.Realtime, 6)
			return err
		}, []int{1, 2}, cost{2, 1, 0, 2, 0}},
		"someone's reviews": {func(ctx context.Context, s *subject) error { _, err := s.ReviewsOf(ctx, 1); return err }, []int{2}, cost{0, 2, 0, 1, 0}},
	} {
		s, server := faked(t)
		second, third := storetestPaid(2, "a"), storetestPaid(3, "a")
		s.put(t, merged(wealthy("a", 50), wealthy("b", 0), unpaid(1, "a"), town6(second, third), counselling(120, func(_ int, p *life.Profile) { p.Place = 1 - 1e-9 })))
		s.edit(t, "concerns/3", "timer", later(10))
		s.edit(t, "concerns/3", "open_until", later(20))
		s.edit(t, "matches/5", "timer", later(10))
		s.after(301)
		if test.trips != nil {
			server.OnCall(inTrips(t, test.trips...))
		}
		from, reads := len(server.Calls()), server.Reads()
		if err := test.do(within(t), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := costOf(server, from)
		if got.reads = server.Reads() - reads; got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
