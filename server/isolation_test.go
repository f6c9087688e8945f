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
	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
)

// A row of the matrix is what a route answers, by code.
type row struct {
	all      string            // to everybody who may ask at all; "" where it depends on who and on what
	owner    map[string]string // else to the party whom the route is for, by the match's state
	other    string            // to the other party
	stranger string            // to people without an account
	body     string            // what is sent, with MATCH, CONCERN, DATE and HOUR
}

// states are what a match can be in; putSession says what is stored of each. The first ones
// are of matches that are older than payments.
var states = []string{
	"none", "waiting", "chat", "reserved", "complete", "unknown",
	"unpaid", "sent", "offered", "sent for later", "offered for later",
}

// owners is the row of a route whose owner is answered so in these states, given as name and
// code in turn, and not_found in all others, as everybody else is.
func owners(answers ...string) row {
	r := row{owner: map[string]string{}, other: "not_found", stranger: "not_found"}
	for _, state := range states {
		r.owner[state] = "not_found"
	}
	for i := 0; i < len(answers); i += 2 {
		r.owner[answers[i]] = answers[i+1]
	}
	return r
}

func everybody(code string) row { return row{all: code} }

// people is the row of a route that everybody with an account may ask.
func people(owner, other string) row {
	r := owners()
	for state := range r.owner {
		r.owner[state] = owner
	}
	r.other = other
	return r.wantingAccount()
}

// wantingAccount tells strangers that they have none.
func (r row) wantingAccount() row { r.stranger = "user_not_found"; return r }

func (r row) sending(body string) row { r.body = body; return r }

