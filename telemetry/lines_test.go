package telemetry_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/telemetrytest"
	"willson/telemetry"
)

const droppedLines = "willson_log_lines_dropped_total"

// TestReaderStops: while nobody reads the log nothing waits for it; what was not dropped
// comes whole and in order, with a line that tells how many were.
func TestReaderStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		metrics := prometheus.NewRegistry()
		log, stop := telemetry.StartLog(writer, slog.LevelInfo, false, metrics)
		const lines = 10_000
		for i := range lines {
			log.Info("line", "number", i)
		}
		dropped := int(telemetrytest.Metric(t, metrics, droppedLines))
		if dropped == 0 {
			t.Error("all lines are kept, for nobody")
		}
		begin := time.Now()
		stop(time.Second)
		if took := time.Since(begin); took != time.Second {
			t.Errorf("stopping took %v", took)
		}

		content := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(reader)
			content <- all
		}()
		stop(time.Second)
		writer.Close()
		var numbers []int
		told := 0
		for text := range strings.Lines(string(<-content)) {
			var line struct {
				Severity, Message string
				Number, Lines     int
			}
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if line.Message == "line" {
				numbers = append(numbers, line.Number)
			} else if told += line.Lines; line.Severity != "WARNING" {
				t.Errorf("told by %q", text)
			}
		}
		if len(numbers) != lines-dropped || !slices.IsSorted(numbers) || told != dropped {
			t.Errorf("%d lines came, %d were dropped, of which %d were told", len(numbers), dropped, told)
		}
	})
}

// A sometimesFull disk takes 7 bytes of a line while it is full.
type sometimesFull struct {
	telemetrytest.Log
	full bool
}

func (d *sometimesFull) Write(line []byte) (int, error) {
	if d.full {
		n, _ := d.Log.Write(line[:min(7, len(line))])
		return n, errors.New("no space left")
	}
	return d.Log.Write(line)
}

// TestWriteFails: lines that were cut off stay lines of their own.
func TestWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &sometimesFull{full: true}
		metrics := prometheus.NewRegistry()
		log, stop := telemetry.StartLog(disk, slog.LevelError, false, metrics)
		for range 3 {
			log.Error("lost")
		}
		synctest.Wait()
		if dropped := telemetrytest.Metric(t, metrics, droppedLines); dropped != 3 {
			t.Errorf("%v lines were dropped", dropped)
		}
		disk.full = false
		log.Error("kept")
		stop(time.Second)
		lines := strings.Split(disk.String(), "\n")
		if len(lines) != 6 || !strings.Contains(lines[3], `"message":"kept"`) || !strings.Contains(lines[4], `"lines":3`) {
			t.Fatalf("written: %q", lines)
		}
		for _, line := range lines[3:5] {
			if !json.Valid([]byte(line)) {
				t.Errorf("not whole: %s", line)
			}
		}
	})
}
