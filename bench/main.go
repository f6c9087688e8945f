// Command bench measures the server beside what a user would have built
// instead: the same endpoint in Node with Express and firebase-admin (peer/),
// and beside the least that it could cost: two bare Firestore queries behind
// net/http (floor/). All are processes of their own and ask the same stand-in
// Firestore; rounds alternate between them, so that a slow minute of the machine
// hits all alike. README.md says what the figures mean.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A plan is how long and how often is measured.
type plan struct {
	rounds int           // of every scenario
	slot   time.Duration // one target in one scenario of one round
	warmUp time.Duration // CPU that a target uses before it is measured
	out    string        // where the results go, "" for nowhere
	// verbose shows what the targets write to stderr. They write it to nowhere
	// otherwise, but they do write it: logging is part of their work.
	verbose bool
}

const (
	// warmUp is what Node's compiler needs until its code gets no faster.
	warmUp = 3 * time.Second
	// limit ends a run that hangs; the default one takes four minutes.
	limit = 15 * time.Minute
)

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == standinCommand {
		return serveStandin(ctx, os.Stdin, os.Stdout)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "rounds of every scenario; the figures are medians over them")
	slot := flags.Duration("slot", 800*time.Millisecond, "how long one target is measured in one scenario of one round")
	quick := flags.Bool("quick", false, "a look in less than a minute, which writes no files: -rounds 2 -slot 250ms -out ''")
	out := flags.String("out", "bench", "directory for results.json, results.svg and the table in README.md")
	verbose := flags.Bool("v", false, "show what the targets log")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := plan{rounds: *rounds, slot: *slot, warmUp: warmUp, out: *out, verbose: *verbose}
	if *quick {
		p = plan{rounds: 2, slot: 250 * time.Millisecond, warmUp: warmUp / 2, verbose: *verbose}
	}
	if p.rounds < 1 || p.slot < 100*time.Millisecond {
		return fmt.Errorf("%d rounds of %v measure nothing", p.rounds, p.slot)
	}

	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	lab, err := newLab(ctx, p)
	if err != nil {
		return err
	}
	defer lab.close()
	if err := lab.measure(ctx); err != nil {
		return err
	}
	table := lab.results.table()
	fmt.Print(table)
	if p.out == "" {
		return nil
	}
	return lab.results.write(p.out, table)
}

// write leaves the raw figures, the picture, and the table between the README's
// markers.
func (r *results) write(dir, table string) error {
	raw, err := r.json()
	if err != nil {
		return err
	}
	readme := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	text, err = between(text, table)
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	for path, content := range map[string][]byte{
		filepath.Join(dir, "results.json"): raw,
		filepath.Join(dir, "results.svg"):  r.picture(),
		readme:                             text,
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
