package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/auth"
	"willson/handlers"
	"willson/life"
	"willson/store"
)

// TestRequestLine: one line a request, with these fields and no other.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"
	api := serve(t, func(cfg *handlers.Config) {
		cfg.Verifier = verifier(func(values []string) (string, error) {
			if len(values) == 1 && values[0] == token {
				return "1205312339", nil
			}
			return "", fmt.Errorf("%w: not right", auth.ErrInvalid)
		})
		cfg.Store = fakeStore{
			sessions: func(context.Context, life.Caller) (store.Sessions, error) {
				return store.Sessions{}, errors.New("out of order")
			},
			review: func(life.Review) (life.Review, error) { return life.Review{}, life.ErrReviewExists },
		}
	})
	for i, test := range []struct {
		method, path, token string
		status              float64
		route, severity     string
		more                []string
	}{
		{"GET", chatrooms + "?token=" + token, token, 500, chatrooms, "ERROR", []string{"error", "uid"}},
		{"GET", chatrooms, "forged" + token, 401, chatrooms, "INFO", []string{"error"}},
		{"HEAD", "/healthz", token, 200, "/healthz", "INFO", nil},
		{"GET", "/" + token, token, 404, "", "INFO", []string{"error"}},
		{"POST", chatrooms, token, 405, chatrooms, "INFO", []string{"error"}},
		{strings.Repeat("X", 100), "/healthz", token, 405, "/healthz", "INFO", []string{"error"}},
		{"PATCH", selects, token, 200, "/api/v1/asker/list/matches/{match_idx}/select", "INFO", []string{"match", "uid"}},
		{"PATCH", strings.Replace(selects, "15145", token, 1), token, 404, "/api/v1/asker/list/matches/{match_idx}/select", "INFO", []string{"error", "uid"}},
		{"POST", reviews, token, 409, reviews, "INFO", []string{"error", "match", "uid"}},
		{"POST", "/api/v1/willsoner/register/phone/verify", token, 501, "/api/v1/willsoner/register/phone/verify", "INFO", []string{"error", "uid"}},
	} {
		got := api.send(t, test.method, test.path, `{"match_idx":[15145],"title":"`+token+`","content":"`+token+`","rating":5,"image_idx":2}`,
			"x-token", test.token, "User-Agent", token, "Referer", token)
		line := api.log.wait(t, i+1)[i]
		request, ok := line["httpRequest"].(map[string]any)
		if !ok {
			t.Fatalf("no httpRequest in %v", line)
		}
		keys := slices.Sorted(maps.Keys(line))
		want := append([]string{"httpRequest", "message", "request_id", "severity", "time"}, test.more...)
		slices.Sort(want)
		if !slices.Equal(keys, want) {
			t.Errorf("%s %s: fields %v, want %v", test.method, test.path, keys, want)
		}
		if keys := slices.Sorted(maps.Keys(request)); !slices.Equal(keys, []string{"latency", "requestMethod", "requestUrl", "status"}) {
			t.Errorf("httpRequest has %v", keys)
		}
		method := test.method[:min(16, len(test.method))]
		if line["message"] != "request" || line["severity"] != test.severity || request["requestMethod"] != method || request["requestUrl"] != test.route || request["status"] != test.status {
			t.Errorf("%s %s: logged %v", test.method, test.path, line)
		}
		if !regexp.MustCompile(`^\d+\.\d{6}s$`).MatchString(fmt.Sprint(request["latency"])) {
			t.Errorf("latency %v", request["latency"])
		}
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(line["time"])); err != nil {
			t.Error(err)
		}
		if id := got.Header.Get("X-Request-Id"); len(id) != 16 || line["request_id"] != id {
			t.Errorf("request id %q answered, %v logged", id, line["request_id"])
		}
		if idx, there := line["match"]; there && idx != 15145.0 {
			t.Errorf("match %v", idx)
		}
		if uid, there := line["uid"]; there && uid != "1205312339" {
			t.Errorf("uid %v", uid)
		}
	}
	for _, secret := range []string{token, "c2VjcmV0", "forged"} {
		if strings.Contains(api.log.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, api.log)
		}
	}
}

