package store_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/latlng"

	"willson/internal/standin"
	"willson/store"
)

func TestEveryField(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	put(t, client, map[string]standin.Fields{"chatrooms/room": room(20455), "reservations/one": agreed(669)})

	got, err := s.Sessions(within(t), asker)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, store.Sessions{UnderWay: []store.Chatroom{read(20455)}, Reserved: []store.Reservation{readAgreed(669)}})
}

func TestBlankKeywordsAreLeftOut(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	put(t, client, map[string]standin.Fields{"chatrooms/room": with(room(1), "willsoner.keywords", []any{"", "줍줍", "", "집"})})
	got, err := s.Sessions(within(t), asker)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.UnderWay[0].Willsoner.Keywords, []string{"줍줍", "집"})
}

// TestOptional asks for documents that lack one optional field, each in three ways.
func TestOptional(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	ways := map[string]any{"absent": absent{}, "null": nil, "blank": ""}

	for field, clear := range map[string]func(*store.Chatroom){
		"willsoner_uid":           func(*store.Chatroom) {},
		"ends_at":                 func(*store.Chatroom) {},
		"concern.idx":             func(c *store.Chatroom) { c.Concern.Idx = nil },
		"concern.nickname":        func(c *store.Chatroom) { c.Concern.Nickname = "" },
		"concern.asker_pic":       func(c *store.Chatroom) { c.Concern.AskerPic = "" },
		"willsoner":               func(c *store.Chatroom) { c.Willsoner = store.Willsoner{} },
		"willsoner.idx":           func(c *store.Chatroom) { c.Willsoner.Idx = nil },
		"willsoner.introduction":  func(c *store.Chatroom) { c.Willsoner.Introduction = "" },
		"willsoner.experience":    func(c *store.Chatroom) { c.Willsoner.Experience = "" },
		"willsoner.nickname":      func(c *store.Chatroom) { c.Willsoner.Nickname = "" },
		"willsoner.gender":        func(c *store.Chatroom) { c.Willsoner.Gender = "" },
		"willsoner.pic":           func(c *store.Chatroom) { c.Willsoner.Pic = "" },
		"willsoner.image_pic":     func(c *store.Chatroom) { c.Willsoner.ImagePic = "" },
		"willsoner.subcategories": func(c *store.Chatroom) { c.Willsoner.Subcategories = nil },
		"willsoner.keywords":      func(c *store.Chatroom) { c.Willsoner.Keywords = nil },
	} {
		for way, value := range ways {
			want := read(1)
			clear(&want)
			if way == "blank" && slices.Contains([]string{"ends_at", "concern.idx", "willsoner", "willsoner.idx", "willsoner.subcategories", "willsoner.keywords"}, field) {
				continue // "" is of a wrong type there
			}
			t.Run(fmt.Sprintf("chatrooms %s %s", field, way), func(t *testing.T) {
				uid := "asker of " + field + way
				want.AskerUID, want.Roomkey = uid, "room "+field+way
				put(t, client, map[string]standin.Fields{"chatrooms/" + want.Roomkey: with(with(room(1), "asker_uid", uid), field, value)})
				got, err := s.Sessions(within(t), uid)
				if err != nil {
					t.Fatal(err)
				}
				same(t, got.UnderWay, []store.Chatroom{want})
			})
		}
	}

	for field, clear := range map[string]func(*store.Reservation){
		"willsoner_uid":       func(r *store.Reservation) { r.WillsonerUID = "" },
		"ends_at":             func(*store.Reservation) {},
		"willsoner":           func(r *store.Reservation) { r.Willsoner = store.Willsoner{} },
		"willsoner.idx":       func(r *store.Reservation) { r.Willsoner.Idx = nil },
		"willsoner.nickname":  func(r *store.Reservation) { r.Willsoner.Nickname = "" },
		"willsoner.image_pic": func(r *store.Reservation) { r.Willsoner.ImagePic = "" },
	} {
		for way, value := range ways {
			want := readAgreed(1)
			clear(&want)
			if way == "blank" && slices.Contains([]string{"ends_at", "willsoner", "willsoner.idx"}, field) {
				continue
			}
			t.Run(fmt.Sprintf("reservations %s %s", field, way), func(t *testing.T) {
				uid := "asker of a reservation " + field + way
				put(t, client, map[string]standin.Fields{"reservations/" + uid: with(with(agreed(1), "asker_uid", uid), field, value)})
				got, err := s.Sessions(within(t), uid)
				if err != nil {
					t.Fatal(err)
				}
				same(t, got.Reserved, []store.Reservation{want})
			})
		}
	}
}

