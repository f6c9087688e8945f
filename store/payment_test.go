package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

const concern1 = "concerns/1"

// TestWriteAndPay writes a concern and pays for it, and looks at every field.
func TestWriteAndPay(t *testing.T) {
	t.Parallel()
	windows := []any{fields{"from": later(30), "to": later(60)}, fields{"from": later(10), "to": later(90)}}
	for _, kind := range []string{life.Realtime, life.Reserve} {
		s := emulated(t)
		s.put(t, merged(wealthy("a", 15), counselling(3)))
		s.edit(t, "askers/a", "birth_year", 1996)
		s.edit(t, "askers/a", "gender", "M")
		concern, own := written("a"), fields{}
		timed, open := fields{"timer": later(5)}, later(5).Add(390*time.Second)
		if kind == life.Reserve {
			reserved(30, 60, 10, 90)(&concern)
			own["windows"], timed, open = windows, fields{}, later(90).Add(30*time.Second)
		}
		kept, err := s.Write(within(t), concern)
		if err != nil || kept.Idx/1000 != noon.UnixMilli() {
			t.Fatal(kept, err)
		}
		path := "concerns/" + life.Decimal(kept.Idx)
		maps.Copy(own, fields{
			"idx": kept.Idx, "asker_uid": "a", "asker_idx": int64(1), "type": kind, "status": "unpaid",
			"subcategory": fields{"idx": int64(3), "name": "갈등", "category_idx": int64(1), "category": "연애"},
			"feelings":    []any{fields{"idx": int64(1), "name": "불쾌한"}}, "personalities": []any{fields{"idx": int64(1), "name": "차분한"}},
			"direction": fields{"idx": int64(1), "name": "공감"}, "content": "연애 고민이에요", "wil_gender": "ALL", "nickname": "수줍은 휴이",
			"asker_gender": "M", "asker_birth_year": int64(1996), "created_at": noon, "updated_at": noon, "expire_at": noon.AddDate(0, 0, 30),
		})
		same(t, s.fieldsOf(t, path), own)
		if _, err := s.Write(within(t), written("nobody")); err != life.ErrUserNotFound {
			t.Error(err)
		}

		s.clock.set(later(0))
		paid, sent, err := s.Pay(within(t), "a", kept.Idx, half, store.Everybody)
		if err != nil || len(sent) != 3 {
			t.Fatal(sent, err)
		}
		delete(own, "expire_at")
		maps.Copy(own, timed)
		want := with(own, "status", "init", "minutes", int64(30), "ticket_idx", int64(1), "held", int64(7), "open_until", open, "match_cnt", int64(1))
		same(t, s.fieldsOf(t, path), want)
		same(t, paid, read[life.Concern](t, s, path))
		same(t, []any{s.fieldsOf(t, "askers/a")["pots"], s.size(t, "askers/a/transactions")}, []any{int64(15), 1}) // held, not taken
		for i, m := range sent {
			match := with(timed, "idx", sent[0].Idx+int64(i), "concern_idx", kept.Idx, "willsoner_idx", m.WillsonerIdx, "asker_uid", "a",
				"willsoner_uid", fmt.Sprint("w", m.WillsonerIdx), "status", "init", "type", kind, "round", int64(1), "category_idx", int64(1),
				"open_until", open, "expire_at", open.AddDate(0, 0, 30), "score", int64(50), "created_at", noon, "updated_at", noon)
			if kind == life.Reserve {
				match["windows"] = windows
			}
			same(t, s.fieldsOf(t, storetest.Path(m.Idx)), match)
			if before := noon.UnixMilli() - m.Idx/1000; before < 0 || before > 1000 {
				t.Errorf("numbered %d ms before now", before)
			}
		}

		// The repeat, of whichever payment request, changes nothing.
		_, times := s.all(t)
		s.clock.set(later(5).Add(-time.Microsecond))
		again, none, err := s.Pay(within(t), "a", kept.Idx, half, store.AllButThem)
		if err != nil || len(none) > 0 {
			t.Error(none, err)
		}
		same(t, again, paid)
		_, unchanged := s.all(t)
		same(t, unchanged, times)
		same(t, []int{s.metric(t, "willson_changes_total", "pay", "done"), s.metric(t, "willson_changes_total", "pay", "again")}, []int{1, 1})
		s.consistent(t)
		if log := s.log.String(); strings.Contains(log, "고민") || strings.Contains(log, "휴이") {
			t.Error(log)
		}
	}
}

