package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// A process is the server as a process of its own, which has read the end of its log.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    *os.File      // where its log comes out
	lines  *bufio.Reader // over log
	addr   string        // where it listens
	begun  []string      // its log up to there
	exited chan error
}

// listens finds the address in the line that tells it, in either form of the log.
var listens = regexp.MustCompile(`(?:msg=listening addr=|"message":"listening","addr":)"?([^" ]+)`)

// startProcess starts the server with this environment and nothing else of ours, over
// emulators that are not there unless env says otherwise.
func startProcess(t *testing.T, env ...string) *process {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(os.Args[0]), log: read, lines: bufio.NewReader(read), exited: make(chan error, 1)}
	p.cmd.Env = append([]string{
		asServer + "=1", "PORT=0", "GOOGLE_CLOUD_PROJECT=" + testProject,
		"FIREBASE_AUTH_EMULATOR_HOST=127.0.0.1:1", "FIRESTORE_EMULATOR_HOST=127.0.0.1:1",
	}, env...)
	p.cmd.Stderr = write
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	go func() { p.exited <- p.cmd.Wait() }()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		read.Close()
	})
	for p.addr == "" {
		text, err := p.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the server ended: %v, after %q", err, p.begun)
		}
		p.begun = append(p.begun, text)
		if listening := listens.FindStringSubmatch(text); listening != nil {
			p.addr = listening[1]
		}
	}
	return p
}

// healthz asks for /healthz, which leaves a line in the log.
func (p *process) healthz() {
	p.t.Helper()
	_, port, _ := net.SplitHostPort(p.addr)
	if status, body := call(p.t, http.MethodGet, "http://127.0.0.1:"+port+"/healthz", ""); status != http.StatusOK {
		p.t.Fatalf("%d %s", status, body)
	}
}

// stop ends the server as Cloud Run does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			p.t.Errorf("the server ended by %v", err)
		}
	case <-time.After(10 * time.Second):
		p.t.Error("the server does not end")
	}
}

// TestRefusesToStart: one line says why, by name.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	for want, env := range map[string][]string{
		`FIRESTORE_EMULATOR_HOST is set on Cloud Run`:                        {"GOOGLE_CLOUD_PROJECT=willson", "K_SERVICE=willson", "FIRESTORE_EMULATOR_HOST=127.0.0.1:8080"},
		`FIREBASE_AUTH_EMULATOR_HOST is set on Cloud Run`:                    {"GOOGLE_CLOUD_PROJECT=willson", "K_SERVICE=willson", "FIREBASE_AUTH_EMULATOR_HOST=127.0.0.1:9099"},
		`GOOGLE_CLOUD_PROJECT is not set`:                                    {"K_SERVICE=willson"},
		`GOOGLE_CLOUD_PROJECT=\"demo-willson\\r\"`:                           {"GOOGLE_CLOUD_PROJECT=demo-willson\r"},
		`FIRESTORE_EMULATOR_HOST=\"127.0.0.1:8080 \"`:                        {"GOOGLE_CLOUD_PROJECT=willson", "FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 "},
		`PORT=\"http\" is not a port`:                                        {"GOOGLE_CLOUD_PROJECT=willson", "PORT=http"},
		`GOOGLE_APPLICATION_CREDENTIALS=\"serve.go\": the file is not JSON`:  {"GOOGLE_CLOUD_PROJECT=willson", "GOOGLE_APPLICATION_CREDENTIALS=serve.go"},
		`GOOGLE_APPLICATION_CREDENTIALS=\"nowhere\": no such file or direct`: {"GOOGLE_CLOUD_PROJECT=willson", "GOOGLE_APPLICATION_CREDENTIALS=nowhere"},
		`METRICS_ADDR=192.0.2.1:9090: listen tcp`: {
			"GOOGLE_CLOUD_PROJECT=willson", "PORT=0", "METRICS_ADDR=192.0.2.1:9090", "FIRESTORE_EMULATOR_HOST=127.0.0.1:1",
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(env, asServer+"=1")
		said, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%v: %v", env, err)
		}
		var line map[string]any
		if err := json.Unmarshal(said, &line); err != nil || line["severity"] != "ERROR" || !strings.Contains(string(said), want) {
			t.Errorf("%v: %v, %s", env, err, said)
		}
	}
}

