package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// exec runs a command over emulators of its own and ends as it does.
func (w *world) exec(ctx context.Context, args []string) error {
	if err := checkTools(ctx); err != nil {
		return err
	}
	if err := w.install(ctx); err != nil {
		return err
	}
	return w.withEmulators(ctx, func(env []string) error {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Env = env
		return runGroup(ctx, cmd)
	})
}

// withEmulators calls use while emulators without data run on free ports. The environment it gives has, besides
// where they listen, a Firestore emulator for `java -jar`: tests start some of their own, to kill them.
func (w *world) withEmulators(ctx context.Context, use func(env []string) error) error {
	if err := w.onFreePorts(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(cacheDir, "exec-")
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e, err := w.startEmulators(ctx, dir)
	if err != nil {
		return err
	}
	defer e.stop()
	return use(append(append(os.Environ(), w.environment()...), jarVariable+"="+e.jar))
}

// runGroup runs cmd with whatever it starts, and leaves none of it behind when ctx ends.
func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	p, err := startProcess(cmd)
	if err != nil {
		return fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.stop(syscall.SIGINT, 10*time.Second)
		return ctx.Err()
	}
}
