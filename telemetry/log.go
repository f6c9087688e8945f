// Package telemetry is how the server is seen from outside: its log and its traces.
package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes a line an event: JSON with the field names that
// Cloud Logging reads (severity, message, time), or text, for a person who reads along.
// Attributes given by With are on every line that is logged with that context.
func NewLogger(w io.Writer, level slog.Level, text bool) *slog.Logger {
	if text {
		return slog.New(handler{slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})})
	}
	return slog.New(handler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: cloudNames})})
}

// cloudNames renames what slog calls otherwise than Cloud Logging does:
// https://cloud.google.com/logging/docs/structured-logging
func cloudNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		level, _ := a.Value.Any().(slog.Level)
		severity := "DEBUG"
		switch { // OpenTelemetry logs at levels in between
		case level >= slog.LevelError:
			severity = "ERROR"
		case level >= slog.LevelWarn:
			severity = "WARNING"
		case level >= slog.LevelInfo:
			severity = "INFO"
		}
		return slog.String("severity", severity)
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}

type attrsKey struct{}

// With returns a context whose log lines carry attrs.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	return context.WithValue(ctx, attrsKey{}, attrs)
}

// handler adds the attributes of the context.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr); ok {
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
