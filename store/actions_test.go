package store_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/internal/storetest"
	"willson/life"
)

// A call is an action as its caller asks for it.
type call struct {
	action life.Action
	party  life.Party
	do     func(context.Context, *subject, string, int64) (any, error)
}

func calls() map[string]call {
	join := func(party life.Party) call {
		return call{life.Joins, party, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Join(ctx, life.Caller{Party: party, UID: uid}, idx)
		}}
	}
	return map[string]call{
		"join as asker":     join(life.Asker),
		"join as willsoner": join(life.Willsoner),
		"select": {life.Selects, life.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Select(ctx, uid, idx)
		}},
		"complete": {life.Completes, life.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Complete(ctx, uid, idx)
		}},
		"review": {life.Reviews, life.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Review(ctx, life.Review{MatchIdx: idx, AskerUID: uid, Rating: 4.5, ImageIdx: 2, Content: "좋아요"})
		}},
		"report": {life.Reports, life.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return nil, s.Report(ctx, uid, idx, []string{"m2", "m1", "m2"})
		}},
	}
}

// caller is the uid that a call's party has in the tests.
func (c call) caller() string {
	return map[life.Party]string{life.Asker: asker, life.Willsoner: willsoner}[c.party]
}

// session is match 1, its documents, and two messages, in one of these states: waiting,
// chat, complete, and of a reservation for an hour after noon: agreed, reserved, opened.
// Where it is paid, "paid waiting" and so on, its concern was paid for at noon, with
// accounts, a profile, and match 2, the offer of another willsoner.
func session(state string) docs {
	m, all := storetest.Waiting(1, asker, willsoner), docs{}
	state, isPaid := strings.CutPrefix(state, "paid ")
	concern := storetest.Paid(m.ConcernIdx, asker, noon)
	if isPaid {
		m = storetest.Offered(1, concern, willsoner, noon)
		all["matches/2"] = storetest.Offered(2, concern, "another", noon)
		all["willsoners/"+willsoner] = storetest.Profile(willsoner, noon)
		account, given := storetest.Account(asker, 20, noon)
		if state != "waiting" {
			concern.Status = map[string]string{"chat": life.Matched, "complete": life.Complete}[state]
			taken, _ := account.Take(&concern, noon)
			all["askers/"+asker+"/transactions/1"] = taken
		}
		all["concerns/1000001"], all["askers/"+asker], all["askers/"+asker+"/transactions/welcome"] = concern, account, given
	}
	if state == "agreed" || state == "reserved" || state == "opened" {
		m.StartsAt = later(60)
	}
	if state == "agreed" {
		m.AskerJoined, m.Roomkey = true, "old" // as nothing has made
	}
	if state == "waiting" || state == "agreed" {
		all["matches/1"] = m
		return all
	}
	m.Status, m.Roomkey = life.Chat, "room"
	if state == "complete" {
		m.Status = life.Complete
	}
	all["matches/1"] = m
	if reservation := m.Reservation(); state == "reserved" || state == "opened" {
		reservation.Status = state
		all["reservations/1"] = reservation
	}
	if state != "reserved" {
		room := m.Chatroom(noon)
		room.Status = m.Status
		all["chatrooms/room"] = room
		all["chatrooms/room/chats/start"] = fields{"uid": "start", "message": "", "timeStamp": noon}
		all["chatrooms/room/chats/m1"] = fields{"uid": asker, "message": "집", "timeStamp": noon, "readUser": fields{asker: true}}
		all["chatrooms/room/chats/m2"] = fields{"uid": willsoner, "message": "방", "timeStamp": later(1)}
	}
	return all
}

