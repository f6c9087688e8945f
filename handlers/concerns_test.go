package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/handlers"
	"willson/life"
	"willson/reference"
	"willson/store"
)

// A concernStore takes every concern and payment, and keeps the last that it was given.
type concernStore struct {
	handlers.Store
	concern life.Concern
	asked   string
}

func (s *concernStore) Write(_ context.Context, c life.Concern) (life.Concern, error) {
	s.concern, s.asked = c, "write"
	c.Idx, c.AskerIdx, c.Status = 9, 8, life.Unpaid
	return c, nil
}

func (s *concernStore) Estimate(_ context.Context, uid string, idx int64, whom store.Whom) (store.Estimate, error) {
	s.asked = fmt.Sprint("estimate ", uid, idx, whom)
	return store.Estimate{}, life.ErrConcernInProcess
}

func (s *concernStore) Pay(_ context.Context, uid string, idx int64, ticket reference.Ticket, whom store.Whom) (life.Concern, []life.Match, error) {
	s.asked = fmt.Sprint("pay ", uid, idx, ticket.Idx, whom)
	return life.Concern{}, nil, life.ErrConcernInProcess
}

func atNoon(cfg *handlers.Config) { cfg.Now = func() time.Time { return noon } }

func withConcerns(s *concernStore) func(*handlers.Config) {
	return func(cfg *handlers.Config) { cfg.Store = s }
}

// numbered are entries of the reference data as they are copied.
func numbered(of func(int64) (reference.Named, bool), idxs ...int64) (all []life.NamedNumber) {
	for _, idx := range idxs {
		n, _ := of(idx)
		all = append(all, life.NamedNumber(n))
	}
	return all
}

// TestConcerns: what the store is given of a form.
func TestConcerns(t *testing.T) {
	t.Parallel()
	data := fixed(t)
	plain := life.Concern{
		AskerUID: asker, Subcategory: life.Subcategory{Idx: 1, Name: "이별", CategoryIdx: 1, Category: "연애"}, Feelings: numbered(data.Feeling, 1, 2, 3),
		Personalities: numbered(data.Personality, 1, 2, 3), Direction: numbered(data.Direction, 2)[0], Content: "요즘 잠이 오지 않아요", Type: life.Realtime, WilGender: "ALL",
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, life.Seoul) }
	booked := life.Concern{
		AskerUID: asker, Subcategory: life.Subcategory{Idx: 2, Name: "갈등", CategoryIdx: 1, Category: "연애"}, Feelings: numbered(data.Feeling, 4),
		Direction: numbered(data.Direction, 1)[0], Content: "주말에 이야기하고 싶어요", Type: life.Reserve, WilGender: "F", ImageIdx: 8,
		Windows: []life.Window{{From: at(21, 18, 0), To: at(21, 23, 30)}, {From: at(20, 12, 30), To: at(20, 15, 0)}},
	}
	long := strings.Repeat("긴", 4000)
	for name, test := range map[string]struct {
		v2   bool
		body string
		want func(c *life.Concern)
	}{
		"the app's": {false, shipped, func(*life.Concern) {}},
		"integers in other forms": {false, strings.NewReplacer(`"subcategory_idx":1`, `"subcategory_idx":1.0`, `"feeling_idx":[1,2,3]`, `"feeling_idx":[1.0,20e-1,3]`).Replace(shipped),
			func(*life.Concern) {}},
		"numbers twice": {false, strings.NewReplacer(`"feeling_idx":[1,2,3]`, `"feeling_idx":[2,1,2,1,3,3,3,3,3,3,3]`, `"personality_idx":[1,2,3]`, `"personality_idx":[4,4]`).Replace(shipped),
			func(c *life.Concern) {
				c.Feelings, c.Personalities = numbered(data.Feeling, 2, 1, 3), numbered(data.Personality, 4)
			}},
		"no personality":   {false, strings.Replace(shipped, `"personality_idx":[1,2,3]`, `"personality_idx":null`, 1), func(c *life.Concern) { c.Personalities = nil }},
		"4,000 characters": {false, strings.Replace(shipped, "요즘 잠이 오지 않아요", long, 1), func(c *life.Concern) { c.Content = long }},
		"dates of any kind with realtime": {false, strings.NewReplacer(`"2020-01-12"`, `7`, `"2020-03-27"`, `[]`, `"9PM"`, `{}`, `[1,3]`, `"x"`, `"agreement":1`, `"faq_idx":-1,"from_time_from":false`).Replace(shipped),
			func(*life.Concern) {}},
		"a reserved talk":                        {true, reserve, func(c *life.Concern) { *c = booked }},
		"personalities of any kind in version 2": {true, strings.Replace(reserve, `"image_idx"`, `"personality_idx":["x"],"image_idx"`, 1), func(c *life.Concern) { *c = booked }},
		"an image of any kind in version 1":      {false, strings.Replace(shipped, `"agreement"`, `"image_idx"`, 1), func(*life.Concern) {}},
	} {
		kept := &concernStore{}
		path := writes
		if test.v2 {
			path = strings.Replace(writes, "v1", "v2", 1)
		}
		got := serve(t, withConcerns(kept), atNoon).send(t, "POST", path, test.body)
		want := plain
		test.want(&want)
		nickname := kept.concern.Nickname
		if kept.concern.Nickname = ""; got.StatusCode != http.StatusOK || len(strings.Fields(nickname)) != 2 || !equalConcerns(kept.concern, want) {
			t.Errorf("%s: %s\ngot  %+v\nwant %+v", name, got.Status, kept.concern, want)
		}
	}
}