func TestTraces(t *testing.T) {
	t.Parallel()
	const (
		w3c    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		google = "105445aa7843bc8bf206b12000100000/1;o=1" // Google's older header, which Cloud Run sends along
	)
	api := serve(t)
	for i, test := range []struct {
		headers         []string
		trace, span     any
		sampled, absent bool
	}{
		{headers: nil, absent: true},
		{headers: []string{"traceparent", w3c}, trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331", sampled: true},
		{headers: []string{"traceparent", strings.TrimSuffix(w3c, "1") + "0"}, trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331"},
		{headers: []string{"X-Cloud-Trace-Context", google, "traceparent", w3c}, trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331", sampled: true},
		{headers: []string{"traceparent", "00-00000000000000000000000000000000-b7ad6b7169203331-01"}, absent: true},
	} {
		api.ask(t, http.MethodGet, chatrooms, test.headers...)
		line := api.log.wait(t, i+1)[i]
		if _, there := line["logging.googleapis.com/trace"]; test.absent {
			if there {
				t.Errorf("%q: logged %v", test.headers, line)
			}
			continue
		}
		if line["logging.googleapis.com/trace"] != "projects/demo-willson/traces/"+fmt.Sprint(test.trace) || line["logging.googleapis.com/spanId"] != test.span || line["logging.googleapis.com/trace_sampled"] != test.sampled {
			t.Errorf("%q: logged %v", test.headers, line)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	api := serve(t, withSessions(func(_ context.Context, caller life.Caller) (store.Sessions, error) {
		if caller.UID == "slow" {
			close(inside)
			<-leave
		}
		return example(), nil
	}))
	count := func(name string, want float64, labels ...string) {
		t.Helper()
		waitFor(t, func() bool { return api.metric(t, name, labels...) == want })
	}
	for range 3 {
		api.ask(t, http.MethodGet, chatrooms)
	}
	api.ask(t, http.MethodHead, chatrooms)
	api.ask(t, http.MethodGet, chatrooms, "If-None-Match", "*", "Accept-Encoding", "gzip")
	api.ask(t, http.MethodGet, chatrooms, "x-token", "")
	api.ask(t, http.MethodGet, "/healthz")
	api.ask(t, http.MethodGet, "/nowhere/in/particular")
	api.ask(t, http.MethodDelete, chatrooms)
	count("willson_requests_total", 4, chatrooms, "200")
	count("willson_requests_total", 1, chatrooms, "304")
	count("willson_requests_total", 1, chatrooms, "401")
	count("willson_requests_total", 1, "/healthz", "200")
	count("willson_requests_total", 1, "", "404")
	count("willson_requests_total", 1, chatrooms, "405")
	count("willson_request_seconds", 7, chatrooms)
	count("willson_request_seconds", 1, "")
	count("willson_requests_in_flight", 0)

	var slow sync.WaitGroup
	slow.Go(func() { api.ask(t, http.MethodGet, chatrooms, "x-token", "slow") })
	<-inside
	count("willson_requests_in_flight", 1)
	close(leave)
	slow.Wait()
	count("willson_requests_in_flight", 0)
}

// TestConsoleIsNotLogged: its questions, several a second, would hide all others.
func TestConsoleIsNotLogged(t *testing.T) {
	t.Parallel()
	api := serve(t, func(cfg *handlers.Config) {
		cfg.Console = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})
	api.send(t, http.MethodGet, "/console/told", "")
	api.send(t, http.MethodGet, "/healthz", "")
	if line := api.log.wait(t, 1)[0]; line["httpRequest"].(map[string]any)["requestUrl"] != "/healthz" {
		t.Errorf("logged %v", line)
	}
}
