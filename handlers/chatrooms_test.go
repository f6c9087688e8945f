package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/life"
	"willson/store"
)

// TestGolden answers the contract's examples, byte for byte but for blanks between
// tokens: the asker's, whose count of 2 is corrected to the 4 rows that it has, and the
// willsoner's.
func TestGolden(t *testing.T) {
	t.Parallel()
	for path, sessions := range map[string]store.Sessions{chatrooms: example(), willsoner: willsonersExample()} {
		golden, err := os.ReadFile("testdata/" + strings.Split(path, "/")[3] + "-chatrooms.golden.json")
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, bytes.TrimSpace(golden)); err != nil {
			t.Fatal(err)
		}
		api := serve(t, withSessions(func(_ context.Context, caller life.Caller) (store.Sessions, error) {
			if want := (life.Caller{Party: life.Party(strings.Split(path, "/")[3]), UID: asker}); caller != want {
				t.Errorf("asked for %v, want %v", caller, want)
			}
			return sessions, nil
		}))
		got := api.ask(t, http.MethodGet, path)
		if got.StatusCode != http.StatusOK || !bytes.Equal(got.body, want.Bytes()) {
			t.Errorf("%d\ngot  %s\nwant %s", got.StatusCode, got.body, want.Bytes())
		}
		got.wantHeaders(t, "Content-Type", "application/json; charset=utf-8", "Cache-Control", "private, no-cache", "Retry-After", "", "Allow", "")
	}
}

// TestAsksForTheTokensUser: nothing but the token says whose sessions are asked for.
func TestAsksForTheTokensUser(t *testing.T) {
	t.Parallel()
	var asked []string
	api := serve(t, withSessions(func(_ context.Context, caller life.Caller) (store.Sessions, error) {
		asked = append(asked, caller.UID)
		return example(), nil
	}))
	uids := []string{asker, "1205312339", "a/b", "chatrooms/" + asker, `"`, strings.Repeat("x", 128)}
	for _, uid := range uids {
		api.ask(t, http.MethodGet, chatrooms+"?uid=somebody&asker_uid=somebody", "x-token", uid, "X-Uid", "somebody", "Authorization", "Bearer somebody", "Cookie", "uid=somebody")
	}
	if !slices.Equal(asked, uids) {
		t.Errorf("asked for %q, want %q", asked, uids)
	}
}

// answer is the data of the asker's list of these sessions.
func answer(t *testing.T, s store.Sessions) map[string]any {
	t.Helper()
	return answerAt(t, chatrooms, s)
}

func answerAt(t *testing.T, path string, s store.Sessions) map[string]any {
	t.Helper()
	got := serve(t, withSessions(func(context.Context, life.Caller) (store.Sessions, error) { return s, nil })).ask(t, http.MethodGet, path)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	return got.json(t)["data"].(map[string]any)
}

func room(edits ...func(*life.Chatroom)) life.Chatroom {
	room := example().UnderWay[0]
	for _, edit := range edits {
		edit(&room)
	}
	return room
}

func TestCountsRows(t *testing.T) {
	t.Parallel()
	whole := example()
	for _, test := range []struct {
		sessions     store.Sessions
		ing, reserve int
	}{
		{whole, 1, 3},
		{store.Sessions{UnderWay: whole.UnderWay}, 1, 0},
		{store.Sessions{Reserved: whole.Reserved}, 0, 3},
		{store.Sessions{UnderWay: slices.Repeat(whole.UnderWay, 300), Reserved: slices.Repeat(whole.Reserved, 100)}, 300, 300},
	} {
		data := answer(t, test.sessions)
		ing, isList := data["ing"].([]any)
		reserve, isListToo := data["reserve"].([]any)
		if !isList || !isListToo || len(ing) != test.ing || len(reserve) != test.reserve || data["count"] != float64(test.ing+test.reserve) {
			t.Errorf("count %v, %d under way, %d reserved, want %d and %d", data["count"], len(ing), len(reserve), test.ing, test.reserve)
		}
	}
}