// TestPayRefused has everything in the way of a payment at once, then everything but the
// first, and so on: what is told is the first of what is in the way.
func TestPayRefused(t *testing.T) {
	t.Parallel()
	inTheWay := []struct {
		edits map[string]any
		want  error
	}{
		{map[string]any{"askers/a": nil}, life.ErrUserNotFound},
		{map[string]any{concern1 + " asker_uid": "b"}, life.ErrNotFound},
		{map[string]any{concern1 + " status": "matched", concern1 + " minutes": 30, concern1 + " open_until": later(60), concern1 + " match_cnt": 1}, life.ErrConcernInProcess},
		{map[string]any{concern1 + " windows": []life.Window{{From: later(60), To: later(89)}, {From: later(-30), To: later(29)}}}, life.ErrTimeOut},
		{map[string]any{"askers/a pots": 6}, life.ErrAmountNotEnough},
		{map[string]any{"willsoners/w1": nil, "willsoners/w2": nil, "willsoners/w3": nil}, life.ErrWillsonerNotFound},
		{nil, nil},
	}
	for i, first := range inTheWay {
		s, server := faked(t)
		s.put(t, town(reserved(60, 90, 0, 30)))
		for _, other := range slices.Backward(inTheWay[i:]) {
			s.change(t, other.edits)
		}
		writes := server.Writes()
		_, sent, err := s.Pay(within(t), "a", 1, half, store.Everybody)
		if err != first.want || (len(sent) == 3) != (err == nil) {
			t.Errorf("%v and %d matches, want %v", err, len(sent), first.want)
		}
		if err != nil {
			same(t, []int{server.Writes(), s.metric(t, "willson_changes_total", "pay", "refused")}, []int{writes, 1})
		}
	}
	s, _ := faked(t)
	s.put(t, wealthy("a", 15))
	if _, _, err := s.Pay(within(t), "a", 404, half, store.Everybody); err != life.ErrNotFound {
		t.Error(err)
	}
}

