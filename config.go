package main

import (
	"errors"
	"log/slog"
	"strconv"
	"time"
)

// A config is what the environment says. The README lists the variables.
type config struct {
	host           string // "" for all interfaces
	port           string
	project        string
	deadline       time.Duration
	logLevel       slog.Level
	maxInFlight    int
	metricsAddr    string // "" for none
	checkRevoked   bool
	allowedOrigins []string // pages of other origins that may call the API
	traceProtocol  string   // of OpenTelemetry's protocols, "" for no tracing
	authEmulator   string   // host:port, "" for Firebase Auth itself
	emulator       string   // Firestore's, host:port, "" for Google's
	warnings       []string // what was wrong with values that the server does without
}

// local reports whether both emulators are configured, as on a developer's machine.
func (c config) local() bool { return c.authEmulator != "" && c.emulator != "" }

// readConfig reads the configuration, and reports every problem with it at once. The
// Admin SDK, Firestore's client and OpenTelemetry read variables of their own; no other
// line of ours does.
func readConfig(getenv func(string) string) (config, error) {
	env := &environment{getenv: getenv}
	cloudRun := getenv("K_SERVICE") != ""
	cfg := config{
		project:        env.project("GOOGLE_CLOUD_PROJECT"),
		deadline:       env.deadline("REQUEST_DEADLINE", "5s"),
		metricsAddr:    env.address("METRICS_ADDR"),
		allowedOrigins: env.origins("ALLOWED_ORIGINS"),
		traceProtocol:  env.traceProtocol(),
		authEmulator:   env.emulator("FIREBASE_AUTH_EMULATOR_HOST", cloudRun),
		emulator:       env.emulator("FIRESTORE_EMULATOR_HOST", cloudRun),
	}

	cfg.port = env.value("PORT", "8000")
	if port, err := strconv.ParseUint(cfg.port, 10, 16); err != nil || port == 0 && cloudRun {
		env.problem("PORT=%q is not a port", cfg.port)
	}
	interfaces := ""
	if cfg.authEmulator != "" {
		interfaces = "127.0.0.1" // tokens are unsigned: whoever reaches the server can be anybody
	}
	if cfg.host = env.value("HOST", interfaces); cfg.host != "" && !isHost(cfg.host) {
		env.problem("HOST=%q is neither an address nor a name", cfg.host)
	}
	level := env.value("LOG_LEVEL", "info")
	if err := cfg.logLevel.UnmarshalText([]byte(level)); err != nil {
		env.problem("LOG_LEVEL=%q is none of debug, info, warn, error", level)
	}
	var err error
	inFlight := env.value("MAX_IN_FLIGHT", "512")
	if cfg.maxInFlight, err = strconv.Atoi(inFlight); err != nil || cfg.maxInFlight < 1 {
		env.problem("MAX_IN_FLIGHT=%q is not a number of requests", inFlight)
	}
	revoked := env.value("CHECK_REVOKED", "false")
	if cfg.checkRevoked, err = strconv.ParseBool(revoked); err != nil {
		env.problem("CHECK_REVOKED=%q is neither true nor false", revoked)
	}
	if !cfg.local() { // which needs no credentials
		env.checkCredentials("GOOGLE_APPLICATION_CREDENTIALS")
	}
	cfg.warnings = env.warnings
	return cfg, errors.Join(env.problems...)
}