// TestUnreadable puts one bad document between two good ones.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	type bad struct {
		field string
		value any
	}
	rooms := []bad{
		{"idx", nil}, {"idx", "2"}, {"idx", 2.5},
		{"started_at", absent{}}, {"started_at", nil}, {"started_at", "2020-11-11T06:50:40Z"}, {"started_at", 1605077440300},
		{"concern", absent{}}, {"concern", nil}, {"concern", "고민"}, {"concern", []any{50}},
		{"concern.minutes", absent{}}, {"concern.minutes", nil}, {"concern.minutes", "50"}, {"concern.minutes", 50.5}, {"concern.minutes", math.NaN()},
		{"concern.idx", "1513"}, {"concern.nickname", 7}, {"concern.asker_pic", []byte("a")},
		{"ends_at", "tomorrow"}, {"ends_at", 1}, {"willsoner_uid", 1205312339},
		{"willsoner", "지수카카오"}, {"willsoner", []any{}}, {"willsoner.idx", "12"}, {"willsoner.introduction", true},
		{"willsoner.experience", []any{"a"}}, {"willsoner.nickname", 1}, {"willsoner.gender", 1}, {"willsoner.gender", false},
		{"willsoner.pic", standin.Fields{}}, {"willsoner.image_pic", &latlng.LatLng{Latitude: 37.5}},
		{"willsoner.subcategories", "이별"}, {"willsoner.subcategories", []any{"이별"}}, {"willsoner.subcategories", []any{nil}},
		{"willsoner.subcategories", []any{standin.Fields{"name": 1}}}, {"willsoner.subcategories", []any{standin.Fields{"category": standin.Fields{"name": "연애"}}}},
		{"willsoner.keywords", "집"}, {"willsoner.keywords", []any{"집", 1}}, {"willsoner.keywords", []any{nil}}, {"willsoner.keywords", []any{standin.Fields{"name": "집"}}},
	}
	reservations := []bad{
		{"idx", nil}, {"idx", "2"}, {"idx", 2.5},
		{"roomkey", absent{}}, {"roomkey", nil}, {"roomkey", ""}, {"roomkey", 1},
		{"starts_at", absent{}}, {"starts_at", nil}, {"starts_at", "22:00"}, {"starts_at", 1605077440300},
		{"concern", absent{}}, {"concern", nil}, {"concern", "고민"},
		{"concern.minutes", absent{}}, {"concern.minutes", nil}, {"concern.minutes", "60"}, {"concern.minutes", 60.5},
		{"ends_at", "tomorrow"}, {"willsoner_uid", 1205312339},
		{"willsoner", "하이하이"}, {"willsoner.idx", 6.8}, {"willsoner.nickname", 1}, {"willsoner.image_pic", []any{}},
	}
	for collection, all := range map[string][]bad{"chatrooms": rooms, "reservations": reservations} {
		doc := map[string]func(int) standin.Fields{"chatrooms": room, "reservations": agreed}[collection]
		for i, bad := range all {
			t.Run(fmt.Sprintf("%s %s %v", collection, bad.field, bad.value), func(t *testing.T) {
				uid := fmt.Sprintf("asker of %s %d", collection, i)
				path := collection + "/" + uid
				put(t, client, map[string]standin.Fields{
					path + " 1": with(doc(1), "asker_uid", uid),
					path + " 2": with(with(doc(2), "asker_uid", uid), bad.field, bad.value),
					path + " 3": with(doc(3), "asker_uid", uid),
				})
				counted := s.unreadable(t, collection)

				got, err := s.Sessions(within(t), uid)
				if err != nil {
					t.Fatal(err)
				}
				rooms, reservations := idxs(got)
				same(t, append(rooms, reservations...), []int64{1, 3})
				lines := s.log.with("unreadable document left out")
				if len(lines) != 1 || !strings.HasSuffix(fmt.Sprint(lines[0]["path"]), "/documents/"+path+" 2") {
					t.Errorf("logged %v", lines)
				} else if !strings.HasPrefix(fmt.Sprint(lines[0]["error"]), bad.field) {
					t.Errorf("the error %q does not name the field", lines[0]["error"])
				}
				if n := s.unreadable(t, collection) - counted; n != 1 {
					t.Errorf("counted %d unreadable documents, want 1", n)
				}
			})
		}
	}

	t.Run("nothing readable", func(t *testing.T) {
		put(t, client, map[string]standin.Fields{
			"chatrooms/alone":    with(with(room(1), "asker_uid", "alone"), "started_at", "soon"),
			"reservations/alone": with(with(agreed(1), "asker_uid", "alone"), "roomkey", ""),
		})
		if got, err := s.Sessions(within(t), "alone"); err != store.ErrNotFound {
			t.Errorf("got %v, %v, want ErrNotFound", got, err)
		}
	})
	t.Run("no idx is no row of the query", func(t *testing.T) {
		put(t, client, map[string]standin.Fields{"chatrooms/without": with(with(room(1), "asker_uid", "without"), "idx", absent{})})
		if got, err := s.Sessions(within(t), "without"); err != store.ErrNotFound {
			t.Errorf("got %v, %v, want ErrNotFound", got, err)
		}
	})
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	docs := map[string]standin.Fields{}
	for _, name := range []string{"extra", "IDX", "Status", "concern.MINUTES", "concern.extra", "willsoner.extra", "willsoner.Idx"} {
		for i, value := range []any{nil, "x", math.Inf(1), []any{1, nil}, standin.Fields{"idx": "x"}, client.Doc("a/b"), []byte{0}} {
			docs[fmt.Sprint("chatrooms/", name, i)] = with(room(len(docs)), name, value)
			docs[fmt.Sprint("reservations/", name, i)] = with(agreed(len(docs)), name, value)
		}
	}
	put(t, client, docs)
	got, err := s.Sessions(within(t), asker)
	if err != nil {
		t.Fatal(err)
	}
	same(t, len(got.UnderWay)+len(got.Reserved), len(docs))
	for _, got := range got.UnderWay {
		want := read(got.Idx)
		want.Roomkey = got.Roomkey
		same(t, got, want)
	}
	for _, got := range got.Reserved {
		same(t, got, readAgreed(got.Idx))
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Minute)
	rooms := func(edit func(standin.Fields), idxs ...int) (docs []standin.Fields) {
		for _, idx := range idxs {
			docs = append(docs, room(idx))
			edit(docs[len(docs)-1])
		}
		return docs
	}
	reservations := func(edit func(standin.Fields), idxs ...int) (docs []standin.Fields) {
		for _, idx := range idxs {
			docs = append(docs, agreed(idx))
			edit(docs[len(docs)-1])
		}
		return docs
	}
	field := func(name string, value any) func(standin.Fields) {
		return func(doc standin.Fields) { with(doc, name, value) }
	}
	asItIs := func(standin.Fields) {}

	for name, test := range map[string]struct {
		rooms, reservations         []standin.Fields
		wantRooms, wantReservations []int64
	}{
		"nothing":                      {},
		"one room":                     {rooms: rooms(asItIs, 7), wantRooms: []int64{7}},
		"one reservation":              {reservations: reservations(asItIs, 7), wantReservations: []int64{7}},
		"ascending by idx":             {rooms: rooms(asItIs, 10, 9, 100), wantRooms: []int64{9, 10, 100}, reservations: reservations(asItIs, 3, 1, 2), wantReservations: []int64{1, 2, 3}},
		"extreme idx":                  {rooms: rooms(asItIs, math.MaxInt64, 0, math.MinInt64, -1), wantRooms: []int64{math.MinInt64, -1, 0, math.MaxInt64}},
		"a complete room":              {rooms: rooms(field("status", "complete"), 1)},
		"a room with another status":   {rooms: rooms(field("status", "reserved"), 1)},
		"status is exact":              {rooms: rooms(field("status", "Chat"), 1), reservations: reservations(field("status", "reserved "), 1)},
		"no status":                    {rooms: rooms(field("status", nil), 1), reservations: reservations(field("status", absent{}), 1)},
		"a reservation that is off":    {reservations: append(reservations(field("status", "cancelled"), 1), reservations(asItIs, 2)...), wantReservations: []int64{2}},
		"a reservation that is a chat": {reservations: reservations(field("status", "chat"), 1)},
		"a room past its end":          {rooms: append(rooms(field("ends_at", past), 1, 3), rooms(asItIs, 2)...), wantRooms: []int64{2}},
		"a reservation past its end":   {reservations: append(reservations(field("ends_at", past), 3), reservations(asItIs, 2)...), wantReservations: []int64{2}},
		"all past their end":           {rooms: rooms(field("ends_at", past), 1), reservations: reservations(field("ends_at", past), 2)},
		"ends in a minute":             {rooms: rooms(field("ends_at", future), 1), wantRooms: []int64{1}, reservations: reservations(field("ends_at", future), 2), wantReservations: []int64{2}},
		"a start long past":            {reservations: reservations(field("starts_at", time.Unix(0, 0)), 1), wantReservations: []int64{1}},
		"a start to come":              {rooms: rooms(field("started_at", future), 1), wantRooms: []int64{1}},
		"twins":                        {rooms: rooms(asItIs, 5, 6), wantRooms: []int64{5, 6}, reservations: reservations(asItIs, 4, 5, 7), wantReservations: []int64{4, 7}},
		"only twins":                   {rooms: rooms(asItIs, 5), wantRooms: []int64{5}, reservations: reservations(asItIs, 5)},
		"a twin past its end":          {rooms: rooms(field("ends_at", past), 5), reservations: reservations(asItIs, 5), wantReservations: []int64{5}},
		"a twin that is unreadable":    {rooms: rooms(field("started_at", 1), 5), reservations: reservations(asItIs, 5), wantReservations: []int64{5}},
		"the same idx in one list":     {rooms: rooms(asItIs, 5, 5), wantRooms: []int64{5, 5}},
		"one roomkey for two":          {reservations: reservations(field("roomkey", "shared"), 1, 2), wantReservations: []int64{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			docs := map[string]standin.Fields{}
			for i, doc := range test.rooms {
				docs[fmt.Sprintf("chatrooms/%s %d", name, i)] = with(doc, "asker_uid", name)
			}
			for i, doc := range test.reservations {
				docs[fmt.Sprintf("reservations/%s %d", name, i)] = with(doc, "asker_uid", name)
			}
			put(t, client, docs)
			var wantErr error
			if len(test.wantRooms)+len(test.wantReservations) == 0 {
				wantErr = store.ErrNotFound
			}
			got, err := s.Sessions(within(t), name)
			if err != wantErr {
				t.Fatalf("error %v, want %v", err, wantErr)
			}
			rooms, reservations := idxs(got)
			same(t, rooms, test.wantRooms)
			same(t, reservations, test.wantReservations)
		})
	}
}

