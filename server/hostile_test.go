package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/internal/storetest"
)

// The codes that a request without a good token gets.
const (
	missing = "token_not_found"
	expired = "access_token_expired"
	invalid = "access_token_invalid"
)

// messages are the contract's, by code.
var messages = map[string]string{
	missing:               "Token not found",
	expired:               "Access token expired",
	invalid:               "Access token invalid",
	"route_not_found":     "Route not found",
	"method_not_allowed":  "Method not allowed",
	"not_found":           "Result not found",
	"invalid_request":     "Invalid request",
	"request_too_large":   "Request too large",
	"service_unavailable": "Service unavailable",
}

// prompt bounds every answer to a hostile client, on a machine however busy. It takes
// milliseconds; what is bounded is waiting for Google, for Firestore or for the client.
const prompt = 3 * time.Second

// startHostile starts a server as in production, whose "asker" has sessions and whose
// "victim" has others.
func startHostile(t *testing.T) faulty {
	t.Helper()
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "5s", "LOG_LEVEL": "info"})
	// Each kind of token has its keys, and they are loaded beside the first requests.
	waitFor(t, "both kinds of keys are loaded", func() bool {
		return strings.Count(f.server.log.String(), "Google's keys were loaded") == 2
	})
	client := firestoreClient(t, testProject, f.firestore.Addr())
	for _, m := range []any{putSession(t, client, 1000, "chat"), putSession(t, client, 1001, "waiting")} {
		t.Logf("a session of others: %+v", m)
	}
	return f
}

// A reply is what came back of one request.
type reply struct {
	status int
	header http.Header
	body   string
}

// exchange sends bytes over a connection of their own and returns the replies, one for
// each of methods as it is hoped; any more are returned too. With cut the client says at
// once that nothing will follow, otherwise when it has its replies.
func exchange(t *testing.T, base, request string, cut bool, methods ...string) []reply {
	t.Helper()
	dialed, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	defer dialed.Close()
	conn := dialed.(*net.TCPConn)
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	go func() { // the server may answer and close before it has taken all
		io.WriteString(conn, request)
		if cut {
			conn.CloseWrite()
		}
	}()
	var replies []reply
	for r := bufio.NewReader(conn); ; {
		method := http.MethodGet
		if len(replies) < len(methods) {
			method = methods[len(replies)]
		} else if !cut {
			conn.CloseWrite()
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("neither answered nor cut off")
		}
		if err != nil {
			return replies
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("half an answer: %v", err)
		}
		replies = append(replies, reply{resp.StatusCode, resp.Header, string(body)})
	}
}

// check fails the test unless the reply is the contract's: the asker's own list for a
// 200, our JSON for a code, and a few words of net/http's for a status without one.
func (r reply) check(t *testing.T, method string, status int, code string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d: %.200s", r.status, status, r.body)
		return
	}
	if status != http.StatusOK && status != http.StatusNotModified && code == "" {
		if len(r.body) > 100 {
			t.Errorf("net/http says %q", r.body)
		}
		return
	}
	if cache := r.header.Get("Cache-Control"); cache != "private, no-cache" {
		t.Errorf("Cache-Control is %q", cache)
	}
	if r.header.Get("X-Request-Id") == "" {
		t.Error("there is no X-Request-Id")
	}
	if allow := r.header.Get("Allow"); (allow != "") != (status == http.StatusMethodNotAllowed) {
		t.Errorf("Allow is %q", allow)
	}
	if status == http.StatusNotModified {
		return
	}
	if kind := r.header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
		t.Errorf("Content-Type is %q", kind)
	}
	switch {
	case method == http.MethodHead:
		if r.body != "" {
			t.Errorf("HEAD is answered with a body: %q", r.body)
		}
	case status == http.StatusOK:
		if !strings.HasPrefix(r.body, `{"code":"success"`) || !strings.Contains(r.body, `"count":4,`) || !strings.Contains(r.body, `"id":"asker"`) ||
			strings.Contains(r.body, "victim") {
			t.Errorf("not the asker's list: %.300s", r.body)
		}
	default:
		want := fmt.Sprintf(`^{"code":%q,"message":%q(,"field":"[a-z_]+")?}\n$`, code, messages[code])
		if !regexp.MustCompile(want).MatchString(r.body) {
			t.Errorf("answered %.200q, want %s", r.body, want)
		}
	}
}

// A hostileRequest is bytes on a connection, and what comes back: a status and code for
// each request that the server sees in them.
type hostileRequest struct {
	name    string
	request string // GOOD stands for the asker's token, LIST for the path of its list
	cut     bool   // the client hangs up its side at once
	replies []expected
}

