//go:build soak

package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A privateEmulator is a Firestore emulator that a test may kill. What was put into it
// is there again after the next start.
type privateEmulator struct {
	addr   string
	export string // a directory, "" before the first put
	cmd    *exec.Cmd
}

const emulatorJar = "FIRESTORE_EMULATOR_BINARY_PATH"

func startEmulator(t *testing.T) *privateEmulator {
	t.Helper()
	if os.Getenv(emulatorJar) == "" {
		t.Fatalf("%s is not set: run `make test`, or `.cache/local exec -- go test .`", emulatorJar)
	}
	e := &privateEmulator{addr: freeAddr(t)}
	e.start(t)
	t.Cleanup(e.kill)
	return e
}

// start returns when the emulator answers.
func (e *privateEmulator) start(t *testing.T) {
	t.Helper()
	host, port, _ := bytes.Cut([]byte(e.addr), []byte(":"))
	args := []string{"-jar", os.Getenv(emulatorJar), "--host", string(host), "--port", string(port)}
	if e.export != "" {
		args = append(args, "--seed_from_export", filepath.Join(e.export, "kept", "kept.overall_export_metadata"))
	}
	e.cmd = exec.Command("java", args...)
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for {
		resp, err := http.Get("http://" + e.addr)
		if err == nil {
			resp.Body.Close()
			return
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("the emulator does not answer: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (e *privateEmulator) kill() {
	e.signal(syscall.SIGKILL)
	e.cmd.Wait()
}

func (e *privateEmulator) signal(s syscall.Signal) { e.cmd.Process.Signal(s) }

// put stores a session under way of this asker, for good.
func (e *privateEmulator) put(t *testing.T, asker string) {
	t.Helper()
	e.post(t, "/v1/projects/"+testProject+"/databases/(default)/documents/chatrooms?documentId=room", fmt.Sprintf(`{"fields":{
		"idx": {"integerValue": "1"}, "asker_uid": {"stringValue": %q}, "status": {"stringValue": "chat"},
		"willsoner_uid": {"stringValue": "1205312339"}, "started_at": {"timestampValue": "2026-01-01T00:00:00Z"},
		"concern": {"mapValue": {"fields": {"idx": {"integerValue": "1"}, "minutes": {"integerValue": "50"}}}},
		"willsoner": {"mapValue": {"fields": {"idx": {"integerValue": "1"}}}}}}`, asker))
	e.export = t.TempDir()
	e.post(t, "/emulator/v1/projects/"+testProject+":export", fmt.Sprintf(
		`{"database": "projects/%s/databases/(default)", "export_directory": %q, "export_name": "kept"}`, testProject, e.export))
}

func (e *privateEmulator) post(t *testing.T, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+e.addr+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer owner")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var said bytes.Buffer
		said.ReadFrom(resp.Body)
		t.Fatalf("%s: %s %s", path, resp.Status, said.String())
	}
}
