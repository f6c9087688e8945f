package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// The targets, as the table calls them.
const (
	willson = "Willson"
	node    = "Node"
	floor   = "floor"
)

// A process is a target, running.
type process struct {
	name    string
	command []string
	env     []string
	cmd     *exec.Cmd
	url     string
	cold    time.Duration // from exec to the first answer of 200
}

// startTargets starts what the Makefile has built and installed.
func (l *lab) startTargets(ctx context.Context) error {
	nodeEnv := []string{
		"NODE_ENV=production", "METADATA_SERVER_DETECTION=none",
		"BENCH_" + l.issuer.Env()[0], "NODE_EXTRA_CA_CERTS=" + l.issuer.CAFile(),
	}
	for _, p := range []*process{
		{name: willson, command: []string{"../.cache/willson"}, env: append(l.issuer.Env(),
			"GOOGLE_APPLICATION_CREDENTIALS="+l.issuer.Credentials())}, // it looks up whose cookies it is shown
		{name: node, command: []string{"node", "peer/server.mjs"}, env: nodeEnv},
		{name: floor, command: []string{"../.cache/floor"}},
	} {
		if err := l.start(ctx, p); err != nil {
			return err
		}
		l.running = append(l.running, p)
	}
	return nil
}

// coldLimit is how long a target may take to its first answer.
const coldLimit = 20 * time.Second

// start runs p on a free port and waits until it answers the list.
func (l *lab) start(ctx context.Context, p *process) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	listener.Close()
	addr := listener.Addr().(*net.TCPAddr)
	p.url = "http://" + addr.String()
	p.cmd = exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	p.cmd.Env = append(append(os.Environ(), p.env...), fmt.Sprint("PORT=", addr.Port))
	p.cmd.Stderr = l.log
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	request := l.requests(p, l.scenes()[0], 0)[0]
	for {
		answer := ask(request)
		p.cold = time.Since(begin)
		if answer.Code == 200 {
			return nil
		}
		if p.cold > coldLimit || ctx.Err() != nil {
			p.stop()
			return fmt.Errorf("%s: no 200 in %v (-v shows its log): %s %s", p.name, p.cold, answer.Error, answer.Body)
		}
		time.Sleep(time.Millisecond)
	}
}

// stop kills the process: nothing of what it would still do is measured.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// cpuTime is the CPU that the process has used, user and system, in all its threads, by
// the kernel's own clock of it: exact to the nanosecond, where /proc counts in hundredths
// of a second.
func (p *process) cpuTime() (time.Duration, error) {
	const schedClock = 2 // CPUCLOCK_SCHED, for the whole process
	var t unix.Timespec
	err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|schedClock), &t)
	return time.Duration(t.Nano()), err
}
