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
	"willson/store"
)

// A call is an action as its caller asks for it.
type call struct {
	action string // its name in the package comment
	party  store.Party
	do     func(context.Context, *subject, string, int64) (any, error)
}

func calls() map[string]call {
	join := func(party store.Party) call {
		return call{"join", party, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Join(ctx, store.Caller{Party: party, UID: uid}, idx)
		}}
	}
	return map[string]call{
		"join as asker":     join(store.Asker),
		"join as willsoner": join(store.Willsoner),
		"select": {"select", store.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Select(ctx, uid, idx)
		}},
		"complete": {"complete", store.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Complete(ctx, uid, idx)
		}},
		"review": {"review", store.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return s.Review(ctx, store.Review{MatchIdx: idx, AskerUID: uid, Rating: 4.5, ImageIdx: 2, Content: "좋아요"})
		}},
		"report": {"report", store.Asker, func(ctx context.Context, s *subject, uid string, idx int64) (any, error) {
			return nil, s.Report(ctx, uid, idx, []string{"m2", "m1", "m2"})
		}},
	}
}

// caller is the uid that a call's party has in the tests.
func (c call) caller() string {
	return map[store.Party]string{store.Asker: asker, store.Willsoner: willsoner}[c.party]
}

// session is match 1, its documents, and two messages, in one of these states: waiting,
// chat, complete, and of a reservation for an hour after noon: agreed, reserved, opened.
func session(state string) docs {
	m := storetest.Waiting(1, asker, willsoner)
	if state == "agreed" || state == "reserved" || state == "opened" {
		m.StartsAt = later(60)
	}
	if state == "waiting" || state == "agreed" {
		return docs{"matches/1": m}
	}
	m.Status, m.Roomkey = store.Chat, "room"
	if state == "complete" {
		m.Status = store.Complete
	}
	all := docs{"matches/1": m}
	if reservation := store.ReservationOf(m); state == "reserved" || state == "opened" {
		reservation.Status = state
		all["reservations/1"] = reservation
	}
	if state != "reserved" {
		room := store.ChatroomOf(m, noon)
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
	others := store.ChatroomOf(storetest.Waiting(2, asker, "another"), noon)
	newKey := asker + "_" + willsoner + "_1773892200000" // ten minutes before the hour

	for name, test := range map[string]struct {
		before docs
		call   string
		now    time.Time
		kept   string                                           // the document that the answer shows
		want   func(before map[string]fields) map[string]fields // whole documents that are new or not as before
		again  error                                            // what a repetition is told
	}{
		"select": {before: session("waiting"), call: "select", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":                         with(b["matches/1"], "status", "chat", "roomkey", key, "asker_join", false, "willsoner_join", false, "updated_at", noon),
				"chatrooms/" + key:                  sessionOf(b["matches/1"], "chat", "started_at", noon),
				"chatrooms/" + key + "/chats/start": start,
			}
		}},
		"select a reservation": {before: session("agreed"), call: "select", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":      with(b["matches/1"], "status", "chat", "roomkey", key, "asker_join", false, "willsoner_join", false, "updated_at", noon),
				"reservations/1": with(sessionOf(b["matches/1"], "reserved", "starts_at", later(60)), "roomkey", key),
			}
		}},
		"join as asker": {before: session("chat"), call: "join as asker", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{"matches/1": with(b["matches/1"], "asker_join", true, "willsoner_join", false, "updated_at", noon)}
		}},
		"join as willsoner": {before: session("chat"), call: "join as willsoner", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{"matches/1": with(b["matches/1"], "asker_join", false, "willsoner_join", true, "updated_at", noon)}
		}},
		"join a reservation": {before: session("reserved"), call: "join as willsoner", now: later(50), kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":                  with(b["matches/1"], "asker_join", false, "willsoner_join", true, "updated_at", later(50)),
				"reservations/1":             with(b["reservations/1"], "status", "opened"),
				"chatrooms/room":             sessionOf(b["matches/1"], "chat", "started_at", later(60)),
				"chatrooms/room/chats/start": start,
			}
		}},
		"join an opened reservation": {before: session("opened"), call: "join as asker", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{"matches/1": with(b["matches/1"], "asker_join", true, "willsoner_join", false, "updated_at", noon)}
		}},
		"join an old reservation": {before: old(func(docs) {}), call: "join as asker", now: later(50), kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":                  with(b["matches/1"], "asker_join", true, "willsoner_join", false, "updated_at", later(50)),
				"reservations/an old id":     with(b["reservations/an old id"], "status", "opened"),
				"chatrooms/room":             sessionOf(b["matches/1"], "chat", "started_at", later(60)),
				"chatrooms/room/chats/start": start,
			}
		}},
		"join where the roomkey is another's": {
			before: old(func(all docs) {
				all["chatrooms/room"], all["chatrooms/room/chats/start"] = others, with(start, "timeStamp", noon)
			}),
			call: "join as asker", now: later(50), kept: "matches/1", want: func(b map[string]fields) map[string]fields {
				return map[string]fields{
					"matches/1":                            with(b["matches/1"], "asker_join", true, "willsoner_join", false, "roomkey", newKey, "updated_at", later(50)),
					"reservations/an old id":               with(b["reservations/an old id"], "status", "opened", "roomkey", newKey),
					"chatrooms/" + newKey:                  sessionOf(b["matches/1"], "chat", "started_at", later(60)),
					"chatrooms/" + newKey + "/chats/start": start,
				}
			}},
		"complete": {before: session("chat"), call: "complete", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":      with(b["matches/1"], "status", "complete", "asker_join", false, "willsoner_join", false, "updated_at", noon),
				"chatrooms/room": with(b["chatrooms/room"], "status", "complete"),
			}
		}},
		"complete a reservation": {before: session("opened"), call: "complete", kept: "matches/1", want: func(b map[string]fields) map[string]fields {
			return map[string]fields{
				"matches/1":      with(b["matches/1"], "status", "complete", "asker_join", false, "willsoner_join", false, "updated_at", noon),
				"chatrooms/room": with(b["chatrooms/room"], "status", "complete"),
			}
		}},
		"review": {before: session("chat"), call: "review", kept: "reviews/1", again: store.ErrReviewExists, want: func(map[string]fields) map[string]fields {
			return map[string]fields{"reviews/1": {
				"match_idx": int64(1), "concern_idx": int64(1_000_001), "willsoner_idx": int64(193), "asker_uid": asker, "willsoner_uid": willsoner,
				"rating": 4.5, "image_idx": int64(2), "keyword_idx": []any{}, "content": "좋아요", "created_at": noon,
			}}
		}},
		"report": {before: session("complete"), call: "report", want: func(map[string]fields) map[string]fields {
			return map[string]fields{
				"reports/1/messages/m1": {"uid": asker, "message": "집", "timeStamp": noon, "reported_by": asker, "reported_at": noon},
				"reports/1/messages/m2": {"uid": willsoner, "message": "방", "timeStamp": later(1), "reported_by": asker, "reported_at": noon},
			}
		}},
		"report one more": {
			before: docs{"reports/1/messages/m1": fields{"uid": asker, "message": "집", "timeStamp": noon, "reported_by": asker, "reported_at": later(-5)}},
			call:   "report", want: func(map[string]fields) map[string]fields {
				return map[string]fields{
					"reports/1/messages/m2": {"uid": willsoner, "message": "방", "timeStamp": later(1), "reported_by": asker, "reported_at": noon},
				}
			}},
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
			maps.Copy(want, test.want(before))
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
			case store.Match:
				same(t, got, read[store.Match](t, s, test.kept))
			case store.Review:
				same(t, got.KeywordIdx, []int64{}) // which the library reads as nil
				got.KeywordIdx = nil
				same(t, got, read[store.Review](t, s, test.kept))
			}
			s.consistent(t)
			same(t, s.metric(t, "willson_transitions_total", call.action, "done"), 1)
			lines := s.log.with("session changed")
			if len(lines) != 1 || lines[0]["action"] != call.action || lines[0]["match"] != 1.0 {
				t.Errorf("logged %v", lines)
			}

			s.clock.set(s.clock.Now().Add(time.Second))
			again, err := call.do(within(t), s, call.caller(), 1)
			if err != test.again {
				t.Errorf("again: %v, want %v", err, test.again)
			} else if err == nil {
				same(t, again, answer)
				same(t, s.metric(t, "willson_transitions_total", call.action, "again"), 1)
			}
			_, unchanged := s.all(t)
			same(t, unchanged, written)
		})
	}
}

