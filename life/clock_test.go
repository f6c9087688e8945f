package life_test

import (
	"testing"
	"time"

	"willson/life"
)

// paid is when the concerns of these tests were paid for: in Seoul, 9 o'clock in the evening.
var paid = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return paid.Add(time.Duration(seconds * float64(time.Second)))
}

// realtime is a concern that was paid for at paid, whose timer is 300 s later.
func realtime() life.Concern {
	c := life.Concern{Idx: 1, AskerUID: "a", Type: life.Realtime, Status: life.Unpaid, WilGender: life.AnyGender}
	c.Pay(1, 30, 7, paid)
	return c
}

// reserved is a concern for 15:00 to 16:00 or, the day after, 9:00 to 9:45, of Seoul.
func reserved() life.Concern {
	first := time.Date(2026, 3, 15, 15, 0, 0, 0, life.Seoul)
	second := time.Date(2026, 3, 16, 9, 0, 0, 0, life.Seoul)
	c := life.Concern{Idx: 1, AskerUID: "a", Type: life.Reserve, Status: life.Unpaid, WilGender: life.AnyGender,
		Windows: []life.Window{{From: second, To: second.Add(45 * time.Minute)}, {From: first, To: first.Add(time.Hour)}}}
	c.Pay(1, 30, 7, paid)
	return c
}

// TestRealtime goes through the edges of a realtime concern, each with the last instant
// before it: what it and its matches are shown as, and what may be done.
func TestRealtime(t *testing.T) {
	t.Parallel()
	const justBefore = 1e-6
	for _, test := range []struct {
		second              float64 // after the payment
		offered, notOffered string  // what the concern is shown as
		takesOffers         bool
		sent, waiting       string // what its matches are shown as
		holds               bool
	}{
		{0, "init", "init", true, "init", "waiting", true},
		{300 - justBefore, "init", "init", true, "init", "waiting", true},
		{300, "init", "empty", false, "closed", "waiting", true},
		{595 - justBefore, "init", "empty", false, "closed", "waiting", true},
		{595, "unmatched", "unmatched", false, "closed", "waiting", true},
		{660 - justBefore, "unmatched", "unmatched", false, "closed", "waiting", true},
		{660, "unmatched", "unmatched", false, "closed", "closed", true},
		{690 - justBefore, "unmatched", "unmatched", false, "closed", "closed", true},
		{690, "unmatched", "unmatched", false, "closed", "closed", false},
	} {
		now, c := after(test.second), realtime()
		sent := c.Sent(1, &life.Profile{Idx: 2, UID: "w"}, paid)
		waiting := sent
		waiting.Offer(c.Brief("", paid), life.Card{}, time.Time{}, 0, paid)
		got := []any{
			c.Shown(true, now), c.Shown(false, now), c.TakesOffers(now),
			sent.ShownToWillsoner(&c, now), waiting.ShownToWillsoner(&c, now), c.Holds(now),
		}
		want := []any{test.offered, test.notOffered, test.takesOffers, test.sent, test.waiting, test.holds}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v s after the payment: %v, want %v", test.second, got, want)
				break
			}
		}
		if depends := c.Shown(true, now) != c.Shown(false, now); depends && !c.DependsOnOffers(now) {
			t.Errorf("%v s: offers matter, and are not asked for", test.second)
		}
		if c.IsPayable(false, now) != (test.notOffered != "init") || c.IsPayable(true, now) != (test.offered != "init") {
			t.Errorf("%v s: payable", test.second)
		}
		if c.IsPaidWith(1, now) != (test.second < 300) || c.IsPaidWith(2, now) {
			t.Errorf("%v s: a repeat", test.second)
		}
	}
}

