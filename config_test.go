package main

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	const project = "GOOGLE_CLOUD_PROJECT"
	usual := func(edits ...func(*config)) config {
		cfg := config{port: "8000", project: "willson", deadline: 5 * time.Second, maxInFlight: 512}
		for _, edit := range edits {
			edit(&cfg)
		}
		return cfg
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want config
	}{
		"the least": {nil, usual()},
		"everything": {
			map[string]string{
				"PORT": "8001", "REQUEST_DEADLINE": "1m30s", "LOG_LEVEL": "debug", "MAX_IN_FLIGHT": "1", "METRICS_ADDR": "127.0.0.1:9090", "CHECK_REVOKED": "true",
				"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099", "FIRESTORE_EMULATOR_HOST": "localhost:8080", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318",
			},
			config{
				port: "8001", project: "willson", deadline: 90 * time.Second, logLevel: slog.LevelDebug, maxInFlight: 1, metricsAddr: "127.0.0.1:9090",
				checkRevoked: true, tracing: true, authEmulator: "127.0.0.1:9099", emulator: "localhost:8080",
			},
		},
		"real tokens over an emulated Firestore": {map[string]string{"FIRESTORE_EMULATOR_HOST": "[::1]:8080"}, usual(func(c *config) { c.emulator = "[::1]:8080" })},
		"emulated tokens over Google's":          {map[string]string{"FIREBASE_AUTH_EMULATOR_HOST": "h:1"}, usual(func(c *config) { c.authEmulator = "h:1" })},
		"Cloud Run":                              {map[string]string{"K_SERVICE": "willson", "PORT": "8080"}, usual(func(c *config) { c.port, c.cloudRun = "8080", true })},
		"any free port":                          {map[string]string{"PORT": "0"}, usual(func(c *config) { c.port = "0" })},
		"the last port":                          {map[string]string{"PORT": "65535"}, usual(func(c *config) { c.port = "65535" })},
		"metrics on every address":               {map[string]string{"METRICS_ADDR": ":9090"}, usual(func(c *config) { c.metricsAddr = ":9090" })},
		"a level in capitals":                    {map[string]string{"LOG_LEVEL": "WARN"}, usual(func(c *config) { c.logLevel = slog.LevelWarn })},
		"traces to an endpoint of their own":     {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h:1"}, usual(func(c *config) { c.tracing = true })},
		"traces by exporter":                     {map[string]string{"OTEL_TRACES_EXPORTER": "console"}, usual(func(c *config) { c.tracing = true })},
		"no traces by exporter":                  {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1"}, usual()},
		"no telemetry at all":                    {map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1"}, usual()},
		"empty is unset": {
			map[string]string{"PORT": "", "REQUEST_DEADLINE": "", "LOG_LEVEL": "", "MAX_IN_FLIGHT": "", "METRICS_ADDR": "", "CHECK_REVOKED": "", "K_SERVICE": "", "FIRESTORE_EMULATOR_HOST": ""},
			usual(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{project: "willson"}
			maps.Copy(env, test.env)
			got, err := readConfig(func(name string) string { return env[name] })
			if err != nil || got != test.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

// TestConfigProblems: each bad value is named, with the others, in a line of its own.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	bad := map[string][]string{
		"PORT":                        {"http", "-1", "65536", "80 ", "8000/tcp", ":8000", "1e3", "0x50", "+80"},
		"REQUEST_DEADLINE":            {"5", "0", "0s", "-1s", "soon", "5 s"},
		"LOG_LEVEL":                   {"loud", "0", "trace"},
		"MAX_IN_FLIGHT":               {"0", "-1", "many", "1.5", "99999999999999999999"},
		"METRICS_ADDR":                {"9090", "localhost", "http://localhost:9090", "localhost:"},
		"CHECK_REVOKED":               {"yes", "2", "on"},
		"FIREBASE_AUTH_EMULATOR_HOST": {"9099", "localhost", "http://localhost:9099", "localhost:"},
		"FIRESTORE_EMULATOR_HOST":     {"8080", "localhost", "http://localhost:8080", "::1:8080"},
	}
	problems := func(env map[string]string) []string {
		_, err := readConfig(func(name string) string { return env[name] })
		if err == nil {
			return nil
		}
		return strings.Split(err.Error(), "\n")
	}
	all := map[string]string{}
	for name, values := range bad {
		for _, value := range values {
			found := problems(map[string]string{"GOOGLE_CLOUD_PROJECT": "willson", name: value})
			if len(found) != 1 || !strings.HasPrefix(found[0], name+"=") || !strings.Contains(found[0], value) {
				t.Errorf("%s=%q: %q", name, value, found)
			}
			all[name] = value
		}
	}
	all["K_SERVICE"] = "willson"
	found := problems(all)
	names := append(slices.Sorted(maps.Keys(bad)), "GOOGLE_CLOUD_PROJECT")
	for _, name := range names {
		if !slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, name) }) {
			t.Errorf("%s is not named in %q", name, found)
		}
	}

	for _, name := range []string{"FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"} {
		found := problems(map[string]string{"K_SERVICE": "willson", "GOOGLE_CLOUD_PROJECT": "willson", name: "127.0.0.1:8080"})
		if len(found) != 1 || !strings.HasPrefix(found[0], name+" is set on Cloud Run") {
			t.Errorf("%s on Cloud Run: %q", name, found)
		}
	}
	for name, env := range map[string]map[string]string{
		"PORT":                 {"K_SERVICE": "willson", "GOOGLE_CLOUD_PROJECT": "willson", "PORT": "0"},
		"GOOGLE_CLOUD_PROJECT": {},
	} {
		if found := problems(env); len(found) != 1 || !strings.HasPrefix(found[0], name) {
			t.Errorf("%v: %q", env, found)
		}
	}
}
