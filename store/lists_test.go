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
	"google.golang.org/grpc/codes"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/store"
)

// room and reservation are what a list shows of a match with every field.
func room(idx int64, edits ...func(*store.Match)) store.Chatroom {
	m := storetest.Waiting(idx, asker, willsoner, edits...)
	m.Roomkey = fmt.Sprint("room ", idx)
	return *store.ChatroomOf(m, noon)
}

func reservation(idx int64, edits ...func(*store.Match)) store.Reservation {
	m := storetest.Waiting(idx, asker, willsoner, append(edits, storetest.At(noon))...)
	m.Roomkey = "shared"
	return *store.ReservationOf(m)
}

func roomPath(idx int64) string        { return fmt.Sprint("chatrooms/room ", idx) }
func reservationPath(idx int64) string { return fmt.Sprint("reservations/", idx) }

// of is the list of each party.
func of(uid string) store.Caller         { return store.Caller{Party: store.Asker, UID: uid} }
func counselled(uid string) store.Caller { return store.Caller{Party: store.Willsoner, UID: uid} }

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
func (s *subject) listed(t testing.TB, caller store.Caller, rooms, reservations []int64) {
	t.Helper()
	got, err := s.Sessions(within(t), caller)
	if want := len(rooms)+len(reservations) > 0; err != nil && (want || err != store.ErrNotFound) || err == nil && !want {
		t.Errorf("%v: %v", caller, err)
	}
	same(t, idxs(got), [2][]int64{rooms, reservations})
}

func TestEveryField(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, docs{roomPath(7): room(7), reservationPath(9): reservation(9)})
	for _, caller := range []store.Caller{of(asker), counselled(willsoner)} {
		got, err := s.Sessions(within(t), caller)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, store.Sessions{UnderWay: []store.Chatroom{room(7)}, Reserved: []store.Reservation{reservation(9)}})
	}
	s.listed(t, of(willsoner), nil, nil)
	s.listed(t, counselled(asker), nil, nil)
}

// TestOptional asks for documents that lack one optional field, each in three ways.
func TestOptional(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	for field, empty := range map[string]struct {
		value any
		clear func(*store.Concern, *store.Card)
	}{
		"concern.nickname":        {"", func(c *store.Concern, _ *store.Card) { c.Nickname = "" }},
		"concern.content":         {"", func(c *store.Concern, _ *store.Card) { c.Content = "" }},
		"concern.asker_pic":       {"", func(c *store.Concern, _ *store.Card) { c.AskerPic = "" }},
		"concern.asker_gender":    {"", func(c *store.Concern, _ *store.Card) { c.AskerGender = "" }},
		"concern.subcategory":     {nil, func(c *store.Concern, _ *store.Card) { c.Subcategory = nil }},
		"concern.feelings":        {[]any{}, func(c *store.Concern, _ *store.Card) { c.Feelings = nil }},
		"willsoner.introduction":  {"", func(_ *store.Concern, c *store.Card) { c.Introduction = "" }},
		"willsoner.experience":    {"", func(_ *store.Concern, c *store.Card) { c.Experience = "" }},
		"willsoner.nickname":      {"", func(_ *store.Concern, c *store.Card) { c.Nickname = "" }},
		"willsoner.gender":        {"", func(_ *store.Concern, c *store.Card) { c.Gender = "" }},
		"willsoner.age":           {"", func(_ *store.Concern, c *store.Card) { c.Age = "" }},
		"willsoner.avg_rating":    {"", func(_ *store.Concern, c *store.Card) { c.AvgRating = "" }},
		"willsoner.pic":           {"", func(_ *store.Concern, c *store.Card) { c.Pic = "" }},
		"willsoner.image_pic":     {"", func(_ *store.Concern, c *store.Card) { c.ImagePic = "" }},
		"willsoner.subcategories": {[]any{}, func(_ *store.Concern, c *store.Card) { c.Subcategories = nil }},
		"willsoner.keywords":      {[]any{}, func(_ *store.Concern, c *store.Card) { c.Keywords = nil }},
		"extra":                   {fields{"idx": math.NaN()}, func(*store.Concern, *store.Card) {}},
		"IDX":                     {"x", func(*store.Concern, *store.Card) {}},
	} {
		for _, value := range []any{firestore.Delete, nil, empty.value} {
			wantRoom, wantReservation := room(1), reservation(2)
			empty.clear(&wantRoom.Concern, &wantRoom.Card)
			empty.clear(&wantReservation.Concern, &wantReservation.Card)
			s.put(t, docs{roomPath(1): room(1), reservationPath(2): reservation(2)})
			s.edit(t, roomPath(1), field, value)
			s.edit(t, reservationPath(2), field, value)
			got, err := s.Sessions(within(t), of(asker))
			if err != nil {
				t.Fatalf("%s %v: %v", field, value, err)
			}
			// An empty array reads as one that is absent does: none.
			for _, card := range []*store.Card{&got.UnderWay[0].Card, &got.Reserved[0].Card} {
				card.Subcategories, card.Keywords = orNil(card.Subcategories), orNil(card.Keywords)
			}
			for _, concern := range []*store.Concern{&got.UnderWay[0].Concern, &got.Reserved[0].Concern} {
				concern.Feelings = orNil(concern.Feelings)
			}
			same(t, got, store.Sessions{UnderWay: []store.Chatroom{wantRoom}, Reserved: []store.Reservation{wantReservation}})
		}
	}
}

