package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/auth"
	"willson/handlers"
	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// secret is what an error may say and an answer may not.
const secret = "secret detail of projects/p/documents/chatrooms/x"

// TestErrors is the contract's table, as far as tokens bring it about and any request may
// come to it, whatever was asked. Nothing is asked of the store for who is nobody.
func TestErrors(t *testing.T) {
	t.Parallel()
	wrapped := func(err error) error { return fmt.Errorf(secret+": %w", err) }
	for name, test := range map[string]struct {
		token, answer error
		status        int
		code, message string
	}{
		"expired":             {auth.ErrExpired, nil, 401, "access_token_expired", "Access token expired"},
		"expired, wrapped":    {wrapped(auth.ErrExpired), nil, 401, "access_token_expired", "Access token expired"},
		"missing":             {auth.ErrMissing, nil, 401, "token_not_found", "Token not found"},
		"invalid":             {wrapped(auth.ErrInvalid), nil, 401, "access_token_invalid", "Access token invalid"},
		"keys unavailable":    {wrapped(auth.ErrUnavailable), nil, 503, "service_unavailable", "Service unavailable"},
		"out of time, token":  {context.DeadlineExceeded, nil, 504, "deadline_exceeded", "Deadline exceeded"},
		"verifying fails":     {errors.New("no project"), nil, 500, "internal_error", "Internal error"},
		"store unavailable":   {nil, wrapped(store.ErrUnavailable), 503, "service_unavailable", "Service unavailable"},
		"out of time, store":  {nil, wrapped(context.DeadlineExceeded), 504, "deadline_exceeded", "Deadline exceeded"},
		"anything else":       {nil, wrapped(errors.New("boom")), 500, "internal_error", "Internal error"},
		"cancelled by others": {nil, wrapped(context.Canceled), 500, "internal_error", "Internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := failing(t, test.answer)
			if test.token != nil {
				api = serve(t, unreached, func(cfg *handlers.Config) {
					cfg.Verifier = verifier(func([]string) (string, error) { return "", test.token })
				})
			}
			for _, asked := range requests(t) {
				got := asked.of(t, api)
				got.wantHeaders(t, "Allow", "")
				if strings.Contains(api.log.String(), `"panic"`) {
					t.Fatalf("%s %s asked the store", asked.method, asked.Path)
				}
				if asked.Credential && test.status == http.StatusUnauthorized { // no header is to blame
					got.wantError(t, 401, "login_failed", "id or password is incorrect.")
				} else {
					got.wantError(t, test.status, test.code, test.message)
				}
			}
		})
	}
}

// A sound is a request with nothing wrong in it.
type sound struct {
	handlers.Route
	method, body string // HEAD also of what is got
}

// requests are sound ones of every route but those of how the process is: see TestHealth.
func requests(t *testing.T) (all []sound) {
	t.Helper()
	for _, route := range handlers.Routes() {
		if route.Party == "" && !route.Body {
			continue
		}
		body := goodBody(t, route)
		all = append(all, sound{route, route.Method, body})
		if strings.HasSuffix(route.Path, "/signin") { // those who need a form are looked for otherwise
			all = append(all, sound{route, route.Method, strings.Replace(body, "email", "facebook", 1)})
		}
		if route.Method == http.MethodGet {
			all = append(all, sound{route, http.MethodHead, ""})
		}
	}
	return all
}

// of sends the request.
func (s sound) of(t *testing.T, a *api) response {
	t.Helper()
	return a.send(t, s.method, pathOf(s.Route), s.body, "Accept-Encoding", "gzip", "If-None-Match", "*")
}

