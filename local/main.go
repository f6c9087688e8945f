// Command local runs the Firebase emulators, and the server over them, on a machine without a cloud account. The
// Makefile is its user interface: it installs and builds what is needed here.
//
//	run          emulators, seed data and the server, until Ctrl-C
//	emulators    emulators and seed data alone
//	server       the server alone, over running emulators
//	restart      a new server for the one that run or server has started
//	exec -- CMD  CMD over emulators of its own, on free ports, so that it may run beside the others
//
// It is started from the top of the repository, and keeps what it makes in .cache.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

const usage = "usage: local run | emulators | server | restart | exec -- COMMAND"

func main() {
	// Asked for, the signal does not end this program when the reader of its output goes away, and is not kept from the
	// programs that it starts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	start := run
	if os.Getenv(javaVariable) != "" {
		start = runJava
	}
	err := start(ctx, os.Args[1:])
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

func run(ctx context.Context, args []string) error {
	l, err := newLocal()
	if err != nil {
		return err
	}
	if len(args) > 2 && args[0] == "exec" && args[1] == "--" {
		return l.exec(ctx, args[2:])
	}
	if err := l.listenWhereSet(); err != nil {
		return err
	}
	do := map[string]func(context.Context) error{
		"run": l.run, "emulators": l.emulators, "server": l.server, "restart": askRestart,
	}[strings.Join(args, " ")]
	if do == nil {
		return errors.New(usage)
	}
	// Being told to stop is how run, emulators and server end well, whatever it interrupted.
	if err := do(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

// exitCode reports err, unless it is another command's failure, which that command has reported itself.
func exitCode(err error, stderr io.Writer) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(stderr, err)
		return 1
	}
}