// matrix has a row for each route. Every new one needs its own: who may do what, and when?
func matrix() map[string]row {
	const (
		ok, done  = "success", "successfully_updated"
		waiting   = "waiting"
		chat      = "chat"
		reserved  = "reserved"
		complete  = "complete"
		unpaid    = "unpaid"
		sent      = "sent"
		offered   = "offered"
		sentLater = "sent for later"
		later     = "offered for later"

		review  = `{"match_idx":MATCH,"content":"좋았어요","rating":5,"image_idx":1}`
		hour    = `{"date":"DATE","from_time":"HOUR"}`
		all     = `{"category_idx":0}`
		concern = `{"subcategory_idx":1,"feeling_idx":[1],"personality_idx":[],"image_idx":1,"direction_idx":1,"content":"고민","wil_gender":"ALL","type":"realtime"}`
	)
	estimate := owners(unpaid, ok, sent, "concern_in_process", offered, "concern_in_process", sentLater, "concern_in_process", later, "concern_in_process").wantingAccount()
	return map[string]row{
		"GET /health":  everybody(ok),
		"GET /healthz": everybody(ok),
		"GET /ready":   everybody(ok),
		"GET /readyz":  everybody(ok),

		"POST /api/v1/asker/sign/signup": everybody("token_not_found").sending(`{}`),
		"POST /api/v1/asker/sign/signin": everybody("token_not_found").sending(`{}`),

		"GET /api/v1/asker/main":                           everybody(ok),
		"GET /api/v1/asker/main/willsoners/{category_idx}": everybody(ok),
		"POST /api/v1/asker/request/subcategory":           everybody(ok).sending(`{"category_idx":1}`),
		"POST /api/v1/willsoner/register/subcategory":      everybody(ok).sending(`{"category_idx":1}`),
		"GET /api/v1/asker/request/feeling":                everybody(ok),
		"GET /api/v1/asker/request/willsoner_type":         everybody(ok),
		"GET /api/v1/asker/request/direction":              everybody(ok),
		"GET /api/v1/willsoner/register/image":             everybody(ok),

		"POST /api/v1/asker/request/complete":      people(ok, ok).sending(concern),
		"POST /api/v2/asker/request/complete":      people(ok, ok).sending(concern),
		"GET /api/v1/asker/payment/{concern_idx}":  estimate,
		"POST /api/v1/asker/payment/progress":      estimate.sending(`{"concern_idx":CONCERN}`),
		"POST /api/v1/asker/payment/purchase":      people(ok, ok).sending(`{"ticket_idx":1}`),
		"POST /api/v1/asker/payment/{concern_idx}": estimate.sending(`{"ticket_idx":1}`),
		"POST /api/v1/asker/payment/complete":      estimate.sending(`{"ticket_idx":1,"concern_idx":CONCERN}`),

		"POST /api/v1/willsoner/list/realtime/matches":                     everybody(ok).sending(all),
		"POST /api/v1/willsoner/list/reserve/matches":                      everybody(ok).sending(all),
		"GET /api/v1/willsoner/list/realtime/matches/{match_idx}":          owners(sent, ok, offered, ok),
		"GET /api/v1/willsoner/list/reserve/matches/{match_idx}":           owners(sentLater, ok, later, ok),
		"PATCH /api/v1/willsoner/list/realtime/matches/{match_idx}/select": owners(sent, ok, offered, ok),
		"PATCH /api/v1/willsoner/list/reserve/matches/{match_idx}/select":  owners(sentLater, ok, later, ok).sending(hour),

		"GET /api/v1/asker/list/concerns":                                everybody(ok),
		"GET /api/v1/asker/list/concerns/realtime/{concern_idx}":         owners(sent, ok, offered, ok),
		"GET /api/v1/asker/list/concerns/reserve/{concern_idx}":          owners(sentLater, ok, later, ok),
		"GET /api/v1/asker/list/matches/realtime/{match_idx}":            owners(waiting, ok, chat, ok, complete, ok, offered, ok),
		"GET /api/v1/willsoner/list/concern/matches/reserve/{match_idx}": owners(reserved, ok, later, ok),
		"GET /api/v2/asker/list/matches/{willsoner_idx}":                 everybody(ok),

		"GET /api/v1/asker/chat/chatrooms":                    owners(chat, ok, reserved, ok),
		"GET /api/v1/willsoner/chat/chatrooms":                owners(chat, ok, reserved, ok),
		"PATCH /api/v1/asker/list/matches/{match_idx}/select": owners(waiting, ok, chat, ok, reserved, ok, offered, ok, later, ok),
		"PATCH /api/v1/asker/chat/join/{match_idx}":           owners(chat, ok, reserved, "too_early"),
		"PATCH /api/v1/willsoner/chat/join/{match_idx}":       owners(chat, ok, reserved, "too_early"),
		"PATCH /api/v1/asker/chat/complete/{match_idx}":       owners(chat, ok, complete, ok),
		"GET /api/v1/asker/chat/review/image":                 everybody(ok),
		"POST /api/v1/asker/chat/review":                      owners(chat, ok, complete, ok).sending(review),
		"POST /api/v2/asker/chat/review":                      owners(chat, ok, complete, ok).sending(review),
		"POST /api/v1/asker/chat/review/complete":             owners(chat, ok, complete, ok).sending(review),
		"POST /api/v1/asker/chat/report/{match_idx}":          owners(chat, done, complete, done).sending(`{"reports":["m1"]}`),

		"POST /api/v1/willsoner/register/keyword":      people(ok, ok).sending(`{"category_idx":1,"keyword_data":["집"]}`),
		"POST /api/v1/willsoner/register/complete":     people("already_registered_willsoner", ok).sending(`{"subcategory_idx":1,"experience":"집","introduction":"집","image_idx":1}`),
		"PATCH /api/v1/willsoner/register/invitation":  everybody("code_not_found").sending(`{"code":"guessed"}`),
		"POST /api/v1/willsoner/register/phone/verify": everybody("not_supported").sending(`{}`),
		"POST /api/v1/willsoner/register/phone/check":  everybody("not_supported").sending(`{}`),
		"POST /api/v1/willsoner/register/email/verify": everybody("not_supported").sending(`{}`),
		"POST /api/v1/willsoner/register/email/check":  everybody("not_supported").sending(`{}`),

		"GET /api/v1/asker/mypage/home":              people(ok, ok),
		"GET /api/v1/willsoner/mypage/home":          people(ok, ok),
		"GET /api/v2/willsoner/mypage/home":          people(ok, ok),
		"GET /api/v1/asker/mypage/offer/transaction": people(ok, ok),
	}
}

// A session is a match in some state, between two people of its own with accounts, of whom
// one counsels.
type session struct {
	idx, concern     int64
	asker, willsoner string
	hour             time.Time // that a reserved concern's offer is for
}

// filled puts the session's numbers and hour into a path or a body.
func (s session) filled(text string) string {
	number := func(idx int64) string { return strconv.FormatInt(idx, 10) }
	hour := s.hour.In(life.Seoul)
	return strings.NewReplacer(
		"{match_idx}", number(s.idx), "{concern_idx}", number(s.concern), "{willsoner_idx}", "193", "{category_idx}", "0",
		"MATCH", number(s.idx), "CONCERN", number(s.concern), "DATE", hour.Format(time.DateOnly), "HOUR", hour.Format("15:04"),
	).Replace(text)
}

