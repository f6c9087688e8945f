package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

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

// stop asks the whole group to end, and makes it end when it has not within grace.
// A process whose parent is already gone gets no second chance.
func (p *process) stop(sig syscall.Signal, grace time.Duration) {
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, sig)
	select {
	case <-p.done:
	case <-time.After(grace):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.done
}

// ended says how the process went, for a line to the user.
func (p *process) ended() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// poll asks until there is no error. It gives up, with the last error, when limit is over, ctx ends or gone closes.
func poll(ctx context.Context, limit time.Duration, gone <-chan struct{}, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-gone:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%w (waited up to %v)", err, limit)
		}
	}
}

// command is a short-lived helper such as npm or go build: Ctrl-C interrupts it like this program.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
