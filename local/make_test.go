package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSettings: what a shell has exported for other programs does not reach ours; what is given to make, or to Willson by
// name, does.
func TestSettings(t *testing.T) {
	makefile := filepath.Join(t.TempDir(), "Makefile")
	if err := os.WriteFile(makefile, []byte("include Makefile\nshow: ; @env\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		given    string // to make
		exported string
		want     string // in the environment of what make runs
		never    string
	}{
		{"show", "HOST=x86_64-conda-linux-gnu", "", "HOST="},
		{"show HOST=0.0.0.0", "HOST=conda", "HOST=0.0.0.0", ""},
		{"show", "WILLSON_HOST=0.0.0.0", "HOST=0.0.0.0", ""},
		{"show HOST=::", "WILLSON_HOST=0.0.0.0", "HOST=::", ""},
		{"show", "PORT=tcp://10.0.0.1:80", "", "PORT="},
		{"show", "LOG_LEVEL=verbose", "", "LOG_LEVEL="},
		{"show LOG_LEVEL=debug", "", "LOG_LEVEL=debug", ""},
		{"show", "K_SERVICE=willson", "", "K_SERVICE="},
		{"show", "OTEL_EXPORTER_OTLP_ENDPOINT=collector", "", "OTEL_"},
		{"show OTEL_TRACES_EXPORTER=otlp", "", "OTEL_TRACES_EXPORTER=otlp", ""},
		{"show", "CHROME_PATH=/nowhere", "", "CHROME_PATH="},
		{"show", "GOFLAGS=-n", "GOFLAGS=-mod=readonly -buildvcs=false -tags=disable_grpc_modules,grpcnotrace", ""},
		{"show", "GO111MODULE=off", "GO111MODULE=on", ""},
		{"show", "GOWORK=/elsewhere/go.work", "GOWORK=off", ""},
		{"show", "CGO_ENABLED=1", "CGO_ENABLED=0", ""},
		{"show", "GOOS=windows", "", "GOOS="},
		{"show", "GOROOT=/usr/lib/go-1.19", "", "GOROOT="},
		{"show", "GOPROXY=https://goproxy.example", "GOPROXY=https://goproxy.example", ""},
		{"show", "NODE_OPTIONS=--inspect-brk", "", "NODE_OPTIONS="},
		{"show", "NODE_EXTRA_CA_CERTS=/ca.pem", "NODE_EXTRA_CA_CERTS=/ca.pem", ""},
		{"show", "JAVA_TOOL_OPTIONS=-Xfoo", "", "JAVA_TOOL_OPTIONS="},
		{"show", "GRPC_PROXY_EXP=10.0.0.1:3128", "", "GRPC_PROXY_EXP="},
		{"show", "FIREBASE_EMULATOR_HUB=10.0.0.1:4400", "", "FIREBASE_"},
		{"show", "FIRESTORE_EMULATOR_BINARY_PATH=/emulator.jar", "FIRESTORE_EMULATOR_BINARY_PATH=/emulator.jar", ""},
		{"show", "GOOGLE_APPLICATION_CREDENTIALS=/key.json", "", "GOOGLE_"},
		{"show MAKECMDGOALS=deploy", "GOOGLE_APPLICATION_CREDENTIALS=/key.json", "GOOGLE_APPLICATION_CREDENTIALS=/key.json", ""},
		{"show MAKECMDGOALS=deploy", "FIREBASE_TOKEN=token", "FIREBASE_TOKEN=token", ""},
		{"show MAKECMDGOALS=deploy", "PROJECT=of-another-tool", "", "PROJECT="},
		{"show MAKECMDGOALS=deploy PROJECT=ours", "PROJECT=of-another-tool", "PROJECT=ours", ""},
		{"show", "npm_config_workspace=web", "", "npm_config_workspace="},
		{"show", "HOME=/nowhere", "HOME=" + filepath.Dir(directory(t)) + "/.cache/home", ""},
	} {
		cmd := exec.Command("make", append([]string{"-s", "-f", makefile}, strings.Fields(test.given)...)...)
		cmd.Dir = ".."
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), test.exported}
		said, err := cmd.CombinedOutput()
		environment := strings.Split(string(said), "\n")
		if err != nil || test.want != "" && !slices.Contains(environment, test.want) {
			t.Errorf("%s make %s: %v, without %s: %s", test.exported, test.given, err, test.want, said)
		}
		if test.never != "" && slices.ContainsFunc(environment, func(line string) bool { return strings.HasPrefix(line, test.never) }) {
			t.Errorf("%s make %s: %s", test.exported, test.given, said)
		}
	}
}

func directory(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return here
}

// tools runs tools.sh in dir, and returns the lines that it said.
func tools(t *testing.T, dir string, args ...string) (lines []string, ok bool) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{filepath.Join(directory(t), "tools.sh")}, args...)...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	return slices.Collect(strings.Lines(string(said))), err == nil
}

func TestTools(t *testing.T) {
	fakeTool(t, "npm", "echo 'npm warn Unknown user config' >&2; echo 11.4.2")
	fakeTool(t, "java", `echo 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g' >&2; echo 'openjdk version "17.0.15" 2025-04-15' >&2`)
	for said, good := range map[string]bool{
		"v20.19.0": true, "v20.18.3": false, "v21.7.3": false, "v22.12.0": true, "v22.11.0": false, "v23.11.1": false,
		"v24.0.0": true, "v25.2.0": true, "v8.17.0": false, "no version": false,
		"npm warn Unknown user config \"always-auth\" v9.9.9\nv22.21.0": true,
	} {
		fakeTool(t, "node", "echo '"+said+"'")
		if lines, ok := tools(t, "."); ok != good || len(lines) == 1 == good {
			t.Errorf("node says %q: %t %q", said, ok, lines)
		}
	}
}

// TestToolsNamesThePlace: one line names the cause.
func TestToolsNamesThePlace(t *testing.T) {
	fakeTool(t, "node", "echo v24.0.0")
	fakeTool(t, "npm", "echo 11.4.2")
	for name, want := range map[string]string{
		"willson": "", "나의 폴더 (1)": "", "c#": "rename", "a:b": "rename", "50%": "rename", "x?y": "rename", `back\slash`: "rename",
	} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		lines, ok := tools(t, dir)
		if want == "" && !ok || want != "" && (len(lines) != 1 || !strings.Contains(lines[0], want) || !strings.Contains(lines[0], name)) {
			t.Errorf("in a folder %q: %t %q", name, ok, lines)
		}
	}
	fakeTool(t, "cc-that-lacks-a-library", "exit 1")
	for variable, want := range map[string]string{
		"TMPDIR=/nowhere": "set TMPDIR", "CC=cc-that-lacks-a-library": "race detector", "CC=cc-that-is-not-there": "race detector",
	} {
		t.Run(variable, func(t *testing.T) {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
			if lines, ok := tools(t, ".", "test"); ok || !strings.Contains(lines[0], want) {
				t.Errorf("%t %q, want %q", ok, lines, want)
			}
		})
	}
}