// TestActions holds every document of the database before and after each action against
// what the contract says is written, then repeats the action.
func TestActions(t *testing.T) {
	t.Parallel()
	// start stands for the chats/start that the server makes, whose time is its own.
	start := fields{"uid": "start", "message": ""}
	// sessionOf is what a match with unknown fields gives to its room or reservation.
	sessionOf := func(m fields, status, hour string, at time.Time) fields {
		concern, card := with(m["concern"], "idx", m["concern_idx"]), with(m["willsoner"], "idx", m["willsoner_idx"])
		delete(concern, "extra")
		delete(card, "extra")
		return fields{
			"idx": int64(1), "asker_uid": asker, "willsoner_uid": willsoner, "status": status, hour: at,
			"concern": concern, "willsoner": card,
		}
	}
	old := func(edit func(docs)) docs {
		all := session("reserved")
		all["reservations/an old id"] = all["reservations/1"]
		delete(all, "reservations/1")
		edit(all)
		return all
	}
	other := storetest.Waiting(2, asker, "another")
	others := other.Chatroom(noon)
	first := fields{"uid": asker, "message": "집", "timeStamp": noon, "reported_by": asker, "reported_at": noon}
	second := fields{"uid": willsoner, "message": "방", "timeStamp": later(1), "reported_by": asker, "reported_at": noon}
	newKey := asker + "_" + willsoner + "_1773892200000"   // ten minutes before the hour
	laterKey := asker + "_" + willsoner + "_1773889260000" // a minute after noon

	reserved := func(m fields) fields { return with(sessionOf(m, "reserved", "starts_at", later(60)), "roomkey", key) }
	opened := func(m fields) fields { return sessionOf(m, "chat", "started_at", later(60)) }
	started := func(m fields) fields { return sessionOf(m, "chat", "started_at", noon) }
	is := func(doc fields) func(fields) fields { return func(fields) fields { return doc } }
	type edits map[string][]any                    // by path, what becomes of a document's fields
	type made map[string]func(match fields) fields // by path, documents that were not there

	for name, test := range map[string]struct {
		before docs
		call   string
		now    time.Time
		kept   string // the document that the answer shows
		edits  edits
		made   made
		again  error // what a repetition is told
	}{
		"select": {before: session("waiting"), call: "select", kept: "matches/1",
			edits: edits{"matches/1": {"status", "chat", "roomkey", key, "asker_join", false, "willsoner_join", false, "updated_at", noon}},
			made:  made{"chatrooms/" + key: started, "chatrooms/" + key + "/chats/start": is(start)}},
		"select a reservation": {before: session("agreed"), call: "select", kept: "matches/1",
			edits: edits{"matches/1": {"status", "chat", "roomkey", key, "asker_join", false, "willsoner_join", false, "updated_at", noon}},
			made:  made{"reservations/1": reserved}},
		"join as asker": {before: session("chat"), call: "join as asker", kept: "matches/1",
			edits: edits{"matches/1": {"asker_join", true, "willsoner_join", false, "updated_at", noon}}},
		"join as willsoner": {before: session("chat"), call: "join as willsoner", kept: "matches/1",
			edits: edits{"matches/1": {"asker_join", false, "willsoner_join", true, "updated_at", noon}}},
		"join a reservation": {before: session("reserved"), call: "join as willsoner", now: later(50), kept: "matches/1",
			edits: edits{"matches/1": {"asker_join", false, "willsoner_join", true, "updated_at", later(50)}, "reservations/1": {"status", "opened"}},
			made:  made{"chatrooms/room": opened, "chatrooms/room/chats/start": is(start)}},
		"join an opened reservation": {before: session("opened"), call: "join as asker", kept: "matches/1",
			edits: edits{"matches/1": {"asker_join", true, "willsoner_join", false, "updated_at", noon}}},
		"join an old reservation": {before: old(func(docs) {}), call: "join as asker", now: later(50), kept: "matches/1",
			edits: edits{"matches/1": {"asker_join", true, "willsoner_join", false, "updated_at", later(50)}, "reservations/an old id": {"status", "opened"}},
			made:  made{"chatrooms/room": opened, "chatrooms/room/chats/start": is(start)}},
		"join where the roomkey is another's": {
			before: old(func(all docs) {
				all["chatrooms/room"], all["chatrooms/room/chats/start"] = others, with(start, "timeStamp", noon)
			}),
			call: "join as asker", now: later(50), kept: "matches/1",
			edits: edits{
				"matches/1":              {"asker_join", true, "willsoner_join", false, "roomkey", newKey, "updated_at", later(50)},
				"reservations/an old id": {"status", "opened", "roomkey", newKey},
			},
			made: made{"chatrooms/" + newKey: opened, "chatrooms/" + newKey + "/chats/start": is(start)}},
		"complete": {before: session("chat"), call: "complete", kept: "matches/1",
			edits: edits{"matches/1": {"status", "complete", "updated_at", noon, "asker_join", false, "willsoner_join", false}, "chatrooms/room": {"status", "complete"}}},
		"complete a reservation": {before: session("opened"), call: "complete", kept: "matches/1",
			edits: edits{"matches/1": {"status", "complete", "updated_at", noon, "asker_join", false, "willsoner_join", false}, "chatrooms/room": {"status", "complete"}}},
		"review": {before: session("chat"), call: "review", kept: "reviews/1", again: life.ErrReviewExists, made: made{"reviews/1": is(fields{
			"match_idx": int64(1), "concern_idx": int64(1_000_001), "willsoner_idx": int64(193), "asker_uid": asker, "willsoner_uid": willsoner,
			"rating": 4.5, "image_idx": int64(2), "keyword_idx": []any{}, "content": "좋아요", "nickname": "잔나", "category": "연애", "created_at": noon,
		})}},
		"select of a paid concern": {before: session("paid waiting"), call: "select", now: later(1), kept: "matches/1",
			edits: edits{
				"matches/1":        {"status", "chat", "roomkey", laterKey, "asker_join", false, "willsoner_join", false, "updated_at", later(1)},
				"concerns/1000001": {"status", "matched", "updated_at", later(1)}, "askers/" + asker: {"pots", int64(13), "updated_at", later(1)},
			},
			made: made{
				"chatrooms/" + laterKey: func(m fields) fields { return sessionOf(m, "chat", "started_at", later(1)) }, "chatrooms/" + laterKey + "/chats/start": is(start),
				"askers/" + asker + "/transactions/1": is(fields{"action": "사용", "amount": int64(7), "total": int64(13), "concern_idx": int64(1_000_001), "created_at": later(1)}),
			}},
		"complete of a paid concern": {before: session("paid chat"), call: "complete", now: later(1), kept: "matches/1", edits: edits{
			"matches/1":      {"status", "complete", "updated_at", later(1), "asker_join", false, "willsoner_join", false},
			"chatrooms/room": {"status", "complete"}, "concerns/1000001": {"status", "complete", "updated_at", later(1)},
		}},
		"review of a paid concern": {before: session("paid complete"), call: "review", now: later(1), kept: "reviews/1", again: life.ErrReviewExists,
			edits: edits{"willsoners/" + willsoner: {"rating_sum", 4.5, "review_count", int64(1), "rating", 4.5}},
			made: made{"reviews/1": is(fields{
				"match_idx": int64(1), "concern_idx": int64(1_000_001), "willsoner_idx": int64(193), "asker_uid": asker, "willsoner_uid": willsoner,
				"rating": 4.5, "image_idx": int64(2), "keyword_idx": []any{}, "content": "좋아요", "created_at": later(1),
				"nickname": "수줍은 휴이", "category": "연애", "subcategory_idx": int64(3),
			})}},
		"report": {before: session("complete"), call: "report", made: made{"reports/1/messages/m1": is(first), "reports/1/messages/m2": is(second)}},
		"report one more": {before: docs{"reports/1/messages/m1": with(first, "reported_at", later(-5))},
			call: "report", made: made{"reports/1/messages/m2": is(second)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulated(t)
			if name == "report one more" {
				maps.Copy(test.before, session("chat"))
			}
			s.put(t, test.before)
			s.edit(t, "matches/1", "extra", fields{"a": []any{nil}})
			s.edit(t, "matches/1", "concern.extra", 1)
			s.edit(t, "matches/1", "willsoner.extra", "x")
			if !test.now.IsZero() {
				s.clock.set(test.now)
			}
			call := calls()[test.call]
			before, _ := s.all(t)
			answer, err := call.do(within(t), s, call.caller(), 1)
			if err != nil {
				t.Fatal(err)
			}

			after, written := s.all(t)
			want := maps.Clone(before)
			for path, changes := range test.edits {
				want[path] = with(before[path], changes...)
			}
			for path, doc := range test.made {
				want[path] = doc(before["matches/1"])
			}
			for path, doc := range want {
				if stamp, ok := after[path]["timeStamp"].(time.Time); ok && doc["timeStamp"] == nil {
					if d := time.Since(stamp).Abs(); d > time.Minute {
						t.Errorf("%s is %v from now", path, d)
					}
					want[path] = with(doc, "timeStamp", stamp)
				}
			}
			same(t, after, want)
			switch got := answer.(type) {
			case life.Match:
				same(t, got, read[life.Match](t, s, test.kept))
			case life.Review:
				same(t, got, read[life.Review](t, s, test.kept))
			}
			s.consistent(t)
			same(t, s.metric(t, "willson_changes_total", string(call.action), "done"), 1)
			lines := s.log.with("session changed")
			if len(lines) != 1 || lines[0]["action"] != string(call.action) || lines[0]["match"] != 1.0 {
				t.Errorf("logged %v", lines)
			}

			s.clock.set(s.clock.Now().Add(time.Second))
			again, err := call.do(within(t), s, call.caller(), 1)
			if err != test.again {
				t.Errorf("again: %v, want %v", err, test.again)
			} else if err == nil {
				same(t, again, answer)
				same(t, s.metric(t, "willson_changes_total", string(call.action), "again"), 1)
			}
			_, unchanged := s.all(t)
			same(t, unchanged, written)
		})
	}
}

