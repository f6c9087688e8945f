package server_test

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/handlers"
	"willson/internal/storetest"
	"willson/store"
)

// A row of the matrix is what a route answers, by code.
type row struct {
	all   string            // to everybody who may ask at all; "" where it depends on who and on what
	owner map[string]string // else to the party whom the route is for, by the match's state; to others not_found
	body  string            // what is sent, MATCH standing for the match's number
}

// states are what a match can be in; putSession says what is stored of each.
var states = []string{"none", "waiting", "chat", "reserved", "complete", "unknown"}

// owners is the row of a route whose owner is answered so of a match that is waiting, in a
// chat, reserved and complete, and not_found of one that is not there or of an unknown status.
func owners(waiting, chat, reserved, complete string) row {
	return row{owner: map[string]string{
		"none": "not_found", "waiting": waiting, "chat": chat, "reserved": reserved, "complete": complete, "unknown": "not_found",
	}}
}

func everybody(code string) row { return row{all: code} }

func (r row) sending(body string) row { r.body = body; return r }

// matrix has a row for each route. Every new one needs its own: who may do what, and when?
func matrix() map[string]row {
	const (
		ok, no = "success", "not_found"
		review = `{"match_idx":MATCH,"content":"좋았어요","rating":5,"image_idx":1}`
	)
	return map[string]row{
		"GET /health":  everybody(ok),
		"GET /healthz": everybody(ok),
		"GET /ready":   everybody(ok),
		"GET /readyz":  everybody(ok),

		"GET /api/v1/asker/chat/chatrooms":                    owners(no, ok, ok, no),
		"GET /api/v1/willsoner/chat/chatrooms":                owners(no, ok, ok, no),
		"PATCH /api/v1/asker/list/matches/{match_idx}/select": owners(ok, ok, ok, no),
		"PATCH /api/v1/asker/chat/join/{match_idx}":           owners(no, ok, "too_early", no),
		"PATCH /api/v1/willsoner/chat/join/{match_idx}":       owners(no, ok, "too_early", no),
		"PATCH /api/v1/asker/chat/complete/{match_idx}":       owners(no, ok, no, ok),
		"GET /api/v1/asker/chat/review/image":                 everybody(ok),
		"POST /api/v1/asker/chat/review":                      owners(no, ok, no, ok).sending(review),
		"POST /api/v2/asker/chat/review":                      owners(no, ok, no, ok).sending(review),
		"POST /api/v1/asker/chat/review/complete":             owners(no, ok, no, ok).sending(review),
		"POST /api/v1/asker/chat/report/{match_idx}":          owners(no, "successfully_updated", no, "successfully_updated").sending(`{"reports":["m1"]}`),
	}
}

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
	putAll(t, client, docs)
	return s
}

// TestIsolationMatrix asks every route as everybody, of a match in every state. Only the
// party whom the route is for may do anything at all, and everybody else is told the same as
// of a match that does not exist.
func TestIsolationMatrix(t *testing.T) {
	google, fake := startGoogle(t), startFake(t)
	client := firestoreClient(t, testProject, fake.Addr())
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": fake.Addr(), "REQUEST_DEADLINE": "10s"})
	putAll(t, client, map[string]any{"review_images/1": store.ReviewImage{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: "p"}})
	anonymous := func(_, claims map[string]any) {
		claims["provider_id"] = "anonymous"
		claims["firebase"] = map[string]any{"sign_in_provider": "anonymous", "identities": map[string]any{}}
	}

	rows, idx := matrix(), int64(0)
	for _, route := range handlers.Routes() {
		name := route.Method + " " + route.Path
		row, there := rows[name]
		if delete(rows, name); !there {
			t.Errorf("%s has no row: who may do what?", name)
			continue
		}
		for _, state := range states {
			idx++
			session := putSession(t, client, idx, state)
			owner, other := session.asker, session.willsoner
			if route.Party == store.Willsoner {
				owner, other = other, owner
			}
			ask := func(who, token, want string) {
				t.Helper()
				number := strconv.FormatInt(idx, 10)
				path := strings.Replace(route.Path, "{match_idx}", number, 1)
				_, body := send(t, route.Method, s.base+path, strings.Replace(row.body, "MATCH", number, 1), token)
				if !strings.HasPrefix(body, `{"code":"`+want+`"`) {
					t.Errorf("%s of %s by %s: %s, want %s", name, state, who, body, want)
				}
			}
			toNobody := "token_not_found"
			if route.Party == "" {
				toNobody = row.all
			}
			before := versions(t, client, session)
			ask("nobody", "", toNobody)
			for who, token := range map[string]string{
				"a stranger": google.Token("stranger"), "half the owner": google.Token(owner + "x"),
				"somebody anonymous": google.Token("anonymous", anonymous), "the other party": google.Token(other),
			} {
				ask(who, token, cmp.Or(row.all, "not_found"))
			}
			if versions(t, client, session) != before {
				t.Errorf("%s of %s: somebody changed it", name, state)
			}
			ask("its owner", google.Token(owner), cmp.Or(row.all, row.owner[state]))
		}
	}
	for name := range rows {
		t.Errorf("%s has a row and is no route", name)
	}
	if broken, err := storetest.Invariants(t.Context(), client); err != nil || len(broken) > 0 {
		t.Errorf("%v %q", err, broken)
	}
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
