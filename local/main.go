// Command local makes the local world of Willson: the Firebase emulators, seed data, and the server over them,
// on a machine without a cloud account. The Makefile is its user interface.
//
//	run          emulators, seed data and the server, until Ctrl-C
//	emulators    emulators and seed data alone
//	server       the server alone, over running emulators
//	exec -- CMD  CMD over emulators of its own, on free ports, so that it may run beside the others
//	test         every test there is, over emulators like those of exec
//	prepare      only what the others do first: app/node_modules and console/dist
//
// It is started from the top of the repository and keeps everything it makes in .cache, app/node_modules and
// console/dist.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const usage = "usage: local run | emulators | server | exec -- COMMAND... | test | prepare"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	w, err := newWorld(out)
	if err != nil {
		return err
	}
	switch {
	case args[0] == "run" && len(args) == 1:
		err = w.run(ctx)
	case args[0] == "emulators" && len(args) == 1:
		err = w.emulators(ctx)
	case args[0] == "server" && len(args) == 1:
		err = w.server(ctx)
	case args[0] == "exec" && len(args) > 2 && args[1] == "--":
		return w.exec(ctx, args[2:])
	case args[0] == "test" && len(args) == 1:
		return w.test(ctx)
	case args[0] == "prepare" && len(args) == 1:
		return w.prepare(ctx)
	default:
		return errors.New(usage)
	}
	// Being told to stop is how run, emulators and server end well, whatever it interrupted.
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// errTold is a failure that the user has been told of.
var errTold = errors.New("failed")

// exitCode reports err, unless it is another command's failure, which that command has reported itself.
func exitCode(err error, stderr io.Writer) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	case errors.Is(err, errTold):
		return 1
	default:
		fmt.Fprintln(stderr, err)
		return 1
	}
}