// TestReserve is the same for a reserved concern, of which the windows decide.
func TestReserve(t *testing.T) {
	t.Parallel()
	c := reserved()
	end := time.Date(2026, 3, 16, 9, 45, 0, 0, life.Seoul)
	hour := time.Date(2026, 3, 15, 15, 10, 0, 0, life.Seoul)
	for _, test := range []struct {
		now                   time.Time
		shown, sent, waiting  string
		takesOffers, hasRoom  bool
		holds, isRepeatOfPaid bool
	}{
		{paid, "init", "init", "waiting", true, true, true, true},
		{hour, "init", "init", "waiting", true, true, true, true},
		{hour.Add(time.Microsecond), "init", "init", "closed", true, true, true, true},
		{end.Add(-30 * time.Minute), "init", "init", "closed", true, true, true, true},
		{end.Add(-30*time.Minute + time.Microsecond), "init", "init", "closed", true, false, true, true},
		{end.Add(-time.Microsecond), "init", "init", "closed", true, false, true, true},
		{end, "unmatched", "closed", "closed", false, false, true, true},
		{end.Add(30*time.Second - time.Microsecond), "unmatched", "closed", "closed", false, false, true, true},
		{end.Add(30 * time.Second), "unmatched", "closed", "closed", false, false, false, false},
	} {
		sent := c.Sent(1, &life.Profile{Idx: 2, UID: "w"}, paid)
		waiting := sent
		waiting.Offer(c.Brief("", paid), life.Card{}, hour, 2, paid)
		got := []any{
			c.Shown(false, test.now), sent.ShownToWillsoner(&c, test.now), waiting.ShownToWillsoner(&c, test.now),
			c.TakesOffers(test.now), c.HasRoomFor(30, test.now), c.Holds(test.now), c.IsPaidWith(1, test.now),
		}
		want := []any{test.shown, test.sent, test.waiting, test.takesOffers, test.hasRoom, test.holds, test.isRepeatOfPaid}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v: %v, want %v", test.now, got, want)
				break
			}
		}
		if c.DependsOnOffers(test.now) {
			t.Errorf("%v: offers are asked for, and do not matter", test.now)
		}
	}
}

// TestStored: what is stored as anything but init is shown as it is stored, at any time.
func TestStored(t *testing.T) {
	t.Parallel()
	for _, status := range []string{life.Unpaid, life.Matched, life.Complete} {
		c := realtime()
		c.Status = status
		waiting := c.Sent(1, &life.Profile{UID: "w"}, paid)
		waiting.Status = life.Waiting
		if c.Shown(true, paid) != status || c.DependsOnOffers(after(400)) || c.Holds(paid) || c.TakesOffers(paid) ||
			waiting.ShownToWillsoner(&c, paid) != life.Closed || c.IsPayable(true, paid) != (status != life.Matched) {
			t.Errorf("%s: shown as %s", status, c.Shown(true, paid))
		}
	}
	// A match of an earlier payment is closed, of whatever status; one older than payments is of any.
	c := realtime()
	m := c.Sent(1, &life.Profile{UID: "w"}, paid)
	c.Pay(1, 30, 7, after(700))
	old := m
	old.Round = 0
	if m.IsOpen(&c, after(1)) || !old.IsOpen(&c, after(1)) {
		t.Error("rounds")
	}
}

