package telemetry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"willson/telemetry"
)

// collecting takes spans by gRPC.
type collecting struct {
	collector.UnimplementedTraceServiceServer
	got chan<- *collector.ExportTraceServiceRequest
}

func (c collecting) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.got <- r
	return &collector.ExportTraceServiceResponse{}, nil
}

// TestTracing: the standard variables say how spans are sent, and where to.
func TestTracing(t *testing.T) {
	got := make(chan *collector.ExportTraceServiceRequest, 1)
	byHTTP := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := &collector.ExportTraceServiceRequest{}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Key") != "secret" || proto.Unmarshal(body, request) != nil {
			t.Errorf("%s, %v: %v", r.URL.Path, r.Header, err)
		}
		got <- request
	}))
	defer byHTTP.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	byGRPC := grpc.NewServer()
	collector.RegisterTraceServiceServer(byGRPC, collecting{got: got})
	go byGRPC.Serve(listener)
	defer byGRPC.Stop()

	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	w3c := propagation.MapCarrier{"traceparent": "00-" + id + "-" + span + "-01"}
	b3 := propagation.MapCarrier{"b3": id + "-" + span + "-1"}
	for name, test := range map[string]struct {
		protocol, propagators, endpoint string
		caller                          propagation.MapCarrier
		joined                          bool
	}{
		"by HTTP":              {"http/protobuf", "", byHTTP.URL, w3c, true},
		"by gRPC":              {"grpc", "", "http://" + listener.Addr().String(), w3c, true},
		"b3, not asked for":    {"http/protobuf", "", byHTTP.URL, b3, false},
		"b3, asked for":        {"http/protobuf", "tracecontext,b3", byHTTP.URL, b3, true},
		"no propagators":       {"http/protobuf", "none", byHTTP.URL, w3c, false},
		"an unknown one alone": {"http/protobuf", "nonsense", byHTTP.URL, w3c, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_PROPAGATORS", test.propagators)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", test.endpoint)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "key=secret")
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", test.protocol)
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "a,deployment.environment.name=test")
			stop, err := telemetry.StartTracing(t.Context(), test.protocol)
			if err != nil {
				t.Fatal(err)
			}
			caller := otel.GetTextMapPropagator().Extract(t.Context(), test.caller)
			_, begun := otel.Tracer("test").Start(caller, "work", trace.WithSpanKind(trace.SpanKindServer))
			begun.End()
			if err := stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			var request *collector.ExportTraceServiceRequest
			select {
			case request = <-got:
			default:
				t.Fatal("no span came")
			}
			resource := map[string]string{}
			for _, attribute := range request.ResourceSpans[0].Resource.Attributes {
				resource[attribute.Key] = attribute.Value.GetStringValue()
			}
			sent := request.ResourceSpans[0].ScopeSpans[0].Spans[0]
			if joined := trace.TraceID(sent.TraceId).String() == id && sent.ParentSpanId != nil; joined != test.joined || sent.Name != "work" {
				t.Errorf("joined to its caller: %t, %v", joined, sent)
			}
			if resource["service.name"] != "willson" || resource["deployment.environment.name"] != "test" {
				t.Errorf("of %v", resource)
			}
		})
	}
}
