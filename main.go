// Command willson is the session backend of Willson: it answers the app's requests about
// sessions from Firestore, for the user whose Firebase ID token they carry.
// The README tells how it is configured and run.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"golang.org/x/sync/errgroup"

	"willson/auth"
	"willson/console"
	"willson/handlers"
	"willson/store"
	"willson/telemetry"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // sent when the reader of the log is gone; it would end the process
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	cfg, err := readConfig(os.Getenv)
	metrics := prometheus.NewRegistry()
	log, flush := telemetry.StartLog(os.Stderr, cfg.logLevel, isTerminal(os.Stderr), metrics)
	telemetry.SetDefault(log)
	if err == nil {
		err = run(ctx, cfg, log, metrics, func(net.Addr) {})
	}
	code := 0
	if err != nil {
		log.Error("willson cannot run", "error", err)
		code = 1
	}
	flush(500 * time.Millisecond)
	os.Exit(code)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// run serves until ctx is over, then lets running requests finish. It calls listening
// with the address as soon as connections are taken.
func run(ctx context.Context, cfg config, log *slog.Logger, metrics *prometheus.Registry, listening func(net.Addr)) error {
	for _, warning := range cfg.warnings {
		log.Warn(warning)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(cfg.host, cfg.port))
	if err != nil {
		return fmt.Errorf("HOST=%s PORT=%s: %w", cfg.host, cfg.port, err)
	}
	defer listener.Close()
	var scrapes net.Listener
	if cfg.metricsAddr != "" {
		if scrapes, err = net.Listen("tcp", cfg.metricsAddr); err != nil {
			return fmt.Errorf("METRICS_ADDR=%s: %w", cfg.metricsAddr, err)
		}
		defer scrapes.Close()
	}

	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if cfg.traceProtocol != "" {
		stop, err := telemetry.StartTracing(ctx, cfg.traceProtocol)
		if err != nil {
			return err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if err := stop(ctx); err != nil {
				log.Warn("the last traces were not sent", "error", err)
			}
		}()
	}

	verifier, err := auth.New(ctx, auth.Config{
		Project:      cfg.project,
		Emulated:     cfg.authEmulator != "",
		CheckRevoked: cfg.checkRevoked,
		Log:          log,
		Metrics:      metrics,
	})
	if err != nil {
		return err
	}
	defer verifier.Close()

	sessions, err := store.Open(ctx, store.Config{
		Project:      cfg.project,
		EmulatorHost: cfg.emulator,
		Tracing:      cfg.traceProtocol != "",
		Log:          log,
		Metrics:      metrics,
	})
	if err != nil {
		return err
	}
	defer sessions.Close()

	page, err := localConsole(cfg)
	if err != nil {
		return err
	}
	handler, err := handlers.New(handlers.Config{
		Verifier:    verifier,
		Store:       sessions,
		Deadline:    cfg.deadline,
		MaxInFlight: cfg.maxInFlight,
		Project:     cfg.project,
		Console:     page,
		Log:         log,
		Metrics:     metrics,
	})
	if err != nil {
		return err
	}
	handler = crossOrigin(handler, cfg)
	if cfg.traceProtocol != "" {
		handler = otelhttp.NewHandler(handler, "request")
	}

	if cfg.authEmulator != "" {
		log.Warn("tokens are not verified: the Auth emulator stands in for Firebase", "emulator", cfg.authEmulator)
	}
	log.Info("listening", "addr", listener.Addr().String(), "project", cfg.project)
	listening(listener.Addr())

	errorLog := slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, listener, handler, cfg.deadline, errorLog) })
	if scrapes != nil {
		group.Go(func() error {
			return serve(ctx, scrapes, promhttp.HandlerFor(metrics, promhttp.HandlerOpts{ErrorLog: errorLog}), cfg.deadline, errorLog)
		})
	}
	return group.Wait()
}

// localConsole returns nil unless both emulators are configured: in production there is
// no console.
func localConsole(cfg config) (http.Handler, error) {
	if !cfg.local() {
		return nil, nil
	}
	return console.Handler(console.Config{
		Project:           cfg.project,
		AuthEmulator:      cfg.authEmulator,
		FirestoreEmulator: cfg.emulator,
	})
}
