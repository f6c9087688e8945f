package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// TestConcerns looks at an asker's lists: their order and limits, and what is shown when.
func TestConcerns(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.log.Reset()
	paid := func(idx int64, status string, second int, edits ...func(*life.Concern)) docs {
		c := storetest.Paid(idx, "a", noon.Add(time.Duration(second)*time.Second))
		c.Status = status
		for _, edit := range edits {
			edit(&c)
		}
		return docs{"concerns/" + life.Decimal(idx): c}
	}
	booked := unpaid(9, "a", reserved(1, 60))["concerns/9"].(life.Concern)
	booked.Pay(1, 30, 7, noon)
	offered, anew := storetest.Paid(3, "a", noon), storetest.Paid(4, "a", noon)
	old := storetest.Offered(40, anew, "w1", noon)
	anew.MatchCnt = 2
	s.put(t, merged(
		paid(1, life.Init, 300), paid(2, life.Init, 0), paid(5, life.Matched, 0), paid(6, life.Complete, 0), unpaid(7, "a"),
		paid(8, life.Init, 0, func(c *life.Concern) { c.AskerUID = "b" }), paid(10, life.Init, 100), paid(11, life.Complete, 0), paid(12, life.Init, 5),
		docs{concern3: offered, "concerns/4": anew, "concerns/9": booked, "matches/30": storetest.Offered(30, offered, "w1", noon), "matches/40": old},
	))
	s.edit(t, "concerns/12", "content", 5) // is left out
	list := func() (string, string) {
		t.Helper()
		open, completed, err := s.Concerns(within(t), "a")
		if err != nil {
			t.Fatal(err)
		}
		text := func(c store.ShownConcern) (int64, string) { return c.Idx, c.Shown }
		return shownOf(open, text), shownOf(completed, text)
	}
	for _, test := range []struct {
		second float64
		want   string
		asked  int // queries for offers
	}{
		{300 - 1e-6, "10 init, 9 init, 5 matched, 4 init, 3 init, 2 init, 1 init", 0},
		{300, "10 init, 9 init, 5 matched, 4 empty, 3 init, 2 empty, 1 init", 3},
		{595 - 1e-6, "10 empty, 9 init, 5 matched, 4 empty, 3 init, 2 empty, 1 init", 4},
		{595, "10 empty, 9 init, 5 matched, 4 unmatched, 3 unmatched, 2 unmatched, 1 init", 1},
		{3600 - 1e-6, "10 unmatched, 9 init, 5 matched, 4 unmatched, 3 unmatched, 2 unmatched, 1 unmatched", 0},
		{3600, "10 unmatched, 9 unmatched, 5 matched, 4 unmatched, 3 unmatched, 2 unmatched, 1 unmatched", 0},
	} {
		s.after(test.second)
		queries := server.Count("RunQuery")
		open, completed := list()
		same(t, []any{test.second, open, completed}, []any{test.second, test.want, "11 complete, 6 complete"})
		same(t, server.Count("RunQuery")-queries, 2+test.asked)
	}
	if lines := s.log.with("unreadable document"); len(lines) != 6 {
		t.Errorf("logged %v", lines)
	}

	open, completed, err := s.Concerns(within(t), "nobody")
	same(t, []any{len(open), len(completed), err}, []any{0, 0, nil})
	all := docs{}
	for i := range int64(110) {
		all = merged(all, paid(1000+i, []string{life.Init, life.Matched}[i%2], 0), paid(2000+i, life.Complete, 0))
	}
	s.put(t, all)
	open, completed, err = s.Concerns(within(t), "a")
	same(t, []any{err, len(open), len(completed), open[0].Idx, open[99].Idx, completed[49].Idx}, []any{nil, 100, 50, int64(1109), int64(1010), int64(2060)})
}

const concern3 = "concerns/3"

