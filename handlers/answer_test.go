package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/auth"
	"willson/handlers"
	"willson/store"
)

// TestErrors is the contract's table, as far as tokens and the store bring it about, whatever
// was asked.
func TestErrors(t *testing.T) {
	t.Parallel()
	badToken := func(err error) func(*handlers.Config) {
		return func(cfg *handlers.Config) {
			cfg.Verifier = verifier(func([]string) (string, error) { return "", err })
		}
	}
	wrapped := func(err error) error { return fmt.Errorf("secret detail of projects/p/documents/chatrooms/x: %w", err) }
	for name, test := range map[string]struct {
		edit          func(*handlers.Config)
		status        int
		code, message string
	}{
		"expired":             {badToken(auth.ErrExpired), 401, "access_token_expired", "Access token expired"},
		"expired, wrapped":    {badToken(wrapped(auth.ErrExpired)), 401, "access_token_expired", "Access token expired"},
		"missing":             {badToken(auth.ErrMissing), 401, "token_not_found", "Token not found"},
		"invalid":             {badToken(wrapped(auth.ErrInvalid)), 401, "access_token_invalid", "Access token invalid"},
		"keys unavailable":    {badToken(wrapped(auth.ErrUnavailable)), 503, "service_unavailable", "Service unavailable"},
		"out of time, token":  {badToken(context.DeadlineExceeded), 504, "deadline_exceeded", "Deadline exceeded"},
		"verifying fails":     {badToken(errors.New("no project")), 500, "internal_error", "Internal error"},
		"nothing":             {failing(store.ErrNotFound), 404, "not_found", "Result not found"},
		"store unavailable":   {failing(wrapped(store.ErrUnavailable)), 503, "service_unavailable", "Service unavailable"},
		"out of time, store":  {failing(wrapped(context.DeadlineExceeded)), 504, "deadline_exceeded", "Deadline exceeded"},
		"taken":               {failing(wrapped(store.ErrAlreadyMatched)), 409, "already_matched", "Already matched."},
		"too early":           {failing(wrapped(store.ErrTooEarly)), 409, "too_early", "Too early."},
		"reviewed before":     {failing(wrapped(store.ErrReviewExists)), 409, "review_already_exists", "Review already exist."},
		"anything else":       {failing(wrapped(errors.New("boom"))), 500, "internal_error", "Internal error"},
		"cancelled by others": {failing(wrapped(context.Canceled)), 500, "internal_error", "Internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, test.edit)
			if test.status == http.StatusConflict {
				api.described = nil // each of them belongs to one request: see TestConflicts
			}
			for _, route := range handlers.Routes() {
				if route.Party == "" {
					continue
				}
				methods := []string{route.Method}
				if route.Method == http.MethodGet {
					methods = append(methods, http.MethodHead)
				}
				for _, method := range methods {
					got := api.send(t, method, pathOf(route), goodBody(route), "Accept-Encoding", "gzip", "If-None-Match", "*")
					got.wantError(t, test.status, test.code, test.message)
					got.wantHeaders(t, "Allow", "")
				}
			}
		})
	}
}

// TestConflicts: each is described where it belongs.
func TestConflicts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err          error
		method, path string
	}{
		{store.ErrAlreadyMatched, http.MethodPatch, selects},
		{store.ErrTooEarly, http.MethodPatch, "/api/v1/asker/chat/join/15145"},
		{store.ErrTooEarly, http.MethodPatch, "/api/v1/willsoner/chat/join/15145"},
		{store.ErrReviewExists, http.MethodPost, reviews},
		{store.ErrReviewExists, http.MethodPost, reviews + "/complete"},
	} {
		got := serve(t, failing(test.err)).send(t, test.method, test.path, goodBody(handlers.Route{Body: test.method == http.MethodPost}))
		if got.StatusCode != http.StatusConflict {
			t.Errorf("%s: %s", test.path, got.Status)
		}
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	api := serve(t)
	for _, path := range []string{
		"", "/", "/api", "/api/v1/asker/chat", "/favicon.ico", "/console", "/metrics", "/debug/pprof/",
		chatrooms + "/", chatrooms + "//", chatrooms + "%20", chatrooms + "/1", "/API/v1/asker/chat/chatrooms",
		"/" + chatrooms, "//", "//healthz", "/./healthz", "/healthz/", "/x/../healthz", "/healthz/.", "/%68ealthz", "/healthz%2F", "/healthz%00",
		"/api%2Fv1%2Fasker%2Fchat%2Fchatrooms", "/api/v1/asker/chat%2Fchatrooms", "/api//v1/asker/chat/chatrooms", "/api/v1/asker/../asker/chat/chatrooms",
		"/api/v1/asker/chat/chatrooms;a=b", "/한글", "/%ed%95%9c", "/" + strings.Repeat("a", 8000),
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
			got := api.ask(t, method, path, "x-token", "")
			got.wantError(t, 404, "route_not_found", "Route not found")
			if t.Failed() {
				t.Fatalf("%s %q: %s", method, path, got.Status)
			}
		}
	}
	for _, path := range []string{"/healthz?", "/healthz?x=1", "/readyz", chatrooms + "?page=2"} {
		if got := api.ask(t, http.MethodGet, path); got.StatusCode != http.StatusOK {
			t.Errorf("%q: %s", path, got.Status)
		}
	}
}

