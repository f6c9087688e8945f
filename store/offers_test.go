package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// sentAt are concern 1, paid for at noon, and its match 5, sent to willsoner w1. A reserved
// one is for 1:00 to 2:00 or, its second window, 3:00 to 3:30 after noon.
func sentAt(kind string) docs {
	var edits []func(*life.Concern)
	if kind == life.Reserve {
		edits = append(edits, reserved(60, 120, 180, 210))
	}
	all := town(edits...)
	c := all[concern1].(life.Concern)
	c.Pay(1, 30, 7, noon)
	w1 := all["willsoners/w1"].(life.Profile)
	all[concern1], all["matches/5"] = c, c.Sent(5, &w1, noon)
	return all
}

// TestOffer offers, and looks at every field; then it offers again.
func TestOffer(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{life.Realtime, life.Reserve} {
		s := emulated(t)
		s.put(t, sentAt(kind))
		s.change(t, map[string]any{
			concern1 + " asker_gender": "F", concern1 + " asker_birth_year": 1997, "willsoners/w1 birth_year": 1990, "willsoners/w1 rating_sum": 9,
			"willsoners/w1 review_count": 2, "willsoners/w1 subcategory_idxs": []int{3, 11}, "willsoners/w1 keywords": []fields{{"idx": 1, "name": "집"}},
		})
		before, times := s.all(t)
		s.clock.set(later(1))
		starts := time.Time{}
		changes := []any{"status", "waiting", "updated_at", later(1), "concern", fields{
			"minutes": int64(30), "nickname": "수줍은 휴이", "content": "연애 고민이에요", "asker_gender": "F", "asker_age": "30대 초반",
			"asker_pic":   "https://willson-v1.s3.ap-northeast-2.amazonaws.com/user_image/img_profile_w.png",
			"subcategory": fields{"name": "갈등", "category": "연애"}, "feelings": []any{"불쾌한"}, "direction": "공감",
		}}
		if kind == life.Reserve {
			starts = later(180)
			changes = append(changes, "starts_at", starts, "date_idx", int64(2))
		}
		m, done, err := s.Offer(within(t), "w1", kind, 5, starts)
		if err != nil || !done {
			t.Fatal(done, err)
		}
		after, _ := s.all(t)
		card := after["matches/5"]["willsoner"].(fields)
		same(t, card["image"].(fields)["idx"], int64(1))
		same(t, card, with(card, "introduction", "안녕하슈", "experience", "고물을 줍고 다녔습니다", "nickname", "답변자143", "gender", "M", "age", "30대 후반", "avg_rating", "4.5",
			"pic", "https://willson-v1.s3.ap-northeast-2.amazonaws.com/user_image/img_profile_m.png", "keywords", []any{"집"},
			"subcategories", []any{fields{"name": "썸", "category": "연애"}, fields{"name": "취업", "category": "진로"}}))
		want := with(before["matches/5"], append(changes, "willsoner", card)...)
		delete(want, "expire_at")
		same(t, after["matches/5"], want)
		same(t, m, read[life.Match](t, s, "matches/5"))

		// The repeat changes nothing, nor does another hour, be it in a window or not.
		s.clock.set(later(2))
		again, done, err := s.Offer(within(t), "w1", kind, 5, starts)
		if err != nil || done {
			t.Error(done, err)
		}
		same(t, again, m)
		if kind == life.Reserve {
			for _, hour := range []time.Time{later(60), later(500), later(-1)} {
				if _, _, err := s.Offer(within(t), "w1", kind, 5, hour); err != life.ErrAlreadyMatched {
					t.Errorf("at %v: %v", hour, err)
				}
			}
		}
		_, written := s.all(t)
		times["matches/5"] = written["matches/5"]
		same(t, written, times) // nothing but the match was written to
		if log := s.log.String(); strings.Contains(log, "고민") || strings.Contains(log, "휴이") || strings.Contains(log, "답변자") {
			t.Error(log)
		}
	}
}