type expected struct {
	method string // GET unless it is HEAD: whether a body follows
	status int
	code   string
}

func TestHostileRequests(t *testing.T) {
	f := startHostile(t)
	fetches := f.google.Fetches()
	for _, row := range hostileRequests() {
		t.Run(row.name, func(t *testing.T) {
			request := strings.NewReplacer("GOOD", f.phone.token, "LIST", list).Replace(row.request)
			queries, writes, lists := f.firestore.Count("RunQuery"), f.firestore.Writes(), 0
			var methods []string
			for _, want := range row.replies {
				methods = append(methods, want.method)
			}
			start := time.Now()
			replies := exchange(t, f.server.base, request, row.cut, methods...)
			if took := time.Since(start); took > prompt {
				t.Errorf("took %v", took)
			}
			if len(replies) != len(row.replies) {
				t.Fatalf("%d replies, want %d: %+v", len(replies), len(row.replies), replies)
			}
			for i, want := range row.replies {
				replies[i].check(t, want.method, want.status, want.code)
				if want.status == http.StatusOK || want.status == http.StatusNotModified {
					lists++
				}
			}
			if asked := f.firestore.Count("RunQuery") - queries; asked != 2*lists {
				t.Errorf("Firestore was asked %d times for %d lists", asked, lists)
			}
			if f.firestore.Writes() != writes {
				t.Error("something was written")
			}
		})
	}
	if asked := f.google.Fetches() - fetches; asked != 0 {
		t.Errorf("Google was asked %d times", asked)
	}
	if status, _, err := f.phone.ask(); status != http.StatusOK {
		t.Errorf("afterwards the server answers %d, %v", status, err)
	}
	if strings.Contains(f.server.log.String(), f.phone.token) {
		t.Error("the log has a token")
	}
	if strings.Contains(f.server.log.String(), `"panic"`) {
		t.Error("a handler panicked")
	}
}

