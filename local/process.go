package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// command is a program that finds the emulators, and whose output is for the user, whether there still is one to read it.
func (l *local) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(),
		"GOOGLE_CLOUD_PROJECT="+project,
		"FIREBASE_AUTH_EMULATOR_HOST="+l.firebase.Emulators.Auth.call(),
		"FIRESTORE_EMULATOR_HOST="+l.firebase.Emulators.Firestore.call(),
		// java reads file names in the locale's encoding: without one it finds nothing below a folder with a Korean name.
		"LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = whileRead(os.Stdout), whileRead(os.Stderr)
	return cmd
}

// whileRead returns f, if it is a terminal, and else a writer that goes on without f when nobody reads it any more: given
// f itself, a program could fail for it.
func whileRead(f *os.File) io.Writer {
	if isTerminal(f) {
		return f
	}
	return forgiving{f}
}

type forgiving struct{ f *os.File }

func (w forgiving) Write(p []byte) (int, error) {
	_, _ = w.f.Write(p)
	return len(p), nil
}

// process is a child in a process group of its own: a terminal's Ctrl-C reaches this program alone, which then ends
// its children, and theirs, in order.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended; err is set by then
	err  error
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop asks the whole group to end, and makes it end when it has not within the 10 s that Cloud Run leaves a server.
func (p *process) stop() {
	select {
	case <-p.done:
		return // its number may be another's by now
	default:
	}
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.done
}

// runProcess runs cmd with whatever it starts, and leaves none of it behind when ctx ends.
func runProcess(ctx context.Context, cmd *exec.Cmd) error {
	p, err := startProcess(cmd)
	if err != nil {
		return fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.stop()
		return context.Cause(ctx)
	}
}

// untilAnswered asks until each GET is answered with 200. It gives up, with the last error, when limit is over, ctx
// ends or gone closes.
func untilAnswered(ctx context.Context, limit time.Duration, gone <-chan struct{}, urls ...string) error {
	end := time.After(limit)
	for _, url := range urls {
		for err := answers(url); err != nil; err = answers(url) {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-gone:
				return err
			case <-end:
				return fmt.Errorf("%w (after %v)", err, limit)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func answers(url string) error {
	res, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return nil
}
