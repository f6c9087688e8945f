package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"willson/internal/standin"
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
	id, fields := standin.Chatroom("victim", 1000, time.Now())
	if err := f.firestore.Put("chatrooms", id, fields); err != nil {
		t.Fatal(err)
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
		if want := fmt.Sprintf(`{"code":%q,"message":%q}`, code, messages[code]); r.body != want {
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
	rows := hostileRequests()
	fetches := f.google.Fetches()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			request := strings.NewReplacer("GOOD", f.phone.token, "LIST", list).Replace(row.request)
			queries, lists := f.firestore.Queries(), 0
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
			if asked := f.firestore.Queries() - queries; asked != 2*lists {
				t.Errorf("Firestore was asked %d times for %d lists", asked, lists)
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

// A client that has said all and closes its side, as some tools do, is gone to net/http.
// It may get its answer or none, but never an empty success.
func TestHalfClosedClients(t *testing.T) {
	f := startHostile(t)
	f.firestore.SetLatency(200 * time.Millisecond)
	for _, test := range []struct {
		token  string
		status int
		code   string
	}{
		{"hidden", http.StatusUnauthorized, invalid},
		{f.phone.token, http.StatusOK, ""},
	} {
		for range 5 {
			request := "GET " + list + " HTTP/1.1\r\nHost: willson\r\nx-token: " + test.token + "\r\n\r\n"
			replies := exchange(t, f.server.base, request, true, http.MethodGet)
			if len(replies) > 1 {
				t.Fatalf("%d replies", len(replies))
			}
			for _, r := range replies {
				r.check(t, http.MethodGet, test.status, test.code)
			}
		}
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

func hostileRequests() []hostileRequest {
	const good = "x-token: GOOD"
	served, refused := one(200, ""), one(401, invalid)
	notFound := one(401, missing)
	noRoute, noMethod := one(404, "route_not_found"), one(405, "method_not_allowed")
	broken := one(400, "")
	hidden := "GET " + list + " HTTP/1.1\r\nHost: willson\r\nx-token: hidden\r\n\r\n"
	return []hostileRequest{
		{name: "no token", request: get(), replies: notFound},
		{name: "an empty token", request: get("x-token:"), replies: notFound},
		{name: "the token twice", request: get(good, good), replies: refused},
		{name: "the token twice in different letters", request: get("x-token: GOOD", "X-TOKEN: GOOD"), replies: refused},
		{name: "a token and a blank one", request: get(good, "X-Token:"), replies: refused},
		{name: "a blank token and one", request: get("x-token: ", good), replies: refused},
		{name: "two tokens with a comma", request: get("x-token: GOOD, GOOD"), replies: refused},
		{name: "a token over two lines", request: get("x-token: GOOD", " GOOD"), replies: refused},
		{name: "a token on a line of its own", request: get("x-token:", " GOOD"), replies: served},
		{name: "a first line that goes on", request: "GET LIST HTTP/1.1\r\n x-token: GOOD\r\nHost: willson\r\n\r\n", replies: broken},
		{name: "a zero in a value", request: get("x-token: GOOD\x00"), replies: broken},
		{name: "a zero in a name", request: get("x-to\x00ken: GOOD"), replies: broken},
		{name: "a control in a value", request: get("x-token: GOOD\x07"), replies: broken},
		{name: "a return within a value", request: get("x-token: GOOD\rx-uid: victim"), replies: broken},
		{name: "lines without returns", request: strings.ReplaceAll(get(), "\r\n", "\n"), replies: notFound},
		{name: "a blank before the colon", request: get("x-token : GOOD"), replies: broken},
		{name: "no colon", request: get("x-token"), replies: broken},
		{name: "no name", request: get(": GOOD"), replies: broken},
		{name: "a name beyond ASCII", request: get("x-tökén: GOOD"), replies: broken},
		{name: "x_token", request: get("x_token: GOOD"), replies: notFound},
		{name: "x-token-", request: get("x-token-: GOOD"), replies: notFound},
		{name: "a value beyond ASCII", request: get("x-token: 고민"), replies: refused},

		{name: "the token as a parameter", request: line("GET LIST?x-token=GOOD&token=GOOD HTTP/1.1"), replies: notFound},
		{name: "the token as Authorization", request: get("Authorization: Bearer GOOD"), replies: notFound},
		{name: "the token as a cookie", request: get("Cookie: x-token=GOOD; __session=GOOD"), replies: notFound},
		{name: "the token in a trailer", request: get("Transfer-Encoding: chunked", "Trailer: x-token", "", "0", good), replies: notFound},
		{name: "the token as a header to be dropped", request: get("Connection: x-token", good), replies: served},

		{name: "headers of 24 KiB", request: get("x-filler: " + strings.Repeat("f", 24<<10)), replies: one(431, "")},
		{name: "headers of a megabyte", request: get("x-token: " + strings.Repeat("f", 1<<20)), replies: one(431, "")},
		{name: "10,000 headers", request: get(strings.Repeat("a: b\r\n", 10_000) + good), replies: one(431, "")},
		{name: "10,000 tokens", request: get(strings.Repeat("x-token: a\r\n", 10_000) + good), replies: one(431, "")},
		{name: "500 headers", request: get(strings.Repeat("a: b\r\n", 500) + "c: d"), replies: notFound},
		{name: "an address of 24 KiB", request: line("GET /" + strings.Repeat("a", 24<<10) + " HTTP/1.1"), replies: one(431, "")},
		{name: "an address of 12 KiB", request: line("GET /" + strings.Repeat("a", 12<<10) + " HTTP/1.1"), replies: noRoute},
		{name: "headers that do not end", request: "GET LIST HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\n", cut: true, replies: broken},
		{name: "half a line", request: "GET LI", cut: true, replies: broken},
		{name: "nothing", request: "", cut: true},
		{name: "empty lines alone", request: "\r\n\r\n\r\n\r\n", replies: broken},

		{name: "three requests at once", request: "GET LIST HTTP/1.1\r\nHost: willson\r\n\r\n" +
			"GET LIST HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\n\r\n" + get("x-token: a.b.c"),
			replies: []expected{{"GET", 401, missing}, {"GET", 200, ""}, {"GET", 401, invalid}}},
		{name: "one after a good one", request: "GET LIST HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\n\r\n" + get(),
			replies: []expected{{"GET", 200, ""}, {"GET", 401, missing}}},
		{name: "one after a HEAD", request: "HEAD LIST HTTP/1.1\r\nHost: willson\r\nx-token: GOOD\r\n\r\n" + get(),
			replies: []expected{{"HEAD", 200, ""}, {"GET", 401, missing}}},
		{name: "one hidden behind a length and chunks", request: "GET LIST HTTP/1.1\r\nHost: willson\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get(),
			replies: []expected{{"GET", 401, missing}, {"GET", 401, missing}}},
		{name: "one hidden in a body", request: fmt.Sprintf("GET LIST HTTP/1.1\r\nHost: willson\r\nContent-Length: %d\r\n\r\n%s", len(hidden), hidden) + get(),
			replies: []expected{{"GET", 401, missing}, {"GET", 401, missing}}},
		{name: "two lengths", request: get("Content-Length: 1", "Content-Length: 2"), replies: broken},
		{name: "two lengths with a comma", request: get("Content-Length: 1, 2"), replies: broken},
		{name: "a length below nothing", request: get("Content-Length: -1"), replies: broken},
		{name: "a length with a sign", request: get("Content-Length: +1"), replies: broken},
		{name: "a length beyond all numbers", request: get("Content-Length: 99999999999999999999"), replies: broken},
		{name: "an unknown encoding", request: get("Transfer-Encoding: xchunked"), replies: one(501, "")},
		{name: "two encodings", request: get("Transfer-Encoding: chunked, identity"), replies: one(501, "")},
		{name: "an encoding twice", request: get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), replies: one(501, "")},
		{name: "an encoding with HTTP/1.0", request: "GET LIST HTTP/1.0\r\nHost: willson\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", replies: notFound},
		{name: "a body in chunks", request: get(good, "Transfer-Encoding: chunked", "", `e`, `{"uid":"other"`, "0", ""), replies: served},
		{name: "a body of broken chunks", request: get("Transfer-Encoding: chunked", "", "zz", ""), replies: notFound},
		{name: "a body that never comes", request: get("Content-Length: 1000000"), replies: notFound},
		{name: "a body that says who asks", request: get(good, "Content-Type: application/json", "Content-Length: 16", "", `{"uid":"victim"}`), replies: served},

		{name: "a whole address", request: line("GET http://willsonLIST HTTP/1.1"), replies: notFound},
		{name: "a whole address of another host", request: "GET http://other.exampleLIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: served},
		{name: "an address with a login", request: line("GET http://asker:password@willsonLIST HTTP/1.1"), replies: notFound},
		{name: "an address of another kind", request: line("GET file:///etc/passwd HTTP/1.1"), replies: noRoute},
		{name: "OPTIONS *", request: line("OPTIONS * HTTP/1.1"), replies: noRoute},
		{name: "GET *", request: line("GET * HTTP/1.1"), replies: noRoute},
		{name: "OPTIONS, as a browser asks", request: "OPTIONS LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nOrigin: https://other.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-token\r\n\r\n", replies: noMethod},
		{name: "CONNECT", request: line("CONNECT firestore.googleapis.com:443 HTTP/1.1"), replies: noRoute},
		{name: "CONNECT to a path", request: line("CONNECT LIST HTTP/1.1"), replies: noMethod},
		{name: "TRACE", request: "TRACE LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: noMethod},
		{name: "POST", request: "POST LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\nContent-Length: 0\r\n\r\n", replies: noMethod},
		{name: "DELETE", request: "DELETE LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: noMethod},
		{name: "an unknown method", request: line("BREW LIST HTTP/1.1"), replies: noMethod},
		{name: "a method in small letters", request: line("get LIST HTTP/1.1"), replies: noMethod},
		{name: "a method of 4,000 letters", request: line(strings.Repeat("G", 4000) + " LIST HTTP/1.1"), replies: noMethod},
		{name: "a method that is none", request: line("G@T LIST HTTP/1.1"), replies: broken},
		{name: "GET by a header", request: "POST LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\nX-HTTP-Method-Override: GET\r\nX-Method-Override: GET\r\nContent-Length: 0\r\n\r\n", replies: noMethod},
		{name: "DELETE by a header", request: get(good, "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE"), replies: served},
		{name: "HEAD without a token", request: "HEAD LIST HTTP/1.1\r\nHost: willson\r\nConnection: close\r\n\r\n", replies: []expected{{"HEAD", 401, missing}}},
		{name: "HEAD of nowhere", request: "HEAD /nowhere HTTP/1.1\r\nHost: willson\r\nConnection: close\r\n\r\n", replies: []expected{{"HEAD", 404, "route_not_found"}}},

		{name: "HTTP/0.9", request: "GET LIST\r\n\r\n", replies: broken},
		{name: "HTTP/1.0 without a host", request: "GET LIST HTTP/1.0\r\n\r\n", replies: notFound},
		{name: "HTTP/1.1 without a host", request: "GET LIST HTTP/1.1\r\n\r\n", replies: broken},
		{name: "HTTP/2.0", request: line("GET LIST HTTP/2.0"), replies: one(505, "")},
		{name: "HTTP/9.9", request: line("GET LIST HTTP/9.9"), replies: one(505, "")},
		{name: "no version", request: line("GET LIST HTTP/x"), replies: broken},
		{name: "two blanks in the first line", request: line("GET  LIST HTTP/1.1"), replies: broken},
		{name: "the beginning of HTTP/2", request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", replies: noRoute},
		{name: "the beginning of TLS", request: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 50) + "\r\n\r\n", replies: broken},
		{name: "SMTP", request: "EHLO willson\r\nMAIL FROM:<a@example.com>\r\n\r\n", replies: broken},

		{name: "two slashes", request: line("GET /LIST HTTP/1.1"), replies: noRoute},
		{name: "two slashes within", request: line("GET /api/v1/asker//chat/chatrooms HTTP/1.1"), replies: noRoute},
		{name: "a slash at the end", request: line("GET LIST/ HTTP/1.1"), replies: noRoute},
		{name: "dots", request: line("GET /api/v1/asker/../asker/chat/chatrooms HTTP/1.1"), replies: noRoute},
		{name: "dots up and out", request: line("GET /../../../../etc/passwd HTTP/1.1"), replies: noRoute},
		{name: "dots as %2e", request: line("GET /api/v1/x/%2e%2e/asker/chat/chatrooms HTTP/1.1"), replies: noRoute},
		{name: "a slash as %2F", request: line("GET /api/v1/asker/chat%2Fchatrooms HTTP/1.1"), replies: noRoute},
		{name: "a letter as %63", request: line("GET /api/v1/asker/chat/%63hatrooms HTTP/1.1"), replies: noRoute},
		{name: "a zero as %00", request: line("GET LIST%00 HTTP/1.1"), replies: noRoute},
		{name: "a line break as %0d%0a", request: line("GET LIST%0d%0aX-Uid:victim HTTP/1.1"), replies: noRoute},
		{name: "%zz", request: line("GET LIST%zz HTTP/1.1"), replies: broken},
		{name: "capitals", request: line("GET /API/V1/ASKER/CHAT/CHATROOMS HTTP/1.1"), replies: noRoute},
		{name: "a semicolon", request: line("GET LIST;uid=victim HTTP/1.1"), replies: noRoute},
		{name: "a backslash", request: line(`GET \api\v1\asker\chat\chatrooms HTTP/1.1`), replies: broken},
		{name: "no slash", request: line("GET api/v1/asker/chat/chatrooms HTTP/1.1"), replies: broken},
		{name: "a fragment", request: line("GET LIST#x HTTP/1.1"), replies: noRoute},
		{name: "the console", request: line("GET /console HTTP/1.1"), replies: noRoute},
		{name: "the metrics", request: line("GET /metrics HTTP/1.1"), replies: noRoute},
		{name: "the profiler", request: line("GET /debug/pprof/ HTTP/1.1"), replies: noRoute},

		{name: "another asker as a parameter", request: "GET LIST?uid=victim&asker_uid=victim&x-token=a HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: served},
		{name: "a parameter that is none", request: "GET LIST?%zz=%&;;& HTTP/1.1\r\nHost: willson\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: served},
		{name: "another asker as a header", request: get(good, "X-Uid: victim", "X-User-Id: victim", "X-Firebase-Uid: victim", "Uid: victim", "X-Goog-Authenticated-User-Id: victim",
			"X-Apigateway-Api-Userinfo: eyJzdWIiOiJ2aWN0aW0ifQ", "X-Endpoint-Api-Userinfo: eyJzdWIiOiJ2aWN0aW0ifQ"), replies: served},
		{name: "another asker as a header, without a token", request: get("X-Uid: victim", "X-User-Id: victim", "X-Goog-Authenticated-User-Id: victim",
			"X-Apigateway-Api-Userinfo: eyJzdWIiOiJ2aWN0aW0ifQ"), replies: notFound},
		{name: "forwarded from within", request: get("X-Forwarded-For: 127.0.0.1", "X-Real-Ip: 127.0.0.1", "Forwarded: for=127.0.0.1;host=localhost", "X-Forwarded-Host: localhost", "X-Forwarded-User: victim"), replies: notFound},
		{name: "another path as a header", request: get("X-Original-Url: /healthz", "X-Rewrite-Url: /healthz", "X-Forwarded-Prefix: /healthz"), replies: notFound},
		{name: "the emulator's key", request: get("Authorization: Bearer owner"), replies: notFound},

		{name: "another host", request: "GET LIST HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\nx-token: GOOD\r\n\r\n", replies: served},
		{name: "two hosts", request: get("Host: other.example"), replies: broken},
		{name: "a host that is none", request: "GET LIST HTTP/1.1\r\nHost: a b/<c>\r\n\r\n", replies: broken},
		{name: "Expect: 100-continue", request: get("Expect: 100-continue", "Content-Length: 1000"), replies: notFound},
		{name: "Expect: something else", request: get("Expect: the-unexpected"), replies: one(417, "")},
		{name: "a range", request: get(good, "Range: bytes=0-0", `If-Range: "x"`), replies: served},
		{name: "many ranges", request: get(good, "Range: bytes="+strings.Repeat("0-,", 2000)+"0-"), replies: served},
		{name: "If-None-Match of anything, without a token", request: get("If-None-Match: *"), replies: notFound},
		{name: "If-None-Match of anything", request: get(good, "If-None-Match: *"), replies: one(304, "")},
		{name: "If-None-Match of nonsense", request: get(good, `If-None-Match: W/W/",,"*,"`), replies: served},
		{name: "If-None-Match of 10 KB", request: get(good, `If-None-Match: `+strings.Repeat(`"a",`, 2500)), replies: served},
		{name: "If-Modified-Since", request: get(good, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "If-Match: x", "If-Unmodified-Since: x"), replies: served},
		{name: "an upgrade to a socket", request: "GET LIST HTTP/1.1\r\nHost: willson\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", replies: notFound},
		{name: "an upgrade to HTTP/2", request: "GET LIST HTTP/1.1\r\nHost: willson\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", replies: notFound},
		{name: "an encoding that is none", request: get("Accept-Encoding: gzip;q=x, *;q=-1, " + strings.Repeat("br,", 500)), replies: notFound},
		{name: "traces that are none", request: get("traceparent: 00-"+strings.Repeat("f", 500)+"-01", "X-Cloud-Trace-Context: /////;;;o=9", "baggage: "+strings.Repeat("a=b,", 500)), replies: notFound},
		{name: "a language that is none", request: get("Accept: ", "Accept-Language: "+strings.Repeat("*,", 1000), "User-Agent: () { :;}; /bin/true"), replies: notFound},
	}
}
