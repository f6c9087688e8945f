package store

import (
	"context"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// connections to Google's Firestore. Each carries 100 queries at a time.
const connections = 4

// dialOptions make a lost connection known and made again within seconds. The library
// sets no keepalive, waits 20 s for a connection and up to 120 s between attempts.
func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
		// A ping when a query is sent after a pause, so that a connection that died in the
		// pause fails at once and the query is tried on another; also TCP_USER_TIMEOUT. No
		// ping without a query: Cloud Run may give no CPU to see its answer.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 2 * time.Second}),
	}
}

func clientOptions(cfg Config) ([]option.ClientOption, error) {
	if cfg.EmulatorHost == "" {
		options := []option.ClientOption{option.WithGRPCConnectionPool(connections)}
		if !cfg.Tracing {
			options = append(options, option.WithTelemetryDisabled())
		}
		for _, o := range dialOptions() {
			options = append(options, option.WithGRPCDialOption(o))
		}
		return options, nil
	}
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(owner{}),
	}, dialOptions()...)
	if cfg.Tracing {
		options = append(options, grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	}
	conn, err := grpc.NewClient("passthrough:///"+cfg.EmulatorHost, options...)
	if err != nil {
		return nil, err
	}
	return []option.ClientOption{option.WithGRPCConn(conn)}, nil
}

// owner passes by the emulator's security rules, as a service account passes by Firestore's.
type owner struct{}

func (owner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (owner) RequireTransportSecurity() bool { return false }
