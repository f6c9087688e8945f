package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"willson/life"
)

// key is what a roomkey made at noon is.
const key = asker + "_" + willsoner + "_1773889200000"

func later(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// TestRefused asks for everything in every state, as each party and as a stranger.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, call := range calls() {
		for _, state := range []string{"waiting", "chat", "complete", "init", "Chat", "opened", "cancelled", "nothing"} {
			for _, uid := range []string{asker, willsoner, "a stranger", ""} {
				t.Run(fmt.Sprintf("%s, %s, %s", name, state, uid), func(t *testing.T) {
					t.Parallel()
					s, server := faked(t)
					switch state {
					case "nothing":
					case "init", "Chat", "opened", "cancelled":
						s.put(t, session("chat"))
						s.edit(t, "matches/1", "status", state)
					default:
						s.put(t, session(state))
					}
					may := life.Refused
					if uid == call.caller() {
						may = life.May(call.action, call.party, state)
					}
					from := len(server.Calls())
					_, err := call.do(within(t), s, uid, 1)
					if may == life.Refused && err != life.ErrNotFound || may != life.Refused && err != nil {
						t.Errorf("%v", err)
					}
					if err != nil {
						same(t, s.metric(t, "willson_changes_total", string(call.action), "refused"), 1)
					}
					// Who may not act locks nothing: there is but a look without a transaction.
					got := costOf(server, from)
					if may != life.Acts {
						same(t, got, cost{gets: 1})
					} else if got.commits != 1 || got.writes == 0 {
						t.Errorf("%+v", got)
					}
					same(t, server.Count("Rollback"), 0)
				})
			}
		}
	}
}

// TestRefusedBesides asks for what the action's own rule does not allow.
func TestRefusedBesides(t *testing.T) {
	t.Parallel()
	type edit struct {
		path, field string
		value       any
	}
	for name, test := range map[string]struct {
		state, call string
		edits       []edit
		want        error
		now         time.Time
	}{
		"select with oneself":                    {"waiting", "select", []edit{{"matches/1", "willsoner_uid", asker}}, life.ErrNotFound, noon},
		"select for an hour past":                {"agreed", "select", nil, life.ErrNotFound, later(60).Add(time.Microsecond)},
		"join too early":                         {"reserved", "join as willsoner", nil, life.ErrTooEarly, later(50).Add(-time.Microsecond)},
		"join too early what is cancelled":       {"reserved", "join as asker", []edit{{"reservations/1", "status", "cancelled"}}, life.ErrNotFound, noon},
		"join what is cancelled":                 {"reserved", "join as asker", []edit{{"reservations/1", "status", "cancelled"}}, life.ErrNotFound, later(60)},
		"join what is opened, without a room":    {"reserved", "join as asker", []edit{{"reservations/1", "status", "opened"}}, life.ErrNotFound, later(60)},
		"join too early, another match's room":   {"opened", "join as asker", []edit{{"chatrooms/room", "idx", 2}, {"reservations/1", "status", "reserved"}}, life.ErrTooEarly, noon},
		"join, the room is another match's":      {"opened", "join as asker", []edit{{"chatrooms/room", "idx", 2}}, life.ErrNotFound, later(60)},
		"complete before there is a room":        {"reserved", "complete", nil, life.ErrNotFound, noon},
		"review before there is a room":          {"reserved", "review", nil, life.ErrNotFound, noon},
		"report before there is a room":          {"reserved", "report", nil, life.ErrNotFound, noon},
		"complete, the room is another match's":  {"chat", "complete", []edit{{"chatrooms/room", "idx", 2}}, life.ErrNotFound, noon},
		"review, the room is another match's":    {"chat", "review", []edit{{"chatrooms/room", "idx", 2}}, life.ErrNotFound, noon},
		"report, the room is another match's":    {"chat", "report", []edit{{"chatrooms/room", "idx", 2}}, life.ErrNotFound, noon},
		"complete, the room is other people's":   {"chat", "complete", []edit{{"chatrooms/room", "asker_uid", "another"}}, life.ErrNotFound, noon},
		"report, the room is other people's":     {"chat", "report", []edit{{"chatrooms/room", "willsoner_uid", "another"}}, life.ErrNotFound, noon},
		"join what another agreed to":            {"reserved", "join as asker", []edit{{"reservations/1", "asker_uid", "another"}}, life.ErrNotFound, later(60)},
		"join by another match's reservation":    {"reserved", "join as asker", []edit{{"reservations/1", "idx", 2}}, life.ErrNotFound, later(60)},
		"complete, the roomkey is a longer path": {"chat", "complete", []edit{{"matches/1", "roomkey", "room/chats/start"}}, life.ErrNotFound, noon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
			s.clock.set(test.now)
			s.put(t, session(test.state))
			for _, e := range test.edits {
				s.edit(t, e.path, e.field, e.value)
			}
			writes, call := server.Writes(), calls()[test.call]
			if _, err := call.do(within(t), s, call.caller(), 1); err != test.want {
				t.Errorf("%v, want %v", err, test.want)
			}
			same(t, server.Writes(), writes)
		})
	}
	for _, ids := range [][]string{{"m1", "none"}, {"none"}, {"m1", "a/b/c"}, {"m1", ""}, {".."}, {"__a__"}, {"\xff"}, {strings.Repeat("x", 1501)}} {
		s, server := faked(t)
		s.put(t, session("chat"))
		writes := server.Writes()
		if err := s.Report(within(t), asker, 1, ids); err != life.ErrNotFound {
			t.Errorf("report of %q: %v", ids, err)
		}
		same(t, server.Writes(), writes)
	}
}