// TestRefused asks for everything in every state, as each party and as a stranger.
func TestRefused(t *testing.T) {
	t.Parallel()
	parties, rules := documented(t)
	for name, call := range calls() {
		for _, state := range []string{"waiting", "chat", "complete", "cancelled", "nothing"} {
			for _, uid := range []string{asker, willsoner, "a stranger", ""} {
				t.Run(fmt.Sprintf("%s, %s, %s", name, state, uid), func(t *testing.T) {
					t.Parallel()
					s, server := faked(t)
					switch state {
					case "nothing":
					case "cancelled":
						s.put(t, session("chat"))
						s.edit(t, "matches/1", "status", state)
					default:
						s.put(t, session(state))
					}
					rule := rules[call.action][state]
					mayAsk := uid == call.caller() && (parties[call.action] == string(call.party) || parties[call.action] == "either")
					writes := server.Writes()
					_, err := call.do(within(t), s, uid, 1)
					if allowed := mayAsk && (rule == "acts" || rule == "again"); allowed && err != nil || !allowed && err != store.ErrNotFound {
						t.Errorf("%v", err)
					}
					if wrote := server.Writes() > writes; wrote != (mayAsk && rule == "acts") {
						t.Errorf("%d writes", server.Writes()-writes)
					}
					if err != nil {
						same(t, s.metric(t, "willson_transitions_total", call.action, "refused"), 1)
					}
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
	}{
		"select with oneself":                    {"waiting", "select", []edit{{"matches/1", "willsoner_uid", asker}}, store.ErrNotFound},
		"select for an hour past":                {"agreed", "select", []edit{{"matches/1", "starts_at", later(-1)}}, store.ErrNotFound},
		"join too early":                         {"reserved", "join as willsoner", nil, store.ErrTooEarly},
		"join what is cancelled":                 {"reserved", "join as asker", []edit{{"reservations/1", "status", "cancelled"}, {"matches/1", "starts_at", noon}}, store.ErrNotFound},
		"complete before there is a room":        {"reserved", "complete", nil, store.ErrNotFound},
		"review before there is a room":          {"reserved", "review", nil, store.ErrNotFound},
		"report before there is a room":          {"reserved", "report", nil, store.ErrNotFound},
		"complete, the room is another match's":  {"chat", "complete", []edit{{"chatrooms/room", "idx", 2}}, store.ErrNotFound},
		"review, the room is another match's":    {"chat", "review", []edit{{"chatrooms/room", "idx", 2}}, store.ErrNotFound},
		"report, the room is another match's":    {"chat", "report", []edit{{"chatrooms/room", "idx", 2}}, store.ErrNotFound},
		"complete, the roomkey is a longer path": {"chat", "complete", []edit{{"matches/1", "roomkey", "room/chats/start"}}, store.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
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
		if err := s.Report(within(t), asker, 1, ids); err != store.ErrNotFound {
			t.Errorf("report of %q: %v", ids, err)
		}
		same(t, server.Writes(), writes)
	}
}

// TestBusy selects a realtime match at noon, for 50 minutes, beside another session or
// another match of the concern.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	at := func(status string, start time.Time, asker, willsoner string) func(*testing.T, string) {
		return func(t *testing.T, name string) {
			m := storetest.Waiting(900, strings.ReplaceAll(asker, "*", name), strings.ReplaceAll(willsoner, "*", name), storetest.At(start))
			m.Roomkey = "key"
			if status == store.Chat || status == store.Complete {
				room := store.ChatroomOf(m, start)
				room.Status = status
				s.put(t, docs{"chatrooms/" + name: room})
			} else {
				reservation := store.ReservationOf(m)
				reservation.Status = status
				s.put(t, docs{"reservations/" + name: reservation})
			}
		}
	}
	unreadable := func(collection, field string, value any) func(*testing.T, string) {
		status := map[string]string{"chatrooms": store.Chat, "reservations": store.Reserved}[collection]
		return func(t *testing.T, name string) {
			at(status, noon, "asker *", "x")(t, name)
			s.edit(t, collection+"/"+name, field, value)
		}
	}
	concern := func(status string, edits ...any) func(*testing.T, string) {
		return func(t *testing.T, name string) {
			m := storetest.Waiting(800, "asker "+name, "x")
			m.Status, m.Roomkey = status, "key"
			snapshot, err := s.client.Collection("matches").Where("asker_uid", "==", "asker "+name).Documents(within(t)).GetAll()
			if err != nil || len(snapshot) != 1 {
				t.Fatal(err)
			}
			m.ConcernIdx = snapshot[0].Data()["concern_idx"].(int64)
			m.Idx = m.ConcernIdx + 5000
			s.put(t, docs{storetest.Path(m.Idx): m})
			for i := 0; i < len(edits); i += 2 {
				s.edit(t, storetest.Path(m.Idx), edits[i].(string), edits[i+1])
			}
		}
	}
	idx := int64(0)
	for name, test := range map[string]struct {
		other  func(*testing.T, string)
		busy   bool
		logged string // the collection of an unreadable document
	}{
		"asker's room as asker":                   {other: at("chat", later(-49), "asker *", "x"), busy: true},
		"asker's room as willsoner":               {other: at("chat", later(-49), "x", "asker *"), busy: true},
		"willsoner's room as asker":               {other: at("chat", later(-49), "willsoner *", "x"), busy: true},
		"willsoner's room as willsoner":           {other: at("chat", later(-49), "x", "willsoner *"), busy: true},
		"asker's reservation as asker":            {other: at("reserved", later(49), "asker *", "x"), busy: true},
		"asker's reservation as willsoner":        {other: at("reserved", later(49), "x", "asker *"), busy: true},
		"willsoner's reservation as asker":        {other: at("reserved", later(49), "willsoner *", "x"), busy: true},
		"willsoner's reservation as willsoner":    {other: at("reserved", later(49), "x", "willsoner *"), busy: true},
		"a complete room":                         {other: at("complete", noon, "asker *", "x")},
		"an opened reservation":                   {other: at("opened", noon, "asker *", "x")},
		"a cancelled reservation":                 {other: at("cancelled", noon, "asker *", "x")},
		"a room whose time is over":               {other: at("chat", later(-50), "asker *", "x")},
		"a reservation for after":                 {other: at("reserved", later(50), "x", "willsoner *")},
		"others' room and reservation":            {other: at("chat", noon, "x", "y")},
		"an unreadable room":                      {other: unreadable("chatrooms", "concern.minutes", "50"), logged: "chatrooms"},
		"an unreadable reservation":               {other: unreadable("reservations", "starts_at", firestore.Delete), logged: "reservations"},
		"another match of the concern":            {other: concern("chat"), busy: true},
		"a complete match of the concern":         {other: concern("complete")},
		"a waiting match of the concern":          {other: concern("waiting")},
		"a match of the concern of no status":     {other: concern("cancelled")},
		"an unreadable match of the concern":      {other: concern("chat", "created_at", nil), logged: "matches"},
		"a match of the concern, read by another": {other: concern("chat", "extra", 1, "willsoner", nil), busy: true},
	} {
		idx++
		t.Run(name, func(t *testing.T) {
			s.put(t, docs{storetest.Path(idx): storetest.Waiting(idx, "asker "+name, "willsoner "+name)})
			test.other(t, name)
			counted := s.metric(t, "willson_firestore_unreadable_documents_total", test.logged)
			_, err := s.Select(within(t), "asker "+name, idx)
			if (err == store.ErrAlreadyMatched) != test.busy || err != nil && !test.busy {
				t.Error(err)
			}
			if lines := s.log.with("unreadable document"); (len(lines) == 1) != (test.logged != "") {
				t.Errorf("logged %v", lines)
			} else if test.logged != "" {
				same(t, s.metric(t, "willson_firestore_unreadable_documents_total", test.logged), counted+1)
			}
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
					s.put(t, docs{"reviews/1": store.Review{MatchIdx: 1, AskerUID: asker, Rating: 1, CreatedAt: noon}})
				}
				if value == "empty" {
					snapshot, _ := s.client.Doc(test.path).Get(within(t))
					now, _ := snapshot.DataAt(field)
					value = reflect.Zero(reflect.TypeOf(now)).Interface()
				}
				s.edit(t, test.path, field, value)
				writes := server.Writes()
				if _, err := call.do(within(t), s, "a stranger", 1); err != store.ErrNotFound || len(s.log.with("unreadable document")) > 0 {
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
					s.metric(t, "willson_transitions_total", call.action, "failed"),
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
			}
		})
	}
}