// TestOfferRefused offers for 60 minutes after noon, or realtime, where something is not as
// in sentAt, and, if that is allowed, asks for the detail of the match.
func TestOfferRefused(t *testing.T) {
	t.Parallel()
	type edits = map[string]any
	room := func(asker, willsoner string, minutes int) edits {
		m := storetest.Waiting(9, asker, willsoner)
		m.Status, m.Roomkey = life.Chat, "room"
		return edits{"chatrooms/room": m.Chatroom(later(minutes)), "matches/9": m}
	}
	booked := func(asker, willsoner string, minutes int) edits {
		m := storetest.Waiting(9, asker, willsoner, storetest.At(later(minutes)))
		m.Status, m.Roomkey = life.Chat, "room"
		return edits{"reservations/9": m.Reservation(), "matches/9": m}
	}
	old := func(asker, willsoner string, minutes int) edits { // an old reservation names no willsoner
		all := booked(asker, willsoner, minutes)
		r := all["reservations/9"].(life.Reservation)
		r.WillsonerUID = ""
		return edits{"reservations/an old id": r, "matches/9": all["matches/9"]}
	}
	never := life.ErrNotFound
	for name, test := range map[string]struct {
		kind   string
		edits  edits
		uid    string
		second float64
		hour   int // minutes after noon; 60 if 0
		want   error
		detail error // of the same match
	}{
		"at the last moment":              {kind: "realtime", second: 300 - 1e-6},
		"when its time is over":           {kind: "realtime", second: 300, want: life.ErrTimeOut, detail: life.ErrTimeOut},
		"another's":                       {kind: "realtime", uid: "w2", want: never, detail: never},
		"its asker's":                     {kind: "realtime", uid: "a", want: never, detail: never},
		"of the other type":               {kind: "realtime", edits: edits{"matches/5 type": "reserve"}, want: never, detail: never},
		"reserved, of the other type":     {kind: "reserve", edits: edits{"matches/5 type": "realtime"}, want: never, detail: never},
		"an older one":                    {kind: "realtime", edits: edits{"matches/5 type": firestore.Delete, "matches/5 round": firestore.Delete}, want: never, detail: never},
		"of an earlier round":             {kind: "realtime", edits: edits{concern1 + " match_cnt": 2}, want: never, detail: never},
		"of a concern that is taken":      {kind: "realtime", edits: edits{concern1 + " status": "matched"}, want: never, detail: never},
		"of a complete concern, too late": {kind: "realtime", edits: edits{concern1 + " status": "complete"}, second: 9999, want: never, detail: never},
		"of a concern that is gone":       {kind: "realtime", edits: edits{concern1: nil}, want: never, detail: never},
		"that was selected":               {kind: "realtime", edits: edits{"matches/5 status": "chat", "matches/5 roomkey": "x", "matches/5 concern": fields{"minutes": 1}}, want: never, detail: never},
		"not approved any more":           {kind: "realtime", edits: edits{"willsoners/w1 status": "rejected"}, want: never},
		"approved, and told so":           {kind: "realtime", edits: edits{"willsoners/w1 status": "complete"}},
		"registered no more":              {kind: "realtime", edits: edits{"willsoners/w1": nil}, want: never},
		"in a session":                    {kind: "realtime", edits: room("b", "w1", -49), want: life.ErrAlreadyMatched},
		"in a session as its asker":       {kind: "realtime", edits: room("w1", "b", 0), want: life.ErrAlreadyMatched},
		"in a session that is over":       {kind: "realtime", edits: room("b", "w1", -50)},
		"in others' session":              {kind: "realtime", edits: room("b", "w2", 0)},
		"with a session within 30 min":    {kind: "realtime", edits: booked("w1", "b", 29), want: life.ErrAlreadyMatched},
		"with a session in 30 min":        {kind: "realtime", edits: booked("w1", "b", 30)},
		"with an old reservation":         {kind: "realtime", edits: old("b", "w1", 29), want: life.ErrAlreadyMatched},
		"with a session that is broken":   {kind: "realtime", edits: edits{"chatrooms/room": fields{"idx": 9, "willsoner_uid": "w1", "status": "chat"}}, want: errBroken},
		"of a broken concern":             {kind: "realtime", edits: edits{concern1 + " nickname": 5}, want: errBroken, detail: errBroken},

		"an hour in a window":                       {kind: "reserve"},
		"an hour that ends with its window":         {kind: "reserve", hour: 90},
		"an hour that ends a minute late":           {kind: "reserve", hour: 91, want: life.ErrOutsideWindows},
		"an hour a minute too early":                {kind: "reserve", hour: 59, want: life.ErrOutsideWindows},
		"the whole of the second window":            {kind: "reserve", hour: 180},
		"an hour that has come":                     {kind: "reserve", second: 3600, want: life.ErrOutsideWindows},
		"an hour that is nearly there":              {kind: "reserve", second: 3600 - 1e-6},
		"when the windows are over":                 {kind: "reserve", second: 210 * 60, want: life.ErrTimeOut, detail: life.ErrTimeOut},
		"outside, when it is taken":                 {kind: "reserve", edits: edits{concern1 + " status": "matched"}, hour: 91, want: never, detail: never},
		"reserved, in a session then":               {kind: "reserve", edits: booked("b", "w1", 80), want: life.ErrAlreadyMatched},
		"reserved, in a session right after":        {kind: "reserve", edits: booked("b", "w1", 90)},
		"reserved, in a session now":                {kind: "reserve", edits: room("b", "w1", 0)},
		"outside, in a session then":                {kind: "reserve", edits: booked("b", "w1", 80), hour: 91, want: life.ErrOutsideWindows},
		"reserved, another's":                       {kind: "reserve", uid: "w2", want: never, detail: never},
		"reserved, not approved, and outside of it": {kind: "reserve", edits: edits{"willsoners/w1 status": "waiting"}, hour: 91, want: never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
			s.put(t, sentAt(test.kind))
			for path, doc := range test.edits {
				if doc != nil && !strings.Contains(path, " ") || strings.Contains(path, "/an old id") {
					s.put(t, docs{path: doc})
				} else {
					s.change(t, edits{path: doc})
				}
			}
			s.after(test.second)
			uid, hour := test.uid, time.Time{}
			if uid == "" {
				uid = "w1"
			}
			if test.kind == life.Reserve {
				if hour = later(60); test.hour != 0 {
					hour = later(test.hour)
				}
			}
			told := func(err, want error) {
				t.Helper()
				if want == errBroken {
					plain(t, err)
				} else if err != want {
					t.Errorf("%v, want %v", err, want)
				}
			}
			detail, err := s.IncomingMatch(within(t), uid, test.kind, 5)
			if told(err, test.detail); err == nil {
				same(t, []any{detail.Shown, detail.Brief.Nickname, detail.Brief.Minutes, detail.Status}, []any{"init", "수줍은 휴이", int64(30), "init"})
			}
			writes := server.Writes()
			_, _, err = s.Offer(within(t), uid, test.kind, 5, hour)
			if told(err, test.want); err != nil {
				same(t, server.Writes(), writes)
			}
		})
	}
}

