package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asLocal, when set, makes the test binary this program.
const asLocal = "WILLSON_TEST_AS_LOCAL"

// TestMain makes the test binary also java, where runJava is meant.
func TestMain(m *testing.M) {
	if os.Getenv(javaVariable) != "" || os.Getenv(asLocal) != "" {
		main()
	}
	os.Exit(m.Run())
}

// fakeTool puts a script first into PATH.
func fakeTool(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// within waits until done, for at most a minute.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func writtenPID(path string) int {
	data, _ := os.ReadFile(path)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return pid
}

func ended(pid int) func() bool {
	return func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
}

func TestJavaEndsWithoutFirebaseTools(t *testing.T) {
	for name, end := range map[string]func(*os.File){
		"when asked to":      endJava,
		"when local is gone": func(lifeline *os.File) { lifeline.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			pidFile := filepath.Join(t.TempDir(), "pid")
			fakeTool(t, "java", "echo $$ >"+pidFile+"; exec sleep 600")
			firebaseTools := exec.Command("sh", "-c", "exec 3<&0; java <&3 & wait")
			lifeline, err := useJava(firebaseTools, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			p, err := startProcess(firebaseTools)
			if err != nil {
				t.Fatal(err)
			}
			firebaseTools.Stdin.(*os.File).Close()
			within(t, "java starts", func() bool { return writtenPID(pidFile) > 0 })
			firebaseTools.Process.Kill() // alone: the real one puts java into another group
			<-p.done
			if ended(writtenPID(pidFile))() {
				t.Fatal("java ended with firebase-tools: this test shows nothing")
			}
			end(lifeline)
			within(t, "java ends", ended(writtenPID(pidFile)))
		})
	}
}

func TestRunProcessEndsWhatItStarted(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, stop := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		result <- runProcess(ctx, exec.Command("sh", "-c", "sleep 600 & echo $! >"+pidFile+"; wait"))
	}()
	within(t, "the command starts", func() bool { return writtenPID(pidFile) > 0 })
	stop()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	within(t, "the command's child ends", ended(writtenPID(pidFile)))
}

func TestRestart(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(cacheDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := askRestart(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing to restart") {
		t.Errorf("restarted, with nothing running: %v", err)
	}
	l := new(local)
	l.restarts() // of a process before, whose socket is left
	again, _ := l.restarts()
	for _, want := range []error{nil, errors.New("it does not build")} {
		go func() { (<-again) <- want }()
		if err := askRestart(t.Context()); fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("restarted with %v: %v", want, err)
		}
	}
}

// TestReaderGoes: as in `make run 2>&1 | sed q`. Neither this program nor what it starts fails for it.
func TestReaderGoes(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir(cacheDir, 0o755), os.WriteFile("firebase.json", []byte("{}"), 0o644)); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	read.Close()

	l := new(local)
	again, _ := l.restarts()
	go func() { (<-again) <- nil }()
	restart := exec.Command(os.Args[0], "restart")
	restart.Env = append(os.Environ(), asLocal+"=1")
	restart.Stdout, restart.Stderr = write, write
	if err := restart.Run(); err != nil {
		t.Errorf("this program: %v", err)
	}

	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = write
	if err := runProcess(t.Context(), l.command("sh", "-c", "echo one && echo two")); err != nil {
		t.Errorf("a program that it starts: %v", err)
	}
}

func TestListener(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:80", "0.0.0.0": "127.0.0.1:80", "::": "127.0.0.1:80", "::1": "[::1]:80", "localhost": "localhost:80", "192.0.2.2": "192.0.2.2:80",
	} {
		if got := (listener{Host: host, Port: 80}).call(); got != want {
			t.Errorf("%s is called at %s, want %s", host, got, want)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := taken.Addr().(*net.TCPAddr).Port
	err = listener{Host: "127.0.0.1", Port: port}.check("the server", "PORT")
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) || strings.Contains(err.Error(), "%!") {
		t.Errorf("a taken port: %v", err)
	}
	taken.Close()
	if err := (listener{Host: "127.0.0.1", Port: port}).check("the server", "PORT"); err != nil {
		t.Error(err)
	}
}

func TestLauncher(t *testing.T) {
	path := filepath.Join(t.TempDir(), "launcher.jar")
	if err := writeLauncher(path, "/opt/구글 클라우드/"+strings.Repeat("long/", 20)+"emulator.jar"); err != nil {
		t.Fatal(err)
	}
	jar, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer jar.Close()
	f, err := jar.Open("META-INF/MANIFEST.MF")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(manifest), "\r\n") {
		if len(line) > 72 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	want := "\r\nClass-Path: file:///opt/%EA%B5%AC%EA%B8%80%20%ED%81%B4%EB%9D%BC%EC%9A%B0%EB%93%9C/long/long/"
	if got := strings.ReplaceAll(string(manifest), "\r\n ", ""); !strings.Contains(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestEmulatorsThatEndEndTheCommand(t *testing.T) {
	firebaseTools, err := startProcess(exec.Command("false"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "emulators.log"), []byte("the cause\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err = new(local).runOver(t.Context(), &emulators{process: firebaseTools, dir: dir}, []string{"sleep", "600"})
	if !errors.Is(err, errEmulatorsGone) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "the cause") {
		t.Error(err)
	}
}
