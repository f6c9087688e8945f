package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"willson/console"
)

// TestAddresses: the page is told addresses that its browser can call, and may call no others.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		emulator, host string
		want, source   string
	}{
		{"127.0.0.1:8080", "localhost:8000", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"127.0.0.1:8080", "[::1]:8000", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"127.0.0.1:8080", "192.168.0.7:8000", "192.168.0.7:8080", "http://192.168.0.7:8080"},
		{"localhost:8080", "laptop.local", "laptop.local:8080", "http://laptop.local:8080"},
		{"0.0.0.0:8080", "localhost:8000", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"0.0.0.0:8080", "10.0.2.2:8000", "10.0.2.2:8080", "http://10.0.2.2:8080"},
		{"[::]:8080", "127.0.0.1:8000", "[::1]:8080", "http://*:8080"},
		{"[::]:8080", "192.168.0.7:8000", "192.168.0.7:8080", "http://192.168.0.7:8080"},
		{"[::1]:8080", "localhost:8000", "[::1]:8080", "http://*:8080"},
		{"127.0.0.1:8080", "[fd00::7]:8000", "[fd00::7]:8080", "http://*:8080"},
		{"127.0.0.1:8080", "[fd00::7]", "[fd00::7]:8080", "http://*:8080"},
		{"auth.example:8080", "192.168.0.7:8000", "auth.example:8080", "http://auth.example:8080"},
		{"[fd00::9]:8080", "192.168.0.7:8000", "[fd00::9]:8080", "http://*:8080"},
		{"127.0.0.1:8080", "a;script-src:8000", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"0.0.0.0:8080", "a b", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"0.0.0.0:8080", "*:8000", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"0.0.0.0:8080", "", "127.0.0.1:8080", "http://127.0.0.1:8080"},
	} {
		handler, err := console.Handler(console.Config{Project: "demo-willson", AuthEmulator: test.emulator, FirestoreEmulator: test.emulator})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodGet, "/console/config.json", nil)
		req.Host = test.host
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, req)
		var got console.Config
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if want := (console.Config{Project: "demo-willson", AuthEmulator: test.want, FirestoreEmulator: test.want}); got != want {
			t.Errorf("%s, page at %q: %+v, want %+v", test.emulator, test.host, got, want)
		}
		policy := answer.Header().Get("Content-Security-Policy")
		if want := "connect-src 'self' " + test.source + " " + test.source; !strings.HasSuffix(policy, want) {
			t.Errorf("%s, page at %q: %s, want %s", test.emulator, test.host, policy, want)
		}
	}
}
