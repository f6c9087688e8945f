// Command bench measures the server beside what a user would have built instead, the
// same requests in Node with Express and firebase-admin (peer/), and beside the least
// that the list could cost, two bare Firestore queries behind net/http (floor/).
// README.md says what the figures mean. The Makefile builds what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"willson/internal/fakefirestore"
	"willson/internal/issuer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rounds := flag.Int("rounds", enough, "how often everything is measured; with fewer results.md stays as it is")
	verbose := flag.Bool("v", false, "show what the targets log")
	flag.Parse()
	if err := run(ctx, *rounds, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A lab is everything that a measurement needs: a Firestore, an issuer of tokens, users
// with tokens and documents, and the targets, running.
type lab struct {
	rounds    int
	log       io.Writer // of the targets; nil is /dev/null, since logging is part of their work
	firestore *fakefirestore.Server
	issuer    *issuer.Issuer
	users     users
	running   []*process
	sizes     map[string]map[string]int // of the answers, by scene and target
	results   results
	trips     results // one sample of each
}

func run(ctx context.Context, rounds int, verbose bool) error {
	// The fake Firestore and the clients run in this process, and should take little from
	// the machine that they share with what is measured.
	debug.SetGCPercent(400)
	busy, err := load()
	if err != nil {
		return err
	}
	if busy > idle {
		fmt.Fprintf(os.Stderr, "The machine is busy (load %.1f): the figures will be worth little.\n", busy)
	}
	l := &lab{rounds: rounds, sizes: make(map[string]map[string]int), results: make(results), trips: make(results)}
	if verbose {
		l.log = os.Stderr
	}
	if l.firestore, err = fakefirestore.Start(); err != nil {
		return err
	}
	defer l.firestore.Kill()
	if l.issuer, err = issuer.New(); err != nil {
		return err
	}
	defer l.issuer.Close()
	// For this process and for the targets.
	os.Setenv("GOOGLE_CLOUD_PROJECT", l.issuer.Project)
	os.Setenv("FIRESTORE_EMULATOR_HOST", l.firestore.Addr())
	defer func() {
		for _, p := range l.running {
			p.stop()
		}
	}()
	for _, step := range []func(context.Context) error{l.addUsers, l.startTargets, l.verify, l.measure} {
		if err := step(ctx); err != nil {
			return err
		}
	}

	table := l.results.table(busy) + l.trips.tripsTable()
	fmt.Print(table)
	if rounds >= enough {
		err = os.WriteFile("results.md", []byte(table), 0o644)
	}
	return errors.Join(err, l.results.check())
}