func TestOthersAreNeverShown(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	uids := []string{
		asker, "1205312339", "a", "A", "a ", " a", "a/b", "chatrooms/a", "../a", ".", "..", "__name__", "*", "%", "a\x00", "a\nb", `a"b`, "a'b", `a\b`, "`a`",
		"지수", "지수카카오", "ㅈㅣ수", "é", "e\u0301", "🙂", strings.Repeat("x", 128), strings.Repeat("가", 128), "null", "0", "-1",
	}
	docs := map[string]standin.Fields{
		"chatrooms/as willsoner":                 with(with(room(5000), "asker_uid", "somebody"), "willsoner_uid", asker),
		"reservations/as willsoner":              with(with(agreed(5001), "asker_uid", "somebody"), "willsoner_uid", asker),
		"chatrooms/" + asker + "_1205312339_1":   with(room(5002), "asker_uid", "the roomkey is no authority"),
		"chatrooms/room 0/chatrooms/below":       room(5003),
		"somewhere/else/reservations/for nobody": agreed(5004),
	}
	for i, uid := range uids {
		docs[fmt.Sprintf("chatrooms/room %d", i)] = with(room(i+1), "asker_uid", uid)
		docs[fmt.Sprintf("reservations/%d", i)] = with(agreed(i+1001), "asker_uid", uid)
	}
	put(t, client, docs)

	for i, uid := range uids {
		t.Run(fmt.Sprintf("%q", uid), func(t *testing.T) {
			got, err := s.Sessions(within(t), uid)
			if err != nil {
				t.Fatal(err)
			}
			rooms, reservations := idxs(got)
			same(t, rooms, []int64{int64(i + 1)})
			same(t, reservations, []int64{int64(i + 1001)})
			if got.UnderWay[0].AskerUID != uid {
				t.Errorf("asker %q", got.UnderWay[0].AskerUID)
			}
		})
	}
	for _, uid := range []string{"", "nobody", "b", "chatrooms/room 0", strings.ToLower(asker)} {
		got, err := s.Sessions(within(t), uid)
		if !errors.Is(err, store.ErrNotFound) || len(got.UnderWay)+len(got.Reserved) > 0 {
			t.Errorf("%q is shown %v, %v", uid, got, err)
		}
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	s, client := emulated(t)
	const extra = 3
	docs := map[string]standin.Fields{}
	for idx := 1; idx <= store.MaxRows+extra; idx++ {
		docs[fmt.Sprintf("chatrooms/%d", idx)] = room(idx)
		docs[fmt.Sprintf("reservations/%d", idx)] = agreed(idx + 1000)
	}
	put(t, client, docs)

	got, err := s.Sessions(within(t), asker)
	if err != nil {
		t.Fatal(err)
	}
	var wantRooms, wantReservations []int64
	for idx := int64(extra + 1); idx <= store.MaxRows+extra; idx++ {
		wantRooms, wantReservations = append(wantRooms, idx), append(wantReservations, idx+1000)
	}
	rooms, reservations := idxs(got)
	same(t, rooms, wantRooms)
	same(t, reservations, wantReservations)

	var collections []string
	for _, line := range s.log.with("more sessions than a list shows") {
		collections = append(collections, fmt.Sprint(line["collection"], " of ", line["uid"]))
	}
	slices.Sort(collections)
	same(t, collections, []string{"chatrooms of " + asker, "reservations of " + asker})
}
