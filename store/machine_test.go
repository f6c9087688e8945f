package store_test

import (
	"errors"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/store"
)

// documented reads the state machine's table out of the package comment: by action, who
// may ask, and by status, what the action does.
func documented(t testing.TB) (parties map[string]string, rules map[string]map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "store.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	parties, rules = map[string]string{}, map[string]map[string]string{}
	var head []string
	for line := range strings.Lines(file.Doc.Text()) {
		cells := strings.Fields(line)
		switch {
		case !strings.HasPrefix(line, "\t"):
		case head == nil:
			head = cells
		default:
			rule := map[string]string{}
			for i := 2; i < len(cells); i++ {
				rule[head[i]] = cells[i]
			}
			parties[cells[0]], rules[cells[0]] = cells[1], rule
		}
	}
	same(t, head, []string{"action", "party", "waiting", "chat", "complete"})
	if len(rules) != 5 {
		t.Fatalf("%d actions in the package comment, want 5", len(rules))
	}
	return parties, rules
}

func TestRules(t *testing.T) {
	t.Parallel()
	_, rules := documented(t)
	for action, row := range rules {
		for status, want := range row {
			if got := store.RuleFor(action, status); got != want {
				t.Errorf("%s of %s: %q, want %q", action, status, got, want)
			}
		}
		for _, status := range []string{"", "Chat", "cancelled", "reserved", "opened"} {
			if got := store.RuleFor(action, status); got != "-" {
				t.Errorf("%s of %q: %q", action, status, got)
			}
		}
	}
}

// key is what a roomkey made at noon is.
const key = asker + "_" + willsoner + "_1773889200000"

func later(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func TestSelected(t *testing.T) {
	t.Parallel()
	between := func(start, end int) [2]time.Time { return [2]time.Time{later(start), later(end)} }
	for name, test := range map[string]struct {
		edit  func(*store.Match)
		open  [][2]time.Time
		taken bool
		want  error
	}{
		"free":                                {},
		"the concern is taken":                {taken: true, want: store.ErrAlreadyMatched},
		"another that began":                  {open: [][2]time.Time{between(-49, 1)}, want: store.ErrAlreadyMatched},
		"another that is over":                {open: [][2]time.Time{between(-50, 0)}},
		"another that is long over":           {open: [][2]time.Time{between(-600, -550)}},
		"another that begins at the end":      {open: [][2]time.Time{between(50, 60)}},
		"another that begins before the end":  {open: [][2]time.Time{between(49, 60)}, want: store.ErrAlreadyMatched},
		"another within":                      {open: [][2]time.Time{between(10, 11)}, want: store.ErrAlreadyMatched},
		"another around":                      {open: [][2]time.Time{between(-10, 100)}, want: store.ErrAlreadyMatched},
		"another at the same time":            {open: [][2]time.Time{between(0, 50)}, want: store.ErrAlreadyMatched},
		"the second of two":                   {open: [][2]time.Time{between(-50, 0), between(49, 50)}, want: store.ErrAlreadyMatched},
		"two around":                          {open: [][2]time.Time{between(-50, 0), between(50, 100)}},
		"with oneself":                        {edit: func(m *store.Match) { m.WillsonerUID = asker }, want: store.ErrNotFound},
		"with oneself, taken":                 {edit: func(m *store.Match) { m.WillsonerUID = asker }, taken: true, want: store.ErrNotFound},
		"later":                               {edit: storetest.At(later(120))},
		"later, with a session now":           {edit: storetest.At(later(120)), open: [][2]time.Time{between(0, 120)}},
		"later, with a session then":          {edit: storetest.At(later(120)), open: [][2]time.Time{between(169, 200)}, want: store.ErrAlreadyMatched},
		"later, the concern is taken":         {edit: storetest.At(later(120)), taken: true, want: store.ErrAlreadyMatched},
		"the hour is now":                     {edit: storetest.At(noon)},
		"the hour is past":                    {edit: storetest.At(noon.Add(-time.Microsecond)), want: store.ErrNotFound},
		"joined before, as nobody should be":  {edit: func(m *store.Match) { m.AskerJoined, m.WillsonerJoined = true, true }},
		"with a roomkey, as nothing has made": {edit: func(m *store.Match) { m.Roomkey = "old" }},
	} {
		m := storetest.Waiting(1, asker, willsoner)
		if test.edit != nil {
			test.edit(&m)
		}
		got, err := store.Selected(m, test.open, test.taken, noon)
		if err != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		want := store.Change{Match: m, Changed: true}
		want.Match.Status, want.Match.Roomkey, want.Match.UpdatedAt = store.Chat, key, noon
		want.Match.AskerJoined, want.Match.WillsonerJoined = false, false
		if m.StartsAt.IsZero() {
			want.Opens = store.ChatroomOf(want.Match, noon)
		} else {
			want.Reserves = store.ReservationOf(want.Match)
		}
		if test.want != nil {
			want = store.Change{}
		}
		same(t, got, want)
	}
}

func TestRoomkey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ asker, willsoner, want string }{
		{"a", "b", "a_b_1773889200000"},
		{"a/b", "/", "a%2Fb_%2F_1773889200000"},
		{"../x", "_", "..%2Fx___1773889200000"},
		{"지수", "a b", "지수_a b_1773889200000"},
	} {
		got, err := store.Selected(storetest.Waiting(1, test.asker, test.willsoner), nil, false, noon.Add(999*time.Microsecond))
		if err != nil || got.Opens == nil || got.Opens.Roomkey != test.want || got.Match.Roomkey != test.want {
			t.Errorf("%v: %q and %v, want %q", test, got.Match.Roomkey, err, test.want)
		}
	}
}

