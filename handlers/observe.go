package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/trace"

	"willson/auth"
	"willson/telemetry"
)

// A record is what becomes known of a request on its way, for its answer, its log line
// and the metrics. It is the ResponseWriter under all others.
type record struct {
	http.ResponseWriter
	unread       bool   // the request has a body that was not read to its end
	status       int    // 0 until the answer begins
	path         string // the route's, "" when none fits
	dataInErrors bool
	uid          string // "" until the token is verified
	matchIdx     int64  // 0 when the request is of none, as the next
	concernIdx   int64
	err          error
}

func (rec *record) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
	if rec.unread { // net/http would wait for the rest of the body before it answers
		rec.Header().Set("Connection", "close")
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *record) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	return rec.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (rec *record) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	guesses  prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) metrics {
	factory := promauto.With(registerer)
	return metrics{
		requests: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "willson_requests_total",
			Help: "Requests answered, by route (empty: none matched) and status (499: the client went away).",
		}, []string{"route", "status"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "willson_request_seconds",
			Help:    "Time from a request's headers to its answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		inFlight: factory.NewGauge(prometheus.GaugeOpts{
			Name: "willson_requests_in_flight",
			Help: "Requests being answered.",
		}),
		guesses: factory.NewCounter(prometheus.CounterOpts{
			Name: "willson_invitations_refused_total",
			Help: "Invitation codes that are none: somebody guesses.",
		}),
	}
}

// ServeHTTP has every request answered within the deadline, logged in one line and
// counted, also one that panics; but a panic within an answer is logged alone, and cuts
// the connection.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := fmt.Sprintf("%016x", rand.Uint64())
	w.Header().Set("X-Request-Id", id)
	ctx := telemetry.With(r.Context(), append(telemetry.Trace(r, s.Project), slog.String("request_id", id))...)
	ctx, cancel := context.WithTimeout(ctx, s.Deadline)
	defer cancel()
	rec := &record{ResponseWriter: w, unread: r.Body != nil && r.Body != http.NoBody}
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()

	s.recovered(rec, r.WithContext(ctx))

	took := time.Since(start)
	s.metrics.requests.WithLabelValues(rec.path, strconv.Itoa(rec.status)).Inc()
	s.metrics.seconds.WithLabelValues(rec.path).Observe(took.Seconds())
	if s.paths[rec.path] != nil { // and so the method is one of ours
		trace.SpanFromContext(ctx).SetName(r.Method + " " + rec.path)
	}
	s.logRequest(ctx, r.Method, rec, took)
	if rec.status == statusGone {
		panic(http.ErrAbortHandler) // or net/http would say 200 to a client that only stopped sending
	}
}

// recovered turns a panic into a 500 and a log line with the stack.
func (s *server) recovered(rec *record, r *http.Request) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		// Error Reporting finds a panic by this field in this form:
		// https://cloud.google.com/error-reporting/docs/formatting-error-messages
		s.Log.ErrorContext(r.Context(), "panic", "stack_trace", fmt.Sprintf("panic: %v\n\n%s", cause, debug.Stack()))
		if rec.status != 0 {
			panic(http.ErrAbortHandler) // half an answer is out: cut the connection
		}
		s.failure(rec, rec, r, fmt.Errorf("panic: %v", cause))
	}()
	s.route(rec, r)
}

// logRequest writes the request's one line. Neither the token nor anything else that
// the client wrote gets into it, but for the method.
func (s *server) logRequest(ctx context.Context, method string, rec *record, took time.Duration) {
	level := slog.LevelInfo
	// A body that did not come in time is its client's, and anybody can send one.
	if rec.status >= 500 && rec.status != http.StatusNotImplemented && !errors.Is(rec.err, errSlowBody) {
		level = slog.LevelError
	}
	if rec.path == consolePath { // which asks all the time what people were told
		level = slog.LevelDebug
	}
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs, slog.Group("httpRequest",
		slog.String("requestMethod", method[:min(len(method), 16)]),
		slog.String("requestUrl", rec.path),
		slog.Int("status", rec.status),
		slog.String("latency", strconv.FormatFloat(took.Seconds(), 'f', 6, 64)+"s"),
	))
	if rec.uid != "" {
		attrs = append(attrs, slog.String("uid", rec.uid))
	}
	if rec.matchIdx != 0 {
		attrs = append(attrs, slog.Int64("match", rec.matchIdx))
	}
	if rec.concernIdx != 0 {
		attrs = append(attrs, slog.Int64("concern", rec.concernIdx))
	}
	if rec.err != nil {
		attrs = append(attrs, slog.String("error", rec.err.Error()))
		if reason := auth.Reason(rec.err); reason != "" {
			attrs = append(attrs, slog.String("reason", reason))
		}
	}
	s.Log.LogAttrs(ctx, level, "request", attrs...)
}