func orNil[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return all
}

// TestUnreadableRows puts one bad document between two good ones.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	s, _ := faked(t)
	all := []any{firestore.Delete, nil, 0, "", "50", 50.5, true, []any{1}, fields{"a": 1}, noon}
	required := map[string][]any{ // and what is good for it
		"concern.minutes": {}, "willsoner.idx": {}, "concern": {}, "willsoner": {},
		"chatrooms concern.idx": {}, "chatrooms started_at": {noon},
		"reservations roomkey": {"50"}, "reservations starts_at": {noon},
	}
	optional := map[string][]any{"concern.nickname": {"", "50"}, "willsoner.gender": {"", "50"}, "willsoner.subcategories": {}, "willsoner.keywords": {}, "reservations concern.idx": {0}}
	check := func(field string, good []any, required bool) {
		for _, value := range all {
			if isGood := func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(value) }; slices.ContainsFunc(good, isGood) ||
				!required && (value == firestore.Delete || value == nil) {
				continue
			}
			for _, collection := range []string{"chatrooms", "reservations"} {
				only, name, limited := strings.Cut(field, " ")
				if limited && only != collection {
					continue
				} else if !limited {
					name = field
				}
				path, rows, none := roomPath, docs{}, [2][]int64{nil, nil}
				for idx := range int64(3) {
					rows[roomPath(idx+1)] = room(idx + 1)
				}
				if collection == "reservations" {
					path, rows = reservationPath, docs{}
					for idx := range int64(3) {
						rows[reservationPath(idx+1)] = reservation(idx + 1)
					}
				}
				s.put(t, rows)
				s.edit(t, path(2), name, value)
				before := s.metric(t, "willson_firestore_unreadable_documents_total", collection)
				got, err := s.Sessions(within(t), of(asker))
				if err != nil {
					t.Errorf("%s %v: %v", field, value, err)
				}
				if none[0] = []int64{1, 3}; collection == "reservations" {
					none = [2][]int64{nil, {1, 3}}
				}
				if rows := idxs(got); asJSON(rows) != asJSON(none) {
					t.Errorf("%s.%s %v: rows %v", collection, name, value, rows)
				}
				lines := s.log.with("unreadable document")
				if len(lines) != 1 || !strings.HasSuffix(fmt.Sprint(lines[0]["path"]), "/documents/"+path(2)) || !strings.Contains(fmt.Sprint(lines[0]["error"]), strings.Split(name, ".")[0]) {
					t.Errorf("%s.%s %v: logged %v", collection, name, value, lines)
				}
				same(t, s.metric(t, "willson_firestore_unreadable_documents_total", collection), before+1)
				for p := range rows {
					if _, err := s.client.Doc(p).Delete(within(t)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for field, good := range required {
		check(field, good, true)
	}
	for field, good := range optional {
		check(field, good, false)
	}

	// The willsoner's app cannot do without concern.idx, the asker's can.
	s.put(t, docs{reservationPath(1): reservation(1), reservationPath(2): reservation(2)})
	s.edit(t, reservationPath(1), "concern.idx", firestore.Delete)
	s.listed(t, of(asker), nil, []int64{1, 2})
	s.listed(t, counselled(willsoner), nil, []int64{2})
	s.edit(t, reservationPath(2), "willsoner_uid", firestore.Delete)
	s.listed(t, of(asker), nil, []int64{1, 2})
	s.listed(t, counselled(willsoner), nil, nil)
	s.edit(t, reservationPath(1), "asker_uid", nil)
	s.listed(t, of(asker), nil, []int64{2})
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
		"nothing":                     {},
		"ascending by number":         {rooms: []int64{10, 9, 100}, reservations: []int64{3, 20, 1}, wantRooms: []int64{9, 10, 100}, wantReservations: []int64{1, 3, 20}},
		"a large number":              {rooms: []int64{math.MaxInt64 - 1_000_000}, wantRooms: []int64{math.MaxInt64 - 1_000_000}},
		"a number of 0":               {rooms: []int64{0, 5}, wantRooms: []int64{5}},
		"a complete room":             {rooms: []int64{1, 2}, edits: []edit{{roomPath(1), "status", "complete"}}, wantRooms: []int64{2}},
		"status is exact":             {rooms: []int64{1}, reservations: []int64{2}, edits: []edit{{roomPath(1), "status", "Chat"}, {reservationPath(2), "status", "reserved "}}},
		"no status":                   {rooms: []int64{1}, reservations: []int64{2}, edits: []edit{{roomPath(1), "status", nil}, {reservationPath(2), "status", firestore.Delete}}},
		"an opened reservation":       {reservations: []int64{1, 2}, edits: []edit{{reservationPath(1), "status", "opened"}}, wantReservations: []int64{2}},
		"a talk whose time is over":   {rooms: []int64{1}, edits: []edit{{roomPath(1), "started_at", later(-6000)}}, wantRooms: []int64{1}},
		"a field of the older schema": {rooms: []int64{1}, edits: []edit{{roomPath(1), "ends_at", later(-6000)}}, wantRooms: []int64{1}},
		"the same number in both":     {rooms: []int64{5, 6}, reservations: []int64{4, 5, 7}, wantRooms: []int64{5, 6}, wantReservations: []int64{4, 7}},
		"only the same number":        {rooms: []int64{5}, reservations: []int64{5}, wantRooms: []int64{5}},
		"the same, and unreadable":    {rooms: []int64{5}, reservations: []int64{5}, edits: []edit{{roomPath(5), "started_at", 1}}, wantReservations: []int64{5}},
		"no number is no row":         {rooms: []int64{1, 2}, edits: []edit{{roomPath(1), "idx", firestore.Delete}}, wantRooms: []int64{2}},
		"nothing is readable":         {rooms: []int64{1}, edits: []edit{{roomPath(1), "concern", nil}}},
		"an hour long past":           {reservations: []int64{1}, edits: []edit{{reservationPath(1), "starts_at", time.Unix(0, 0)}}, wantReservations: []int64{1}},
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
			for _, caller := range []store.Caller{of(asker), counselled(willsoner)} {
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
	for name, edit := range map[string]func(*store.Chatroom, *store.Reservation){
		"another's": func(c *store.Chatroom, r *store.Reservation) {
			c.AskerUID, r.AskerUID = "x", "x"
			c.WillsonerUID, r.WillsonerUID = "y", "y"
		},
		"the party's as the other": func(c *store.Chatroom, r *store.Reservation) {
			c.AskerUID, c.WillsonerUID, r.AskerUID, r.WillsonerUID = willsoner, asker, willsoner, asker
		},
		"nobody's": func(c *store.Chatroom, r *store.Reservation) {
			c.AskerUID, r.AskerUID, c.WillsonerUID, r.WillsonerUID = "", "", "", ""
		},
		"another status": func(c *store.Chatroom, r *store.Reservation) { c.Status, r.Status = "complete", "opened" },
		"no number":      func(c *store.Chatroom, r *store.Reservation) { c.Idx, r.Idx = 0, 0 },
	} {
		wrongRoom, wrongReservation := room(3), reservation(4)
		edit(&wrongRoom, &wrongReservation)
		found := map[string][][]byte{
			"chatrooms":    {encode(t, roomPath(3), wrongRoom), encode(t, roomPath(1), room(1))},
			"reservations": {encode(t, reservationPath(4), wrongReservation), encode(t, reservationPath(2), reservation(2))},
		}
		s := answering(t, func(collection string) [][]byte { return found[collection] })
		for _, caller := range []store.Caller{of(asker), counselled(willsoner)} {
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
	server.OnCall(func(int, fakefirestore.Call) fakefirestore.Fault {
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
	if got, err := s.ReviewImages(within(t)); err != store.ErrNotFound || len(got) > 0 {
		t.Errorf("%v and %v", got, err)
	}
	image := func(idx int64) store.ReviewImage {
		return store.ReviewImage{Idx: idx, Name: "재치있는 타입", Detail: "d", Pic: "p"}
	}
	bad := image(3)
	bad.Detail = ""
	s.put(t, docs{"review_images/a": image(10), "review_images/b": image(2), "review_images/c": bad})
	got, err := s.ReviewImages(within(t))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []store.ReviewImage{image(2), image(10)})
	if lines := s.log.with("unreadable document"); len(lines) != 1 || !strings.HasSuffix(fmt.Sprint(lines[0]["path"]), "review_images/c") {
		t.Errorf("logged %v", lines)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.put(t, docs{roomPath(1): room(1), reservationPath(2): reservation(2)})
	// missing fails one of the four queries, as one without its index.
	missing := func(collection, party string) fakefirestore.Hook {
		return func(_ int, call fakefirestore.Call) fakefirestore.Fault {
			if text := fmt.Sprint(call.Request); strings.Contains(text, collection) && strings.Contains(text, party) {
				return fakefirestore.Code(codes.FailedPrecondition)
			}
			return fakefirestore.Fault{}
		}
	}
	ready := func(queries int, want bool) {
		t.Helper()
		before := server.Count("RunQuery")
		if err := s.Ready(within(t)); (err == nil) != want {
			t.Error(err)
		}
		same(t, server.Count("RunQuery")-before, queries)
	}
	ready(4, true)
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

	// The first to ask hangs up, and the next is answered.
	server.OnCall(missing("chatrooms", "asker_uid"))
	_, _ = s.Sessions(within(t), of(asker))
	arrived, release := make(chan struct{}), make(chan struct{})
	server.OnCall(func(int, fakefirestore.Call) fakefirestore.Fault {
		close(arrived)
		<-release
		return fakefirestore.Fault{}
	})
	ctx, cancel = context.WithCancel(context.Background())
	first, second := make(chan error), make(chan error)
	go func() { first <- s.Ready(ctx) }()
	<-arrived
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go func() { second <- s.Ready(within(t)) }()
	close(release)
	if err := <-second; err != nil {
		t.Error(err)
	}
}