// TestPayAnew pays for a concern that was paid for at noon with the first ticket, of which
// some is otherwise, with a ticket.
func TestPayAnew(t *testing.T) {
	t.Parallel()
	const offer = "matches/5"
	unoffered := map[string]any{offer + " status": "init"}
	for name, test := range map[string]struct {
		edits  map[string]any
		second float64 // after noon
		want   error
		round  int64 // afterwards
	}{
		"while offers come":            {second: 300 - 1e-6, want: life.ErrConcernInProcess},
		"while the asker chooses":      {second: 595 - 1e-6, want: life.ErrConcernInProcess},
		"while a late select may come": {second: 595, round: 2},
		"while its own pots are held":  {second: 690 - 1e-6, round: 2},
		"when it is over":              {second: 690, round: 2},
		"empty":                        {unoffered, 300, nil, 2},
		"not yet empty":                {unoffered, 300 - 1e-6, life.ErrConcernInProcess, 1},
		"with an old offer":            {map[string]any{concern1 + " match_cnt": 3}, 300, nil, 4},
		"of which the talk goes on":    {map[string]any{concern1 + " status": "matched"}, 9999, life.ErrConcernInProcess, 1},
		"complete":                     {map[string]any{concern1 + " status": "complete"}, 1, nil, 2},
	} {
		s, _ := faked(t)
		s.put(t, merged(wealthy("a", 10), counselling(3)))
		c := storetestPaid(1, "a")
		c.Pay(1, 30, 7, noon)
		c.MatchCnt = 1
		s.put(t, docs{concern1: c, offer: storetest.Offered(5, c, "w1", noon)})
		s.change(t, test.edits)
		s.after(test.second)
		paid, sent, err := s.Pay(within(t), "a", 1, whole, store.Everybody)
		if err != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err == nil {
			now := s.clock.Now()
			same(t, []any{paid.MatchCnt, paid.Status, paid.Minutes, paid.Held, paid.CreatedAt, paid.Timer}, []any{test.round, "init", int64(50), int64(10), now, now.Add(300 * time.Second)})
			same(t, []any{len(sent), sent[0].Round}, []any{3, test.round})
			if _, ok := s.fieldsOf(t, offer)["expire_at"]; ok {
				t.Errorf("%s: other matches were written to", name)
			}
		}
	}

	// A reserved one: the repeat is looked for before its windows are.
	s, _ := faked(t)
	s.put(t, merged(town(reserved(10, 60, 30, 60)), wealthy("b", 15)))
	s.pay(t, "a", 1)
	if c, _, err := s.Pay(within(t), "b", 1, half, store.Everybody); err != life.ErrNotFound || c.Content != "" {
		t.Errorf("another's, which is paid for: %+v, %v", c, err)
	}
	for _, test := range []struct {
		second float64
		ticket int64
		want   error
	}{{60, 2, life.ErrConcernInProcess}, {3590, 1, nil}, {3629, 1, nil}, {3600, 2, life.ErrTimeOut}, {3630, 1, life.ErrTimeOut}} {
		ticket := half
		ticket.Idx = test.ticket
		s.after(test.second)
		if _, sent, err := s.Pay(within(t), "a", 1, ticket, store.Everybody); err != test.want || len(sent) > 0 {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestHeld asks for a second payment of an account with so many pots, of which another
// concern of the asker holds 7 since noon.
func TestHeld(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pots   int64
		second float64
		want   error
	}{
		{14, 1, nil}, {13, 1, life.ErrAmountNotEnough}, {7, 690 - 1e-6, life.ErrAmountNotEnough}, {7, 690, nil}, {6, 690, life.ErrAmountNotEnough},
	} {
		s, _ := faked(t)
		s.put(t, merged(wealthy("a", test.pots), wealthy("b", 7), counselling(1), docs{"concerns/2": storetestPaid(2, "a"), "concerns/3": storetestPaid(3, "b")}, unpaid(1, "a")))
		s.after(test.second)
		if _, _, err := s.Pay(within(t), "a", 1, half, store.Everybody); err != test.want {
			t.Errorf("%+v: %v", test, err)
		}
		s.covered(t)
	}
}

// TestWhom sends concern 1, of asker a, to those who fit.
func TestWhom(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	edits := []func(*life.Profile){
		func(p *life.Profile) { p.SubcategoryIdxs, p.Gender = []int64{1}, "F" }, // w1
		func(p *life.Profile) { p.Status = life.Complete },
		func(p *life.Profile) { p.Rating, p.RatingSum, p.ReviewCount, p.CategoryIdxs = 5, 20, 4, []int64{2, 1} },
		func(p *life.Profile) { p.Status = life.Waiting },
		func(p *life.Profile) { p.Status = "rejected" },
		func(p *life.Profile) { p.CategoryIdxs = []int64{2} },
		func(p *life.Profile) { p.UID = "a" },
		func(p *life.Profile) { p.Gender = "" }, // w8
	}
	s.put(t, merged(wealthy("a", 15), unpaid(1, "a"), counselling(len(edits), func(i int, p *life.Profile) { edits[i-1](p) })))
	had := func(idx int64, uid, status string) {
		s.put(t, docs{storetest.Path(idx): storetest.Waiting(idx, "a", uid, func(m *life.Match) { m.ConcernIdx, m.Status, m.Roomkey = 1, status, "x" })})
	}
	had(1, "w2", life.Complete)
	had(2, "w1", life.Chat)
	had(3, "w5", life.Complete)
	had(4, "w8", life.Waiting)
	had(5, "w9", life.Complete) // registered nowhere
	for _, test := range []struct {
		gender string
		whom   store.Whom
		want   string
	}{
		{"ALL", store.Everybody, "w1 w2 w3 w8"}, {"M", store.Everybody, "w2 w3"}, {"F", store.Everybody, "w1"},
		{"ALL", store.TheSame, "w1 w2"}, {"M", store.TheSame, "w2"}, {"ALL", store.AllButThem, "w3 w8"}, {"F", store.AllButThem, ""},
	} {
		s.put(t, unpaid(1, "a", func(c *life.Concern) { c.WilGender = test.gender }))
		estimate, err := s.Estimate(within(t), "a", 1, test.whom)
		var likely, uids []string
		for _, card := range estimate.Willsoners {
			likely = append(likely, fmt.Sprint("w", card.Idx))
		}
		if err != nil || len(likely) > 2 && likely[0] != "w3" {
			t.Errorf("%+v: estimated %v, %v", test, likely, err)
		}
		_, sent, err := s.Pay(within(t), "a", 1, half, test.whom)
		for _, m := range sent {
			uids = append(uids, m.WillsonerUID)
			want := map[string]int64{"w1": 0, "w2": 50, "w3": 88, "w8": 50}[m.WillsonerUID]
			same(t, []any{m.WillsonerUID, m.Score}, []any{m.WillsonerUID, want})
		}
		slices.Sort(uids)
		slices.Sort(likely)
		same(t, []string{strings.Join(uids, " "), strings.Join(likely, " ")}, []string{test.want, test.want})
		if (err == life.ErrWillsonerNotFound) != (test.want == "") || err != nil && test.want != "" {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestRing pays in a category of 130 equals forty times: each time 50 are sent it, of a
// hundred that are read, and everybody has a turn. Of sixty the fifty best are always found,
// wherever it begins.
func TestRing(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.clock.step = time.Second // so that no two payments draw the same numbers, and read once more
	s.put(t, counselling(130))
	for i := range int64(40) {
		s.put(t, merged(wealthy(fmt.Sprint("a", i), 15), unpaid(i+1, fmt.Sprint("a", i))))
	}
	turns := map[string]int{}
	for i := range int64(40) {
		reads := server.Reads()
		for _, m := range s.pay(t, fmt.Sprint("a", i), i+1) {
			turns[m.WillsonerUID]++
		}
		same(t, server.Reads()-reads, 102)
	}
	total := 0
	for _, n := range turns {
		total += n
	}
	same(t, []int{len(turns), total}, []int{130, 2000})

	s, _ = faked(t)
	s.put(t, counselling(60, func(i int, p *life.Profile) {
		p.SubcategoryIdxs, p.Rating, p.Place = nil, float64(i)/6, float64(i*7%60)/60
	}))
	for i := range int64(10) {
		s.put(t, merged(wealthy("a", 100), unpaid(i+1, "a")))
		sent := s.pay(t, "a", i+1)
		least := slices.MinFunc(sent, func(a, b life.Match) int { return int(a.WillsonerIdx - b.WillsonerIdx) })
		same(t, []any{len(sent), sent[0].WillsonerIdx, least.WillsonerIdx}, []any{50, int64(60), int64(11)})
		s.after(float64(700 * (i + 1)))
	}
}

// TestEstimate looks at what a payment would bring.
func TestEstimate(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.put(t, merged(wealthy("a", 15), wealthy("b", 15), unpaid(1, "a"), docs{"concerns/2": storetestPaid(2, "a")}, counselling(30, func(i int, p *life.Profile) { p.Rating = float64(i % 5) })))
	reads := server.Reads()
	got, err := s.Estimate(within(t), "a", 1, store.Everybody)
	if err != nil || len(got.Willsoners) != 10 || got.Spendable != 8 || got.Account.UID != "a" || got.Concern.Idx != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	same(t, server.Reads()-reads, 23)
	if card := got.Willsoners[0]; card.Idx%5 != 4 || card.Introduction != "안녕하슈" || card.Pic == "" || card.ImagePic == "" || card.Subcategories[0].Category != "연애" {
		t.Errorf("%+v", card)
	}
	for _, test := range []struct {
		uid    string
		idx    int64
		second float64
		want   error
	}{
		{"nobody", 1, 0, life.ErrUserNotFound}, {"b", 1, 0, life.ErrNotFound}, {"b", 2, 0, life.ErrNotFound}, {"a", 3, 0, life.ErrNotFound},
		{"a", 2, 299, life.ErrConcernInProcess}, {"a", 2, 300, nil}, {"a", 1, 0, nil},
	} {
		s.after(test.second)
		if _, err := s.Estimate(within(t), test.uid, test.idx, store.Everybody); err != test.want {
			t.Errorf("%+v: %v", test, err)
		}
	}
	for path := range counselling(30) {
		s.change(t, map[string]any{path: nil})
	}
	if got, err := s.Estimate(within(t), "a", 1, store.Everybody); err != nil || len(got.Willsoners) != 0 {
		t.Error(got, err)
	}
}

// TestPayAtOnce has an asker pay for twenty concerns at once with pots for two, and another
// for one concern twenty times.
func TestPayAtOnce(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.clock.step = time.Microsecond
	s.put(t, merged(wealthy("a", 20), wealthy("b", 20), counselling(60), unpaid(100, "b")))
	for i := range int64(20) {
		s.put(t, unpaid(i+1, "a"))
	}
	begin := time.Now()
	outcomes, errs := map[error]int{}, make([]error, 20)
	together(20, func(i int) { _, _, errs[i] = s.Pay(within(t), "a", int64(i+1), half, store.Everybody) })
	t.Logf("twenty payments by one account: %v", time.Since(begin))
	for _, err := range errs {
		outcomes[err]++
	}
	same(t, []int{outcomes[nil], outcomes[life.ErrAmountNotEnough], s.size(t, "matches")}, []int{2, 18, 100})

	begin = time.Now()
	var sent [20]int
	together(20, func(i int) {
		_, matches, err := s.Pay(within(t), "b", 100, half, store.Everybody)
		if sent[i] = len(matches); err != nil {
			t.Error(err)
		}
	})
	t.Logf("twenty payments of one concern: %v", time.Since(begin))
	slices.Sort(sent[:])
	same(t, []int{sent[18], sent[19], s.size(t, "matches")}, []int{0, 50, 150})
	same(t, []int{s.metric(t, "willson_changes_total", "pay", "done"), s.metric(t, "willson_changes_total", "pay", "again")}, []int{3, 19})
	s.consistent(t)
	s.covered(t)
}

// TestPayLostReply has a payment stored and its answer lost, or not stored at first: it was
// paid once, and the matches are those that are there.
func TestPayLostReply(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]fakefirestore.Hook{
		"lost": lost(1), "always lost": lost(5), "not stored": fakefirestore.OnBareCommit(fakefirestore.First(2, fakefirestore.Code(codes.Aborted))),
	} {
		s, server := faked(t)
		s.put(t, town())
		server.OnCall(hook)
		paid, sent, err := s.Pay(within(t), "a", 1, half, store.Everybody)
		if err != nil || len(sent) != 3 || paid.MatchCnt != 1 {
			t.Errorf("%s: %d matches of round %d, %v", name, len(sent), paid.MatchCnt, err)
		}
		for _, m := range sent {
			same(t, read[life.Match](t, s, storetest.Path(m.Idx)), m)
		}
		same(t, []any{s.size(t, "matches"), read[life.Account](t, s, "askers/a").Payments}, []any{3, int64(1)})
		same(t, s.metric(t, "willson_changes_total", "pay", "done"), 1)
		s.consistent(t)
	}
}

// TestPayMeanwhile has something else done, as a whole, before each call of a payment: the
// pots of an account with enough for one are never held twice.
func TestPayMeanwhile(t *testing.T) {
	t.Parallel()
	pay := func(concern int64) func(context.Context, *subject) error {
		return func(ctx context.Context, s *subject) error {
			_, _, err := s.Pay(ctx, "a", concern, half, store.Everybody)
			return err
		}
	}
	begin := func(s *subject) {
		s.put(t, merged(wealthy("a", 7), wealthy("w1", 0), counselling(2), unpaid(1, "a"), unpaid(2, "a")))
	}
	beforeEach(t, begin, pay(1), pay(2), func(s *subject, nth int64, first, second error) {
		if first != life.ErrAmountNotEnough || second != nil {
			t.Errorf("another concern before call %d: %v and %v", nth, first, second)
		}
	})
	beforeEach(t, begin, pay(1), pay(1), func(s *subject, nth int64, first, second error) {
		if first != nil || second != nil || s.size(t, "matches") != 2 || s.metric(t, "willson_changes_total", "pay", "done") != 1 {
			t.Errorf("itself before call %d: %v and %v, %d matches", nth, first, second, s.size(t, "matches"))
		}
	})
	beforeEach(t, begin, pay(1), func(ctx context.Context, s *subject) error {
		_, err := s.Give(ctx, "a", -1)
		return err
	}, func(s *subject, nth int64, first, second error) {
		if first != life.ErrAmountNotEnough || second != nil {
			t.Errorf("pots taken before call %d: %v and %v", nth, first, second)
		}
	})
	// A concern that is unmatched, and whose offer can still be selected: paid for anew, or
	// selected, and never both.
	c := storetestPaid(1, "a")
	late := func(s *subject) {
		begin(s)
		s.put(t, docs{concern1: c, "matches/5": storetest.Offered(5, c, "w1", noon)})
		s.after(650)
	}
	choose := func(ctx context.Context, s *subject) error { _, err := s.Select(ctx, "a", 5); return err }
	beforeEach(t, late, pay(1), choose, func(s *subject, nth int64, first, second error) {
		if first != life.ErrConcernInProcess && first != life.ErrAmountNotEnough || second != nil {
			t.Errorf("a late select before call %d: %v and %v", nth, first, second)
		}
	})
	beforeEach(t, late, choose, pay(1), func(s *subject, nth int64, first, second error) {
		if first != life.ErrNotFound || second != nil {
			t.Errorf("paid anew before call %d of a late select: %v and %v", nth, first, second)
		}
	})
}
