package server

import (
	"errors"
	"log/slog"
	"strconv"
	"time"
)

// A Config is what the environment says. The README lists the variables.
type Config struct {
	Host              string // "" for all interfaces
	Port              string
	Project           string
	Deadline          time.Duration
	LogLevel          slog.Level
	MaxInFlight       int
	MetricsAddr       string // "" for none
	CheckRevoked      bool
	AllowedOrigins    []string // pages of other origins that may call the API
	TraceProtocol     string   // of OpenTelemetry's protocols, "" for no tracing
	AuthEmulator      string   // host:port, "" for Firebase Auth itself
	FirestoreEmulator string   // host:port, "" for Google's Firestore
	WelcomePots       int64    // what a new account is given
	InvitationCodes   []string // what makes a willsoner approved; none: nobody can be invited
	Push              bool     // send messages by Firebase Cloud Messaging
	Warnings          []string // about values that are ignored
}

// Local reports whether both emulators are configured, as on a developer's machine.
func (c Config) Local() bool { return c.AuthEmulator != "" && c.FirestoreEmulator != "" }

// ReadConfig reads the configuration, and reports every problem with it at once. The
// Admin SDK, Firestore's client and OpenTelemetry read variables of their own; no other
// line of ours does.
func ReadConfig(getenv func(string) string) (Config, error) {
	env := &environment{getenv: getenv}
	cloudRun := getenv("K_SERVICE") != ""
	cfg := Config{
		Project:           env.project("GOOGLE_CLOUD_PROJECT"),
		Deadline:          env.deadline("REQUEST_DEADLINE", "5s"),
		MaxInFlight:       int(env.number("MAX_IN_FLIGHT", 512, 1, "a number of requests")),
		MetricsAddr:       env.address("METRICS_ADDR"),
		CheckRevoked:      env.boolean("CHECK_REVOKED", false),
		AllowedOrigins:    env.origins("ALLOWED_ORIGINS"),
		TraceProtocol:     env.traceProtocol(),
		AuthEmulator:      env.emulator("FIREBASE_AUTH_EMULATOR_HOST", cloudRun),
		FirestoreEmulator: env.emulator("FIRESTORE_EMULATOR_HOST", cloudRun),
		WelcomePots:       env.number("WELCOME_POTS", 15, 0, "a number of pots"),
		InvitationCodes:   env.codes("INVITATION_CODES"),
	}
	cfg.Push = env.boolean("PUSH", cfg.AuthEmulator == "" && cfg.FirestoreEmulator == "")

	cfg.Port = env.value("PORT", "8000")
	if port, err := strconv.ParseUint(cfg.Port, 10, 16); err != nil || port == 0 && cloudRun {
		env.problem("PORT=%q is not a port", cfg.Port)
	}
	interfaces := ""
	if cfg.AuthEmulator != "" {
		interfaces = "127.0.0.1" // tokens are unsigned: whoever reaches the server can be anybody
	}
	if cfg.Host = env.value("HOST", interfaces); cfg.Host != "" && !isHost(cfg.Host) {
		env.problem("HOST=%q is neither an address nor a name", cfg.Host)
	}
	level := env.value("LOG_LEVEL", "info")
	if err := cfg.LogLevel.UnmarshalText([]byte(level)); err != nil {
		env.problem("LOG_LEVEL=%q is none of debug, info, warn, error", level)
	}
	if !cfg.Local() { // which needs no credentials
		env.checkCredentials("GOOGLE_APPLICATION_CREDENTIALS")
	}
	cfg.Warnings = env.warnings
	return cfg, errors.Join(env.problems...)
}