func equalConcerns(a, b life.Concern) bool {
	same := func(a, b life.Window) bool { return a.From.Equal(b.From) && a.To.Equal(b.To) }
	windows := slices.EqualFunc(a.Windows, b.Windows, same)
	a.Windows, b.Windows = nil, nil
	return windows && reflect.DeepEqual(a, b)
}

// TestConcernsRefused: an unknown number is as bad as none, and the rules of windows hold
// to the minute.
func TestConcernsRefused(t *testing.T) {
	t.Parallel()
	numbers := []string{"", "null", "[]", "0", "[0]", "[-1]", "[999]", "[1,999]", "1", `["1"]`, "[1.5]", "[null]", "[1,2,3,4,5,6,7,8,9,10,11]"}
	one := []string{"", "null", "0", "999", "-1", `"1"`, "[1]", "1.5"}
	bad := map[string][]string{
		"subcategory_idx": one,
		"direction_idx":   one,
		"feeling_idx":     numbers,
		"personality_idx": slices.DeleteFunc(slices.Clone(numbers), func(v string) bool { return v == "" || v == "null" || v == "[]" }),
		"content":         {"", "null", `""`, `" \n\t\u3000"`, `"` + strings.Repeat("긴", 4001) + `"`, `"` + strings.Repeat("🙂", 4001) + `"`, "7", `["x"]`},
		"wil_gender":      {"", "null", `""`, `"여"`, `"any"`, `" F"`, `"ＡＬＬ"`, "1"},
		"type":            {"", "null", `""`, `"Realtime"`, `"later"`, "1"},
	}
	wantRefused(t, "POST", writes, goodKeys(t, "POST", writes), bad, atNoon)

	v2 := strings.Replace(writes, "v1", "v2", 1)
	form := map[string]string{ // that begins at once, and ends as late as it can
		"subcategory_idx": "1", "feeling_idx": "[1]", "content": `"x"`, "wil_gender": `"M"`, "image_idx": "1", "direction_idx": "1", "type": `"reserve"`,
		"from_date": `"2026-03-19"`, "from_time_from": `"00:00"`, "from_time_to": `"12:01"`, "to_date": `"2026-05-18"`, "to_time_from": `"11:59"`, "to_time_to": `"12:00"`,
	}
	kept := &concernStore{}
	if got := serve(t, withConcerns(kept), atNoon).send(t, "POST", v2, bodyOf(form)); got.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	dates := []string{"", "null", `""`, `"2026-3-19"`, `"20260319"`, `"2026-02-30"`, `"2026-03-19T00:00:00Z"`, `"19.03.2026"`, "7"}
	hours := []string{"", "null", `"9:00"`, `"24:00"`, `"12:60"`, `"9PM"`, `"12:30:00"`, `"12:30Z"`, `"１２:00"`, "1200"}
	wantRefused(t, "POST", v2, form, map[string][]string{
		"image_idx": append(one, "100"),
		"from_date": dates, "to_date": dates,
		"from_time_from": hours, "to_time_from": hours,
		"from_time_to": append(hours, `"12:00"`, `"00:00"`, `"11:59"`), // over already, or none
		"to_time_to":   append(hours, `"12:01"`, `"11:59"`, `"01:00"`), // beyond sixty days, none, over midnight
	}, atNoon)
}

// TestTickets: for which concern is paid how, and with what.
func TestTickets(t *testing.T) {
	t.Parallel()
	kept := &concernStore{}
	api := serve(t, withConcerns(kept))
	for _, test := range []struct{ method, path, body, want string }{
		{"GET", prices + "7", "", "estimate " + asker + "7 0"},
		{"POST", prices + "progress", `{"concern_idx":7}`, "estimate " + asker + "7 0"},
		{"POST", prices + "progress", `{"concern_idx":7.0,"match_type":2.0}`, "estimate " + asker + "7 2"},
		{"POST", prices + "7", `{"ticket_idx":3,"match_type":2,"concern_idx":8}`, "pay " + asker + "7 3 0"},
		{"POST", pays, `{"ticket_idx":1.0,"concern_idx":7,"match_type":1}`, "pay " + asker + "7 1 1"},
		{"POST", pays, `{"ticket_idx":2,"concern_idx":7,"match_type":null}`, "pay " + asker + "7 2 0"},
	} {
		kept.asked = ""
		api.send(t, test.method, test.path, test.body).wantError(t, 409, "concern_in_process", "Concern is in process")
		if kept.asked != test.want {
			t.Errorf("%s %s: asked to %s, want %s", test.path, test.body, kept.asked, test.want)
		}
	}
	one := []string{"", "null", "0", "-1", `"1"`, "[1]", "1.5", "true"}
	tickets := append(one, "4", "9223372036854775807")
	types := []string{"0", "3", `"1"`, "[1]", "1.5"}
	wantRefused(t, "POST", prices+"purchase", map[string]string{"ticket_idx": "1"}, map[string][]string{"ticket_idx": tickets})
	wantRefused(t, "POST", prices+"7", map[string]string{"ticket_idx": "1"}, map[string][]string{"ticket_idx": tickets})
	wantRefused(t, "POST", pays, map[string]string{"ticket_idx": "1", "concern_idx": "7"}, map[string][]string{"ticket_idx": tickets, "concern_idx": one, "match_type": types})
	wantRefused(t, "POST", prices+"progress", map[string]string{"concern_idx": "7"}, map[string][]string{"concern_idx": one, "match_type": types})
}