// TestUnreadable asks for actions on documents in which a required field is absent, null,
// empty or of a wrong type, or an optional one is of a wrong type.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ state, call, path, required, optional string }{
		{"waiting", "select", "matches/1", "idx concern_idx willsoner_idx willsoner_uid status concern concern.minutes created_at updated_at", "starts_at date_idx score asker_join willsoner"},
		{"chat", "join as willsoner", "matches/1", "roomkey asker_uid", ""},
		{"complete", "complete", "matches/1", "roomkey", ""},
		{"chat", "complete", "chatrooms/room", "idx asker_uid willsoner_uid status started_at concern concern.idx concern.minutes willsoner willsoner.idx", "willsoner.keywords"},
		{"opened", "join as asker", "chatrooms/room", "started_at", ""},
		{"chat", "review", "chatrooms/room", "started_at", ""},
		{"chat", "report", "chatrooms/room", "started_at", ""},
		{"reserved", "join as asker", "reservations/1", "idx roomkey asker_uid status starts_at concern.minutes willsoner.idx", "willsoner_uid"},
		{"reviewed", "review", "reviews/1", "match_idx asker_uid rating created_at", "keyword_idx"},
		{"chat", "report", "chatrooms/room/chats/m2", "uid message timeStamp", ""},
	} {
		t.Run(test.call+" "+test.path, func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
			call, segments, failures := calls()[test.call], strings.Split(test.path, "/"), 0
			fail := func(field string, value any) {
				if s.put(t, session(strings.Replace(test.state, "reviewed", "chat", 1))); test.state == "reviewed" {
					s.put(t, docs{"reviews/1": life.Review{MatchIdx: 1, AskerUID: asker, Rating: 1, CreatedAt: noon}})
				}
				if value == "empty" {
					snapshot, _ := s.client.Doc(test.path).Get(within(t))
					now, _ := snapshot.DataAt(field)
					value = reflect.Zero(reflect.TypeOf(now)).Interface()
				}
				s.edit(t, test.path, field, value)
				writes := server.Writes()
				if _, err := call.do(within(t), s, "a stranger", 1); err != life.ErrNotFound || len(s.log.with("unreadable document")) > 0 {
					t.Errorf("%s %v: a stranger is told %v", field, value, err)
				}
				_, err := call.do(within(t), s, call.caller(), 1)
				plain(t, err)
				if lines := s.log.with("unreadable document"); len(lines) != 1 || !strings.HasSuffix(fmt.Sprint(lines[0]["path"]), "/documents/"+test.path) {
					t.Errorf("%s %v: logged %v", field, value, lines)
				}
				failures++
				same(t, []int{
					s.metric(t, "willson_firestore_unreadable_documents_total", segments[len(segments)-2]),
					s.metric(t, "willson_changes_total", string(call.action), "failed"),
					server.Writes(),
				}, []int{failures, failures, writes})
			}
			for _, field := range strings.Fields(test.required) {
				for _, value := range []any{firestore.Delete, nil, "empty", fields{"a": 1}} {
					fail(field, value)
				}
			}
			for _, field := range strings.Fields(test.optional) {
				fail(field, []any{fields{"a": 1}, 1})
			}
			if strings.HasPrefix(test.path+" "+test.required, "matches/1 idx") {
				fail("idx", 2) // not the document's id
				fail("concern.minutes", 50.0)
			}
		})
	}
}