// TestStoreFails: no request passes over what the store returns when Firestore refuses it,
// cannot be reached or does not answer.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	const deadline = 200 * time.Millisecond
	refusing := startRoad(t, byAnybody)
	refusing.firestore.OnCall(fakefirestore.Always(fakefirestore.Fault{Err: status.Error(codes.PermissionDenied, secret)}))
	var asking []sound // those in which the store has a part
	for _, asked := range requests(t) {
		reads := refusing.reads()
		got := asked.of(t, refusing.api)
		if refusing.reads() > reads {
			got.wantError(t, 500, "internal_error", "Internal error")
			asking = append(asking, asked)
		} else if !slices.Contains([]int{200, 304, 404, 501}, got.StatusCode) {
			t.Errorf("%s %s: %s", asked.method, asked.Path, got.Status)
		}
	}
	unavailable := startRoad(t, byAnybody)
	unavailable.firestore.OnCall(fakefirestore.Always(fakefirestore.Code(codes.Unavailable)))
	hanging := startRoad(t, byAnybody, func(cfg *handlers.Config) { cfg.Deadline = deadline })
	hanging.firestore.OnCall(fakefirestore.Always(fakefirestore.Fault{Hang: true}))
	var answers sync.WaitGroup
	for _, asked := range asking {
		answers.Go(func() {
			asked.of(t, unavailable.api).wantError(t, 503, "service_unavailable", "Service unavailable")
		})
		answers.Go(func() {
			begin := time.Now()
			asked.of(t, hanging.api).wantError(t, 504, "deadline_exceeded", "Deadline exceeded")
			if took := time.Since(begin); took < deadline || took > deadline+5*time.Second {
				t.Errorf("%s took %v", asked.Path, took)
			}
		})
	}
	answers.Wait()
}

// byAnybody takes tokens as the tests without a road do.
func byAnybody(cfg *handlers.Config) { cfg.Verifier = anybody }

// TestStoreIsAsked: nothing is wanted of the store that no handler asks, which is read in the
// code: to Go's tools a method of an interface is in use.
func TestStoreIsAsked(t *testing.T) {
	t.Parallel()
	code := storetest.Source(t, "*.go")
	for method := range reflect.TypeFor[handlers.Store]().Methods() {
		if !strings.Contains(code, "s.Store."+method.Name+"(") {
			t.Errorf("no handler asks for %s", method.Name)
		}
	}
}

