package life_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"willson/life"
)

// TestMay refuses what the table does not name.
func TestMay(t *testing.T) {
	t.Parallel()
	for _, row := range life.Table() {
		for _, party := range []life.Party{life.Asker, life.Willsoner, "", "Asker"} {
			for _, status := range []string{"", "Chat", " chat", life.Reserved, life.Opened, life.Matched, life.Unpaid, life.Closed} {
				if got := life.May(row.Action, party, status); got != life.Refused {
					t.Errorf("%s of a match that is %q, by %q: %s", row.Action, status, party, got)
				}
			}
		}
	}
	if got := life.May("cancel", life.Asker, life.Chat); got != life.Refused {
		t.Errorf("an unknown action: %s", got)
	}
}

// TestSession goes from the selection of a reservation to its end.
func TestSession(t *testing.T) {
	t.Parallel()
	card, brief := life.Card{Nickname: "답변자143"}, life.Brief{Minutes: 50, Nickname: "잔나"}
	m := life.Match{Idx: 1, ConcernIdx: 2, WillsonerIdx: 3, AskerUID: "a", WillsonerUID: "w", Status: life.Waiting,
		Brief: brief, Card: card, StartsAt: after(3600), AskerJoined: true, Roomkey: "old"}
	if starts := m.Starts(paid); starts != after(3600) {
		t.Errorf("starts at %v", starts)
	}
	m.Select(paid)
	want := m
	want.Status, want.Roomkey, want.AskerJoined, want.UpdatedAt = life.Chat, "a_w_1773489600000", false, paid
	equal(t, m, want)

	reservation := m.Reservation()
	brief.Idx, card.Idx = 2, 3
	equal(t, reservation, life.Reservation{Idx: 1, Roomkey: m.Roomkey, AskerUID: "a", WillsonerUID: "w", Status: life.Reserved, StartsAt: after(3600), Brief: brief, Card: card})
	for second, early := range map[float64]bool{3000 - 1e-6: true, 3000: false, 1e6: false} {
		equal(t, m.IsTooEarly(after(second)), early)
	}
	for i, party := range []life.Party{life.Willsoner, life.Asker, life.Willsoner} {
		now := after(float64(3000 + i))
		isNew := i < 2
		equal(t, m.Join(party, now), isNew)
		equal(t, m.UpdatedAt == now, isNew)
	}
	equal(t, []bool{m.AskerJoined, m.WillsonerJoined}, []bool{true, true})

	room := m.Chatroom(m.StartsAt)
	equal(t, room, life.Chatroom{Idx: 1, Roomkey: m.Roomkey, AskerUID: "a", WillsonerUID: "w", Status: life.Chat, StartedAt: after(3600), Brief: brief, Card: card})
	for name, other := range map[string]life.Chatroom{
		"another match's":     {Idx: 2, AskerUID: "a", WillsonerUID: "w"},
		"another asker's":     {Idx: 1, AskerUID: "b", WillsonerUID: "w"},
		"another willsoner's": {Idx: 1, AskerUID: "a", WillsonerUID: "v"},
	} {
		if m.Owns(&other) || !m.Owns(&room) {
			t.Errorf("%s room", name)
		}
	}
	m.Complete(after(7200))
	want.Status, want.AskerJoined, want.WillsonerJoined, want.UpdatedAt = life.Complete, true, true, after(7200)
	equal(t, m, want)
}

// TestRoomkey labels sessions with uids that would be part of a path.
func TestRoomkey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ asker, willsoner, want string }{
		{"a", "b", "a_b_1773489600000"},
		{"a/b", "/", "a%2Fb_%2F_1773489600000"},
		{"../x", "_", "..%2Fx___1773489600000"},
		{"지수", "a c", "지수_a c_1773489600000"},
	} {
		m := life.Match{AskerUID: test.asker, WillsonerUID: test.willsoner}
		m.Select(paid.Add(999 * time.Microsecond))
		equal(t, m.Roomkey, test.want)
	}
}

// TestOverlaps compares sessions with one from 0 to 50 minutes.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		start   float64 // minutes
		minutes int64
		want    bool
	}{
		{-50, 50, false}, {-49, 50, true}, {0, 50, true}, {10, 1, true}, {-10, 100, true}, {49, 50, true}, {50, 50, false},
		{-10, math.MaxInt64, true}, {51, math.MaxInt64, false},
	} {
		a, b := life.SpanOf(paid, 50), life.SpanOf(after(60*test.start), test.minutes)
		if a.Overlaps(b) != test.want || b.Overlaps(a) != test.want {
			t.Errorf("%+v", test)
		}
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
