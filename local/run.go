package main

import (
	"context"
	"errors"
	"fmt"
)

// run is everything in one terminal.
func (l *local) run(ctx context.Context) error {
	return l.withSeed(ctx, l.api.check("the server", "PORT, as in make run PORT=8001"), func(e *emulators) error { return l.serve(ctx, e) })
}

// emulators is the part of run that keeps the data, for those who start the server themselves.
func (l *local) emulators(ctx context.Context) error {
	return l.withSeed(ctx, nil, func(e *emulators) error {
		if err := l.seed(ctx, "greetWithoutServer"); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.done:
			return e.gone()
		}
	})
}

// server is the server alone, over the emulators that another terminal runs.
func (l *local) server(ctx context.Context) error {
	e := l.firebase.Emulators
	if errors.Join(answers("http://"+e.Auth.call()+"/"), answers("http://"+e.Firestore.call()+"/")) != nil {
		return errors.New("the emulators are not running: `make emulators` in another terminal starts them")
	}
	if err := l.api.check("the server", "PORT, as in make run PORT=8001"); err != nil {
		return err
	}
	return l.serve(ctx, &emulators{process: &process{}}) // not ours, so we do not know when they end
}

// withSeed calls use over emulators with the seed's data, until use returns. It first tells everything that is in the
// way at once, problem included.
func (l *local) withSeed(ctx context.Context, problem error, use func(*emulators) error) error {
	if err := errors.Join(l.checkPorts(), problem); err != nil {
		return err
	}
	fmt.Println("Starting the emulators…")
	e, err := l.startEmulators(ctx, emulatorsDir)
	if err != nil {
		return err
	}
	defer e.stop()
	if err := l.seed(ctx, "load"); err != nil {
		return err
	}
	return use(e)
}

// seed runs seed.mjs, which knows the data. What it prints is for the user.
func (l *local) seed(ctx context.Context, args ...string) error {
	return runProcess(ctx, l.command(append([]string{"node", "local/seed.mjs"}, args...)...))
}
