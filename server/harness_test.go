package server_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/authemulator"
	"willson/internal/issuer"
	"willson/internal/telemetrytest"
	"willson/server"
	"willson/telemetry"
)

// Where the emulators are, whatever a test does to the environment.
var (
	authEmulator      = os.Getenv("FIREBASE_AUTH_EMULATOR_HOST")
	firestoreEmulator = os.Getenv("FIRESTORE_EMULATOR_HOST")
)

// testProject is the one that the Auth emulator signs users in to; tests keep apart by uid.
const testProject = "demo-willson"

func needEmulators(t testing.TB) {
	t.Helper()
	if authEmulator == "" || firestoreEmulator == "" {
		t.Fatal("FIREBASE_AUTH_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST are not set: run `make test`, or `.cache/local exec -- go test .`")
	}
}

// google is who www.googleapis.com is for this process.
var google atomic.Pointer[issuer.Issuer]

// asServer, when set, makes the test binary the server itself.
const asServer = "WILLSON_TEST_AS_SERVER"

// TestMain puts the tests' Google into http.DefaultTransport, of which the Admin SDK
// takes a copy, before anything runs that reads it.
func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(server.Main())
	}
	http.DefaultTransport.(*http.Transport).DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if i := google.Load(); i != nil {
			return i.DialTLSContext(ctx, network, addr)
		}
		return nil, fmt.Errorf("no Google in this test: %s", addr)
	}
	os.Exit(m.Run())
}

// startGoogle makes this process take a new issuer for Google until the test ends.
func startGoogle(t testing.TB) *issuer.Issuer {
	t.Helper()
	i, err := issuer.New()
	if err != nil {
		t.Fatal(err)
	}
	i.Project = testProject
	google.Store(i)
	t.Cleanup(func() {
		google.Store(nil)
		i.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return i
}

// A serverUnderTest is a server that was started through run.
type serverUnderTest struct {
	base string // http://127.0.0.1:port
	log  *telemetrytest.Log
	stop func() error // as SIGTERM does; returns what run returned, also the second time
}

// startServer starts a server with this environment, on a port of its own and for
// testProject unless env says otherwise, and stops it when the test ends. The Admin SDK
// reads the process's environment, so FIREBASE_AUTH_EMULATOR_HOST is set there too: a
// test that starts a server is not parallel.
func startServer(t testing.TB, env map[string]string) *serverUnderTest {
	t.Helper()
	full := map[string]string{"PORT": "0", "GOOGLE_CLOUD_PROJECT": testProject}
	maps.Copy(full, env)
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", full["FIREBASE_AUTH_EMULATOR_HOST"])
	cfg, err := server.ReadConfig(func(name string) string { return full[name] })
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	log := &telemetrytest.Log{}
	address := make(chan net.Addr, 1)
	ended := make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		result = server.Run(ctx, cfg, telemetry.NewLogger(log, cfg.LogLevel, false), prometheus.NewRegistry(), func(a net.Addr) { address <- a })
	}()
	s := &serverUnderTest{log: log, stop: func() error {
		cancel()
		<-ended
		return result
	}}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("run: %v", err)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", log)
		}
	})
	select {
	case a := <-address:
		s.base = fmt.Sprintf("http://127.0.0.1:%d", a.(*net.TCPAddr).Port)
	case <-ended:
		t.FailNow()
	}
	return s
}

// freeAddr is an address to listen on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until met returns true, and fails the test after ten seconds.
func waitFor(t testing.TB, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 10 s still not: %s", what)
		}
	}
}

// signIn makes a user with this uid at the Auth emulator and returns an ID token of it.
func signIn(t testing.TB, uid string) string {
	t.Helper()
	email := fmt.Sprintf("%x@example.com", uid)
	emulate(t, "projects/"+testProject+"/accounts:batchDelete", map[string]any{"localIds": []string{uid}, "force": true}) // an earlier run's
	emulate(t, "projects/"+testProject+"/accounts", map[string]any{"localId": uid, "email": email, "password": "password"})
	return emulate(t, "accounts:signInWithPassword?key=any", map[string]any{"email": email, "password": "password", "returnSecureToken": true})
}

// emulate asks the Auth emulator and returns the token in its answer, if there is one.
func emulate(t testing.TB, path string, body map[string]any) string {
	t.Helper()
	return authemulator.Ask(t, authEmulator, path, body)
}

// firestoreClient is one with an owner's rights, for a Firestore at host.
func firestoreClient(t testing.TB, project, host string) *firestore.Client {
	t.Helper()
	t.Setenv("FIRESTORE_EMULATOR_HOST", host)
	client, err := firestore.NewClient(context.Background(), project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// putAll stores documents by path.
func putAll(t testing.TB, client *firestore.Client, docs map[string]any) {
	t.Helper()
	for path, doc := range docs {
		if _, err := client.Doc(path).Set(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
}
