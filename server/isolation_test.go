package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/handlers"
	"willson/internal/storetest"
	"willson/store"
)

// states are what a match can be in, and what is stored of each.
var states = []string{"none", "waiting", "chat", "reserved", "complete", "unknown"}

// A session is a match in some state, between two people of its own.
type session struct {
	idx              int64
	asker, willsoner string
}

// putSession stores a match in that state, with what belongs to it.
func putSession(t *testing.T, client *firestore.Client, idx int64, state string) session {
	t.Helper()
	s := session{idx, fmt.Sprintf("asker %d", idx), fmt.Sprintf("willsoner %d", idx)}
	if state == "none" {
		return s
	}
	m := storetest.Waiting(idx, s.asker, s.willsoner)
	docs := map[string]any{}
	if state == "reserved" {
		m.StartsAt = time.Now().Add(time.Hour)
	}
	if state != "waiting" {
		m.Roomkey = fmt.Sprintf("%s_%s_1605077440300", s.asker, s.willsoner)
	}
	m.Status = map[string]string{"waiting": store.Waiting, "chat": store.Chat, "reserved": store.Chat, "complete": store.Complete, "unknown": "cancelled"}[state]
	room := store.Chatroom{
		Idx: idx, AskerUID: m.AskerUID, WillsonerUID: m.WillsonerUID, Status: m.Status,
		StartedAt: m.CreatedAt, Concern: m.Concern, Card: m.Card,
	}
	room.Concern.Idx, room.Card.Idx = m.ConcernIdx, m.WillsonerIdx
	switch state {
	case "chat", "complete":
		docs["chatrooms/"+m.Roomkey] = room
		docs["chatrooms/"+m.Roomkey+"/chats/start"] = map[string]any{"uid": "start", "message": "", "timeStamp": m.CreatedAt}
		docs["chatrooms/"+m.Roomkey+"/chats/m1"] = map[string]any{"uid": s.willsoner, "message": "안녕하세요", "timeStamp": m.CreatedAt}
	case "reserved":
		docs["reservations/"+strconv.FormatInt(idx, 10)] = store.Reservation{
			Idx: idx, Roomkey: m.Roomkey, AskerUID: m.AskerUID, WillsonerUID: m.WillsonerUID, Status: store.Reserved,
			StartsAt: m.StartsAt, Concern: room.Concern, Card: room.Card,
		}
	}
	docs[storetest.Path(idx)] = m
	for path, doc := range docs {
		if _, err := client.Doc(path).Set(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestIsolationMatrix asks every route as everybody, of a match in every state. A route
// without a row fails. Only the party whom the route is for may do anything at all, and
// everybody else is told the same as of a match that does not exist.
func TestIsolationMatrix(t *testing.T) {
	needEmulators(t)
	google := startGoogle(t)
	google.Project = freshProject()
	client := firestoreClient(t, google.Project, firestoreEmulator)
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": firestoreEmulator, "GOOGLE_CLOUD_PROJECT": google.Project, "REQUEST_DEADLINE": "10s"})
	put := func(path string, doc any) {
		if _, err := client.Doc(path).Set(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	put("review_images/1", store.ReviewImage{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: "p"})

	const ok, again, nothing, noToken = "success", "success", "not_found", "token_not_found"
	cells := func(waiting, chat, reserved, complete string) map[string]string {
		return map[string]string{"none": nothing, "waiting": waiting, "chat": chat, "reserved": reserved, "complete": complete, "unknown": nothing}
	}
	anyState := func(code string) map[string]string {
		row := cells(code, code, code, code)
		row["none"], row["unknown"] = code, code
		return row
	}
	matrix := map[string]map[string]string{
		"GET /health":                          anyState(ok),
		"GET /ready":                           anyState(ok),
		"GET /healthz":                         anyState(ok),
		"GET /readyz":                          anyState(ok),
		"GET /api/v1/asker/chat/chatrooms":     cells(nothing, ok, ok, nothing),
		"GET /api/v1/willsoner/chat/chatrooms": cells(nothing, ok, ok, nothing),
		"PATCH /api/v1/asker/list/matches/{match_idx}/select": cells(ok, again, again, nothing),
		"PATCH /api/v1/asker/chat/join/{match_idx}":           cells(nothing, ok, "too_early", nothing),
		"PATCH /api/v1/willsoner/chat/join/{match_idx}":       cells(nothing, ok, "too_early", nothing),
		"PATCH /api/v1/asker/chat/complete/{match_idx}":       cells(nothing, ok, nothing, again),
		"GET /api/v1/asker/chat/review/image":                 anyState(ok),
		"POST /api/v1/asker/chat/review":                      cells(nothing, ok, nothing, ok),
		"POST /api/v2/asker/chat/review":                      cells(nothing, ok, nothing, ok),
		"POST /api/v1/asker/chat/review/complete":             cells(nothing, ok, nothing, ok),
		"POST /api/v1/asker/chat/report/{match_idx}":          cells(nothing, "successfully_updated", nothing, "successfully_updated"),
	}
	forAll := func(route handlers.Route) bool {
		return route.Party == "" || strings.HasSuffix(route.Path, "/review/image")
	}
	idx := int64(0)
	for _, route := range handlers.Routes() {
		name := route.Method + " " + route.Path
		row, there := matrix[name]
		if !there {
			t.Errorf("%s has no row: who may do what?", name)
			continue
		}
		for _, state := range states {
			idx++
			session := putSession(t, client, idx, state)
			people := map[store.Party]string{store.Asker: session.asker, store.Willsoner: session.willsoner}
			owner := people[route.Party]
			delete(people, route.Party)
			tokens := map[string]string{"no token": "", "stranger": google.Token("stranger"), "owner in part": google.Token(owner + "x"), "anonymous": google.Token("anonymous", func(_, claims map[string]any) {
				claims["provider_id"] = "anonymous"
				claims["firebase"] = map[string]any{"sign_in_provider": "anonymous", "identities": map[string]any{}}
			})}
			for party, uid := range people {
				tokens["the "+string(party)] = google.Token(uid)
			}
			before := versions(t, client, session)
			for who, token := range tokens {
				want := nothing
				if who == "no token" {
					want = noToken
				}
				if forAll(route) && (token != "" || route.Party == "") {
					want = ok
				}
				if code, body := askOf(t, s.base, route, session, token); code != want {
					t.Errorf("%s of %s by %s: %s, want %s", name, state, who, body, want)
				}
			}
			if after := versions(t, client, session); after != before {
				t.Errorf("%s of %s: somebody changed it", name, state)
			}
			if code, body := askOf(t, s.base, route, session, google.Token(owner)); code != row[state] {
				t.Errorf("%s of %s by its owner: %s, want %s", name, state, body, row[state])
			}
		}
	}
	if len(matrix) != len(handlers.Routes()) {
		t.Errorf("%d rows for %d routes", len(matrix), len(handlers.Routes()))
	}
	if broken, err := storetest.Invariants(t.Context(), client); err != nil || len(broken) > 0 {
		t.Errorf("%v %q", err, broken)
	}
}

// askOf makes a route's request of that session's match, and returns the answer's code.
func askOf(t *testing.T, base string, route handlers.Route, s session, token string) (code, body string) {
	t.Helper()
	number := strconv.FormatInt(s.idx, 10)
	content := ""
	if route.Method == http.MethodPost {
		content = `{"match_idx":` + number + `,"content":"좋았어요","rating":5,"image_idx":1,"reports":["m1"]}`
	}
	_, body = send(t, route.Method, base+strings.Replace(route.Path, "{match_idx}", number, 1), content, token)
	rest, _ := strings.CutPrefix(body, `{"code":"`)
	code, _, _ = strings.Cut(rest, `"`)
	return code, body
}

// versions tells whether anything of a session was written since.
func versions(t *testing.T, client *firestore.Client, s session) string {
	t.Helper()
	number := strconv.FormatInt(s.idx, 10)
	roomkey := fmt.Sprintf("%s_%s_1605077440300", s.asker, s.willsoner)
	var all []string
	snapshots, err := client.GetAll(t.Context(), []*firestore.DocumentRef{
		client.Doc("matches/" + number), client.Doc("reservations/" + number), client.Doc("reviews/" + number),
		client.Doc("chatrooms/" + roomkey), client.Doc("reports/" + number + "/messages/m1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, snapshot := range snapshots {
		all = append(all, snapshot.UpdateTime.String())
	}
	return strings.Join(all, " ")
}

// freshProject is a project of which nobody else knows.
func freshProject() string { return fmt.Sprintf("demo-%d", time.Now().UnixNano()) }

// firestoreClient is one with an owner's rights, for a Firestore at host.
func firestoreClient(t testing.TB, project, host string) *firestore.Client {
	t.Helper()
	t.Setenv("FIRESTORE_EMULATOR_HOST", host)
	client, err := firestore.NewClient(context.Background(), project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
