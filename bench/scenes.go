package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// A scene is what the targets are asked, one after the other.
type scene struct {
	name    string
	method  string
	path    string // below /api/v1, with the number of what the user has in the round for %d
	body    string
	users   func(target string, round int) []user
	clients int      // each sends its next request when the last is answered
	times   int      // that each user asks
	shows   []string // in the answer
	gzip    bool     // whether the clients ask for that, as phones do
}

const clients = 16

// The scenes' names, and that of what a new process shows.
const (
	listed       = "list"
	listedOne    = "list, 1 client"
	listedNew    = "list, first tokens"
	listedCookie = "list, cookies"
	listedGzip   = "list, gzip"
	listedAll    = "list, many rows"
	paid         = "payment"
	incoming     = "incoming list"
	offered      = "offer"
	selected     = "select"
	joined       = "join"
	completed    = "complete"
	fresh        = "new process"
)

func (l *lab) scenes() []scene {
	const list, sent = "/asker/chat/chatrooms", "/willsoner/list/realtime/matches"
	always := func(users []user) func(string, int) []user {
		return func(string, int) []user { return users }
	}
	newTokens := func(_ string, round int) []user { return l.users.fresh[round] }
	payers := func(target string, _ int) []user { return l.users.payers[target] }
	askers := func(target string, _ int) []user { return l.users.askers[target] }
	willsoners := func(target string, _ int) []user { return l.users.willsoners[target] }
	count := func(n int) string { return fmt.Sprintf(`"count":%d,`, n) }
	status := func(s string) []string { return []string{fmt.Sprintf(`"status":%q`, s)} }
	ticket := fmt.Sprintf(`{"ticket_idx":%d}`, ticket)
	usual := scene{listed, "GET", list, "", always(l.users.usual), clients, 10, []string{count(usualRooms + usualReserved)}, false}
	one, first, cookies, gzip := usual, usual, usual, usual
	one.name, one.clients, one.times = listedOne, 1, 2
	first.name, first.users, first.times = listedNew, newTokens, 1
	cookies.name, cookies.users = listedCookie, always(l.users.cookies)
	gzip.name, gzip.gzip = listedGzip, true
	return []scene{
		usual, one, first, cookies, gzip,
		{listedAll, "GET", list, "", always(l.users.many), clients, 20, []string{count(2 * manyRows)}, false},
		{paid, "POST", "/asker/payment/%d", ticket, payers, clients, 1, status("init"), false},
		{incoming, "POST", sent, `{"category_idx":0}`, always(l.users.sentTo), clients, 10, append(status("init"), count(sentRows)), false},
		{offered, "PATCH", sent + "/%d/select", "", willsoners, clients, 1, status("waiting"), false},
		{selected, "PATCH", "/asker/list/matches/%d/select", "", askers, clients, 1, status("chat"), false},
		{joined, "PATCH", "/asker/chat/join/%d", "", askers, clients, 1, []string{`"asker_join":1`}, false},
		{completed, "PATCH", "/asker/chat/complete/%d", "", askers, clients, 1, status("complete"), false},
	}
}

// hasFloor tells whether the floor serves a scene: the lists of sessions, not compressed.
func (s scene) hasFloor() bool { return s.method == "GET" && !s.gzip }

// requests are what each user of a scene asks. What follows the token is for the floor.
func (l *lab) requests(p *process, s scene, round int) []vegeta.Target {
	var all []vegeta.Target
	for i, u := range s.users(p.name, round) {
		header := http.Header{"X-Token": {u.token}, "X-Asker": {u.uid}, "X-Size": {strconv.Itoa(l.sizes[s.name][willson])}}
		if s.body != "" {
			header["Content-Type"] = []string{"application/json"}
		}
		if s.gzip {
			header["Accept-Encoding"] = []string{"gzip"}
		}
		all = append(all, vegeta.Target{
			Method: s.method,
			URL:    p.url + "/api/v1" + strings.Replace(s.path, "%d", strconv.FormatInt(number(p.name, round, i), 10), 1),
			Body:   []byte(s.body),
			Header: header,
		})
	}
	return all
}
