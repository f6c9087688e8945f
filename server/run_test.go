package server_test

import (
	"bytes"
	"compress/gzip"
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

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"willson/internal/fakefirestore"
	"willson/server"
	"willson/store"
)

// exampleAsker is the one of the contract's example.
const exampleAsker = "SrIE0U2lHWcbtJvBFl3cXClRsY02"

// putExample fills the emulator with what the contract's example answers.
func putExample(t *testing.T) {
	t.Helper()
	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoreEmulator)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client, err := firestore.NewClient(ctx, testProject)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	pic := "https://willson-v1.s3.ap-northeast-2.amazonaws.com/"
	docs := map[string]any{"chatrooms/" + exampleAsker + "_1205312339_1605077440300": store.Chatroom{
		Idx: 20455, AskerUID: exampleAsker, WillsonerUID: "1205312339", Status: store.Chat, StartedAt: time.UnixMilli(1605077440300),
		Concern: store.Concern{Idx: 1513, Minutes: 50, Nickname: "잔나", AskerPic: pic + "user_image/img_profile_w.png"},
		Card: store.Card{
			Idx: 12, Introduction: "안녕하슈", Experience: "저는 집이 잘 살다 한 순가에 무너져 압류즐이 붙고 고물을 줍고 다녔습니다",
			Nickname: "지수카카오", Gender: "F", Pic: pic + "user_image/img_profile_w.png", ImagePic: pic + "willsoner_image/willson_04.jpg",
			Subcategories: []store.Topic{{Name: "이별", Category: "연애"}}, Keywords: []string{"줍줍", "무너짐", "집"},
		},
	}}
	for _, r := range []struct {
		idx, minutes, card      int64
		nickname, willsoner, of string
		starts                  time.Time
	}{
		{669, 60, 68, "하이하이", "xMKS6tTX55OmOevsm2mD4lfNztw1", "nKYHjlI9yneHWlhbyAObhPvXDw43", time.Date(2021, 3, 19, 13, 0, 0, 0, time.UTC)},
		{670, 120, 68, "하이하이", "", "nKYHjlI9yneHWlhbyAObhPvXDw43", time.Date(2021, 3, 20, 9, 0, 0, 0, time.UTC)},
		{671, 120, 2, "test6", "", "43F9C9XlK9Wyln44lACF7G0JJYV2", time.Date(2021, 3, 19, 11, 0, 0, 0, time.UTC)},
	} {
		docs[fmt.Sprintf("reservations/example%d", r.idx)] = store.Reservation{
			Idx: r.idx, Roomkey: "WbSC96eYyuXfdPvAmkj8cjVOf002_" + r.of, AskerUID: exampleAsker, WillsonerUID: r.willsoner,
			Status: store.Reserved, StartsAt: r.starts, Concern: store.Concern{Minutes: r.minutes},
			Card: store.Card{Idx: r.card, Nickname: r.nickname, ImagePic: pic + "willsoner_image/willson_02.jpg"},
		}
	}
	for _, collection := range []string{"chatrooms", "reservations"} { // what other tests left of the asker
		others, err := client.Collection(collection).Where("asker_uid", "==", exampleAsker).Documents(ctx).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range others {
			if _, err := other.Ref.Delete(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, doc := range docs {
		if _, err := client.Doc(path).Set(ctx, doc); err != nil {
			t.Fatal(err)
		}
	}
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
		`willson_firestore_documents_read_total 8`,
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
	issuer, sessions := startGoogle(t), startFake(t)
	var names []string
	for n := range askers {
		names = append(names, fmt.Sprintf("asker %d of %d", n, rand.Uint32()))
		putFour(t, sessions, names[n])
	}
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": sessions.Addr(), "LOG_LEVEL": "error"})

	var all sync.WaitGroup
	for n := range askers {
		all.Go(func() {
			asker := names[n]
			client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			defer client.CloseIdleConnections()
			token := ""
			for round := range rounds {
				if round%50 == 0 {
					token = issuer.Token(asker, func(_, claims map[string]any) { claims["auth_time"] = round })
				}
				if err := ownRows(client, s.base, asker, token, round%2 == 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// ownRows asks for an asker's list and returns what is wrong with it.
func ownRows(client *http.Client, base, asker, token string, compressed bool) error {
	req, err := http.NewRequest(http.MethodGet, base+list, nil)
	if err != nil {
		return err
	}
	req.Header.Set("x-token", token)
	if compressed {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body := io.Reader(resp.Body)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return err
		}
	}
	type willsoner struct{ Asker struct{ Nickname string } }
	var got struct {
		Data struct {
			Ing []struct {
				Roomkey   string
				Concern   struct{ Asker struct{ ID string } }
				Willsoner willsoner
			}
			Reserve []struct {
				Roomkey   string
				Willsoner willsoner
			}
		}
	}
	if err := json.NewDecoder(body).Decode(&got); err != nil {
		return err
	}
	if len(got.Data.Ing) != 1 || len(got.Data.Reserve) != 3 {
		return fmt.Errorf("%s: %s with %d and %d rows", asker, resp.Status, len(got.Data.Ing), len(got.Data.Reserve))
	}
	for _, row := range got.Data.Ing {
		if row.Concern.Asker.ID != asker || !strings.HasPrefix(row.Roomkey, asker+"_") || row.Willsoner.Asker.Nickname != "with "+asker {
			return fmt.Errorf("%s is shown %+v", asker, row)
		}
	}
	for _, row := range got.Data.Reserve {
		if !strings.HasPrefix(row.Roomkey, asker+"_") || row.Willsoner.Asker.Nickname != "with "+asker {
			return fmt.Errorf("%s is shown %+v", asker, row)
		}
	}
	return nil
}

// TestStops: told to stop, the server answers what it has begun, and ends in time.
func TestStops(t *testing.T) {
	issuer, sessions := startGoogle(t), startFake(t)
	putFour(t, sessions, "asker")
	sessions.OnCall(fakefirestore.Always(fakefirestore.Fault{Delay: 2 * time.Second}))
	s := startServer(t, map[string]string{"FIRESTORE_EMULATOR_HOST": sessions.Addr()})

	answered := make(chan int, 1)
	token := issuer.Token("asker")
	go func() {
		req, _ := http.NewRequest(http.MethodGet, s.base+list, nil) // an address of our own
		req.Header.Set("x-token", token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	waitFor(t, "the request is under way", func() bool { return sessions.Count("RunQuery") > 0 })
	begin := time.Now()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 9*time.Second {
		t.Errorf("stopped after %v", took)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the running request got %d", status)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://")); err == nil {
		conn.Close()
		t.Error("still listening")
	}
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
	sessions := startFake(t)
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
