package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/life"
)

// selected is a match that was accepted, of which the contract shows the row.
func selected(edits ...func(*life.Match)) life.Match {
	m := storetest.Waiting(15145, asker, "1205312339", append([]func(*life.Match){func(m *life.Match) {
		m.ConcernIdx, m.Status, m.Roomkey, m.DateIdx = 1374, life.Chat, "key", nil
		m.CreatedAt, m.UpdatedAt = time.UnixMilli(1603217012000), time.UnixMilli(1603217012999).Add(999*time.Microsecond)
		m.AskerJoined, m.WillsonerJoined = true, true
		m.Card = life.Card{AvgRating: "4.9", Experience: "…", Gender: "M", Age: "20대 후반", Pic: "p", Nickname: "답변자143", ImagePic: "i"}
	}}, edits...)...)
	return m
}

const row = `"created_at":1603217012000,"updated_at":1603217012999,"idx":15145,"status":"chat","roomkey":"key","admin_selected":0,"score":56,` +
	`"is_extended":0,"asker_join":1,"willsoner_join":1,"concern_idx":1374,"date_idx":null,"willsoner_idx":193`

func TestMatchRows(t *testing.T) {
	t.Parallel()
	const card = `"willsoner":{"avg_rating":"4.9","idx":193,"experience":"…","asker":{"gender":"남","age":"20대 후반","pic":"p","nickname":"답변자143"},"image":{"pic":"i"}}`
	evening := storetest.At(time.Date(2020, 3, 16, 14, 30, 0, 0, time.UTC))
	for name, test := range map[string]struct {
		path  string
		match life.Match
		data  string
	}{
		"join":     {"/api/v1/asker/chat/join/15145", selected(), row},
		"complete": {completes, selected(func(m *life.Match) { m.Status = life.Complete }), strings.Replace(row, `"chat"`, `"complete"`, 1)},
		"flags": {completes, selected(func(m *life.Match) {
			m.AdminSelected, m.IsExtended, m.AskerJoined, m.Score, m.DateIdx = true, true, false, 0, new(int64(9))
		}), strings.NewReplacer(`"admin_selected":0`, `"admin_selected":1`, `"is_extended":0`, `"is_extended":1`, `"asker_join":1`, `"asker_join":0`,
			`"score":56`, `"score":0`, `"date_idx":null`, `"date_idx":9`).Replace(row)},
		"select, now": {selects, selected(), row + `,` + card + `,"date":null`},
		"select, reserved": {selects, selected(evening),
			row + `,` + card + `,"date":{"date":"2020-03-16","from_time":"23:30","to_time":"00:20","date_format":"03월 16일"}`},
		"select, nothing known": {selects, selected(func(m *life.Match) { m.Card = life.Card{Gender: "X"} }),
			row + `,"willsoner":{"idx":193,"asker":{},"image":{}},"date":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, withStore(fakeStore{change: func(context.Context, string, life.Caller, int64) (life.Match, error) { return test.match, nil }}))
			got := api.ask(t, http.MethodPatch, test.path)
			if want := `{"code":"success","message":"success","data":{` + test.data + `}}`; string(got.body) != want {
				t.Errorf("got  %s\nwant %s", got.body, want)
			}
			got.wantHeaders(t, "Cache-Control", "private, no-cache", "ETag", "")
		})
	}
}

// TestChangesAreTheTokensUsers: the token says who, the path as which party and of which
// match, and a body nothing.
func TestChangesAreTheTokensUsers(t *testing.T) {
	t.Parallel()
	var asked []string
	api := serve(t, withStore(fakeStore{change: func(_ context.Context, action string, caller life.Caller, idx int64) (life.Match, error) {
		asked = append(asked, fmt.Sprintf("%s %s %s %d", action, caller.Party, caller.UID, idx))
		return selected(), nil
	}}))
	for _, path := range []string{selects, "/api/v1/asker/chat/join/7", "/api/v1/willsoner/chat/join/8", completes} {
		for _, body := range []string{"", `{"uid":"somebody","match_idx":3}`, "{", strings.Repeat("x", 100_000)} {
			if got := api.send(t, http.MethodPatch, path, body, "If-None-Match", "*", "Content-Type", "text/plain"); got.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", path, got.Status)
			}
		}
	}
	want := []string{"select asker " + asker + " 15145", "join asker " + asker + " 7", "join willsoner " + asker + " 8", "complete asker " + asker + " 15145"}
	if got := slices.Compact(asked); len(asked) != 16 || !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

// TestRefusals: a request that is wrong in more than one way is refused for the first in
// the contract's order.
func TestRefusals(t *testing.T) {
	t.Parallel()
	api := serve(t, withStore(fakeStore{report: func(string, int64, []string) error { return life.ErrNotFound }}))
	const bad = "/api/v1/asker/chat/report/007"
	for _, test := range []struct {
		path, body, mediaType, token string
		status                       int
	}{
		{bad, "{", "text/plain", "", 401},
		{bad, "{", "text/plain", asker, 404},
		{reports, strings.Repeat("{", 100_000), "text/plain", asker, 415},
		{reports, strings.Repeat("{", 100_000), "application/json", asker, 413},
		{reports, "{", "application/json", asker, 400},
		{reports, `{"reports":["m1"]}`, "application/json", asker, 404},
	} {
		if got := api.send(t, http.MethodPost, test.path, test.body, "x-token", test.token, "Content-Type", test.mediaType); got.StatusCode != test.status {
			t.Errorf("%s %q as %s: %s, want %d", test.path, test.body[:1], test.mediaType, got.Status, test.status)
		}
	}
}
