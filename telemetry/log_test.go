package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"willson/telemetry"
)

// TestCloudLoggingNames: https://cloud.google.com/logging/docs/structured-logging
func TestCloudLoggingNames(t *testing.T) {
	t.Parallel()
	for level, severity := range map[slog.Level]string{
		slog.LevelDebug: "DEBUG",
		slog.LevelInfo:  "INFO",
		slog.LevelWarn:  "WARNING",
		slog.LevelError: "ERROR",
	} {
		var b bytes.Buffer
		ctx := telemetry.With(context.Background(), slog.String("request_id", "1"))
		log := telemetry.NewLogger(&b, slog.LevelDebug, false).With("a", 1)
		log.WithGroup("g").Log(ctx, level, "words", "level", "high", "msg", "inner")
		var line map[string]any
		if err := json.Unmarshal(b.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		group, _ := line["g"].(map[string]any)
		if line["severity"] != severity || line["message"] != "words" || line["a"] != 1.0 || group["level"] != "high" || group["msg"] != "inner" {
			t.Errorf("%v: %s", level, &b)
		}
		for _, name := range []string{"level", "msg"} {
			if _, there := line[name]; there {
				t.Errorf("%s is left in %s", name, &b)
			}
		}
		if _, err := time.Parse(time.RFC3339Nano, line["time"].(string)); err != nil {
			t.Error(err)
		}
	}
}

func TestContextAttributes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, slog.LevelInfo, false)
	ctx := telemetry.With(context.Background(), slog.String("request_id", "1"), slog.Bool("sampled", true))
	log.InfoContext(ctx, "with")
	log.Info("without")
	log.DebugContext(ctx, "not asked for")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"request_id":"1","sampled":true`) || strings.Contains(lines[1], "request_id") {
		t.Errorf("logged %q", lines)
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	ctx := telemetry.With(context.Background(), slog.String("request_id", "1"))
	telemetry.NewLogger(&b, slog.LevelWarn, true).WarnContext(ctx, "words", "a", 1)
	if !strings.HasSuffix(b.String(), "level=WARN msg=words a=1 request_id=1\n") {
		t.Errorf("logged %s", &b)
	}
}