// TestLeavesOut answers rows of which nothing is known but what must be.
func TestLeavesOut(t *testing.T) {
	t.Parallel()
	bare := store.Sessions{
		UnderWay: []life.Chatroom{{
			Idx: 1, Roomkey: "r", AskerUID: "a", WillsonerUID: "w", StartedAt: time.UnixMilli(5),
			Brief: life.Brief{Minutes: 50, Idx: 3, Subcategory: &life.Topic{}, Feelings: []string{""}},
			Card:  life.Card{Idx: 4, Keywords: []string{""}},
		}},
		Reserved: []life.Reservation{{
			Idx: 2, Roomkey: "s", AskerUID: "a", StartsAt: time.Unix(0, 0),
			Brief: life.Brief{Minutes: 60}, Card: life.Card{Idx: 5},
		}},
	}
	askers := `{
		"count": 2,
		"ing": [{
			"idx": 1, "roomkey": "r", "start": 5,
			"concern": {"time": "50", "idx": 3, "asker": {"id": "a"}},
			"willsoner": {"idx": 4, "asker": {"nickname": ""}, "image": {"pic": ""}, "subcategories": [], "keywords": []}
		}],
		"reserve": [{
			"idx": 2, "roomkey": "s", "concern": {"time": "60"},
			"willsoner": {"idx": 5, "asker": {"nickname": ""}, "image": {"pic": ""}},
			"date": {"from_time": "09:00", "date_format": "01월 01일"}
		}]
	}`
	bareForWillsoner := bare
	bareForWillsoner.Reserved = slices.Clone(bare.Reserved)
	bareForWillsoner.Reserved[0].Brief.Idx, bareForWillsoner.Reserved[0].WillsonerUID = 6, "w"
	willsoners := `{
		"count": 2,
		"ing": [{
			"idx": 1, "roomkey": "r", "start": 5,
			"concern": {"time": "50", "idx": 3, "asker": {"nickname": "", "id": "a"}, "feelings": []},
			"willsoner": {"idx": 4, "asker": {"id": "w"}}
		}],
		"reserve": [{
			"idx": 2, "roomkey": "s", "concern": {"time": "60", "idx": 6, "asker": {"nickname": "", "id": "a"}},
			"willsoner": {"idx": 5, "asker": {"id": "w"}},
			"date": {"from_time": "09:00", "date_format": "01월 01일"}
		}]
	}`
	for _, test := range []struct {
		path, want string
		sessions   store.Sessions
	}{{chatrooms, askers, bare}, {willsoner, willsoners, bareForWillsoner}} {
		var want map[string]any
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		if data := answerAt(t, test.path, test.sessions); !reflect.DeepEqual(data, want) {
			t.Errorf("got  %v\nwant %v", data, want)
		}
	}
}

func TestSubcategories(t *testing.T) {
	t.Parallel()
	data := answer(t, store.Sessions{UnderWay: []life.Chatroom{room(func(c *life.Chatroom) {
		c.Card.Subcategories = []life.Topic{{Name: "이별", Category: "연애"}, {Name: "진로"}, {}, {Category: "학업"}}
	})}})
	got, err := json.Marshal(data["ing"].([]any)[0].(map[string]any)["willsoner"].(map[string]any)["subcategories"])
	if want := `[{"category":{"name":"연애"},"name":"이별"},{"name":"진로"},{"category":{"name":"학업"}}]`; err != nil || string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGender(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]any{"F": "여", "M": "남", "": nil, "f": nil, "X": nil, "여": nil} {
		data := answer(t, store.Sessions{UnderWay: []life.Chatroom{room(func(c *life.Chatroom) { c.Card.Gender = stored })}})
		shown := data["ing"].([]any)[0].(map[string]any)["willsoner"].(map[string]any)["asker"].(map[string]any)
		if got, there := shown["gender"]; got != want || there != (want != nil) {
			t.Errorf("%q is shown as %v", stored, got)
		}
	}
}

// TestSeoul has the same instants in several zones.
func TestSeoul(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ starts, fromTime, dateFormat string }{
		{"2021-03-19T13:00:00Z", "22:00", "03월 19일"},
		{"2021-03-19T14:59:59Z", "23:59", "03월 19일"},
		{"2021-03-19T15:00:00Z", "00:00", "03월 20일"},
		{"2020-12-31T14:59:00Z", "23:59", "12월 31일"},
		{"2020-12-31T15:00:00Z", "00:00", "01월 01일"},
		{"2024-02-28T15:30:00Z", "00:30", "02월 29일"},
		{"2023-02-28T15:30:00Z", "00:30", "03월 01일"},
		{"2021-07-04T00:05:00Z", "09:05", "07월 04일"},
	} {
		starts, err := time.Parse(time.RFC3339, test.starts)
		if err != nil {
			t.Fatal(err)
		}
		for _, zone := range []*time.Location{time.UTC, time.Local, time.FixedZone("", -11*60*60), time.FixedZone("", 14*60*60)} {
			reservation := example().Reserved[0]
			reservation.StartsAt = starts.In(zone)
			data := answer(t, store.Sessions{Reserved: []life.Reservation{reservation}})
			date := data["reserve"].([]any)[0].(map[string]any)["date"].(map[string]any)
			if date["from_time"] != test.fromTime || date["date_format"] != test.dateFormat {
				t.Errorf("%s is shown as %v", starts.In(zone), date)
			}
		}
	}
}

func TestTextComesAsItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"<b>&amp;</b>", `"quoted\"`, "줄\n바꿈\t", "🙂\u2028\u2029", "null", "\x00\x1f", strings.Repeat("긴 ", 10_000)} {
		data := answer(t, store.Sessions{UnderWay: []life.Chatroom{room(func(c *life.Chatroom) {
			c.Card.Introduction, c.Roomkey, c.Card.Keywords = text, text, []string{text}
		})}})
		row := data["ing"].([]any)[0].(map[string]any)
		card := row["willsoner"].(map[string]any)
		if row["roomkey"] != text || card["introduction"] != text || card["keywords"].([]any)[0].(map[string]any)["name"] != text {
			t.Errorf("%q arrives as %q", text, card["introduction"])
		}
	}
	body := serve(t, withSessions(func(context.Context, life.Caller) (store.Sessions, error) {
		return store.Sessions{UnderWay: []life.Chatroom{room(func(c *life.Chatroom) {
			c.Idx, c.Brief.AskerPic = math.MaxInt64, "https://example.com/?a=1&b=<2>"
		})}}, nil
	})).ask(t, http.MethodGet, chatrooms).body
	for _, want := range []string{`"idx":9223372036854775807`, `"https://example.com/?a=1&b=<2>"`} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
}
