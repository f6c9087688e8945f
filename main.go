// Command willson is the session backend of Willson: it answers the app's requests for
// an asker's sessions from Firestore, for the user whose Firebase ID token they carry.
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
	"sync/atomic"
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
	cfg, err := readConfig(os.Getenv)
	terminal := false
	if info, err := os.Stderr.Stat(); err == nil {
		terminal = info.Mode()&os.ModeCharDevice != 0
	}
	log := telemetry.NewLogger(os.Stderr, cfg.logLevel, terminal)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // a second signal ends the process at once
		err = run(ctx, cfg, log, func(net.Addr) {})
	}
	if err != nil {
		log.Error("willson cannot run", "error", err)
		os.Exit(1)
	}
}

const (
	// drain is how long a server that was told to stop, and takes no new connections, still
	// reads requests from those that it has, asking each client to close its own. Closed at
	// once, they would break under requests that are on their way.
	drain = 500 * time.Millisecond
	// grace is how long running requests then have. Cloud Run kills 10 s after SIGTERM.
	grace = 7 * time.Second
)

// run serves until ctx is over, then lets running requests finish. It calls listening
// with the address as soon as connections are taken.
func run(ctx context.Context, cfg config, log *slog.Logger, listening func(net.Addr)) error {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if cfg.tracing {
		stop, err := telemetry.StartTracing(ctx)
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
		Tracing:      cfg.tracing,
		Log:          log,
		Metrics:      metrics,
	})
	if err != nil {
		return err
	}
	defer sessions.Close()

	local, err := localConsole(cfg)
	if err != nil {
		return err
	}
	handler, err := handlers.New(handlers.Config{
		Verifier:    verifier,
		Store:       sessions,
		Deadline:    cfg.deadline,
		MaxInFlight: cfg.maxInFlight,
		Project:     cfg.project,
		Console:     local,
		Log:         log,
		Metrics:     metrics,
	})
	if err != nil {
		return err
	}
	if cfg.tracing {
		handler = otelhttp.NewHandler(handler, "request")
	}

	listener, err := net.Listen("tcp", ":"+cfg.port)
	if err != nil {
		return fmt.Errorf("PORT=%s: %w", cfg.port, err)
	}
	if cfg.authEmulator != "" {
		log.Warn("tokens are not verified: the Auth emulator stands in for Firebase", "emulator", cfg.authEmulator)
	}
	log.Info("listening", "addr", listener.Addr().String(), "project", cfg.project)
	listening(listener.Addr())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, listener, handler, cfg.deadline, log) })
	if cfg.metricsAddr != "" {
		group.Go(func() error {
			listener, err := net.Listen("tcp", cfg.metricsAddr)
			if err != nil {
				return fmt.Errorf("METRICS_ADDR=%s: %w", cfg.metricsAddr, err)
			}
			return serve(ctx, listener, promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}), cfg.deadline, log)
		})
	}
	return group.Wait()
}

// localConsole returns nil unless both emulators are configured: in production there is
// no console.
func localConsole(cfg config) (http.Handler, error) {
	if cfg.authEmulator == "" || cfg.emulator == "" {
		return nil, nil
	}
	return console.Handler(console.Config{
		Project:           cfg.project,
		AuthEmulator:      cfg.authEmulator,
		FirestoreEmulator: cfg.emulator,
	})
}

// serve serves one listener until ctx is over and its running requests are done.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, deadline time.Duration, log *slog.Logger) error {
	var stopping atomic.Bool
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if stopping.Load() {
				w.Header().Set("Connection", "close")
			}
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 deadline + 10*time.Second, // the handler's answer, then the slowest good client
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered as everything else
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping.Store(true)
	listener.Close()
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		server.Close()
		return fmt.Errorf("requests were cut off after %s: %w", grace, err)
	}
	return nil
}