// TestMatchIdx: only a positive decimal number names a match.
func TestMatchIdx(t *testing.T) {
	t.Parallel()
	api := serve(t)
	const max = "9223372036854775807"
	for number, want := range map[string]int64{
		"1": 1, "15145": 15145, "%31%35": 15, max: math.MaxInt64,
		"0": 0, "007": 0, "+7": 0, "-7": 0, "abc": 0, "7a": 0, "7.0": 0, "1e3": 0, "9223372036854775808": 0, max + "0": 0,
		"%2B7": 0, "7%20": 0, "%207": 0, "7%2F8": 0, "%2F": 0, "7%00": 0, "%EF%BC%97": 0, "٧": 0, "%ED%95%9C": 0, "$": 0, "..": 0,
	} {
		for _, route := range handlers.Routes() {
			if !strings.Contains(route.Path, "{match_idx}") {
				continue
			}
			got := api.send(t, route.Method, strings.Replace(route.Path, "{match_idx}", number, 1), goodBody(route))
			if want == 0 {
				got.wantError(t, 404, "not_found", "Result not found")
			} else if got.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", number, got.Status)
			} else if data, ok := got.json(t)["data"].(map[string]any); ok && data["idx"] != float64(want) {
				t.Errorf("%s is match %v", number, data["idx"])
			}
		}
	}
	for _, path := range []string{
		"/api/v1/asker/list/matches//select", "/api/v1/asker/list/matches/7/8/select", "/api/v1/asker/list/matches/7/select/",
		"/api/v1/asker/chat/join/", "/api/v1/asker/chat/join", "/api/v1/willsoner/list/matches/7/select",
	} {
		api.ask(t, http.MethodPatch, path).wantError(t, 404, "route_not_found", "Route not found")
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	api := serve(t)
	allow := map[string]string{http.MethodGet: "GET, HEAD", http.MethodPatch: "PATCH", http.MethodPost: "POST"}
	for _, route := range handlers.Routes() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"} {
			if slices.Contains(strings.Split(allow[route.Method], ", "), method) {
				continue
			}
			got := api.ask(t, method, pathOf(route), "x-token", "")
			got.wantError(t, 405, "method_not_allowed", "Method not allowed")
			got.wantHeaders(t, "Allow", allow[route.Method])
		}
	}
}

// TestHead: HEAD is GET without the body, also when it fails.
func TestHead(t *testing.T) {
	t.Parallel()
	api := serve(t, func(cfg *handlers.Config) {
		cfg.Store = fakeStore{sessions: func(_ context.Context, caller store.Caller) (store.Sessions, error) {
			if caller.UID == "without" {
				return store.Sessions{}, store.ErrNotFound
			}
			return example(), nil
		}}
	})
	for _, path := range []string{chatrooms, "/health", "/ready", "/nowhere"} {
		for _, headers := range [][]string{
			nil, {"x-token", ""}, {"x-token", "without"}, {"If-None-Match", "*"}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "gzip", "If-None-Match", "*"},
		} {
			head := api.ask(t, http.MethodHead, path, headers...)
			get := api.ask(t, http.MethodGet, path, headers...)
			for _, h := range []http.Header{get.Header, head.Header} {
				for _, varies := range []string{"Date", "X-Request-Id"} {
					h.Del(varies)
				}
			}
			if head.Header.Get("Content-Length") == "" { // compressed: to know its length would take doing it twice
				get.Header.Del("Content-Length")
			}
			if head.StatusCode != get.StatusCode || len(head.body) > 0 || !reflect.DeepEqual(head.Header, get.Header) {
				t.Errorf("%s %v: HEAD %d %v %q, GET %d %v", path, headers, head.StatusCode, head.Header, head.body, get.StatusCode, get.Header)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, test := range map[string]struct {
		verifier, store error
		ready           bool
	}{
		"all is well": {nil, nil, true},
		"no keys":     {auth.ErrUnavailable, nil, false},
		"no store":    {nil, store.ErrUnavailable, false},
		"neither":     {down, context.DeadlineExceeded, false},
		"no index":    {nil, down, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(cfg *handlers.Config) {
				cfg.Verifier, cfg.Store = readyVerifier{cfg.Verifier, test.verifier}, readyStore{cfg.Store, test.store}
			})
			for _, path := range []string{"/health", "/healthz", "/ready", "/readyz"} {
				got := api.ask(t, http.MethodGet, path, "x-token", "")
				if strings.HasPrefix(path, "/health") || test.ready {
					if got.StatusCode != http.StatusOK || string(got.body) != `{"code":"success","message":"success"}` {
						t.Errorf("%s: %s %s", path, got.Status, got.body)
					}
					got.wantHeaders(t, "Cache-Control", "private, no-cache", "Content-Type", "application/json; charset=utf-8")
					continue
				}
				got.wantError(t, 503, "service_unavailable", "Service unavailable")
			}
		})
	}
}