// putSession stores a match in that state, with what belongs to it.
func putSession(t *testing.T, client *firestore.Client, idx int64, state string) session {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	s := session{
		idx: idx, concern: idx + 1_000_000, asker: fmt.Sprintf("asker %d", idx), willsoner: fmt.Sprintf("willsoner %d", idx),
		hour: now.Truncate(time.Minute).Add(2 * time.Hour),
	}
	docs := map[string]any{"willsoners/" + s.willsoner: storetest.Profile(s.willsoner, now)}
	for _, uid := range []string{s.asker, s.willsoner} {
		account, line := storetest.Account(uid, 15, now)
		docs["askers/"+uid], docs["askers/"+uid+"/transactions/welcome"] = account, line
	}
	switch state {
	case "none":
	case "unpaid", "sent", "offered", "sent for later", "offered for later":
		putRoad(docs, s, state, now)
	default:
		putOlder(docs, s, state)
	}
	putAll(t, client, docs)
	return s
}

// putRoad adds a concern, and the match of its payment.
func putRoad(docs map[string]any, s session, state string, now time.Time) {
	c := storetest.Paid(s.concern, s.asker, now)
	c.Status, c.MatchCnt, c.Minutes, c.TicketIdx, c.Held = life.Unpaid, 0, 0, 0, 0
	c.Timer, c.OpenUntil = time.Time{}, time.Time{}
	if strings.HasSuffix(state, "for later") {
		c.Type = life.Reserve
		c.Windows = []life.Window{{From: s.hour, To: s.hour.Add(3 * time.Hour)}, {From: s.hour, To: s.hour.Add(time.Hour)}}
	}
	if state != "unpaid" {
		c.Pay(2, 50, 10, now)
		profile := storetest.Profile(s.willsoner, now)
		m := c.Sent(s.idx, &profile, now)
		if strings.HasPrefix(state, "offered") {
			m.Offer(c.Brief("", now), storetest.Waiting(s.idx, s.asker, s.willsoner).Card, s.hour, 1, now)
		}
		docs[storetest.Path(s.idx)] = m
	}
	docs["concerns/"+life.Decimal(c.Idx)] = c
}

// putOlder adds a match that is older than payments.
func putOlder(docs map[string]any, s session, state string) {
	m := storetest.Waiting(s.idx, s.asker, s.willsoner)
	if state == "reserved" {
		m.StartsAt = time.Now().Add(time.Hour)
	}
	if state != "waiting" {
		m.Roomkey = fmt.Sprintf("%s_%s_1605077440300", s.asker, s.willsoner)
	}
	m.Status = map[string]string{"waiting": life.Waiting, "chat": life.Chat, "reserved": life.Chat, "complete": life.Complete, "unknown": "cancelled"}[state]
	room := m.Chatroom(m.CreatedAt)
	room.Status = m.Status
	switch state {
	case "chat", "complete":
		docs["chatrooms/"+m.Roomkey] = room
		docs["chatrooms/"+m.Roomkey+"/chats/start"] = map[string]any{"uid": "start", "message": "", "timeStamp": m.CreatedAt}
		docs["chatrooms/"+m.Roomkey+"/chats/m1"] = map[string]any{"uid": s.willsoner, "message": "안녕하세요", "timeStamp": m.CreatedAt}
	case "reserved":
		docs["reservations/"+life.Decimal(s.idx)] = m.Reservation()
	}
	docs[storetest.Path(s.idx)] = m
}

// TestIsolationMatrix asks every route as everybody, of a match in every state. Only the
// party whom the route is for may do anything at all, and everybody else is told the same as
// of a match that does not exist.
func TestIsolationMatrix(t *testing.T) {
	google, fake := startGoogle(t), fakefirestore.New(t)
	client := firestoreClient(t, testProject, fake.Addr())
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": fake.Addr(), "REQUEST_DEADLINE": "10s"})
	putAll(t, client, map[string]any{"review_images/1": life.ReviewImage{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: "p"}})
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
			if route.Party == life.Willsoner {
				owner, other = other, owner
			}
			ask := func(who, token, want string) {
				t.Helper()
				_, body := send(t, route.Method, s.base+session.filled(route.Path), session.filled(row.body), token)
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
				"somebody anonymous": google.Token("anonymous", anonymous),
			} {
				ask(who, token, cmp.Or(row.all, row.stranger))
			}
			ask("the other party", google.Token(other), cmp.Or(row.all, row.other))
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
		client.Doc("concerns/" + life.Decimal(s.concern)), client.Doc("askers/" + s.asker), client.Doc("willsoners/" + s.willsoner),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, snapshot := range snapshots {
		all = append(all, snapshot.UpdateTime.String())
	}
	return strings.Join(all, " ")
}
