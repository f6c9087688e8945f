package telemetry_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/telemetrytest"
	"willson/telemetry"
)

const droppedLines = "willson_log_lines_dropped_total"

// TestReaderStops: while nobody reads the log nothing waits for it, the end included; what
// was not dropped comes in order, with a line that tells how many were.
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
		begin := time.Now()
		if stop(time.Second); time.Since(begin) != time.Second {
			t.Errorf("stopping took %v", time.Since(begin))
		}
		go func() {
			stop(time.Second)
			writer.Close()
		}()
		var line struct{ Number, Lines int }
		last, kept, told := -1, 0, 0
		for content := json.NewDecoder(reader); content.Decode(&line) == nil; line.Lines = 0 {
			if told += line.Lines; line.Lines > 0 {
				continue
			}
			if kept++; line.Number <= last {
				t.Errorf("%d comes after %d", line.Number, last)
			}
			last = line.Number
		}
		if dropped == 0 || kept != lines-dropped || told != dropped {
			t.Errorf("%d lines came, %d were dropped, of which %d were told", kept, dropped, told)
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
