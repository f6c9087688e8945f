package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

const emulatorsDir = cacheDir + "/emulators"

// run is the whole local world in one terminal.
func (w *world) run(ctx context.Context) error {
	s, err := w.ready(ctx, w.checkServerPort())
	if err != nil {
		return err
	}
	// Both take seconds, and firebase-tools leaves all processors but one idle.
	var e *emulators
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		e, err = w.startSeeded(bothCtx, s)
		return err
	})
	both.Go(func() error { return w.buildServer(bothCtx) })
	err = both.Wait()
	if e != nil {
		defer e.stop()
	}
	if err != nil {
		return err
	}
	return w.serve(ctx, s, e.done)
}

// emulators is the part of run that keeps the data, for those who start the server themselves.
func (w *world) emulators(ctx context.Context) error {
	s, err := w.ready(ctx, nil)
	if err != nil {
		return err
	}
	e, err := w.startSeeded(ctx, s)
	if err != nil {
		return err
	}
	defer e.stop()
	fmt.Fprintf(w.out, "\nThe emulators are up. `make server` starts the server over them; these accounts are in them:\n\n")
	w.printAccounts(s)
	fmt.Fprintf(w.out, "\nWhat other programs need:\n\n")
	for _, v := range w.environment() {
		fmt.Fprintf(w.out, "  export %s\n", v)
	}
	fmt.Fprintf(w.out, "\nCtrl-C stops them.\n")
	select {
	case <-ctx.Done():
		return nil
	case <-e.done:
		return errEmulatorsGone
	}
}

var errEmulatorsGone = errors.New("the emulators ended by themselves: " + emulatorsDir + "/emulators.log may say why")

// server is the server alone, over the emulators that another terminal runs.
func (w *world) server(ctx context.Context) error {
	if err := w.emulatorsAnswer(ctx); err != nil {
		return errors.New("the emulators are not running: `make emulators` in another terminal starts them")
	}
	if err := w.checkServerPort(); err != nil {
		return err
	}
	s, err := readSeed()
	if err != nil {
		return err
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if err := w.buildServer(ctx); err != nil {
		return err
	}
	return w.serve(ctx, s, nil)
}

// ready tells everything that is in the way at once, problem included, and only then installs and builds.
func (w *world) ready(ctx context.Context, problem error) (*seed, error) {
	s, err := readSeed()
	if err := errors.Join(checkTools(ctx), w.checkEmulatorPorts(), problem, err); err != nil {
		return nil, err
	}
	return s, w.prepare(ctx)
}

func (w *world) startSeeded(ctx context.Context, s *seed) (*emulators, error) {
	begin := time.Now()
	fmt.Fprintln(w.out, "Starting the emulators…")
	e, err := w.startEmulators(ctx, emulatorsDir)
	if err != nil {
		return nil, err
	}
	if err := w.load(ctx, s); err != nil {
		e.stop()
		return nil, err
	}
	fmt.Fprintf(w.out, "  up and seeded after %.1f s\n", time.Since(begin).Seconds())
	return e, nil
}
