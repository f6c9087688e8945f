package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// emulators is a running pair of Auth and Firestore emulator.
type emulators struct {
	*process
	jar  string // the Firestore emulator, startable with java -jar
	java int    // its process, which firebase-tools puts into a group of its own
}

// startEmulators returns when both emulators answer. What they say is in emulators.log in dir, their working directory.
func (w *world) startEmulators(ctx context.Context, dir string) (*emulators, error) {
	jar, err := findJar(ctx)
	if err != nil {
		return nil, err
	}
	config, err := json.MarshalIndent(w.firebase, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "firebase.json"), config, 0o644); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "emulators.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()

	cmd := exec.Command("node", filepath.Join(w.root, appDir, "node_modules/firebase-tools/lib/bin/firebase.js"),
		"emulators:start", "--only", "auth,firestore", "--project", project)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "NO_UPDATE_NOTIFIER=1")
	if jar != "" {
		cmd.Env = append(cmd.Env, jarVariable+"="+jar)
	}
	p, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("starting firebase-tools: %w", err)
	}
	e := &emulators{process: p, jar: jar}
	ready := func(ctx context.Context) (err error) {
		if err := w.emulatorsAnswer(ctx); err != nil {
			return err
		}
		e.java, err = w.javaProcess(ctx)
		return err
	}
	// Enough for a download of the Firestore emulator over a slow line.
	if err := poll(ctx, 5*time.Minute, p.done, ready); err != nil {
		e.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("the emulators did not start: firebase-tools ended with %s\n%s%s", p.ended(), tail(log.Name()), downloadHint(jar))
	}
	if e.jar == "" {
		if e.jar, err = downloadedJar(); err != nil {
			e.stop()
			return nil, fmt.Errorf("looking for the emulator that firebase-tools downloaded: %w", err)
		}
	}
	return e, nil
}

// stop ends firebase-tools as Ctrl-C in a terminal would. It gives java 4 s to go; java must not outlive it.
func (e *emulators) stop() {
	e.process.stop(syscall.SIGINT, 15*time.Second)
	if e.java > 0 {
		_ = syscall.Kill(e.java, syscall.SIGKILL)
	}
}

// javaProcess asks firebase-tools' hub, the only one who knows.
func (w *world) javaProcess(ctx context.Context) (int, error) {
	var running struct {
		Firestore struct {
			PID int `json:"pid"`
		} `json:"firestore"`
	}
	err := getJSON(ctx, "http://"+w.firebase.Emulators.Hub.addr()+"/emulators", &running)
	if err == nil && running.Firestore.PID == 0 {
		err = errors.New("the hub does not list the Firestore emulator yet")
	}
	return running.Firestore.PID, err
}

// emulatorsAnswer is nil when both emulators take requests.
func (w *world) emulatorsAnswer(ctx context.Context) error {
	return errors.Join(
		answers(ctx, "http://"+w.firebase.Emulators.Auth.addr()+"/"),
		answers(ctx, "http://"+w.firebase.Emulators.Firestore.addr()+"/"),
	)
}

// answers is nil when a GET of url is answered with 200.
func answers(ctx context.Context, url string) error {
	return getJSON(ctx, url, nil)
}

// getJSON decodes the answer to a GET, unless answer is nil.
func getJSON(ctx context.Context, url string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// tail returns the end of a log, the part that tells why its writer is gone.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], nil))
}

func downloadHint(jar string) string {
	if jar != "" {
		return ""
	}
	return "If the Firestore emulator could not be downloaded: `gcloud components install cloud-firestore-emulator` brings one, and " +
		jarVariable + " can name one."
}
