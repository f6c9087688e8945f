package store_test

import (
	"math"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/internal/storetest"
	"willson/life"
)

// TestBusy selects a realtime match at noon, for 50 minutes, beside another session of one
// of its parties or another match of its concern.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	// Who is in the other session, whose number is one higher: one of the parties of m.
	type parties = func(m life.Match) (asker, willsoner string)
	askerAsks := func(m life.Match) (string, string) { return m.AskerUID, "x" }
	askerCounsels := func(m life.Match) (string, string) { return "x", m.AskerUID }
	willsonerAsks := func(m life.Match) (string, string) { return m.WillsonerUID, "x" }
	willsonerCounsels := func(m life.Match) (string, string) { return "x", m.WillsonerUID }
	strangers := func(life.Match) (string, string) { return "x", "y" }

	type other = func(t *testing.T, m life.Match)
	edit := func(t *testing.T, path string, edits []any) {
		for i := 0; i < len(edits); i += 2 {
			s.edit(t, path, edits[i].(string), edits[i+1])
		}
	}
	of := func(m life.Match, who parties, start time.Time) life.Match {
		asker, willsoner := who(m)
		o := storetest.Waiting(m.Idx+1, asker, willsoner, storetest.At(start))
		o.Status, o.Roomkey = life.Chat, asker+willsoner
		return o
	}
	room := func(status string, start time.Time, who parties, edits ...any) other {
		return func(t *testing.T, m life.Match) {
			o := of(m, who, start)
			room := o.Chatroom(start)
			room.Status = status
			path := "chatrooms/of " + m.AskerUID
			s.put(t, docs{path: room})
			edit(t, path, edits)
		}
	}
	reserved := func(status string, start time.Time, who parties, edits ...any) other {
		return func(t *testing.T, m life.Match) {
			o := of(m, who, start)
			reservation := o.Reservation()
			reservation.Status = status
			path := "reservations/of " + m.AskerUID
			s.put(t, docs{path: reservation})
			edit(t, path, edits)
		}
	}
	// unnamed is a reservation that does not name its willsoner, and its match.
	unnamed := func(start time.Time, who parties, edits ...any) other {
		return func(t *testing.T, m life.Match) {
			s.put(t, docs{storetest.Path(m.Idx + 1): of(m, who, later(50))})
			edit(t, storetest.Path(m.Idx+1), edits)
			reserved("reserved", start, who, "willsoner_uid", firestore.Delete)(t, m)
		}
	}
	concern := func(status string, edits ...any) other {
		return func(t *testing.T, m life.Match) {
			o := storetest.Waiting(m.Idx+1, m.AskerUID, "x")
			o.Status, o.Roomkey, o.ConcernIdx = status, "key", m.ConcernIdx
			s.put(t, docs{storetest.Path(o.Idx): o})
			edit(t, storetest.Path(o.Idx), edits)
		}
	}
	both := func(others ...other) other {
		return func(t *testing.T, m life.Match) {
			for _, o := range others {
				o(t, m)
			}
		}
	}
	busy, taken := life.ErrAlreadyMatched, life.ErrNotFound
	idx := int64(0)
	for name, test := range map[string]struct {
		other  other
		want   error
		logged string    // the collection of a document that cannot be judged
		hour   time.Time // that was agreed
	}{
		"asker's room as asker":                {other: room("chat", later(-49), askerAsks), want: busy},
		"asker's room as willsoner":            {other: room("chat", later(-49), askerCounsels), want: busy},
		"willsoner's room as asker":            {other: room("chat", later(-49), willsonerAsks), want: busy},
		"willsoner's room as willsoner":        {other: room("chat", later(-49), willsonerCounsels), want: busy},
		"asker's reservation as asker":         {other: reserved("reserved", later(49), askerAsks), want: busy},
		"asker's reservation as willsoner":     {other: reserved("reserved", later(49), askerCounsels), want: busy},
		"willsoner's reservation as asker":     {other: reserved("reserved", later(49), willsonerAsks), want: busy},
		"willsoner's reservation as willsoner": {other: reserved("reserved", later(49), willsonerCounsels), want: busy},
		"others' room":                         {other: room("chat", noon, strangers)},
		"a complete room":                      {other: room("complete", noon, askerAsks)},
		"an opened reservation":                {other: reserved("opened", noon, askerAsks)},
		"a cancelled reservation":              {other: reserved("cancelled", noon, askerAsks)},
		"a room whose time is over":            {other: room("chat", later(-50), askerAsks)},
		"a reservation for after":              {other: reserved("reserved", later(50), willsonerCounsels)},
		"a room for longer than time lasts":    {other: room("chat", later(-10), askerAsks, "concern.minutes", math.MaxInt64), want: busy},
		"a longer room around":                 {other: room("chat", later(-10), askerAsks, "concern.minutes", 110), want: busy},
		"a shorter reservation within":         {other: reserved("reserved", later(10), askerAsks, "concern.minutes", 1), want: busy},
		"one that is over, and another":        {other: both(room("chat", later(-50), askerAsks), reserved("reserved", later(49), askerAsks)), want: busy},
		"for later, a room now":                {hour: later(120), other: room("chat", noon, askerAsks, "concern.minutes", 120)},
		"for later, a reservation then":        {hour: later(120), other: reserved("reserved", later(169), askerAsks), want: busy},
		"for this moment":                      {hour: noon, other: reserved("reserved", later(50), askerCounsels)},

		// Only from when and how long is judged.
		"a room of no known start":            {other: room("chat", noon, askerAsks, "started_at", "noon"), logged: "chatrooms"},
		"a room of no known length":           {other: room("chat", noon, askerAsks, "concern.minutes", "50"), logged: "chatrooms"},
		"a room, otherwise unreadable":        {other: room("chat", noon, askerAsks, "concern.nickname", 5, "willsoner", nil), want: busy},
		"a room of no known number":           {other: room("chat", noon, askerAsks, "idx", "900"), want: busy},
		"such a room whose time is over":      {other: room("chat", later(-50), askerAsks, "concern.nickname", 5)},
		"a reservation of no known hour":      {other: reserved("reserved", noon, askerAsks, "starts_at", firestore.Delete), logged: "reservations"},
		"a reservation of no known length":    {other: reserved("reserved", noon, askerAsks, "concern", 50), logged: "reservations"},
		"a reservation, otherwise unreadable": {other: reserved("reserved", later(49), askerAsks, "roomkey", 5), want: busy},

		// A reservation that does not name its willsoner is the willsoner's of its match.
		"willsoner's unnamed":             {other: unnamed(later(49), willsonerCounsels), want: busy},
		"asker's unnamed, as willsoner":   {other: unnamed(later(49), askerCounsels), want: busy},
		"unnamed, moved from its match's": {other: unnamed(later(50), willsonerCounsels, "starts_at", noon)},
		"unnamed, of no known number":     {other: unnamed(later(49), willsonerCounsels, "idx", "x"), want: busy},
		"unnamed, others'":                {other: unnamed(later(49), strangers)},
		"unnamed, of a waiting match":     {other: unnamed(later(49), willsonerCounsels, "status", "waiting")},
		"unnamed, of no known match":      {other: unnamed(later(49), willsonerCounsels, "starts_at", "noon"), logged: "matches"},
		"unnamed, of no known hour": {logged: "reservations", other: both(unnamed(later(49), willsonerCounsels), func(t *testing.T, m life.Match) {
			s.edit(t, "reservations/of "+m.AskerUID, "starts_at", nil)
		})},

		"another match of the concern":            {other: concern("chat"), want: busy},
		"for later, another match of the concern": {hour: later(120), other: concern("chat"), want: busy},
		"a complete match of the concern":         {other: concern("complete"), want: taken},
		"a waiting match of the concern":          {other: concern("waiting")},
		"a match of the concern of no status":     {other: concern("cancelled")},
		"an unreadable match of the concern":      {other: concern("chat", "created_at", nil, "willsoner", 5), want: busy},
		"an unreadable complete one":              {other: concern("complete", "concern", "?"), want: taken},
	} {
		idx += 10
		t.Run(name, func(t *testing.T) {
			m := storetest.Waiting(idx, "asker "+name, "willsoner "+name, storetest.At(test.hour))
			s.put(t, docs{storetest.Path(idx): m})
			test.other(t, m)
			_, err := s.Select(within(t), m.AskerUID, idx)
			lines := s.log.with("unreadable document")
			if test.logged == "" {
				if err != test.want || len(lines) > 0 {
					t.Errorf("%v, want %v; logged %v", err, test.want, lines)
				}
				return
			}
			if plain(t, err); len(lines) != 1 {
				t.Errorf("logged %v", lines)
			}
			same(t, s.metric(t, "willson_firestore_unreadable_documents_total", test.logged) > 0, true)
		})
	}
}