// TestImpossibleRoomkey has a roomkey that no document can have, as nothing has made. It is
// replaced, long after the hour too.
func TestImpossibleRoomkey(t *testing.T) {
	t.Parallel()
	for _, roomkey := range []string{"a/b", "__a__"} {
		s, _ := faked(t)
		s.put(t, session("reserved"))
		s.edit(t, "matches/1", "roomkey", roomkey)
		s.clock.set(later(6000))
		got, err := s.Join(within(t), of(asker), 1)
		if want := fmt.Sprint(asker, "_", willsoner, "_", later(6000).UnixMilli()); err != nil || got.Roomkey != want {
			t.Errorf("%q: %q and %v, want %q", roomkey, got.Roomkey, err, want)
		} else if opened := read[life.Chatroom](t, s, "chatrooms/"+want); !opened.StartedAt.Equal(later(60)) {
			t.Errorf("started at %v", opened.StartedAt)
		}
	}
}

// TestOldReservations have any id, and may have a start below a room that was never there.
func TestOldReservations(t *testing.T) {
	t.Parallel()
	old := func(t *testing.T, edits fields) *subject {
		s, _ := faked(t)
		s.clock.set(later(60))
		all := session("reserved")
		all["reservations/an old id"] = all["reservations/1"]
		delete(all, "reservations/1")
		s.put(t, all)
		for field, value := range edits {
			s.edit(t, "reservations/an old id", field, value)
		}
		return s
	}
	s := old(t, nil)
	s.put(t, docs{"chatrooms/room/chats/start": fields{"uid": "start", "message": "", "timeStamp": noon}})
	m, err := s.Join(within(t), life.Caller{Party: life.Willsoner, UID: willsoner}, 1)
	if err != nil || m.Roomkey == "room" {
		t.Errorf("beside a start without a room: %q %v", m.Roomkey, err)
	}
	s.consistent(t)

	// The reservation's hour counts, which the lists show, and mends the match's.
	s = old(t, fields{"starts_at": later(90)})
	if again, err := s.Select(within(t), asker, 1); err != nil || !again.StartsAt.Equal(later(90)) {
		t.Errorf("selected for %v: %v", again.StartsAt, err)
	}
	s.clock.set(later(80).Add(-time.Microsecond))
	if _, err := s.Join(within(t), of(asker), 1); err != life.ErrTooEarly {
		t.Errorf("too early by the reservation's hour: %v", err)
	}
	s.clock.set(later(80))
	s.log.Reset()
	m, err = s.Join(within(t), of(asker), 1)
	if started := read[life.Chatroom](t, s, "chatrooms/room").StartedAt; err != nil || !m.StartsAt.Equal(later(90)) || !started.Equal(later(90)) {
		t.Errorf("joined for %v, the room for %v: %v", m.StartsAt, started, err)
	}
	same(t, read[life.Match](t, s, "matches/1"), m)
	if lines := s.log.with("the reservation's hour is not its match's: the reservation's counts"); len(lines) != 1 || lines[0]["match"] != 1.0 {
		t.Errorf("logged %v", lines)
	}

	_, err = old(t, fields{"starts_at": "soon"}).Join(within(t), life.Caller{Party: life.Asker, UID: asker}, 1)
	plain(t, err) // a document that cannot be read, not one that is not there
}