func TestJoined(t *testing.T) {
	t.Parallel()
	realtime := storetest.Waiting(1, asker, willsoner)
	realtime.Status, realtime.Roomkey = store.Chat, "key"
	agreed := realtime
	agreed.StartsAt = later(60)
	keyed := func(roomkey string) store.Match { m := agreed; m.Roomkey = roomkey; return m }
	room, other := store.ChatroomOf(agreed, agreed.StartsAt), store.ChatroomOf(storetest.Waiting(2, asker, willsoner), noon)
	reserved, opened := store.ReservationOf(agreed), store.ReservationOf(agreed)
	opened.Status = store.Opened
	joined := func(m store.Match, asker, willsoner bool) store.Match {
		m.AskerJoined, m.WillsonerJoined = asker, willsoner
		return m
	}
	atHour := asker + "_" + willsoner + "_1773892800000"

	for name, test := range map[string]struct {
		m       store.Match
		party   store.Party
		room    *store.Chatroom
		agreed  *store.Reservation
		now     time.Time
		want    store.Match // but for UpdatedAt
		changed bool
		opens   string // the roomkey
		err     error
	}{
		"realtime, asker":              {m: realtime, party: store.Asker, now: noon, want: joined(realtime, true, false), changed: true},
		"realtime, willsoner":          {m: realtime, party: store.Willsoner, now: noon, want: joined(realtime, false, true), changed: true},
		"realtime, the second":         {m: joined(realtime, true, false), party: store.Willsoner, now: noon, want: joined(realtime, true, true), changed: true},
		"realtime, again":              {m: joined(realtime, true, false), party: store.Asker, now: noon, want: joined(realtime, true, false)},
		"at the hour":                  {m: agreed, party: store.Asker, agreed: reserved, now: later(60), want: joined(agreed, true, false), changed: true, opens: "key"},
		"ten minutes before":           {m: agreed, party: store.Willsoner, agreed: reserved, now: later(50), want: joined(agreed, false, true), changed: true, opens: "key"},
		"a microsecond earlier":        {m: agreed, party: store.Asker, agreed: reserved, now: later(50).Add(-time.Microsecond), err: store.ErrTooEarly},
		"long after":                   {m: agreed, party: store.Asker, agreed: reserved, now: later(6000), want: joined(agreed, true, false), changed: true, opens: "key"},
		"no reservation":               {m: agreed, party: store.Asker, now: later(60), err: store.ErrNotFound},
		"an opened one without a room": {m: agreed, party: store.Asker, agreed: opened, now: later(60), err: store.ErrNotFound},
		"too early and not reserved":   {m: agreed, party: store.Asker, agreed: opened, now: noon, err: store.ErrNotFound},
		"a room: the second":           {m: joined(agreed, true, false), party: store.Willsoner, room: room, now: later(60), want: joined(agreed, true, true), changed: true},
		"a room: again":                {m: joined(agreed, true, true), party: store.Willsoner, room: room, now: later(60), want: joined(agreed, true, true)},
		"a room: whatever the time":    {m: agreed, party: store.Asker, room: room, now: noon, want: joined(agreed, true, false), changed: true},
		"another match's room":         {m: agreed, party: store.Asker, room: other, agreed: reserved, now: later(60), want: joined(keyed(atHour), true, false), changed: true, opens: atHour},
		"another's room, too early":    {m: agreed, party: store.Asker, room: other, agreed: reserved, now: noon, err: store.ErrTooEarly},
		"another's room, no agreement": {m: agreed, party: store.Asker, room: other, now: later(60), err: store.ErrNotFound},
		"a roomkey with a slash":       {m: keyed("a/b"), party: store.Asker, agreed: reserved, now: later(60), want: joined(keyed(atHour), true, false), changed: true, opens: atHour},
		"a roomkey that is no id":      {m: keyed("__a__"), party: store.Asker, agreed: reserved, now: later(60), want: joined(keyed(atHour), true, false), changed: true, opens: atHour},
	} {
		got, err := store.Joined(test.m, test.party, test.room, test.agreed, "old id", test.now)
		if err != test.err {
			t.Errorf("%s: %v, want %v", name, err, test.err)
		}
		want := store.Change{Match: test.want, Changed: test.changed}
		if test.changed {
			want.Match.UpdatedAt = test.now
		}
		if test.opens != "" {
			want.Opens, want.Reservation = store.ChatroomOf(test.want, later(60)), "old id"
			if want.Opens.Roomkey != test.opens {
				t.Errorf("%s: opens %s", name, want.Opens.Roomkey)
			}
		}
		same(t, got, want)
	}
}

func TestCompleted(t *testing.T) {
	t.Parallel()
	m := storetest.Waiting(1, asker, willsoner)
	m.Status, m.Roomkey = store.Chat, "key"
	room := store.ChatroomOf(m, noon)
	got, err := store.Completed(m, room, later(9))
	want := store.Change{Match: m, Changed: true, Completes: room}
	want.Match.Status, want.Match.UpdatedAt = store.Complete, later(9)
	if same(t, got, want); err != nil {
		t.Error(err)
	}
	other := store.ChatroomOf(storetest.Waiting(2, asker, willsoner), noon)
	for _, room := range []*store.Chatroom{nil, other} {
		if got, err := store.Completed(m, room, noon); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%v, %v", got, err)
		}
	}
}