// TestCrowdOnOneMatch has 300 requests at once for one match, half of them by its asker,
// beside another asker who must not notice. Nothing is done by half or twice.
func TestCrowdOnOneMatch(t *testing.T) {
	f := startHostile(t)
	client := firestoreClient(t, testProject, f.firestore.Addr())
	const crowd = 300
	stranger := newPhone(t, f.server.base, f.google.Token("stranger"))
	var all sync.WaitGroup
	for n := range crowd {
		all.Go(func() {
			p, want := f.phone, []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
			if n%2 == 0 {
				p, want = stranger, []int{http.StatusNotFound, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
			}
			status, _, err := p.send(http.MethodPatch, choose, "")
			if err != nil || !slices.Contains(want, status) {
				t.Errorf("%d %v", status, err)
			}
		})
	}
	beside := startLoad(2, f.ask)
	all.Wait()
	beside.stop()
	beside.only(t, 5*time.Second, 200)
	waitFor(t, "it is accepted at last", func() bool {
		status, _, _ := f.send(http.MethodPatch, choose, "")
		return status == http.StatusOK
	})
	m := storetest.Waiting(8, "asker", "another willsoner")
	if _, err := client.Doc(storetest.Path(8)).Set(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if status, _, err := f.send(http.MethodPatch, strings.Replace(choose, "7", "8", 1), ""); status != http.StatusConflict {
			t.Errorf("a second session at that time: %d %v", status, err)
		}
	}
	rooms, err := client.Collection("chatrooms").Where("asker_uid", "==", "asker").Where("idx", "==", 7).Documents(t.Context()).GetAll()
	if err != nil || len(rooms) != 1 {
		t.Errorf("%d rooms for one match, %v", len(rooms), err)
	}
}

// one is the expectation of a single answer.
func one(status int, code string) []expected {
	return []expected{{http.MethodGet, status, code}}
}

// get is a GET of the list with these further lines, the last request of its connection.
func get(lines ...string) string {
	return "GET LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// line is a request without a token whose first line is this.
func line(first string) string {
	return first + "\r\nHost: willson\r\nConnection: close\r\n\r\n"
}

// post is a request with a body, as the asker.
func post(path, body string, lines ...string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n", len(body)) + strings.Join(append(lines, ""), "\r\n") + "\r\n" + body
}

// hostileRequests reach our own code. What net/http refuses by itself is its own to test,
// but for one of each status.
func hostileRequests() []hostileRequest {
	const (
		good   = "x-token: GOOD"
		review = "/api/v1/asker/chat/review"
		report = "/api/v1/asker/chat/report/7"
	)
	served, refused, notFound := one(200, ""), one(401, invalid), one(401, missing)
	noRoute, noMethod, noMatch := one(404, "route_not_found"), one(405, "method_not_allowed"), one(404, "not_found")
	badBody := one(400, "invalid_request")
	field := func(name, value string) string {
		return strings.Replace(`{"match_idx":7,"content":"x","rating":5,"image_idx":1,"title":"x"}`, `"`+name+`":`, `"`+name+`":`+value+`,"_":`, 1)
	}
	return []hostileRequest{
		{name: "the token twice", request: get(good, good), replies: refused},
		{name: "the token twice in different letters", request: get(good, "X-TOKEN: GOOD"), replies: refused},
		{name: "a token and a blank one", request: get(good, "X-Token:"), replies: refused},
		{name: "two tokens with a comma", request: get("x-token: GOOD, GOOD"), replies: refused},
		{name: "a value beyond ASCII", request: get("x-token: 고민"), replies: refused},
		{name: "the token elsewhere", request: line("GET LIST?x-token=GOOD HTTP/1.1\r\nAuthorization: Bearer GOOD\r\nCookie: x-token=GOOD"), replies: notFound},
		{name: "the emulator's key", request: get("Authorization: Bearer owner"), replies: notFound},
		{name: "another asker as a parameter", request: "GET LIST?uid=victim&asker_uid=victim HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: served},
		{name: "another asker as a header", request: get(good, "X-Uid: victim", "X-Goog-Authenticated-User-Id: victim", "X-Apigateway-Api-Userinfo: eyJzdWIiOiJ2aWN0aW0ifQ"), replies: served},
		{name: "three requests at once", request: "GET LIST HTTP/1.1\r\nHost: willson\r\n\r\n" +
			"GET LIST HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\n\r\n" + get("x-token: a.b.c"),
			replies: []expected{{"GET", 401, missing}, {"GET", 200, ""}, {"GET", 401, invalid}}},
		{name: "headers of 24 KiB", request: get("x-filler: " + strings.Repeat("f", 24<<10)), replies: one(431, "")},
		{name: "a request that breaks HTTP", request: get("x-token : GOOD"), replies: one(400, "")},

		{name: "OPTIONS, as a browser asks", request: "OPTIONS LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nOrigin: https://other.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-token\r\n\r\n", replies: noMethod},
		{name: "another method by a header", request: get(good, "X-HTTP-Method-Override: DELETE"), replies: served},
		{name: "two slashes", request: line("GET /LIST HTTP/1.1"), replies: noRoute},
		{name: "dots", request: line("GET /api/v1/asker/../asker/chat/chatrooms HTTP/1.1"), replies: noRoute},
		{name: "a slash as %2F", request: line("GET /api/v1/asker/chat%2Fchatrooms HTTP/1.1"), replies: noRoute},
		{name: "a match of 1,000 digits", request: "PATCH /api/v1/asker/chat/join/" + strings.Repeat("9", 1000) + " HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: noMatch},
		{name: "a match that is a path", request: "PATCH /api/v1/asker/chat/join/7%2F..%2F1000 HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: noMatch},
		{name: "another's match", request: "PATCH /api/v1/asker/list/matches/1001/select HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: noMatch},

		{name: "a review of another's match", request: post(review, strings.Replace(field("x", ""), "7", "1000", 1)), replies: noMatch},
		{name: "a body nested 15,000 deep", request: post(review, strings.Repeat(`{"a":`, 10_000)), replies: badBody},
		{name: "a number of 60,000 digits", request: post(review, field("rating", strings.Repeat("9", 60_000))), replies: badBody},
		{name: "a key given 5,000 times, the last one bad", request: post(review, "{"+strings.Repeat(`"match_idx":7,`, 4_000)+`"match_idx":"x"}`), replies: badBody},
		{name: "bytes that are no UTF-8", request: post(review, field("content", "\"\xc3\x28\"")), replies: badBody},
		{name: "half a surrogate pair for a message", request: post(report, `{"reports":["\ud83d"]}`), replies: noMatch},
		{name: "a message that is a path", request: post(report, `{"reports":["../../matches/1000"]}`), replies: noMatch},
		{name: "a message that Firestore reserves", request: post(report, `{"reports":["__x__"]}`), replies: noMatch},
		{name: "a body beyond the bound", request: post(report, strings.Repeat(" ", 70_000)), replies: one(413, "request_too_large")},
		{name: "a body in chunks that never ends", request: "POST " + report + " HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n", 40), replies: one(413, "request_too_large")},
		{name: "a body without a good token", request: "POST " + report + " HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: a.b.c\r\nContent-Length: 1000000000\r\n\r\n{", replies: refused},
	}
}
