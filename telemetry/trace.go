package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// StartTracing sends spans where the standard OTEL_* variables say
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/),
// and takes up the trace of an incoming traceparent or X-Cloud-Trace-Context. The
// returned function sends what is left.
func StartTracing(ctx context.Context) (stop func(context.Context) error, err error) {
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	described, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "willson")),
		resource.WithFromEnv(),
		resource.WithTelemetrySDK(),
	)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(described))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(cloudTrace{}, propagation.TraceContext{}, propagation.Baggage{}))
	return provider.Shutdown, nil
}

// Trace returns the attributes that join a request's log lines to its trace in Cloud
// Logging: those of the span that tracing began for it, or of the caller's.
func Trace(r *http.Request, project string) []slog.Attr {
	span := trace.SpanContextFromContext(r.Context())
	if !span.IsValid() {
		carrier := propagation.HeaderCarrier(r.Header)
		ctx := propagation.TraceContext{}.Extract(cloudTrace{}.Extract(context.Background(), carrier), carrier)
		if span = trace.SpanContextFromContext(ctx); !span.IsValid() {
			return nil
		}
	}
	return []slog.Attr{
		slog.String("logging.googleapis.com/trace", "projects/"+project+"/traces/"+span.TraceID().String()),
		slog.String("logging.googleapis.com/spanId", span.SpanID().String()),
		slog.Bool("logging.googleapis.com/trace_sampled", span.IsSampled()),
	}
}

// cloudTrace reads Google's own header, "TRACE_ID/SPAN_ID;o=OPTIONS" with a decimal
// span id: https://cloud.google.com/trace/docs/trace-context#legacy-http-header
type cloudTrace struct{}

func (cloudTrace) Inject(context.Context, propagation.TextMapCarrier) {}

func (cloudTrace) Fields() []string { return []string{"X-Cloud-Trace-Context"} }

func (cloudTrace) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	traceID, rest, ok := strings.Cut(carrier.Get("X-Cloud-Trace-Context"), "/")
	if !ok {
		return ctx
	}
	spanID, options, _ := strings.Cut(rest, ";")
	span, err := strconv.ParseUint(spanID, 10, 64)
	if err != nil {
		return ctx
	}
	var config trace.SpanContextConfig
	if config.TraceID, err = trace.TraceIDFromHex(traceID); err != nil {
		return ctx
	}
	if config.SpanID, err = trace.SpanIDFromHex(fmt.Sprintf("%016x", span)); err != nil {
		return ctx
	}
	if options == "o=1" {
		config.TraceFlags = trace.FlagsSampled
	}
	config.Remote = true
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(config))
}