// TestRefusedByTheStore: each refusal has its status and code, and is described where it
// belongs.
func TestRefusedByTheStore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err       error
		status    int
		code      string
		operation []string
	}{
		{life.ErrAlreadyMatched, 409, "already_matched", []string{"selectMatch", "offerRealtime", "offerReserve"}},
		{life.ErrTooEarly, 409, "too_early", []string{"joinAsAsker", "joinAsWillsoner"}},
		{life.ErrReviewExists, 409, "review_already_exists", []string{"createReview", "createReviewV2", "completeReview"}},
		{life.ErrConcernInProcess, 409, "concern_in_process", []string{"showPrices", "showPricesByBody", "payConcern", "completePayment"}},
		{life.ErrAmountNotEnough, 409, "amount_not_enough", []string{"payConcern", "completePayment"}},
		{life.ErrAlreadyRegistered, 409, "already_registered_willsoner", []string{"registerWillsoner"}},
		{life.ErrWillsonerNotFound, 404, "willsoner_not_found", []string{"payConcern", "completePayment"}},
		{life.ErrTimeOut, 404, "time_out", []string{"payConcern", "completePayment", "getRealtimeRequest", "getReserveRequest", "offerRealtime", "offerReserve"}},
		{life.ErrUserNotFound, 404, "user_not_found", []string{
			"writeConcern", "writeConcernV2", "showPrices", "showPricesByBody", "compareTicket", "payConcern", "completePayment",
			"keepKeywords", "registerWillsoner", "showAskerPage", "showWillsonerPage", "showWillsonerPageV2", "listTransactions",
		}},
	} {
		api := failing(t, fmt.Errorf("wrapped: %w", test.err))
		for _, route := range handlers.Routes() {
			if slices.Contains(test.operation, operation(t, route).ID) {
				got := api.send(t, route.Method, pathOf(route), goodBody(t, route))
				if got.StatusCode != test.status || got.json(t)["code"] != test.code {
					t.Errorf("%s: %s %s, want %d %s", route.Path, got.Status, got.body, test.status, test.code)
				}
			}
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

func TestMethods(t *testing.T) {
	t.Parallel()
	api := serve(t)
	allow := map[string][]string{}
	for _, route := range handlers.Routes() {
		allow[route.Path] = append(allow[route.Path], route.Method)
		if route.Method == http.MethodGet {
			allow[route.Path] = append(allow[route.Path], http.MethodHead)
		}
	}
	for path, allowed := range allow {
		slices.Sort(allowed)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"} {
			if slices.Contains(allowed, method) {
				continue
			}
			got := api.ask(t, method, pathOf(handlers.Route{Path: path}), "x-token", "")
			got.wantError(t, 405, "method_not_allowed", "Method not allowed")
			got.wantHeaders(t, "Allow", strings.Join(allowed, ", "))
		}
	}
}

// TestHead: HEAD is GET without the body, also when it fails.
func TestHead(t *testing.T) {
	t.Parallel()
	api := serve(t, func(cfg *handlers.Config) {
		cfg.Store = fakeStore{sessions: func(_ context.Context, caller life.Caller) (store.Sessions, error) {
			if caller.UID == "without" {
				return store.Sessions{}, life.ErrNotFound
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
	changed := serve(t, withSessions(func(context.Context, life.Caller) (store.Sessions, error) {
		s := example()
		s.Reserved[2].Brief.Minutes++
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
		return serve(t, withSessions(func(context.Context, life.Caller) (store.Sessions, error) {
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

// TestDeadline also bounds the wait for the keys of tokens; for the store see TestStoreFails.
func TestDeadline(t *testing.T) {
	t.Parallel()
	const deadline = 100 * time.Millisecond
	api := serve(t, unreached, func(cfg *handlers.Config) {
		cfg.Verifier, cfg.Deadline = slowVerifier{cfg.Verifier}, deadline
	})
	var answers sync.WaitGroup
	for _, asked := range requests(t) {
		answers.Go(func() {
			begin := time.Now()
			asked.of(t, api).wantError(t, 504, "deadline_exceeded", "Deadline exceeded")
			if took := time.Since(begin); took < deadline || took > deadline+5*time.Second {
				t.Errorf("%s took %v", asked.Path, took)
			}
		})
	}
	answers.Wait()
}

// A slowVerifier waits until the request's end.
type slowVerifier struct{ handlers.Verifier }

func (slowVerifier) Verify(ctx context.Context, _ []string) (string, error) {
	<-ctx.Done()
	return "", fmt.Errorf("waited: %w", ctx.Err())
}

func (slowVerifier) SignIn(ctx context.Context, _ string) (auth.Identity, error) {
	<-ctx.Done()
	return auth.Identity{}, fmt.Errorf("waited: %w", ctx.Err())
}

// TestTooMany fills the server and has it turn away the next.
func TestTooMany(t *testing.T) {
	t.Parallel()
	const room = 3
	inside, leave := make(chan struct{}, room), make(chan struct{})
	api := serve(t, func(cfg *handlers.Config) {
		cfg.MaxInFlight = room
		cfg.Store = fakeStore{sessions: func(context.Context, life.Caller) (store.Sessions, error) {
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
	for name, fail := range map[string]func(context.Context, life.Caller) (store.Sessions, error){
		"error": func(context.Context, life.Caller) (store.Sessions, error) {
			return store.Sessions{}, errors.New("boom")
		},
		"panic": func(context.Context, life.Caller) (store.Sessions, error) { panic("boom") },
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
	api := serve(t, withSessions(func(_ context.Context, caller life.Caller) (store.Sessions, error) {
		if caller.UID == asker {
			var none *life.Chatroom
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
			api := serve(t, withSessions(func(ctx context.Context, _ life.Caller) (store.Sessions, error) {
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
