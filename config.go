package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// A config is what the environment says. The README lists the variables.
type config struct {
	port         string
	project      string
	deadline     time.Duration
	logLevel     slog.Level
	maxInFlight  int
	metricsAddr  string // "" for none
	checkRevoked bool
	tracing      bool
	authEmulator string // host:port, "" for Firebase Auth itself
	emulator     string // Firestore's, host:port, "" for Google's
	cloudRun     bool
}

// readConfig reads the configuration, and reports every problem with it at once. The
// Admin SDK and OpenTelemetry read variables of their own; nothing else here does.
func readConfig(getenv func(string) string) (config, error) {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	or := func(name, otherwise string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return otherwise
	}

	cfg := config{
		port:         or("PORT", "8000"),
		project:      getenv("GOOGLE_CLOUD_PROJECT"),
		metricsAddr:  getenv("METRICS_ADDR"),
		authEmulator: getenv("FIREBASE_AUTH_EMULATOR_HOST"),
		emulator:     getenv("FIRESTORE_EMULATOR_HOST"),
		cloudRun:     getenv("K_SERVICE") != "",
		tracing:      tracingAsked(getenv),
	}
	if port, err := strconv.ParseUint(cfg.port, 10, 16); err != nil || port == 0 && cfg.cloudRun {
		problem("PORT=%q is not a port", cfg.port)
	}
	if cfg.project == "" {
		problem("GOOGLE_CLOUD_PROJECT is not set: the Firebase project whose users these are")
	}
	var err error
	if cfg.deadline, err = time.ParseDuration(or("REQUEST_DEADLINE", "5s")); err != nil || cfg.deadline <= 0 {
		problem("REQUEST_DEADLINE=%q is not a duration like 5s", getenv("REQUEST_DEADLINE"))
	}
	if err := cfg.logLevel.UnmarshalText([]byte(or("LOG_LEVEL", "info"))); err != nil {
		problem("LOG_LEVEL=%q is none of debug, info, warn, error", getenv("LOG_LEVEL"))
	}
	if cfg.maxInFlight, err = strconv.Atoi(or("MAX_IN_FLIGHT", "512")); err != nil || cfg.maxInFlight < 1 {
		problem("MAX_IN_FLIGHT=%q is not a number of requests", getenv("MAX_IN_FLIGHT"))
	}
	if cfg.checkRevoked, err = strconv.ParseBool(or("CHECK_REVOKED", "false")); err != nil {
		problem("CHECK_REVOKED=%q is neither true nor false", getenv("CHECK_REVOKED"))
	}
	for _, name := range []string{"METRICS_ADDR", "FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"} {
		addr := getenv(name)
		if addr == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
			problem("%s=%q is not host:port", name, addr)
		}
		if cfg.cloudRun && strings.HasSuffix(name, "_EMULATOR_HOST") {
			problem("%s is set on Cloud Run: an emulator has no place in production", name)
		}
	}
	return cfg, errors.Join(problems...)
}

// tracingAsked reports whether the standard variables say where to send spans.
func tracingAsked(getenv func(string) string) bool {
	if getenv("OTEL_SDK_DISABLED") == "true" || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	for _, name := range []string{"OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		if getenv(name) != "" {
			return true
		}
	}
	return false
}
