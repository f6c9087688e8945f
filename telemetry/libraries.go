package telemetry

import (
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// SetDefault has the libraries that write a log of their own write it to log: those that
// use package log or slog's default logger, gRPC and OpenTelemetry. It is for main, before
// anything else runs.
func SetDefault(log *slog.Logger) {
	slog.SetDefault(log)
	slog.SetLogLoggerLevel(slog.LevelWarn) // what comes through package log says no level
	errors := slog.NewLogLogger(log.With("library", "gRPC").Handler(), slog.LevelError).Writer()
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, errors)) // errors alone, as by default
	otel.SetLogger(logr.FromSlogHandler(log.With("library", "OpenTelemetry").Handler()))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("OpenTelemetry", "error", err)
	}))
}