// TestOffersOn looks at the offers on concerns, as their asker and as others.
func TestOffersOn(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	c := storetestPaid(1, "a")
	earlier := storetest.Offered(9, c, "w9", noon)
	c.MatchCnt = 2
	booked := unpaid(2, "a", reserved(60, 120))["concerns/2"].(life.Concern)
	booked.Pay(1, 30, 7, noon)
	rated := func(idx int64, rating string, edit func(*life.Match)) docs {
		m := storetest.Offered(idx, c, fmt.Sprint("w", idx), noon)
		m.Card.AvgRating = rating
		if edit != nil {
			edit(&m)
		}
		return docs{storetest.Path(idx): m}
	}
	hour := func(idx int64, minute int) docs {
		w := profileOf(fmt.Sprint("w", idx))
		m := booked.Sent(idx, &w, noon)
		m.Offer(booked.Brief("", noon), life.Card{}, later(minute), 1, noon)
		return docs{storetest.Path(idx): m}
	}
	s.put(t, merged(
		rated(3, "4.5", nil), rated(4, "5.0", nil), rated(5, "4.5", nil), rated(6, "0", nil), rated(7, "", nil), docs{"matches/9": earlier},
		rated(10, "5.0", func(m *life.Match) { m.Status = life.Init }), rated(11, "5.0", func(m *life.Match) { m.AskerUID = "b" }),
		hour(20, 60), hour(21, 90), unpaid(5, "a"), docs{"concerns/1": c, "concerns/2": booked},
	))
	numbers := func(offers []life.Match) string {
		return shownOf(offers, func(m life.Match) (int64, string) { return m.Idx, m.Status })
	}
	const five = "4 waiting, 3 waiting, 5 waiting, 6 waiting, 7 waiting"
	for _, test := range []struct {
		uid, kind string
		idx       int64
		second    float64
		want      string
		err       error
	}{
		{"a", life.Realtime, 1, 0, five, nil}, {"a", life.Realtime, 1, 660 - 1e-6, five, nil}, {"a", life.Realtime, 1, 660, "", nil},
		{"a", life.Reserve, 2, 3600, "20 waiting, 21 waiting", nil}, {"a", life.Reserve, 2, 3600 + 1e-6, "21 waiting", nil}, {"a", life.Reserve, 2, 5401, "", nil},
		{"a", life.Reserve, 1, 0, "", life.ErrNotFound}, {"a", life.Realtime, 2, 0, "", life.ErrNotFound}, {"b", life.Realtime, 1, 0, "", life.ErrNotFound},
		{"w3", life.Realtime, 1, 0, "", life.ErrNotFound}, {"a", life.Realtime, 5, 0, "", life.ErrNotFound}, {"a", life.Realtime, 404, 0, "", life.ErrNotFound},
	} {
		s.after(test.second)
		of, offers, err := s.OffersOn(within(t), test.uid, test.kind, test.idx)
		if got := numbers(offers); err != test.err || got != test.want || err == nil && (of.Idx != test.idx || of.Subcategory.Category != "연애") {
			t.Errorf("%+v: %q and %v", test, got, err)
		}
	}
	s.after(0)
	for _, status := range []string{life.Matched, life.Complete} {
		s.edit(t, "concerns/1", "status", status)
		if of, offers, err := s.OffersOn(within(t), "a", life.Realtime, 1); err != nil || len(offers) > 0 || of.Status != status {
			t.Errorf("%s: %v, %v", status, offers, err)
		}
	}
}