// errBroken stands for an error that is none of life's.
var errBroken = fmt.Errorf("broken")

// TestOfferedAgain repeats an offer, and asks for its detail, when something has changed.
func TestOfferedAgain(t *testing.T) {
	t.Parallel()
	type edits = map[string]any
	for name, test := range map[string]struct {
		kind   string
		edits  edits
		second float64
		want   error
	}{
		"while the asker may choose":  {life.Realtime, nil, 660 - 1e-6, nil},
		"when that is over":           {life.Realtime, nil, 660, life.ErrTimeOut},
		"by somebody rejected":        {life.Realtime, edits{"willsoners/w1 status": "rejected"}, 1, nil},
		"by somebody in a session":    {life.Realtime, edits{"chatrooms/room willsoner_uid": "w1"}, 1, nil},
		"when another was selected":   {life.Realtime, edits{concern1 + " status": "matched"}, 1, life.ErrNotFound},
		"when it was paid for anew":   {life.Realtime, edits{concern1 + " match_cnt": 2}, 1, life.ErrNotFound},
		"when its concern is gone":    {life.Realtime, edits{concern1: nil}, 1, life.ErrNotFound},
		"when it was selected itself": {life.Realtime, edits{"matches/5 status": "chat", "matches/5 roomkey": "x"}, 1, life.ErrNotFound},
		"until the hour":              {life.Reserve, nil, 3600, nil},
		"after the hour":              {life.Reserve, nil, 3600 + 1e-6, life.ErrTimeOut},
	} {
		s, server := faked(t)
		s.put(t, sentAt(test.kind))
		s.put(t, docs{"chatrooms/room": fields{"idx": 9, "status": "chat", "started_at": noon, "concern": fields{"minutes": 50}}})
		starts := time.Time{}
		if test.kind == life.Reserve {
			starts = later(60)
		}
		if _, done, err := s.Offer(within(t), "w1", test.kind, 5, starts); err != nil || !done {
			t.Fatal(name, err)
		}
		s.change(t, test.edits)
		s.after(test.second)
		writes := server.Writes()
		_, done, err := s.Offer(within(t), "w1", test.kind, 5, starts)
		if err != test.want || done || server.Writes() != writes {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		m, err := s.IncomingMatch(within(t), "w1", test.kind, 5)
		if err != test.want || err == nil && m.Shown != life.Waiting {
			t.Errorf("%s: the detail: %v, want %v", name, err, test.want)
		}
	}
}

// TestOfferLostReply has an offer stored and its answer lost.
func TestOfferLostReply(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.clock.step = time.Microsecond
	s.put(t, sentAt(life.Realtime))
	server.OnCall(lost(1))
	m := s.offer(t, "w1", 5)
	same(t, m, read[life.Match](t, s, "matches/5"))
	same(t, s.metric(t, "willson_changes_total", "offer", "done"), 1)
}

// TestFiftyOffers has the fifty willsoners of a payment offer at once.
func TestFiftyOffers(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.clock.step = time.Microsecond
	s.put(t, merged(wealthy("a", 15), counselling(50), unpaid(1, "a")))
	sent := s.pay(t, "a", 1)
	begin := time.Now()
	together(len(sent), func(i int) {
		m, err := patiently(t, func(ctx context.Context) (life.Match, error) {
			return s.tally(s.Offer(ctx, sent[i].WillsonerUID, life.Realtime, sent[i].Idx, time.Time{}))
		})
		if err != nil || m.Status != life.Waiting {
			t.Error(err)
		}
	})
	t.Logf("fifty offers at once: %v", time.Since(begin))
	_, offers, err := s.OffersOn(within(t), "a", life.Realtime, 1)
	same(t, []any{len(offers), err, s.metric(t, "willson_change_retries_total", "offer")}, []any{50, nil, 0})
	s.consistent(t)
}

// TestOfferMeanwhile has something else done, as a whole, before each call of an offer: one
// after the asker's choice is refused, one of a willsoner whose session begins meanwhile
// perhaps, but it cannot be selected, and an offer is never in the way of another's choice.
func TestOfferMeanwhile(t *testing.T) {
	t.Parallel()
	begin := func(s *subject) {
		all := merged(sentAt(life.Realtime), wealthy("b", 7), wealthy("w2", 0), wealthy("w1", 0))
		c, other := all[concern1].(life.Concern), storetestPaid(2, "b")
		all["matches/6"], all["matches/7"], all["concerns/2"] = storetest.Offered(6, c, "w2", noon), storetest.Offered(7, other, "w1", noon), other
		s.put(t, all)
	}
	offer := func(ctx context.Context, s *subject) error {
		_, _, err := s.Offer(ctx, "w1", life.Realtime, 5, time.Time{})
		return err
	}
	choose := func(uid string, idx int64) func(context.Context, *subject) error {
		return func(ctx context.Context, s *subject) error { _, err := s.Select(ctx, uid, idx); return err }
	}
	refused := func(what string, want error) func(*subject, int64, error, error) {
		return func(s *subject, nth int64, first, second error) {
			if first != want || second != nil {
				t.Errorf("%s before call %d: %v, want %v, and %v", what, nth, first, want, second)
			}
		}
	}
	beforeEach(t, begin, offer, choose("a", 6), refused("the asker's choice", life.ErrNotFound))
	beforeEach(t, begin, offer, choose("b", 7), func(s *subject, nth int64, first, second error) {
		if first != nil && first != life.ErrAlreadyMatched || second != nil {
			t.Errorf("another's choice before call %d: %v and %v", nth, first, second)
		}
		if err := choose("a", 5)(within(t), s); err != life.ErrAlreadyMatched && first == nil {
			t.Errorf("another's choice before call %d, and then this one's: %v", nth, err)
		}
	})
	beforeEach(t, begin, choose("a", 6), offer, refused("an offer", nil))
	beforeEach(t, begin, offer, offer, refused("itself", nil))
	beforeEach(t, begin, offer, func(ctx context.Context, s *subject) error {
		_, err := s.Judge(ctx, "w1", "rejected")
		return err
	}, refused("the operator", life.ErrNotFound))
}

// TestOfferAndSelectAtOnce has an asker choose one offer while another willsoner offers:
// who is told yes was in time, and is shown what became of it.
func TestOfferAndSelectAtOnce(t *testing.T) {
	t.Parallel()
	subjects, told := make([]*subject, 5), make([]error, 5)
	for i := range subjects {
		all := sentAt(life.Realtime)
		all["matches/6"] = storetest.Offered(6, all[concern1].(life.Concern), "w2", noon)
		subjects[i] = emulated(t)
		subjects[i].put(t, all)
	}
	together(10, func(n int) {
		s := subjects[n/2]
		_, err := patiently(t, func(ctx context.Context) (life.Match, error) {
			if n%2 == 0 {
				return s.tally(s.Offer(ctx, "w1", life.Realtime, 5, time.Time{}))
			}
			return s.Select(ctx, "a", 6)
		})
		if n%2 == 0 {
			told[n/2] = err
		} else if err != nil {
			t.Error(err)
		}
	})
	for i, s := range subjects {
		m := read[life.Match](t, s, "matches/5")
		if told[i] != nil && told[i] != life.ErrNotFound || (told[i] == nil) != (m.Status == life.Waiting) {
			t.Errorf("told is %v, and kept %s", told[i], m.Status)
		}
		rows, err := s.Incoming(within(t), "w1", life.Realtime, 0)
		same(t, []any{err, len(rows), rows[0].Shown}, []any{nil, 1, life.Closed})
		s.consistent(t)
	}
}

// TestIncoming looks at a willsoner's list: its order, its limit, what is shown of which.
func TestIncoming(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	ask := func(uid, kind string, category int64) []store.Incoming {
		t.Helper()
		rows, err := s.Incoming(within(t), uid, kind, category)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	same(t, len(ask("nobody", life.Realtime, 0)), 0)

	w1, w2 := profileOf("w1"), profileOf("w2")
	all, minute := docs{}, 0
	send := func(idx int64, c life.Concern, edit func(*life.Match)) {
		m := c.Sent(idx, &w1, later(minute))
		edit(&m)
		minute++
		all[storetest.Path(idx)] = m
	}
	fresh, taken, broken := storetestPaid(1, "a"), storetestPaid(2, "a"), storetestPaid(3, "a")
	anew := storetestPaid(4, "a")
	booked := unpaid(6, "a", reserved(60, 120, 180, 210))["concerns/6"].(life.Concern)
	booked.Pay(1, 30, 7, noon)
	untouched := func(*life.Match) {}
	offered := func(m *life.Match) {
		c := storetestPaid(m.ConcernIdx, "a")
		m.Offer(c.Brief("", noon), life.Card{}, time.Time{}, 0, noon)
	}
	send(10, fresh, untouched)
	send(11, fresh, offered)
	send(12, fresh, func(m *life.Match) { m.Timer = later(-7) }) // of itself over: its time was moved
	send(13, taken, offered)
	send(14, broken, untouched)
	send(15, anew, untouched)
	send(16, storetestPaid(5, "a"), untouched) // whose concern is gone
	send(17, fresh, func(m *life.Match) {
		m.Status, m.Roomkey, m.Brief = life.Chat, "x", life.Brief{Minutes: 50, Content: "연애 고민이에요"}
	})
	send(18, fresh, func(m *life.Match) { m.CategoryIdx = 2 })
	send(19, fresh, func(m *life.Match) { m.WillsonerUID = "w2" })
	send(20, booked, untouched)
	taken.Status, anew.MatchCnt = life.Matched, 2
	s.put(t, merged(all, docs{"concerns/1": fresh, "concerns/2": taken, "concerns/3": broken, "concerns/4": anew, "concerns/6": booked, "matches/21": fields{"willsoner_uid": "w1", "type": "realtime", "created_at": noon, "idx": "x"}}))
	s.edit(t, "concerns/3", "nickname", 5)
	s.log.Reset()
	shown := func(rows []store.Incoming) string {
		return shownOf(rows, func(m store.Incoming) (int64, string) { return m.Idx, m.Shown })
	}
	same(t, shown(ask("w1", life.Realtime, 0)), "18 init, 17 closed, 16 closed, 15 closed, 14 closed, 13 closed, 12 closed, 11 waiting, 10 init")
	same(t, len(s.log.with("unreadable document")), 2) // the concern and the match
	same(t, shown(ask("w1", life.Realtime, 2)), "18 init")
	same(t, shown(ask("w1", life.Realtime, 3)), "")
	same(t, shown(ask("w1", life.Reserve, 1)), "20 init")
	same(t, shown(ask("w2", life.Realtime, 0)), "19 init")
	for _, m := range ask("w1", life.Realtime, 0) {
		want := map[int64]string{18: "수줍은 휴이", 11: "수줍은 휴이", 10: "수줍은 휴이", 13: "수줍은 휴이"}[m.Idx]
		same(t, []any{m.Idx, m.Brief.Nickname}, []any{m.Idx, want})
	}
	s.after(300)
	same(t, shown(ask("w1", life.Realtime, 0)), "18 closed, 17 closed, 16 closed, 15 closed, 14 closed, 13 closed, 12 closed, 11 waiting, 10 closed")
	s.after(660)
	same(t, shown(ask("w1", life.Realtime, 0))[len("18 closed, 17 closed, 16 closed, 15 closed, 14 closed, 13 closed, 12 closed, "):], "11 closed, 10 closed")
	same(t, shown(ask("w1", life.Reserve, 0)), "20 init")

	// Fifty, the newest, whose concerns are asked for in one call.
	fake, server := faked(t)
	all = docs{}
	for i := range int64(60) {
		c := storetestPaid(i%20+1, "a")
		all["concerns/"+life.Decimal(c.Idx)], all[storetest.Path(100+i)] = c, c.Sent(100+i, &w2, noon.Add(time.Duration(i)*time.Second))
	}
	fake.put(t, all)
	gets, reads := server.Count("BatchGetDocuments"), server.Reads()
	rows, err := fake.Incoming(within(t), "w2", life.Realtime, 0)
	same(t, []any{err, len(rows), rows[0].Idx, rows[49].Idx, server.Count("BatchGetDocuments") - gets, server.Reads() - reads}, []any{nil, 50, int64(159), int64(110), 1, 70})
}
