package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const emulatorsDir = cacheDir + "/emulators"

var errEmulatorsGone = errors.New("the emulators did not start, or ended by themselves")

// emulators is a running pair of Auth and Firestore emulator.
type emulators struct {
	*process
	lifeline *os.File // see useJava
	jar      string   // the Firestore emulator, startable with java -jar
	dir      string   // where they run and keep their logs
}

// startEmulators returns when both emulators answer. dir, which is made anew, has their configuration and their logs.
func (l *local) startEmulators(ctx context.Context, dir string) (*emulators, error) {
	jar, err := findJar(ctx)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(l.firebase)
	if err := errors.Join(err, os.RemoveAll(dir), os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "firebase.json"), config, 0o644)); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "emulators.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()

	cmd := l.command("node", filepath.Join(l.root, "app/node_modules/firebase-tools/lib/bin/firebase.js"),
		"emulators:start", "--only", "auth,firestore", "--project", project)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(cmd.Env, "NO_UPDATE_NOTIFIER=1")
	if jar != "" {
		cmd.Env = append(cmd.Env, jarVariable+"="+jar)
	}
	lifeline, err := useJava(cmd, filepath.Join(l.root, dir))
	if err != nil {
		return nil, err
	}
	p, err := startProcess(cmd)
	cmd.Stdin.(*os.File).Close()
	if err != nil {
		lifeline.Close()
		return nil, fmt.Errorf("starting firebase-tools: %w", err)
	}
	e := &emulators{p, lifeline, jar, dir}
	// Enough for a download of the Firestore emulator over a slow line.
	err = untilAnswered(ctx, 5*time.Minute, p.done,
		"http://"+l.firebase.Emulators.Auth.call()+"/", "http://"+l.firebase.Emulators.Firestore.call()+"/")
	if err == nil && jar == "" {
		e.jar, err = downloadedJar(ctx)
	}
	if err != nil {
		e.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, e.gone()
	}
	return e, nil
}

// stop ends firebase-tools and java. Nothing that they hold is worth saving.
func (e *emulators) stop() {
	_, _ = e.lifeline.Write([]byte{0})
	e.process.stop()
	endJava(e.lifeline)
}

// gone is what to tell the user when they have ended: the end of each log, with its path, and advice on the jar.
func (e *emulators) gone() error {
	var said strings.Builder
	logs, _ := filepath.Glob(filepath.Join(e.dir, "*.log"))
	for _, log := range logs {
		data, _ := os.ReadFile(log)
		lines := strings.SplitAfter(string(data), "\n")
		fmt.Fprintf(&said, "\n%s ends with:\n%s", log, strings.Join(lines[max(0, len(lines)-16):], ""))
	}
	if e.jar == "" {
		said.WriteString("\nIf the Firestore emulator could not be downloaded: `gcloud components install cloud-firestore-emulator` brings one, and " +
			jarVariable + " can name one.\n")
	}
	return fmt.Errorf("%w (%v)\n%s", errEmulatorsGone, e.err, said.String())
}

// exec runs a command over emulators of its own, without data, and ends as it does. The environment has, besides where
// they listen, a Firestore emulator for `java -jar`: tests start some of their own, to kill them.
func (l *local) exec(ctx context.Context, args []string) error {
	if err := l.onFreePorts(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(cacheDir, "exec-")
	if err != nil {
		return err
	}
	e, err := l.startEmulators(ctx, dir)
	if err == nil {
		err = l.runOver(ctx, e, args)
		e.stop()
	}
	if !errors.Is(err, errEmulatorsGone) { // whose logs are in dir
		os.RemoveAll(dir)
	}
	return err
}

func (l *local) runOver(ctx context.Context, e *emulators, args []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		<-e.done
		cancel(e.gone())
	}()
	cmd := l.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr // itself: it may end when nobody reads it
	cmd.Env = append(cmd.Env, jarVariable+"="+e.jar)
	return runProcess(ctx, cmd)
}
