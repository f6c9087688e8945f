package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"willson/server"
)

// TestCrossOrigin: browsers are told which pages may call the API, and their preflights,
// which carry no token, get no further.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	one := server.Config{AllowedOrigins: []string{"https://willson.example"}}
	local := server.Config{AuthEmulator: "127.0.0.1:9099", FirestoreEmulator: "127.0.0.1:8080"}
	for name, test := range map[string]struct {
		cfg                     server.Config
		origin, method, headers string // asked for by a preflight
		allowed, varies         bool
	}{
		"nobody by default":              {server.Config{}, "https://willson.example", "GET", "x-token", false, false},
		"nobody beside real tokens":      {server.Config{FirestoreEmulator: "127.0.0.1:8080"}, "http://localhost:5173", "GET", "x-token", false, false},
		"the one":                        {one, "https://willson.example", "GET", "x-token", true, true},
		"the one, with a change":         {one, "https://willson.example", "PATCH", "content-type,x-token", true, true},
		"the one, with its ETag":         {one, "https://willson.example", "HEAD", "if-none-match,x-token", true, true},
		"the one, watched over":          {one, "https://willson.example", "GET", "baggage,sentry-trace,traceparent,tracestate,x-token", true, true},
		"the one, with a review":         {one, "https://willson.example", "POST", "content-type,x-token", true, true},
		"a method that we have not":      {one, "https://willson.example", "DELETE", "x-token", false, true},
		"a header that we do not read":   {one, "https://willson.example", "GET", "authorization", false, true},
		"another":                        {one, "https://willson.example.org", "GET", "x-token", false, true},
		"another port":                   {one, "https://willson.example:8443", "GET", "x-token", false, true},
		"another scheme":                 {one, "http://willson.example", "GET", "x-token", false, true},
		"a file":                         {one, "null", "GET", "x-token", false, true},
		"this machine, in production":    {one, "http://localhost:5173", "GET", "x-token", false, true},
		"this machine, Flutter":          {local, "http://localhost:49152", "POST", "content-type,x-token", true, true},
		"this machine, by address":       {local, "http://127.0.0.1:8081", "GET", "x-token", true, true},
		"this machine, the default port": {local, "https://localhost", "GET", "x-token", true, true},
		"not this machine":               {local, "http://localhost.example:8081", "GET", "x-token", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := 0
			handler := server.CrossOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reached++
				w.WriteHeader(http.StatusTeapot)
			}), test.cfg)
			ask := func(method string, headers ...string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, "/api/v1/asker/chat/chatrooms", nil)
				for i := 0; i < len(headers); i += 2 {
					r.Header.Set(headers[i], headers[i+1])
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				return w
			}

			preflight := ask(http.MethodOptions, "Origin", test.origin, "Access-Control-Request-Method", test.method, "Access-Control-Request-Headers", test.headers)
			if allowed := preflight.Header().Get("Access-Control-Allow-Origin") == test.origin; allowed != test.allowed {
				t.Errorf("the preflight is answered by %v", preflight.Header())
			}
			if test.varies {
				if reached != 0 || preflight.Code != http.StatusOK || preflight.Body.String() != `{"code":"success","message":"success"}`+"\n" || preflight.Header().Get("Content-Type") != "application/json; charset=utf-8" {
					t.Errorf("the preflight reached the API, or: %d %s", preflight.Code, preflight.Body)
				}
			}
			if test.allowed && (preflight.Header().Get("Access-Control-Allow-Methods") != test.method || preflight.Header().Get("Access-Control-Allow-Headers") != test.headers || preflight.Header().Get("Access-Control-Max-Age") != "7200") {
				t.Errorf("the preflight is answered by %v", preflight.Header())
			}

			reached = 0
			answer := ask(http.MethodGet, "Origin", test.origin)
			if reached != 1 || answer.Code != http.StatusTeapot {
				t.Errorf("the request did not reach the API: %d", answer.Code)
			}
			if test.allowed && (answer.Header().Get("Access-Control-Allow-Origin") != test.origin || answer.Header().Get("Access-Control-Expose-Headers") != "Etag, Retry-After, X-Request-Id") {
				t.Errorf("answered by %v", answer.Header())
			}
			if varies := answer.Header().Get("Vary") == "Origin"; varies != test.varies || answer.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("answered by %v", answer.Header())
			}
			if plain := ask(http.MethodOptions); reached != 2 || plain.Code != http.StatusTeapot {
				t.Error("OPTIONS that is no preflight did not reach the API")
			}
		})
	}
}