// These are as ready as err says.
type (
	readyVerifier struct {
		handlers.Verifier
		err error
	}
	readyStore struct {
		handlers.Store
		err error
	}
)

func (v readyVerifier) Ready() error             { return v.err }
func (s readyStore) Ready(context.Context) error { return s.err }

func TestConditional(t *testing.T) {
	t.Parallel()
	api := serve(t)
	plain := api.ask(t, http.MethodGet, chatrooms)
	tag := plain.Header.Get("ETag")
	if len(tag) < 10 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		t.Fatalf("ETag %q is not strong", tag)
	}
	zipped := api.ask(t, http.MethodGet, chatrooms, "Accept-Encoding", "gzip").Header.Get("ETag")
	if zipped == tag || zipped == "" {
		t.Errorf("the compressed answer has the ETag %q, the plain one %q", zipped, tag)
	}
	for _, held := range []struct {
		ifNoneMatch []string
		known       bool
	}{
		{[]string{tag}, true},
		{[]string{"W/" + tag}, true},
		{[]string{zipped}, true},
		{[]string{"W/" + zipped}, true},
		{[]string{"*"}, true},
		{[]string{`"x", ` + tag}, true},
		{[]string{`"x",W/"y" ,  W/` + tag + ` ,"z"`}, true},
		{[]string{`"x"`, tag}, true},
		{[]string{`"x"`}, false},
		{[]string{`W/"x", "y"`}, false},
		{[]string{""}, false},
		{[]string{`""`}, false},
		{[]string{`,`, `,,`}, false},
		{[]string{strings.Trim(tag, `"`)}, false},
		{[]string{`w/` + tag}, false},
		{[]string{tag[:len(tag)-2] + `"`}, false},
		{[]string{`"` + strings.Repeat("x", 8000) + `"`}, false},
	} {
		for _, encoding := range []string{"", "gzip"} {
			headers := []string{"Accept-Encoding", encoding}
			for _, value := range held.ifNoneMatch {
				headers = append(headers, "If-None-Match", value)
			}
			got := api.ask(t, http.MethodGet, chatrooms, headers...)
			want := http.StatusOK
			if held.known {
				want = http.StatusNotModified
			}
			if got.StatusCode != want {
				t.Errorf("%q %s: status %d, want %d", held.ifNoneMatch, encoding, got.StatusCode, want)
			}
			if want == http.StatusNotModified {
				if len(got.body) > 0 {
					t.Errorf("304 with a body: %s", got.body)
				}
				if sent := got.Header.Get("ETag"); sent != tag && sent != zipped {
					t.Errorf("304 with the ETag %q", sent)
				}
				got.wantHeaders(t, "Cache-Control", "private, no-cache", "Content-Encoding", "", "Vary", "Accept-Encoding", "Content-Type", "")
			}
		}
	}

	again := api.ask(t, http.MethodGet, chatrooms).Header.Get("ETag")
	changed := serve(t, withSessions(func(context.Context, store.Caller) (store.Sessions, error) {
		s := example()
		s.Reserved[2].Concern.Minutes++
		return s, nil
	})).ask(t, http.MethodGet, chatrooms, "If-None-Match", tag)
	if again != tag || changed.StatusCode != http.StatusOK || changed.Header.Get("ETag") == tag {
		t.Errorf("ETag %s, again %s, changed %d %s", tag, again, changed.StatusCode, changed.Header.Get("ETag"))
	}
	api.ask(t, http.MethodGet, chatrooms, "x-token", "", "If-None-Match", tag).wantError(t, 401, "token_not_found", "Token not found")
}

