// Package server is the process: it reads the configuration, makes everything of it, and
// serves until it is told to stop.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
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
	"willson/push"
	"willson/reference"
	"willson/store"
	"willson/telemetry"
)

// Main is the process from its start to its end, by SIGINT or SIGTERM or because it cannot
// run. It returns the exit code. Its log goes to standard error: text on a developer's
// machine, where both emulators are configured, and JSON everywhere else, whatever standard
// error is.
func Main() int {
	signal.Ignore(syscall.SIGPIPE) // sent when the reader of the log is gone; it would end the process
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	collectLess()

	cfg, err := ReadConfig(os.Getenv)
	metrics := prometheus.NewRegistry()
	log, flush := telemetry.StartLog(os.Stderr, cfg.LogLevel, err == nil && cfg.Local(), metrics)
	defer flush(500 * time.Millisecond)
	telemetry.SetDefault(log)
	if err == nil {
		err = Run(ctx, cfg, log, metrics, func(net.Addr) {})
	}
	if err != nil {
		log.Error("willson cannot run", "error", err)
		return 1
	}
	return 0
}

// collectLess has the garbage collector wait until there is 2.5 times as much garbage as what
// is in use, unless GOGC says otherwise. In use are a few MiB, and at most what MaxInFlight
// lets in: Go's own value would collect dozens of times a second, for a tenth of the CPU.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(250)
	}
}

// Run serves until ctx is over, then lets running requests finish. It calls listening
// with the address as soon as connections are taken.
func Run(ctx context.Context, cfg Config, log *slog.Logger, metrics *prometheus.Registry, listening func(net.Addr)) error {
	for _, warning := range cfg.Warnings {
		log.Warn(warning)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(cfg.Host, cfg.Port))
	if err != nil {
		return fmt.Errorf("HOST=%s PORT=%s: %w", cfg.Host, cfg.Port, err)
	}
	defer listener.Close()
	var scrapes net.Listener
	if cfg.MetricsAddr != "" {
		if scrapes, err = net.Listen("tcp", cfg.MetricsAddr); err != nil {
			return fmt.Errorf("METRICS_ADDR=%s: %w", cfg.MetricsAddr, err)
		}
		defer scrapes.Close()
	}

	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	stopTracing, err := startTracing(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer stopTracing()
	verifier, err := auth.New(ctx, auth.Config{
		Project:      cfg.Project,
		Emulated:     cfg.AuthEmulator != "",
		CheckRevoked: cfg.CheckRevoked,
		Log:          log,
		Metrics:      metrics,
	})
	if err != nil {
		return err
	}
	defer verifier.Close()
	data, err := reference.Load()
	if err != nil {
		return err
	}
	kept, err := store.Open(ctx, store.Config{
		Project:      cfg.Project,
		EmulatorHost: cfg.FirestoreEmulator,
		Tracing:      cfg.TraceProtocol != "",
		Reference:    data,
		Log:          log,
		Metrics:      metrics,
	})
	if err != nil {
		return err
	}
	defer kept.Close()
	handler, err := newHandler(cfg, verifier, kept, data, log, metrics)
	if err != nil {
		return err
	}

	if cfg.AuthEmulator != "" {
		log.Warn("tokens are not verified: the Auth emulator stands in for Firebase", "emulator", cfg.AuthEmulator)
	}
	log.Info("listening", "addr", listener.Addr().String(), "project", cfg.Project)
	listening(listener.Addr())

	errorLog := slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, listener, handler, cfg.Deadline, errorLog) })
	if scrapes != nil {
		group.Go(func() error {
			return serve(ctx, scrapes, promhttp.HandlerFor(metrics, promhttp.HandlerOpts{ErrorLog: errorLog}), cfg.Deadline, errorLog)
		})
	}
	return group.Wait()
}

// startTracing sends traces if the configuration wants any. The returned function sends what
// is left.
func startTracing(ctx context.Context, cfg Config, log *slog.Logger) (stop func(), err error) {
	if cfg.TraceProtocol == "" {
		return func() {}, nil
	}
	shutdown, err := telemetry.StartTracing(ctx, cfg.TraceProtocol)
	if err != nil {
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := shutdown(ctx); err != nil {
			log.Warn("the last traces were not sent", "error", err)
		}
	}, nil
}

// newHandler puts together what answers requests.
func newHandler(cfg Config, verifier *auth.Verifier, kept *store.Store, data *reference.Data, log *slog.Logger, metrics prometheus.Registerer) (http.Handler, error) {
	teller, notices := newTeller(cfg, kept, log, metrics)
	page, err := localConsole(cfg, notices)
	if err != nil {
		return nil, err
	}
	handler, err := handlers.New(handlers.Config{
		Verifier:        verifier,
		Store:           kept,
		Reference:       data,
		Teller:          teller,
		WelcomePots:     cfg.WelcomePots,
		InvitationCodes: cfg.InvitationCodes,
		Deadline:        cfg.Deadline,
		MaxInFlight:     cfg.MaxInFlight,
		Project:         cfg.Project,
		Console:         page,
		Log:             log,
		Metrics:         metrics,
	})
	if err != nil {
		return nil, err
	}
	handler = crossOrigin(handler, cfg)
	if cfg.TraceProtocol != "" {
		handler = otelhttp.NewHandler(handler, "request")
	}
	return handler, nil
}

// newTeller returns who tells people's phones what happened: nobody, or FCM, or in local
// mode a record, which is also served to the console.
func newTeller(cfg Config, tokens push.Tokens, log *slog.Logger, metrics prometheus.Registerer) (handlers.Teller, http.Handler) {
	switch {
	case cfg.Push:
		return push.New(push.Config{Project: cfg.Project, Tokens: tokens, Log: log, Metrics: metrics}), nil
	case cfg.Local():
		record := push.NewRecord(log)
		return record, record
	}
	return nil, nil
}

// localConsole returns nil unless both emulators are configured: in production there is
// no console.
func localConsole(cfg Config, notices http.Handler) (http.Handler, error) {
	if !cfg.Local() {
		return nil, nil
	}
	return console.Handler(console.Config{
		Project:           cfg.Project,
		AuthEmulator:      cfg.AuthEmulator,
		FirestoreEmulator: cfg.FirestoreEmulator,
		Notices:           notices,
	})
}