// TestListens: on all interfaces only where nobody is believed without a signature, or
// where HOST says so. The log is text where both emulators say that this is a developer's
// machine, and JSON elsewhere.
func TestListens(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]struct {
		host string
		text bool
	}{
		"HOST=":                        {"127.0.0.1", true},
		"HOST=0.0.0.0":                 {"::", true},
		"FIREBASE_AUTH_EMULATOR_HOST=": {"::", false},
	} {
		p := startProcess(t, env)
		if host, _, _ := net.SplitHostPort(p.addr); host != want.host {
			t.Errorf("%s: listening on %s, want %s", env, p.addr, want.host)
		}
		for _, line := range p.begun {
			if json.Valid([]byte(line)) == want.text {
				t.Errorf("%s: logged %q", env, line)
			}
		}
		p.stop()
	}
}

// TestPreflight: in local mode a page of this machine may call the API. Its preflight
// leaves no line in the log.
func TestPreflight(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	req, err := http.NewRequest(http.MethodOptions, "http://"+p.addr+list, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://localhost:5173")
	req.Header.Set("Access-Control-Request-Method", http.MethodGet)
	req.Header.Set("Access-Control-Request-Headers", "x-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "http://localhost:5173" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	p.healthz()
	if text, err := p.lines.ReadString('\n'); err != nil || !strings.Contains(text, "/healthz") {
		t.Errorf("logged %q, %v", text, err)
	}
	p.stop()
}

// TestLogReaderGoes: as in `willson 2> >(head -2)`.
func TestLogReaderGoes(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	p.log.Close()
	for range 5 {
		p.healthz()
	}
	p.stop()
}

// TestLogReaderStops: requests go on, lines are counted that cannot be written, and the
// process ends within its time.
func TestLogReaderStops(t *testing.T) {
	t.Parallel()
	metrics := freeAddr(t)
	p := startProcess(t, "METRICS_ADDR="+metrics)
	dropped := regexp.MustCompile(`(?m)^willson_log_lines_dropped_total [1-9]`)
	for start := time.Now(); ; {
		for range 500 {
			p.healthz()
		}
		if _, exposed := call(t, http.MethodGet, "http://"+metrics+"/metrics", ""); dropped.MatchString(exposed) {
			break
		}
		if time.Since(start) > 2*time.Minute {
			t.Fatal("a pipe takes it all")
		}
	}
	p.stop()
}

// TestLogOfLibraries: what libraries have to say is as readable as the rest.
func TestLogOfLibraries(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer refusing.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	empty := grpc.NewServer()
	go empty.Serve(listener)
	defer empty.Stop()
	for protocol, endpoint := range map[string]string{"http/protobuf": refusing.URL, "grpc": "http://" + listener.Addr().String()} {
		p := startProcess(t, "FIREBASE_AUTH_EMULATOR_HOST=", "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_BSP_SCHEDULE_DELAY=10",
			"OTEL_EXPORTER_OTLP_TIMEOUT=soon", "OTEL_RESOURCE_ATTRIBUTES=a", "OTEL_PROPAGATORS=nonsense", "OTEL_TRACES_SAMPLER=dice")
		p.healthz()
		lines := p.begun
		for refused := false; !refused; {
			text, err := p.lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, text)
			refused = strings.Contains(text, "traces export")
		}
		for _, text := range lines {
			var line struct{ Severity, Message, Error string }
			if err := json.Unmarshal([]byte(text), &line); err != nil || line.Severity == "" || line.Message == "" {
				t.Errorf("%s: %v", text, err)
			}
		}
		for _, want := range []string{`OTEL_EXPORTER_OTLP_TIMEOUT=\"soon\"`, `OTEL_RESOURCE_ATTRIBUTES: \"a\"`, "nonsense", "dice"} {
			if !strings.Contains(strings.Join(lines, ""), want) {
				t.Errorf("%s is not told of in %q", want, lines)
			}
		}
		go io.Copy(io.Discard, p.lines)
		p.stop()
	}
}
