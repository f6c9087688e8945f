package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// room and reservation are what a list shows of a match with every field.
func room(idx int64, edits ...func(*life.Match)) life.Chatroom {
	m := storetest.Waiting(idx, asker, willsoner, edits...)
	m.Roomkey = fmt.Sprint("room ", idx)
	return m.Chatroom(noon)
}

func reservation(idx int64, edits ...func(*life.Match)) life.Reservation {
	m := storetest.Waiting(idx, asker, willsoner, append(edits, storetest.At(noon))...)
	m.Roomkey = "shared"
	return m.Reservation()
}

func roomPath(idx int64) string        { return fmt.Sprint("chatrooms/room ", idx) }
func reservationPath(idx int64) string { return fmt.Sprint("reservations/", idx) }

// of is the list of each party.
func of(uid string) life.Caller         { return life.Caller{Party: life.Asker, UID: uid} }
func counselled(uid string) life.Caller { return life.Caller{Party: life.Willsoner, UID: uid} }

func idxs(s store.Sessions) (all [2][]int64) {
	for _, room := range s.UnderWay {
		all[0] = append(all[0], room.Idx)
	}
	for _, reservation := range s.Reserved {
		all[1] = append(all[1], reservation.Idx)
	}
	return all
}

// listed fails the test unless a party's lists are these rows. No rows are ErrNotFound.
func (s *subject) listed(t testing.TB, caller life.Caller, rooms, reservations []int64) {
	t.Helper()
	got, err := s.Sessions(within(t), caller)
	if want := len(rooms)+len(reservations) > 0; err != nil && (want || err != life.ErrNotFound) || err == nil && !want {
		t.Errorf("%v: %v", caller, err)
	}
	same(t, idxs(got), [2][]int64{rooms, reservations})
}

func TestEveryField(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, docs{roomPath(7): room(7), reservationPath(9): reservation(9)})
	for _, caller := range []life.Caller{of(asker), counselled(willsoner)} {
		got, err := s.Sessions(within(t), caller)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, store.Sessions{UnderWay: []life.Chatroom{room(7)}, Reserved: []life.Reservation{reservation(9)}})
	}
	s.listed(t, of(willsoner), nil, nil)
	s.listed(t, counselled(asker), nil, nil)
}

