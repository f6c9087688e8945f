package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// queued is how many lines may wait to be written, a few seconds' of a busy server in
// about 2 MB.
const queued = 4096

// StartLog returns a logger as NewLogger does, that nothing ever waits for: a goroutine
// writes its lines to w, in order. While w does not take them, because it fails or its
// reader has stopped reading, lines are dropped, counted, and told of in a line once
// writing works again. The returned function waits for the lines that are left, but not
// longer than it is told; what is logged later is lost.
func StartLog(w io.Writer, level slog.Level, text bool, metrics prometheus.Registerer) (log *slog.Logger, stop func(time.Duration)) {
	l := &lines{queue: make(chan []byte, queued), done: make(chan struct{})}
	promauto.With(metrics).NewCounterFunc(prometheus.CounterOpts{
		Name: "willson_log_lines_dropped_total",
		Help: "Log lines that could not be written.",
	}, func() float64 { return float64(l.dropped.Load()) })
	go l.write(w, NewLogger(w, level, text).Handler())
	return NewLogger(l, level, text), l.stop
}

type lines struct {
	queue   chan []byte // nil after the last
	dropped atomic.Int64
	done    chan struct{}
}

// Write takes one line. It never waits, and never fails.
func (l *lines) Write(line []byte) (int, error) {
	select {
	case l.queue <- bytes.Clone(line):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// write writes the lines to w, and with notes, which writes to w itself, how many were dropped.
func (l *lines) write(w io.Writer, notes slog.Handler) {
	defer close(l.done)
	told := int64(0)
	torn := false // the line before got out in part
	for line := range l.queue {
		if line == nil {
			return
		}
		if torn {
			line = append([]byte{'\n'}, line...)
		}
		if n, err := w.Write(line); err != nil {
			l.dropped.Add(1)
			torn = torn || n > 0
			continue
		}
		torn = false
		if lost := l.dropped.Load() - told; lost > 0 {
			note := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines were dropped, since they could not be written", 0)
			note.AddAttrs(slog.Int64("lines", lost))
			if notes.Handle(context.Background(), note) == nil {
				told += lost
			}
		}
	}
}

func (l *lines) stop(patience time.Duration) {
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case l.queue <- nil:
	case <-end.C:
		return
	}
	select {
	case <-l.done:
	case <-end.C:
	}
}
