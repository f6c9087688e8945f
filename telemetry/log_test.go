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

// TestLines: a line of JSON has the names that Cloud Logging reads
// (https://cloud.google.com/logging/docs/structured-logging) and what its context carries.
func TestLines(t *testing.T) {
	t.Parallel()
	for level, severity := range map[slog.Level]string{
		slog.LevelDebug: "", slog.LevelInfo: "INFO", slog.LevelInfo + 1: "INFO", slog.LevelWarn: "WARNING", slog.LevelError: "ERROR",
	} {
		var b bytes.Buffer
		ctx := telemetry.With(context.Background(), slog.String("request_id", "1"))
		telemetry.NewLogger(&b, slog.LevelInfo, false).With("a", 1).WithGroup("g").Log(ctx, level, "words", "level", "high", "msg", "inner")
		if severity == "" {
			if b.Len() > 0 {
				t.Errorf("not asked for: %s", &b)
			}
			continue
		}
		var line struct {
			Time              time.Time
			Severity, Message string
			Level, Msg        any
			A                 int
			G                 map[string]string
		}
		err := json.Unmarshal(b.Bytes(), &line)
		if err != nil || line.Time.IsZero() || line.Severity != severity || line.Message != "words" || line.A != 1 || line.Level != nil || line.Msg != nil ||
			line.G["level"] != "high" || line.G["msg"] != "inner" || line.G["request_id"] != "1" {
			t.Errorf("%v: %s, %v", level, &b, err)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	ctx := telemetry.With(context.Background(), slog.String("request_id", "1"))
	telemetry.NewLogger(&b, slog.LevelWarn, true).WarnContext(ctx, "words", "a", 1)
	if !strings.HasSuffix(b.String(), "level=WARN msg=words a=1 request_id=1\n") {
		t.Errorf("logged %s", &b)
	}
}