// TestOffered looks at one offer, in every status of its match, and at what others said of
// its willsoner.
func TestOffered(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	review := func(idx int64, willsoner int64, rating float64, minute int) docs {
		return docs{"reviews/" + life.Decimal(idx): life.Review{MatchIdx: idx, ConcernIdx: 1, WillsonerIdx: willsoner, AskerUID: "b", WillsonerUID: "w1",
			Rating: rating, ImageIdx: 1, CreatedAt: later(minute)}}
	}
	all := merged(sentAt(life.Realtime), review(900, 193, 5, 999))
	c := all[concern1].(life.Concern)
	all["matches/5"] = storetest.Offered(5, c, "w1", noon)
	all["matches/6"] = storetest.Waiting(6, "a", "w9", storetest.At(later(60)), func(m *life.Match) { m.WillsonerIdx = 777 }) // an older one, of nobody registered
	for i := range int64(103) {
		all = merged(all, review(100+i, 193, 1+float64(i%4), int(i)))
	}
	s.put(t, merged(all, review(901, 777, 4, 0), review(902, 777, 5, 1)))
	s.edit(t, "reviews/202", "rating", "good") // the newest but one is left out
	s.edit(t, "willsoners/w1", "rating_sum", 9.0)
	s.edit(t, "willsoners/w1", "review_count", 2)
	for _, test := range []struct {
		uid, kind string
		idx       int64
		status    string
		err       error
	}{
		{"a", life.Realtime, 5, life.Waiting, nil}, {"a", life.Realtime, 5, life.Chat, nil}, {"a", life.Realtime, 5, life.Complete, nil},
		{"a", life.Realtime, 5, life.Init, life.ErrNotFound}, {"a", life.Realtime, 5, "cancelled", life.ErrNotFound},
		{"a", life.Reserve, 5, life.Waiting, life.ErrNotFound}, {"a", life.Realtime, 6, life.Waiting, life.ErrNotFound}, {"a", life.Reserve, 6, life.Waiting, nil},
		{"b", life.Realtime, 5, life.Waiting, life.ErrNotFound}, {"w1", life.Realtime, 5, life.Waiting, life.ErrNotFound}, {"a", life.Realtime, 404, "", life.ErrNotFound},
	} {
		s.after(999999) // of whatever age
		if test.status != "" {
			s.edit(t, storetest.Path(test.idx), "status", test.status)
			s.edit(t, storetest.Path(test.idx), "roomkey", "x")
		}
		m, reviews, err := s.Offered(within(t), test.uid, test.kind, test.idx)
		if err != test.err || err == nil && (m.Idx != test.idx || m.Status != test.status) {
			t.Errorf("%+v: %+v, %v", test, m, err)
		}
		if err != nil {
			continue
		}
		rows := reviews.Rows
		if test.idx == 6 {
			same(t, []any{reviews.Avg, len(rows), rows[0].MatchIdx}, []any{"4.5", 2, int64(902)})
		} else if same(t, []any{reviews.Avg, len(rows), rows[0].MatchIdx, rows[1].MatchIdx, rows[98].MatchIdx}, []any{"4.5", 99, int64(900), int64(201), int64(104)}); len(rows) == 99 && !slices.IsSortedFunc(rows, newestFirst) {
			t.Error("not the newest first")
		}
	}
	s.change(t, map[string]any{"reviews/901": nil, "reviews/902": nil})
	if _, reviews, err := s.Offered(within(t), "a", life.Reserve, 6); err != nil || reviews.Avg != "0" || len(reviews.Rows) != 0 {
		t.Error(reviews, err)
	}

	// The same reviews, the best first, the newest of equals first; and of nobody.
	rows, err := s.ReviewsOf(within(t), 193)
	bestFirst := func(a, b life.Review) int {
		if a.Rating != b.Rating {
			return int(b.Rating*10 - a.Rating*10)
		}
		return newestFirst(a, b)
	}
	if err != nil || len(rows) != 99 || rows[0].MatchIdx != 900 || !slices.IsSortedFunc(rows, bestFirst) {
		t.Errorf("%d reviews, %v", len(rows), err)
	}
	s.put(t, docs{"willsoners/x": life.Profile{Idx: 55, UID: "x"}})
	for idx, want := range map[int64]error{777: life.ErrNotFound, 404: life.ErrNotFound, 55: nil} {
		if rows, err := s.ReviewsOf(within(t), idx); err != want || len(rows) > 0 {
			t.Errorf("%d: %v", idx, err)
		}
	}
}

func newestFirst(a, b life.Review) int { return b.CreatedAt.Compare(a.CreatedAt) }

// TestWillsoners looks at the home page's willsoners: the best rated ten of a category.
func TestWillsoners(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, counselling(15, func(i int, p *life.Profile) {
		p.Rating, p.RatingSum, p.ReviewCount = float64(i/4), float64(i/4*2), 2
		p.CategoryIdxs = []int64{int64(i%2 + 1), 3}
		p.Status = []string{life.Approved, life.Complete, life.Approved, life.Waiting}[i%4]
	}))
	s.edit(t, "willsoners/w14", "nickname", 5)
	for category, want := range map[int64]string{0: "12 13 8 9 10 4 5 6 1", 1: "12 8 10 4 6 2", 2: "13 9 5 1", 3: "12 13 8 9 10 4 5 6 1", 99: ""} {
		cards, err := s.Willsoners(within(t), category)
		var idxs []string
		for _, card := range cards {
			idxs = append(idxs, fmt.Sprint(card.Idx))
		}
		if got := strings.Join(idxs, " "); err != nil || got != want {
			t.Errorf("%d: %s, want %s, %v", category, got, want, err)
		}
		if len(cards) > 0 {
			same(t, []string{cards[0].AvgRating, cards[0].Nickname}, []string{"3.0", "답변자143"})
		}
	}
}

// TestOneHour: an hour that somebody moved in the reservation alone is the session's
// wherever it is shown, to its parties and to operators.
func TestOneHour(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"1", "old"} {
		s := emulated(t)
		all := session("reserved")
		all["reservations/"+id] = all["reservations/1"]
		if id != "1" {
			delete(all, "reservations/1")
		}
		s.put(t, all)
		s.edit(t, "reservations/"+id, "starts_at", later(90))
		list, err := s.Sessions(within(t), of(asker))
		if err != nil {
			t.Fatal(err)
		}
		selected, err := s.Select(within(t), asker, 1)
		if err != nil {
			t.Fatal(err)
		}
		offered, _, err := s.Offered(within(t), asker, life.Reserve, 1)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := s.SessionOf(within(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, hour := range []time.Time{list.Reserved[0].StartsAt, selected.StartsAt, offered.StartsAt, seen.Match.StartsAt} {
			same(t, hour.UTC(), later(90).UTC())
		}
	}
}