func TestCompression(t *testing.T) {
	t.Parallel()
	api := serve(t)
	plain := api.ask(t, http.MethodGet, chatrooms)
	for encoding, want := range map[string]string{
		"": "", "gzip": "gzip", "gzip, deflate, br, zstd": "gzip", "GZIP": "gzip", "*": "", "br": "", "zstd": "", "deflate": "", "identity": "", "gzip;q=0": "", "gzip;q=0.5": "gzip", "x": "",
	} {
		got := api.ask(t, http.MethodGet, chatrooms, "Accept-Encoding", encoding)
		got.wantHeaders(t, "Content-Encoding", want, "Vary", "Accept-Encoding", "Content-Type", "application/json; charset=utf-8")
		if got.StatusCode != http.StatusOK || !reflect.DeepEqual(got.json(t), plain.json(t)) {
			t.Errorf("%q: %d %s", encoding, got.StatusCode, got.body)
		}
		if want == "gzip" && len(got.body) >= len(plain.body) {
			t.Errorf("%d bytes compressed, %d plain", len(got.body), len(plain.body))
		}
	}
	for _, path := range []string{"/health", "/nowhere", reviews + "/image"} {
		if got := api.ask(t, http.MethodGet, path, "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d bytes are compressed", path, len(got.body))
		}
	}
	padded := func(n int, encoding string) response {
		return serve(t, withSessions(func(context.Context, store.Caller) (store.Sessions, error) {
			s := store.Sessions{UnderWay: example().UnderWay}
			s.UnderWay[0].Card.Introduction = strings.Repeat("x", n)
			return s, nil
		})).ask(t, http.MethodGet, chatrooms, "Accept-Encoding", encoding)
	}
	shortest := int(padded(1, "").ContentLength)
	for length, want := range map[int]string{1399: "", 1400: "gzip"} { // about what one packet holds
		if got := padded(length-shortest+1, "gzip").Header.Get("Content-Encoding"); got != want {
			t.Errorf("%d bytes: Content-Encoding %q", length, got)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	const deadline = 100 * time.Millisecond
	untilTheEnd := func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("waited: %w", ctx.Err())
	}
	for name, edit := range map[string]func(*handlers.Config){
		"the store": withSessions(func(ctx context.Context, _ store.Caller) (store.Sessions, error) {
			return store.Sessions{}, untilTheEnd(ctx)
		}),
		"a change": withStore(fakeStore{change: func(ctx context.Context, _ string, _ store.Caller, _ int64) (store.Match, error) {
			return store.Match{}, untilTheEnd(ctx)
		}}),
		"the verifier": func(cfg *handlers.Config) { cfg.Verifier = slowVerifier(untilTheEnd) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, edit, func(cfg *handlers.Config) { cfg.Deadline = deadline })
			begin := time.Now()
			method, path := http.MethodGet, chatrooms
			if name == "a change" {
				method, path = http.MethodPatch, selects
			}
			api.ask(t, method, path).wantError(t, 504, "deadline_exceeded", "Deadline exceeded")
			if took := time.Since(begin); took < deadline || took > deadline+5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

type slowVerifier func(context.Context) error

func (v slowVerifier) Verify(ctx context.Context, _ []string) (string, error) { return "", v(ctx) }
func (v slowVerifier) Ready() error                                           { return nil }

// TestTooMany fills the server and has it turn away the next.
func TestTooMany(t *testing.T) {
	t.Parallel()
	const room = 3
	inside, leave := make(chan struct{}, room), make(chan struct{})
	api := serve(t, func(cfg *handlers.Config) {
		cfg.MaxInFlight = room
		cfg.Store = fakeStore{sessions: func(context.Context, store.Caller) (store.Sessions, error) {
			inside <- struct{}{}
			<-leave
			return example(), nil
		}}
	})
	var waiting sync.WaitGroup
	for range room {
		waiting.Go(func() {
			if got := api.ask(t, http.MethodGet, chatrooms); got.StatusCode != http.StatusOK {
				t.Errorf("one of those that had room: %s", got.Status)
			}
		})
	}
	for range room {
		<-inside
	}
	for range 2 {
		begin := time.Now()
		api.ask(t, http.MethodGet, chatrooms).wantError(t, 503, "service_unavailable", "Service unavailable")
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("turned away after %v", took)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := api.ask(t, http.MethodGet, path); got.StatusCode != http.StatusOK {
			t.Errorf("%s while full: %s", path, got.Status)
		}
	}
	close(leave)
	waiting.Wait()
	for range 2 * room {
		if got := api.ask(t, http.MethodGet, chatrooms); got.StatusCode != http.StatusOK {
			t.Errorf("after: %s", got.Status)
		}
		<-inside
	}
}

// TestRoomIsGivenBack: a request that fails, or panics, does not keep its place.
func TestRoomIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context, store.Caller) (store.Sessions, error){
		"error": func(context.Context, store.Caller) (store.Sessions, error) {
			return store.Sessions{}, errors.New("boom")
		},
		"panic": func(context.Context, store.Caller) (store.Sessions, error) { panic("boom") },
	} {
		api := serve(t, withSessions(fail), func(cfg *handlers.Config) { cfg.MaxInFlight = 1 })
		for range 3 {
			if got := api.ask(t, http.MethodGet, chatrooms); got.StatusCode != http.StatusInternalServerError {
				t.Errorf("%s: %s", name, got.Status)
			}
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	api := serve(t, withSessions(func(_ context.Context, caller store.Caller) (store.Sessions, error) {
		if caller.UID == asker {
			var none *store.Chatroom
			_ = none.Idx
		}
		return example(), nil
	}))
	for _, encoding := range []string{"", "gzip"} {
		api.ask(t, http.MethodGet, chatrooms, "Accept-Encoding", encoding).wantError(t, 500, "internal_error", "Internal error")
	}
	lines := api.log.wait(t, 4)
	slices.SortFunc(lines, func(a, b map[string]any) int { return strings.Compare(a["message"].(string), b["message"].(string)) })
	for _, line := range lines[:2] {
		if line["message"] != "panic" || line["severity"] != "ERROR" || !strings.HasPrefix(fmt.Sprint(line["stack_trace"]), "panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine ") || !strings.Contains(fmt.Sprint(line["stack_trace"]), "TestPanic") {
			t.Errorf("logged %v", line)
		}
	}
	if lines[2]["message"] != "request" || lines[0]["request_id"] != lines[2]["request_id"] && lines[1]["request_id"] != lines[2]["request_id"] {
		t.Errorf("logged %v", lines[2])
	}
	if got := api.ask(t, http.MethodGet, chatrooms, "x-token", "other"); got.StatusCode != http.StatusOK {
		t.Errorf("after the panic: %s", got.Status)
	}
}

// TestPanicWithinAnAnswer cuts the connection: half an answer is not passed off as one.
func TestPanicWithinAnAnswer(t *testing.T) {
	t.Parallel()
	api := serve(t, func(cfg *handlers.Config) {
		cfg.Console = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("half"))
			http.NewResponseController(w).Flush()
			panic("boom")
		})
	})
	resp, err := api.client.Get(api.url + "/console")
	if err == nil {
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("half an answer passed as a whole one")
	}
	api.log.wait(t, 1)
}

