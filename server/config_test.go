package server_test

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/server"
)

// configOf reads a configuration out of these variables.
func configOf(env map[string]string) (server.Config, error) {
	return server.ReadConfig(func(name string) string { return env[name] })
}

func TestConfig(t *testing.T) {
	t.Parallel()
	type config = server.Config
	const project = "GOOGLE_CLOUD_PROJECT"
	traced := func(protocol string) func(*config) { return func(c *config) { c.TraceProtocol = protocol } }
	for name, test := range map[string]struct {
		env  map[string]string
		edit func(*config) // of the usual
	}{
		"the least": {nil, nil},
		"everything": {
			map[string]string{
				"HOST": "0.0.0.0", "PORT": "8001", "REQUEST_DEADLINE": "1m30s", "LOG_LEVEL": "debug", "MAX_IN_FLIGHT": "1", "METRICS_ADDR": "127.0.0.1:9090", "CHECK_REVOKED": "true",
				"WELCOME_POTS": "0", "INVITATION_CODES": "윌슨2020,B-7", "PUSH": "true", "ALLOWED_ORIGINS": "https://willson.example,http://localhost:5173",
				"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099", "FIRESTORE_EMULATOR_HOST": "localhost:8080", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318",
			},
			func(c *config) {
				*c = config{
					Host: "0.0.0.0", Port: "8001", Project: "willson", Deadline: 90 * time.Second, LogLevel: slog.LevelDebug, MaxInFlight: 1, MetricsAddr: "127.0.0.1:9090",
					WelcomePots: 0, InvitationCodes: []string{"윌슨2020", "B-7"}, Push: true, AllowedOrigins: []string{"https://willson.example", "http://localhost:5173"},
					CheckRevoked: true, TraceProtocol: "http/protobuf", AuthEmulator: "127.0.0.1:9099", FirestoreEmulator: "localhost:8080",
				}
			},
		},
		"real tokens over an emulated Firestore": {map[string]string{"FIRESTORE_EMULATOR_HOST": "[::1]:8080"}, func(c *config) { c.FirestoreEmulator, c.Push = "[::1]:8080", false }},
		"unsigned tokens on loopback alone":      {map[string]string{"FIREBASE_AUTH_EMULATOR_HOST": "h:1"}, func(c *config) { c.AuthEmulator, c.Host, c.Push = "h:1", "127.0.0.1", false }},
		"unsigned tokens where HOST says":        {map[string]string{"FIREBASE_AUTH_EMULATOR_HOST": "h:1", "HOST": "::"}, func(c *config) { c.AuthEmulator, c.Host, c.Push = "h:1", "::", false }},
		"real tokens where HOST says":            {map[string]string{"HOST": "localhost"}, func(c *config) { c.Host = "localhost" }},
		"Cloud Run":                              {map[string]string{"K_SERVICE": "willson", "PORT": "8080"}, func(c *config) { c.Port = "8080" }},
		"any free port":                          {map[string]string{"PORT": "0"}, func(c *config) { c.Port = "0" }},
		"the last port":                          {map[string]string{"PORT": "65535"}, func(c *config) { c.Port = "65535" }},
		"metrics on every address":               {map[string]string{"METRICS_ADDR": ":9090"}, func(c *config) { c.MetricsAddr = ":9090" }},
		"a level in capitals":                    {map[string]string{"LOG_LEVEL": "WARN"}, func(c *config) { c.LogLevel = slog.LevelWarn }},
		"an emulator's project":                  {map[string]string{project: "demo-willson"}, func(c *config) { c.Project = "demo-willson" }},
		"a project of a domain":                  {map[string]string{project: "example.com:willson"}, func(c *config) { c.Project = "example.com:willson" }},
		"the longest project":                    {map[string]string{project: "a" + strings.Repeat("0", 29)}, func(c *config) { c.Project = "a" + strings.Repeat("0", 29) }},
		"origins of an app's shell":              {map[string]string{"ALLOWED_ORIGINS": "capacitor://localhost,http://[::1]:3000"}, func(c *config) { c.AllowedOrigins = []string{"capacitor://localhost", "http://[::1]:3000"} }},
		"no push":                                {map[string]string{"PUSH": "false"}, func(c *config) { c.Push = false }},

		"traces to an endpoint of their own": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h:1"}, traced("http/protobuf")},
		"traces by exporter":                 {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, traced("http/protobuf")},
		"traces by gRPC":                     {map[string]string{"OTEL_TRACES_EXPORTER": "OTLP", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, traced("grpc")},
		"traces by a protocol of their own":  {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, traced("http/json")},
		"no traces by exporter":              {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1"}, nil},
		"no telemetry at all":                {map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "nothing that is read"}, nil},
		"telemetry that is not disabled":     {map[string]string{"OTEL_SDK_DISABLED": "False", "OTEL_TRACES_EXPORTER": "otlp"}, traced("http/protobuf")},
		"credentials that nobody reads": {map[string]string{"FIREBASE_AUTH_EMULATOR_HOST": "h:1", "FIRESTORE_EMULATOR_HOST": "h:2", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, func(c *config) {
			c.Host, c.AuthEmulator, c.FirestoreEmulator, c.Push = "127.0.0.1", "h:1", "h:2", false
		}},
		"credentials of the gcloud tool": {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": keyFile(t, `{"type":"authorized_user"}`)}, nil},
		"an empty variable is the same as none": {
			map[string]string{"HOST": "", "PORT": "", "REQUEST_DEADLINE": "", "LOG_LEVEL": "", "MAX_IN_FLIGHT": "", "METRICS_ADDR": "", "CHECK_REVOKED": "", "K_SERVICE": "", "FIRESTORE_EMULATOR_HOST": "",
				"WELCOME_POTS": "", "INVITATION_CODES": "", "PUSH": "", "ALLOWED_ORIGINS": "", "OTEL_SDK_DISABLED": "", "OTEL_TRACES_EXPORTER": "", "OTEL_EXPORTER_OTLP_ENDPOINT": "", "GOOGLE_APPLICATION_CREDENTIALS": ""},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{project: "willson"}
			maps.Copy(env, test.env)
			want := config{Port: "8000", Project: "willson", Deadline: 5 * time.Second, MaxInFlight: 512, WelcomePots: 15, Push: true}
			if test.edit != nil {
				test.edit(&want)
			}
			if got, err := configOf(env); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

// keyFile returns the path of a file with this content.
func keyFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestConfigProblems: each bad value is named, with the others, in a line of its own.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const secret = "MIIEvQIBADANBgkqh"
	bad := map[string][]string{
		"GOOGLE_CLOUD_PROJECT":               {"will", "Willson", "1willson", "-willson", "willson-", "will_son", "윌슨윌슨윌슨", "a" + strings.Repeat("0", 30), "projects/willson", ":willson", "123456789012"},
		"HOST":                               {"localhost:8000", "http://localhost", "[::1]", "*", "-h"},
		"PORT":                               {"http", "-1", "65536", "8000/tcp", ":8000", "1e3", "0x50", "+80"},
		"REQUEST_DEADLINE":                   {"5", "0", "0s", "-1s", "soon", "2h"},
		"LOG_LEVEL":                          {"loud", "0", "trace"},
		"MAX_IN_FLIGHT":                      {"0", "-1", "many", "1.5", "99999999999999999999"},
		"METRICS_ADDR":                       {"9090", "localhost", "http://localhost:9090", "localhost:", ":http", ":65536", "a/b:1"},
		"CHECK_REVOKED":                      {"yes", "2", "on"},
		"WELCOME_POTS":                       {"-1", "many", "1.5", "99999999999"},
		"PUSH":                               {"yes", "2", "off"},
		"FIREBASE_AUTH_EMULATOR_HOST":        {"9099", "localhost", "http://localhost:9099", "localhost:", "localhost:0", ":9099"},
		"FIRESTORE_EMULATOR_HOST":            {"8080", "localhost", "http://localhost:8080", "::1:8080", "127.0.0.1:8080/"},
		"ALLOWED_ORIGINS":                    {"*", "null", "willson.example", "https://willson.example/", "https://*.willson.example", "https://Willson.example", "https://willson.example:443", "https://a@b", ",https://willson.example", "https://a:"},
		"OTEL_EXPORTER_OTLP_ENDPOINT":        {"127.0.0.1:4318", "localhost:4318", "http://", "/v1/traces", "ftp://h:1"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": {"127.0.0.1:4318"},
		"GOOGLE_APPLICATION_CREDENTIALS": {
			"/nowhere/key.json", t.TempDir(), keyFile(t, "{not "+secret), keyFile(t, `"`+secret+`"`), keyFile(t, `{"installed":{"client_secret":"`+secret+`"}}`),
			keyFile(t, `{"type":"service_account","private_key":"`+secret+`"}`),
			keyFile(t, `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\n`+secret+`\n-----END PRIVATE KEY-----\n"}`),
		},
	}
	problems := func(env map[string]string) []string {
		_, err := configOf(env)
		if err == nil {
			return nil
		}
		return strings.Split(err.Error(), "\n")
	}
	all := map[string]string{}
	for name, values := range bad {
		for _, value := range values {
			found := problems(map[string]string{"GOOGLE_CLOUD_PROJECT": "willson", name: value})
			shown, _, _ := strings.Cut(value, ",")
			if len(found) != 1 || !strings.HasPrefix(found[0], name) || !strings.Contains(found[0], shown) || strings.Contains(found[0], secret) {
				t.Errorf("%s=%q: %q", name, value, found)
			}
		}
		if name == "GOOGLE_APPLICATION_CREDENTIALS" {
			continue // its path may have blanks, and with two emulators nobody reads it
		}
		all[name] = values[0]
		for _, stray := range []string{"\r", " ", "\u200b", "\ufeff", "\x00", "\xff"} {
			found := problems(map[string]string{"GOOGLE_CLOUD_PROJECT": "willson", name: values[0] + stray})
			if len(found) != 1 || !strings.HasPrefix(found[0], name) || !strings.Contains(found[0], "a blank or an invisible character") {
				t.Errorf("%s=%q: %q", name, values[0]+stray, found)
			}
		}
	}
	all["K_SERVICE"] = "willson"
	found := problems(all)
	for name := range all {
		if name != "K_SERVICE" && !slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, name) }) {
			t.Errorf("%s is not named in %q", name, found)
		}
	}

	for _, name := range []string{"FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"} {
		found := problems(map[string]string{"K_SERVICE": "willson", "GOOGLE_CLOUD_PROJECT": "willson", name: "127.0.0.1:8080"})
		if len(found) != 1 || !strings.HasPrefix(found[0], name+" is set on Cloud Run") {
			t.Errorf("%s on Cloud Run: %q", name, found)
		}
	}
	for _, codes := range []string{"hunter2,", ",hunter2", "hunter2, other", "hunter2\r"} {
		found := problems(map[string]string{"GOOGLE_CLOUD_PROJECT": "willson", "INVITATION_CODES": codes})
		if len(found) != 1 || !strings.HasPrefix(found[0], "INVITATION_CODES") || strings.Contains(found[0], "hunter2") {
			t.Errorf("%q: %q", codes, found)
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

// TestConfigWarnings: what OpenTelemetry's specification wants ignored does not stop the
// server, and is named.
func TestConfigWarnings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value string }{
		{"OTEL_SDK_DISABLED", "1"},
		{"OTEL_TRACES_EXPORTER", "console"},
		{"OTEL_TRACES_EXPORTER", "otlp\r"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "http"},
		{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc "},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "-1"},
		{"OTEL_RESOURCE_ATTRIBUTES", "a"},
	} {
		cfg, err := configOf(map[string]string{"GOOGLE_CLOUD_PROJECT": "willson", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1", test.name: test.value})
		if err != nil || cfg.TraceProtocol != "http/protobuf" || len(cfg.Warnings) != 1 || !strings.HasPrefix(cfg.Warnings[0], test.name) {
			t.Errorf("%s=%q: %v, %q, by %q", test.name, test.value, err, cfg.Warnings, cfg.TraceProtocol)
		}
	}
}