// TestWindowOf asks for talks of 30 minutes.
func TestWindowOf(t *testing.T) {
	t.Parallel()
	c := reserved()
	for hour, want := range map[string]int64{
		"03-15 14:59": 0, "03-15 15:00": 2, "03-15 15:30": 2, "03-15 15:31": 0,
		"03-16 08:59": 0, "03-16 09:00": 1, "03-16 09:15": 1, "03-16 09:16": 0,
	} {
		starts, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+hour, life.Seoul)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.WindowOf(starts, paid); got != want || (err == nil) != (want > 0) {
			t.Errorf("%s: window %d and %v, want %d", hour, got, err, want)
		}
		if _, err := c.WindowOf(starts, starts); err != life.ErrOutsideWindows {
			t.Errorf("%s is not ahead of itself: %v", hour, err)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 3, 4, 0, 0, 0, 0, time.UTC)
	for year, want := range map[int64]string{
		0: "", 1997: "20대 중반", 2001: "20대 초반", 1998: "20대 초반", 1994: "20대 후반", 1992: "20대 후반", 1991: "30대 초반",
		1981: "40대 초중반", 1975: "40대 초중반", 1974: "40대 후반", 1972: "40대 후반", 1971: "50대 이상", 1900: "50대 이상",
	} {
		if got := life.Age(year, now); got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
	// In Seoul a year begins nine hours before it does in Greenwich.
	eve := time.Date(2020, 12, 31, 15, 0, 0, 0, time.UTC)
	if got := life.Age(1992, eve); got != "30대 초반" {
		t.Error(got)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	c := life.Concern{AskerUID: "a", WilGender: "F", Subcategory: life.Subcategory{Idx: 2, CategoryIdx: 1}}
	good := life.Profile{UID: "w", Status: life.Approved, Gender: "F", CategoryIdxs: []int64{3, 1}, SubcategoryIdxs: []int64{5}}
	for name, edit := range map[string]func(*life.Profile, *life.Concern){
		"":                      func(*life.Profile, *life.Concern) {},
		"approval seen":         func(p *life.Profile, _ *life.Concern) { p.Status = life.Complete },
		"any gender":            func(p *life.Profile, c *life.Concern) { p.Gender, c.WilGender = "", life.AnyGender },
		"not approved":          func(p *life.Profile, _ *life.Concern) { p.Status = life.Waiting },
		"not: rejected":         func(p *life.Profile, _ *life.Concern) { p.Status = "rejected" },
		"not: another category": func(p *life.Profile, _ *life.Concern) { p.CategoryIdxs = []int64{3} },
		"not: other gender":     func(p *life.Profile, _ *life.Concern) { p.Gender = "M" },
		"not: oneself":          func(p *life.Profile, _ *life.Concern) { p.UID = "a" },
	} {
		p, concern := good, c
		edit(&p, &concern)
		if life.Fits(&p, &concern) == (len(name) > 3 && name[:3] == "not") {
			t.Errorf("%q", name)
		}
	}
	for _, test := range []struct {
		sub     int64
		rating  float64
		reviews int64
		want    int64
	}{{5, 0, 0, 0}, {2, 0, 0, 50}, {5, 4.5, 1, 29}, {2, 5, 10, 100}, {2, 5, 1000, 100}, {5, 3.25, 4, 28}} {
		p := life.Profile{SubcategoryIdxs: []int64{7, test.sub}, Rating: test.rating, ReviewCount: test.reviews}
		if got := life.Score(&p, &c); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}

func TestPots(t *testing.T) {
	t.Parallel()
	open, over := realtime(), realtime()
	open.Idx, open.Held = 2, 7
	over.Idx, over.Held, over.OpenUntil = 3, 10, paid
	all := []life.Concern{open, over}
	for _, test := range []struct{ pots, paidFor, want int64 }{{15, 0, 8}, {15, 2, 15}, {5, 0, 0}} {
		if got := life.Spendable(test.pots, all, test.paidFor, paid); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
	account := life.Account{Pots: 10}
	if line, ok := account.Take(&open, paid); !ok || account.Pots != 3 || line != (life.LedgerLine{Action: life.Used, Amount: 7, Total: 3, ConcernIdx: 2, CreatedAt: paid}) {
		t.Errorf("%+v", line)
	}
	if line, ok := account.Take(&open, paid); !ok || account.Pots != 0 || line.Amount != 3 { // fewer than were held
		t.Errorf("%+v", line)
	}
	if _, ok := account.Take(&open, paid); ok {
		t.Error("taken from nothing")
	}
	if line, ok := account.Give(-5, paid); ok || account.Pots != 0 {
		t.Errorf("%+v", line)
	}
	if line, ok := account.Give(15, paid.Add(-time.Second)); !ok || line.Action != life.Given || line.Total != 15 || !line.CreatedAt.After(paid) {
		t.Errorf("%+v", line)
	}
	if line, ok := account.Give(-20, paid.Add(time.Second)); !ok || line.Action != life.Used || line.Amount != 15 || line.CreatedAt != paid.Add(time.Second) {
		t.Errorf("%+v", line)
	}
	account.Pots = -3 // as somebody may have written
	if line, ok := account.Give(-5, paid); ok || account.Pots != -3 {
		t.Errorf("%+v", line)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	highest := func(n int64) int64 { return n - 1 }
	lowest := func(int64) int64 { return 0 }
	milli := paid.UnixMilli()
	if got := life.Number(paid, highest); got != milli*1000+999 || got >= 1<<53 {
		t.Error(got)
	}
	if got := life.Numbers(paid, 50, lowest); got != milli*1000 {
		t.Error(got)
	}
	if got := life.Numbers(paid, 50, highest); got+49 != (milli-999)*1000+999 {
		t.Error(got)
	}
}