// TestClientGone: nobody is answered, and the store is told to stop.
func TestClientGone(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*net.TCPConn) error{
		"closes":      (*net.TCPConn).Close,
		"half-closes": (*net.TCPConn).CloseWrite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, stopped := make(chan struct{}), make(chan error, 1)
			api := serve(t, withSessions(func(ctx context.Context, _ store.Caller) (store.Sessions, error) {
				close(asked)
				<-ctx.Done()
				stopped <- ctx.Err()
				return store.Sessions{}, fmt.Errorf("gone: %w", ctx.Err())
			}))
			conn, err := net.Dial("tcp", strings.TrimPrefix(api.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nx-token: %s\r\n\r\n", chatrooms, asker)
			<-asked
			if err := leave(conn.(*net.TCPConn)); err != nil {
				t.Fatal(err)
			}
			if err := <-stopped; err != context.Canceled {
				t.Errorf("the store was told %v", err)
			}
			line := api.log.wait(t, 1)[0]
			if request := line["httpRequest"].(map[string]any); request["status"] != 499.0 || line["severity"] != "INFO" || line["uid"] != asker {
				t.Errorf("logged %v", line)
			}
			if n := api.metric(t, "willson_requests_total", chatrooms, "499"); n != 1 {
				t.Errorf("counted %v", n)
			}
			if name == "half-closes" {
				conn.SetReadDeadline(time.Now().Add(10 * time.Second))
				if answer, err := io.ReadAll(bufio.NewReader(conn)); len(bytes.TrimSpace(answer)) > 0 {
					t.Errorf("answered %q, %v", answer, err)
				}
			}
			if got := strings.Count(api.log.String(), "\n"); got != 1 {
				t.Errorf("logged %d lines: %s", got, api.log)
			}
		})
	}
}
