package server_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/server"
)

const exampleAsker = storetest.ExampleAsker

// putExample has the emulator hold, of the contract's example's asker, that example alone.
func putExample(t *testing.T) {
	t.Helper()
	client := firestoreClient(t, testProject, firestoreEmulator)
	for _, collection := range []string{"chatrooms", "reservations"} {
		others, err := client.Collection(collection).Where("asker_uid", "==", exampleAsker).Documents(t.Context()).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range others {
			if _, err := other.Ref.Delete(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	docs := map[string]any{}
	for _, room := range storetest.Example().UnderWay {
		docs["chatrooms/"+room.Roomkey] = room
	}
	for _, reservation := range storetest.Example().Reserved {
		docs[fmt.Sprint("reservations/example", reservation.Idx)] = reservation
	}
	putAll(t, client, docs)
}

// call asks, with a token unless that is "", and returns the status and the body.
func call(t testing.TB, method, url, token string) (int, string) {
	t.Helper()
	return send(t, method, url, "", token)
}

// send is call with a body.
func send(t testing.TB, method, url, content, token string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("x-token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSuffix(string(body), "\n")
}

func golden(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile("../handlers/testdata/asker-chatrooms.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, content); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

func overEmulators(more ...string) map[string]string {
	env := map[string]string{"FIREBASE_AUTH_EMULATOR_HOST": authEmulator, "FIRESTORE_EMULATOR_HOST": firestoreEmulator}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return env
}

// TestEndToEnd is a user signed in at the Auth emulator whose documents lie in the
// Firestore emulator.
func TestEndToEnd(t *testing.T) {
	needEmulators(t)
	putExample(t)
	metrics := freeAddr(t)
	s := startServer(t, overEmulators("METRICS_ADDR", metrics))
	token := signIn(t, exampleAsker)

	for range 2 {
		if status, body := call(t, http.MethodGet, s.base+list, token); status != http.StatusOK || body != golden(t) {
			t.Errorf("%d %s\nwant %s", status, body, golden(t))
		}
	}
	for path, want := range map[string]string{
		"/healthz":     `{"code":"success","message":"success"}`,
		"/readyz":      `{"code":"success","message":"success"}`,
		"/nowhere":     `{"code":"route_not_found","message":"Route not found"}`,
		list:           `{"code":"token_not_found","message":"Token not found"}`,
		list + "?a=/b": `{"code":"token_not_found","message":"Token not found"}`,
	} {
		if status, body := call(t, http.MethodGet, s.base+path, ""); body != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := call(t, http.MethodGet, s.base+list, token+"x"); status != http.StatusUnauthorized {
		t.Errorf("a spoilt token: %d %s", status, body)
	}

	status, exposed := call(t, http.MethodGet, "http://"+metrics+"/metrics", "")
	if status != http.StatusOK {
		t.Errorf("metrics: %d", status)
	}
	for _, want := range []string{
		`willson_requests_total{route="` + list + `",status="200"} 2`,
		`willson_request_seconds_count{route="/healthz"} 1`,
		`willson_requests_in_flight 0`,
		`willson_firestore_documents_read_total `, // how many /ready finds depends on what others stored
		`willson_token_verdicts_total{outcome="missing"} 2`,
		`go_goroutines `,
		`process_cpu_seconds_total `,
	} {
		if !strings.Contains(exposed, want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	if strings.Contains(s.log.String(), token) || strings.Contains(exposed, token) {
		t.Error("the token got out")
	}
}

// TestRealTokens has tokens with signatures verified over an emulated Firestore.
func TestRealTokens(t *testing.T) {
	needEmulators(t)
	putExample(t)
	issuer := startGoogle(t)
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": firestoreEmulator})
	waitFor(t, "ready", func() bool {
		status, _ := call(t, http.MethodGet, s.base+"/readyz", "")
		return status == http.StatusOK
	})
	if status, body := call(t, http.MethodGet, s.base+list, issuer.Token(exampleAsker)); status != http.StatusOK || body != golden(t) {
		t.Errorf("%d %s", status, body)
	}
	late := issuer.Token(exampleAsker, func(_, claims map[string]any) {
		claims["iat"], claims["exp"] = time.Now().Unix()-7200, time.Now().Unix()-3600
	})
	unsigned := signIn(t, exampleAsker)
	for want, token := range map[string]string{"access_token_expired": late, "access_token_invalid": unsigned, "token_not_found": ""} {
		if status, body := call(t, http.MethodGet, s.base+list, token); status != http.StatusUnauthorized || !strings.Contains(body, want) {
			t.Errorf("%d %s, want 401 %s", status, body, want)
		}
	}
	for _, path := range []string{"/console", "/console/", "/console/config.json"} {
		if status, body := call(t, http.MethodGet, s.base+path, ""); status != http.StatusNotFound || !strings.Contains(body, "route_not_found") {
			t.Errorf("%s in production: %d %s", path, status, body)
		}
	}
}

// TestAskersAtOnce: 20 askers over thousands of requests see their own rows, all of
// them, and none of another.
func TestAskersAtOnce(t *testing.T) {
	const askers, rounds = 20, 100
	issuer, sessions := startGoogle(t), fakefirestore.New(t)
	var names []string
	for n := range askers {
		names = append(names, fmt.Sprintf("asker %d of %d", n, rand.Uint32()))
		putFour(t, sessions, names[n])
	}
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": sessions.Addr(), "LOG_LEVEL": "error"})

	var all sync.WaitGroup
	for n, asker := range names {
		all.Go(func() {
			token, first := "", ""
			for round := range rounds {
				if round%50 == 0 {
					token = issuer.Token(asker, func(_, claims map[string]any) { claims["auth_time"] = round })
				}
				status, body := call(t, http.MethodGet, s.base+list, token)
				if round == 0 {
					first = body
					own := strings.Count(body, `"id":"`+asker+`"`) + strings.Count(body, `"nickname":"with `+asker+`"`)
					if status != http.StatusOK || own != 5 || strings.Count(body, `"with asker`) != 4 {
						t.Errorf("%s is shown %d %s", asker, status, body)
					}
				}
				if body != first || strings.Contains(body, names[(n+1)%askers]+`"`) {
					t.Errorf("%s is shown %d %s, before %s", asker, status, body, first)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestCannotRun: what a start fails by is one error that names the variable, and comes
// before the server says that it listens.
func TestCannotRun(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", "")
	startGoogle(t)
	for want, env := range map[string]map[string]string{
		"PORT=" + port:          {"PORT": port},
		"HOST=192.0.2.1":        {"HOST": "192.0.2.1"}, // reserved for documentation: nobody's
		"METRICS_ADDR=:" + port: {"METRICS_ADDR": ":" + port},
		"unsigned":              {"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:1"}, // which the process does not have
	} {
		full := map[string]string{"PORT": "0", "GOOGLE_CLOUD_PROJECT": testProject, "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}
		maps.Copy(full, env)
		cfg, err := configOf(full)
		if err != nil {
			t.Fatal(err)
		}
		err = server.Run(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), func(net.Addr) {
			t.Errorf("%v: listening", env)
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", env, err)
		}
	}
}

// TestTraces has spans sent to a collector, in the trace of the caller.
func TestTraces(t *testing.T) {
	const trace = "0af7651916cd43dd8448eb211c80319c"
	var mu sync.Mutex
	spans := map[string]string{} // trace ids by name
	service := ""
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got := &collector.ExportTraceServiceRequest{}
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, got) != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, from := range got.ResourceSpans {
			for _, attribute := range from.Resource.Attributes {
				if attribute.Key == "service.name" {
					service = attribute.Value.GetStringValue()
				}
			}
			for _, scope := range from.ScopeSpans {
				for _, span := range scope.Spans {
					spans[span.Name] = hex.EncodeToString(span.TraceId)
				}
			}
		}
	}))
	defer sink.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", sink.URL)

	issuer := startGoogle(t)
	sessions := fakefirestore.New(t)
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": sessions.Addr(), "OTEL_EXPORTER_OTLP_ENDPOINT": sink.URL})
	req, err := http.NewRequest(http.MethodGet, s.base+list, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-token", issuer.Token("asker"))
	req.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	mu.Lock()
	defer mu.Unlock()
	for _, name := range []string{"GET " + list, "google.firestore.v1.Firestore/RunQuery"} {
		if spans[name] != trace {
			t.Errorf("span %s is in trace %q, of %v", name, spans[name], spans)
		}
	}
	if service != "willson" {
		t.Errorf("service.name %q", service)
	}
	if !strings.Contains(s.log.String(), `"logging.googleapis.com/trace":"projects/`+testProject+`/traces/`+trace+`"`) {
		t.Errorf("the trace is not in the log: %s", s.log)
	}
}
