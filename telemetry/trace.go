package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// StartTracing sends spans, by gRPC or, for any other protocol, by HTTP, as the standard
// OTEL_* variables say
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/),
// and takes up the trace of an incoming traceparent, or of what OTEL_PROPAGATORS names.
// The returned function sends what is left.
func StartTracing(ctx context.Context, protocol string) (stop func(context.Context) error, err error) {
	client := otlptracehttp.NewClient()
	if protocol == "grpc" {
		client = otlptracegrpc.NewClient()
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("tracing (OTEL_EXPORTER_OTLP_…): %w", err)
	}
	// An error is of OTEL_RESOURCE_ATTRIBUTES, and the readable rest is there. WithResource
	// finds it again and tells OpenTelemetry's error handler.
	described, _ := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "willson")),
		resource.WithFromEnv(),
		resource.WithTelemetrySDK(),
	)
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(described))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(autoprop.NewTextMapPropagator())
	return provider.Shutdown, nil
}

// Trace returns the attributes that join a request's log lines to its trace in Cloud
// Logging: those of the span that tracing began for it, or else of its traceparent, which
// Cloud Run fills in (https://cloud.google.com/run/docs/trace). Google's older header,
// X-Cloud-Trace-Context, is not read: its library for Go is deprecated for this one.
func Trace(r *http.Request, project string) []slog.Attr {
	span := trace.SpanContextFromContext(r.Context())
	if !span.IsValid() {
		caller := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
		if span = trace.SpanContextFromContext(caller); !span.IsValid() {
			return nil
		}
	}
	return []slog.Attr{
		slog.String("logging.googleapis.com/trace", "projects/"+project+"/traces/"+span.TraceID().String()),
		slog.String("logging.googleapis.com/spanId", span.SpanID().String()),
		slog.Bool("logging.googleapis.com/trace_sampled", span.IsSampled()),
	}
}