// TestOptional asks for documents without any optional field, in three ways, and with
// fields that the schema does not name.
func TestOptional(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	for _, empty := range []func(any) any{
		func(any) any { return firestore.Delete },
		func(any) any { return nil },
		func(v any) any { return v },
	} {
		s.put(t, docs{roomPath(1): room(1), reservationPath(2): reservation(2)})
		for _, path := range []string{roomPath(1), reservationPath(2)} {
			var updates []firestore.Update
			for field, value := range map[string]any{
				"concern.nickname": "", "concern.content": "", "concern.asker_pic": "", "concern.asker_gender": "", "concern.subcategory": nil, "concern.feelings": []any{},
				"willsoner.introduction": "", "willsoner.experience": "", "willsoner.nickname": "", "willsoner.gender": "", "willsoner.age": "", "willsoner.avg_rating": "",
				"willsoner.pic": "", "willsoner.image_pic": "", "willsoner.subcategories": []any{}, "willsoner.keywords": []any{},
			} {
				updates = append(updates, firestore.Update{Path: field, Value: empty(value)})
			}
			updates = append(updates, firestore.Update{Path: "extra", Value: fields{"idx": math.NaN()}}, firestore.Update{Path: "IDX", Value: "x"}, firestore.Update{Path: "ends_at", Value: later(-6000)})
			if _, err := s.client.Doc(path).Update(within(t), updates); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Sessions(within(t), of(asker))
		if err != nil {
			t.Fatal(err)
		}
		wantRoom, wantReservation := room(1), reservation(2)
		wantRoom.Brief, wantRoom.Card = life.Brief{Idx: 1_000_001, Minutes: 50}, life.Card{Idx: 193}
		wantReservation.Brief, wantReservation.Card = life.Brief{Idx: 1_000_002, Minutes: 50}, life.Card{Idx: 193}
		want := store.Sessions{UnderWay: []life.Chatroom{wantRoom}, Reserved: []life.Reservation{wantReservation}}
		// An empty array is no array, or an empty one.
		if got, want := strings.NewReplacer(":[]", ":null").Replace(asJSON(got)), asJSON(want); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestUnreadableRows puts one bad document between two good ones. Which fields are
// required is the same as for an action.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	for i, test := range []struct {
		collection, field string
		value             any
	}{
		{"chatrooms", "started_at", nil}, {"chatrooms", "started_at", "soon"}, {"chatrooms", "concern", firestore.Delete}, {"chatrooms", "concern.idx", nil},
		{"chatrooms", "concern.minutes", 50.5}, {"chatrooms", "willsoner.idx", 0}, {"chatrooms", "willsoner.keywords", []any{1}}, {"chatrooms", "idx", 2.5},
		{"reservations", "roomkey", ""}, {"reservations", "starts_at", firestore.Delete}, {"reservations", "concern.minutes", "50"}, {"reservations", "willsoner", nil},
	} {
		all, want := docs{}, [2][]int64{{1, 2, 3}, {11, 12, 13}}
		for idx := range int64(3) {
			all[roomPath(idx+1)], all[reservationPath(idx+11)] = room(idx+1), reservation(idx+11)
		}
		s.put(t, all)
		bad := roomPath(2)
		if want[0] = []int64{1, 3}; test.collection == "reservations" {
			bad, want = reservationPath(12), [2][]int64{{1, 2, 3}, {11, 13}}
		}
		s.edit(t, bad, test.field, test.value)
		s.listed(t, of(asker), want[0], want[1])
		lines := s.log.with("unreadable document")
		if len(lines) != 1 || !strings.HasSuffix(fmt.Sprint(lines[0]["path"]), "/documents/"+bad) || !strings.Contains(fmt.Sprint(lines[0]["error"]), strings.Split(test.field, ".")[0]) {
			t.Errorf("%+v: logged %v", test, lines)
		}
		same(t, s.metric(t, "willson_firestore_unreadable_documents_total", "chatrooms")+s.metric(t, "willson_firestore_unreadable_documents_total", "reservations"), i+1)
	}

	// The willsoner's app cannot do without concern.idx, the asker's can; and old
	// reservations have no willsoner_uid.
	s, _ = faked(t)
	s.put(t, docs{reservationPath(1): reservation(1), reservationPath(2): reservation(2)})
	s.edit(t, reservationPath(1), "concern.idx", firestore.Delete)
	s.listed(t, of(asker), nil, []int64{1, 2})
	s.listed(t, counselled(willsoner), nil, []int64{2})
	s.edit(t, reservationPath(2), "willsoner_uid", firestore.Delete)
	s.listed(t, of(asker), nil, []int64{1, 2})
	s.listed(t, counselled(willsoner), nil, nil)
}

// TestOtherLetters has fields under names in other letters, also inside arrays: they are
// not ours, to a list and to an action.
func TestOtherLetters(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	s.put(t, session("waiting"))
	s.change(t, map[string]any{
		"matches/1 Starts_At": later(60), "matches/1 Idx": 2, "matches/1 concern.Minutes": 10, "matches/1 concern.nickName": "x",
		"matches/1 willsoner.subcategories": []any{fields{"NAME": "이별", "category": "연애"}}, "matches/1 concern.subcategory": fields{"Name": "갈등"},
	})
	m, err := s.Select(within(t), asker, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.fieldsOf(t, "matches/1"); got["Idx"] != int64(2) || got["Starts_At"] == nil {
		t.Errorf("what is not ours is gone: %v", got)
	}
	s.edit(t, "chatrooms/"+m.Roomkey, "willsoner.subcategories", []any{fields{"NAME": "이별", "category": "연애"}})
	s.edit(t, "chatrooms/"+m.Roomkey, "Started_At", later(60))
	got, err := s.Sessions(within(t), of(asker))
	if err != nil {
		t.Fatal(err)
	}
	want := m.Chatroom(noon)
	same(t, got.UnderWay, []life.Chatroom{want})
	same(t, []any{want.Card.Subcategories, *want.Brief.Subcategory, want.Brief.Minutes, want.Brief.Nickname},
		[]any{[]life.Topic{{Category: "연애"}}, life.Topic{}, int64(50), "잔나"})
}

func TestListed(t *testing.T) {
	t.Parallel()
	type edit struct {
		path, field string
		value       any
	}
	s := emulated(t)
	for name, test := range map[string]struct {
		rooms, reservations         []int64
		edits                       []edit
		wantRooms, wantReservations []int64
	}{
		"nothing":                   {},
		"ascending by number":       {rooms: []int64{10, 9, 100}, reservations: []int64{3, 20, 1}, wantRooms: []int64{9, 10, 100}, wantReservations: []int64{1, 3, 20}},
		"a large number":            {rooms: []int64{math.MaxInt64 - 1_000_000}, wantRooms: []int64{math.MaxInt64 - 1_000_000}},
		"a number of 0":             {rooms: []int64{0, 5}, wantRooms: []int64{5}},
		"a complete room":           {rooms: []int64{1, 2}, edits: []edit{{roomPath(1), "status", "complete"}}, wantRooms: []int64{2}},
		"status is exact":           {rooms: []int64{1}, reservations: []int64{2}, edits: []edit{{roomPath(1), "status", "Chat"}, {reservationPath(2), "status", "reserved "}}},
		"no status":                 {rooms: []int64{1}, reservations: []int64{2}, edits: []edit{{roomPath(1), "status", nil}, {reservationPath(2), "status", firestore.Delete}}},
		"an opened reservation":     {reservations: []int64{1, 2}, edits: []edit{{reservationPath(1), "status", "opened"}}, wantReservations: []int64{2}},
		"a talk whose time is over": {rooms: []int64{1}, edits: []edit{{roomPath(1), "started_at", later(-6000)}}, wantRooms: []int64{1}},
		"the same number in both":   {rooms: []int64{5, 6}, reservations: []int64{4, 5, 7}, wantRooms: []int64{5, 6}, wantReservations: []int64{4, 7}},
		"only the same number":      {rooms: []int64{5}, reservations: []int64{5}, wantRooms: []int64{5}},
		"the same, and unreadable":  {rooms: []int64{5}, reservations: []int64{5}, edits: []edit{{roomPath(5), "started_at", 1}}, wantReservations: []int64{5}},
		"no number is no row":       {rooms: []int64{1, 2}, edits: []edit{{roomPath(1), "idx", firestore.Delete}}, wantRooms: []int64{2}},
		"nothing is readable":       {rooms: []int64{1}, edits: []edit{{roomPath(1), "concern", nil}}},
		"an hour long past":         {reservations: []int64{1}, edits: []edit{{reservationPath(1), "starts_at", time.Unix(0, 0)}}, wantReservations: []int64{1}},
	} {
		all := docs{}
		for _, idx := range test.rooms {
			all[roomPath(idx)] = room(idx)
		}
		for _, idx := range test.reservations {
			all[reservationPath(idx)] = reservation(idx)
		}
		s.put(t, all)
		for _, e := range test.edits {
			s.edit(t, e.path, e.field, e.value)
		}
		t.Run(name, func(t *testing.T) {
			for _, caller := range []life.Caller{of(asker), counselled(willsoner)} {
				s.listed(t, caller, test.wantRooms, test.wantReservations)
			}
		})
		for path := range all {
			if _, err := s.client.Doc(path).Delete(within(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOthersAreNeverShown asks as people whose uids look like other things.
func TestOthersAreNeverShown(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	uids := []string{
		asker, willsoner, "a", "A", "a ", " a", "a/b", "chatrooms/a", "..", "__name__", "*", "a\x00", "a\nb", `a"b`, `a\b`, "`a`",
		"지수", "지수카카오", "é", "e\u0301", "🙂", strings.Repeat("가", 128), "null", "0",
	}
	all := docs{}
	for i, uid := range uids {
		idx := int64(i) + 1
		r, agreed := room(idx), reservation(idx+100)
		r.AskerUID, agreed.AskerUID = uid, uid
		r.WillsonerUID, agreed.WillsonerUID = uids[(i+1)%len(uids)], uids[(i+2)%len(uids)]
		all[roomPath(idx)], all[reservationPath(idx+100)] = r, agreed
	}
	all["chatrooms/x/chatrooms/below"] = room(5000)
	s.put(t, all)
	n := int64(len(uids))
	for i, uid := range uids {
		idx := int64(i)
		s.listed(t, of(uid), []int64{idx + 1}, []int64{idx + 101})
		s.listed(t, counselled(uid), []int64{(idx+n-1)%n + 1}, []int64{(idx+n-2)%n + 101})
	}
	for _, uid := range []string{"", "stranger", "a/", "지", asker + "x", asker[:5]} {
		s.listed(t, of(uid), nil, nil)
		s.listed(t, counselled(uid), nil, nil)
	}
}

// TestSentByMistake has Firestore answer with what was not asked for.
func TestSentByMistake(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*life.Chatroom, *life.Reservation){
		"another's": func(c *life.Chatroom, r *life.Reservation) {
			c.AskerUID, r.AskerUID = "x", "x"
			c.WillsonerUID, r.WillsonerUID = "y", "y"
		},
		"the party's as the other": func(c *life.Chatroom, r *life.Reservation) {
			c.AskerUID, c.WillsonerUID, r.AskerUID, r.WillsonerUID = willsoner, asker, willsoner, asker
		},
		"nobody's": func(c *life.Chatroom, r *life.Reservation) {
			c.AskerUID, r.AskerUID, c.WillsonerUID, r.WillsonerUID = "", "", "", ""
		},
		"another status": func(c *life.Chatroom, r *life.Reservation) { c.Status, r.Status = "complete", "opened" },
		"no number":      func(c *life.Chatroom, r *life.Reservation) { c.Idx, r.Idx = 0, 0 },
	} {
		wrongRoom, wrongReservation := room(3), reservation(4)
		edit(&wrongRoom, &wrongReservation)
		found := map[string][][]byte{
			"chatrooms":    {encode(t, roomPath(3), wrongRoom), encode(t, roomPath(1), room(1))},
			"reservations": {encode(t, reservationPath(4), wrongReservation), encode(t, reservationPath(2), reservation(2))},
		}
		server := answering{documents: found}
		s := server.open(t)
		for _, caller := range []life.Caller{of(asker), counselled(willsoner)} {
			s.listed(t, caller, []int64{1}, []int64{2})
			if lines := s.log.with("unreadable document"); len(lines) != 2 {
				t.Errorf("%s: logged %v", name, lines)
			}
		}
		found["chatrooms"], found["reservations"] = found["chatrooms"][:1], found["reservations"][:1]
		s.listed(t, of(asker), nil, nil)
	}
}

// TestDocumentsRead counts on the wire what lists cost.
func TestDocumentsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, unreadable, shown, sent int }{
		{rows: 0}, {rows: 1, shown: 1, sent: 1}, {rows: 10, unreadable: 2, shown: 8, sent: 10}, {rows: 10, unreadable: 10, sent: 10},
		{rows: 300, shown: 300, sent: 300}, {rows: 301, shown: 300, sent: 301}, {rows: 301, unreadable: 1, shown: 300, sent: 301}, {rows: 350, shown: 300, sent: 301},
	} {
		s, server := faked(t)
		all, first := docs{}, int64(test.rows-test.shown+1)
		for idx := range int64(test.rows) {
			all[roomPath(idx+1)], all[reservationPath(idx+1001)] = room(idx+1), reservation(idx+1001)
			if int(idx) >= test.rows-test.unreadable {
				all[roomPath(idx+1)], all[reservationPath(idx+1001)] = fields{"idx": idx + 1, "asker_uid": asker, "status": "chat"}, fields{"idx": idx + 1001, "asker_uid": asker, "status": "reserved"}
				first = int64(test.rows-test.unreadable-test.shown) + 1
			}
		}
		s.put(t, all)
		from, reads := len(server.Calls()), server.Reads()
		got, err := s.Sessions(within(t), of(asker))
		if (err == nil) != (test.shown > 0) {
			t.Error(err)
		}
		for i, list := range idxs(got) {
			if len(list) != test.shown || test.shown > 0 && list[0] != first+int64(i)*1000 || !slices.IsSorted(list) {
				t.Errorf("%+v: rows %v", test, list)
			}
		}
		same(t, []int{server.Reads() - reads, s.metric(t, "willson_firestore_documents_read_total")}, []int{2 * test.sent, 2 * test.sent})
		same(t, costOf(server, from), cost{queries: 2})
		if logged := s.log.with("more sessions than a list shows"); len(logged) != map[bool]int{true: 2}[test.rows > store.MaxRows] {
			t.Errorf("%+v: logged %v", test, logged)
		}
	}
}

// TestSideBySide holds each query of a list back until the other has arrived.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.put(t, docs{roomPath(1): room(1)})
	var both sync.WaitGroup
	both.Add(2)
	server.OnCall(func(fakefirestore.Call) fakefirestore.Fault {
		both.Done()
		both.Wait()
		return fakefirestore.Fault{}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.Sessions(ctx, of(asker)); err != nil {
		t.Error(err)
		both.Add(-1) // lets the lonely one go
	}
}

func TestReviewImages(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	if got, err := s.ReviewImages(within(t)); err != life.ErrNotFound || len(got) > 0 {
		t.Errorf("%v and %v", got, err)
	}
	image := func(idx int64) life.ReviewImage {
		return life.ReviewImage{Idx: idx, Name: "재치있는 타입", Detail: "d", Pic: "p"}
	}
	s.put(t, docs{"review_images/a": image(10), "review_images/b": image(2)})
	for i, field := range []string{"idx", "name", "detail", "pic"} {
		path := fmt.Sprint("review_images/bad ", i)
		s.put(t, docs{path: image(3)})
		s.edit(t, path, field, map[bool]any{true: 0, false: ""}[i == 0])
	}
	got, err := s.ReviewImages(within(t))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []life.ReviewImage{image(2), image(10)})
	if lines := s.log.with("unreadable document"); len(lines) != 4 || !strings.Contains(fmt.Sprint(lines[0]["path"]), "/documents/review_images/bad ") {
		t.Errorf("logged %v", lines)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.put(t, docs{roomPath(1): room(1), reservationPath(2): reservation(2)})
	// missing fails one of the lists' four queries, as one without its index.
	missing := func(collection, party string) fakefirestore.Hook {
		return func(call fakefirestore.Call) fakefirestore.Fault {
			if text := fmt.Sprint(call.Request); strings.Contains(text, collection) && strings.Contains(text, party) && !strings.Contains(text, "op:OR") && !strings.Contains(text, `"idx"}  op:EQUAL`) {
				return fakefirestore.Code(codes.FailedPrecondition)
			}
			return fakefirestore.Fault{}
		}
	}
	// A query that a list did not wait for may arrive at any time, and is none of Ready's.
	isProbe := func(call fakefirestore.Call) bool {
		r, ok := call.Request.(*pb.RunQueryRequest)
		return ok && r.GetStructuredQuery().GetLimit().GetValue() == 1
	}
	probes := func() (n int) {
		for _, call := range server.Calls() {
			if isProbe(call) {
				n++
			}
		}
		return n
	}
	ready := func(queries int, want bool) {
		t.Helper()
		before := probes()
		if err := s.Ready(within(t)); (err == nil) != want {
			t.Error(err)
		}
		same(t, probes()-before, queries)
	}
	var kinds answering // answers every query
	if err := kinds.open(t).Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	ready(len(kinds.asked), true)
	ready(0, true)
	for _, collection := range []string{"chatrooms", "reservations"} {
		for _, party := range []string{"asker_uid", "willsoner_uid"} {
			server.OnCall(missing(collection, party))
			caller := of(asker)
			if party == "willsoner_uid" {
				caller = counselled(willsoner)
			}
			if _, err := s.Sessions(within(t), caller); err == nil {
				t.Error("no error")
			}
			for range 2 { // other lists are answered, and yet it stays so
				ready(1, false)
				_, _ = s.Sessions(within(t), caller)
			}
			server.OnCall(nil)
			if _, err := s.Sessions(within(t), caller); err != nil {
				t.Error(err)
			}
			ready(0, true)
		}
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Sessions(ctx, of(asker)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ready(0, true) // a client that left says nothing of Firestore

	// The first to ask hangs up, and another who waits for the same answer gets it.
	server.OnCall(missing("chatrooms", "asker_uid"))
	_, _ = s.Sessions(within(t), of(asker))
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	server.OnCall(func(call fakefirestore.Call) fakefirestore.Fault {
		if isProbe(call) {
			arrived <- struct{}{}
			<-release
		}
		return fakefirestore.Fault{}
	})
	ctx, cancel = context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- s.Ready(ctx) }()
	select {
	case <-arrived:
	case err := <-first:
		t.Fatalf("nothing was asked: %v", err)
	}
	next := waiting{within(t), make(chan struct{}, 10)}
	go func() { second <- s.Ready(next) }()
	<-next.waits
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// waiting tells when somebody waits for it.
type waiting struct {
	context.Context
	waits chan struct{}
}

func (w waiting) Done() <-chan struct{} {
	w.waits <- struct{}{}
	return w.Context.Done()
}
