package server

import (
	"net/url"
	"strconv"
	"strings"
)

// traceProtocol returns the protocol in which spans are sent, "" when the standard
// variables do not ask for any. The exporters read where to, and all else, themselves:
// what of that could mislead them is looked at here. The specification wants bad values
// ignored with a warning; an endpoint that is none would send the spans elsewhere.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
func (e *environment) traceProtocol() string {
	switch disabled := strings.ToLower(e.getenv("OTEL_SDK_DISABLED")); disabled {
	case "true":
		return ""
	case "", "false":
	default:
		e.warn("OTEL_SDK_DISABLED=%q is neither true nor false: taken as false", disabled)
	}
	exporter := strings.ToLower(e.getenv("OTEL_TRACES_EXPORTER"))
	switch exporter {
	case "none":
		return ""
	case "", "otlp":
	default:
		e.warn("OTEL_TRACES_EXPORTER=%q is neither otlp nor none: ignored", exporter)
		exporter = ""
	}
	const general, special = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	if exporter == "" && e.getenv(general) == "" && e.getenv(special) == "" {
		return ""
	}

	protocol := "http/protobuf"
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		switch value := strings.ToLower(e.getenv(name)); value {
		case "":
		case "grpc", "http/protobuf", "http/json":
			protocol = value
		default:
			e.warn("%s=%q is none of grpc, http/protobuf, http/json: ignored", name, value)
		}
	}
	for _, name := range []string{general, special} {
		if value := e.value(name, ""); value != "" && !isEndpoint(value, protocol) {
			e.problem("%s=%q is not a URL like http://127.0.0.1:4318", name, value)
		}
	}
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_BSP_SCHEDULE_DELAY",
		"OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	} {
		value := e.getenv(name)
		if _, err := strconv.ParseUint(value, 10, 31); value != "" && err != nil {
			e.warn("%s=%q is not a whole number", name, value)
		}
	}
	for _, pair := range strings.Split(e.getenv("OTEL_RESOURCE_ATTRIBUTES"), ",") {
		if pair != "" && !strings.Contains(pair, "=") {
			e.warn("OTEL_RESOURCE_ATTRIBUTES: %q is not key=value: ignored", pair)
		}
	}
	return protocol
}

// isEndpoint reports whether the exporters understand a value as it is meant. With gRPC
// that may also be name:port, or one of its own forms, like unix:///path.
func isEndpoint(value, protocol string) bool {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return false
	case u.Scheme == "http" || u.Scheme == "https":
		return u.Hostname() != ""
	case protocol != "grpc":
		return false
	}
	_, err = strconv.ParseUint(u.Opaque, 10, 16)
	return err == nil || strings.Contains(value, ":///")
}
