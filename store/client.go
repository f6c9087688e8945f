package store

import (
	"context"
	"time"

	apiv1 "cloud.google.com/go/firestore/apiv1"
	"github.com/googleapis/gax-go/v2"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"willson/internal/docbytes"
)

// connections to Google's Firestore. Each carries 100 calls at a time.
const connections = 8

// newClient makes the generated client, which sends each call once: the retries are those
// of reader.go and change.go. What is read stays bytes: see package docbytes.
func newClient(ctx context.Context, cfg Config) (*apiv1.Client, error) {
	options, err := clientOptions(cfg)
	if err != nil {
		return nil, err
	}
	client, err := apiv1.NewClient(ctx, options...)
	if err != nil {
		return nil, err
	}
	bytes := []gax.CallOption{gax.WithGRPCOptions(grpc.ForceCodecV2(docbytes.Codec{}))}
	// As a whole, in place of the library's, which repeat some calls until the context ends.
	client.CallOptions = &apiv1.CallOptions{RunQuery: bytes, BatchGetDocuments: bytes}
	return client, nil
}

// clientOptions say how to reach the database.
func clientOptions(cfg Config) ([]option.ClientOption, error) {
	dial := dialOptions()
	if cfg.EmulatorHost == "" {
		options := []option.ClientOption{option.WithGRPCConnectionPool(connections)}
		if !cfg.Tracing {
			options = append(options, option.WithTelemetryDisabled())
		}
		for _, o := range dial {
			options = append(options, option.WithGRPCDialOption(o))
		}
		return options, nil
	}
	dial = append(dial, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(owner{}))
	if cfg.Tracing {
		dial = append(dial, grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	}
	conn, err := grpc.NewClient("passthrough:///"+cfg.EmulatorHost, dial...)
	if err != nil {
		return nil, err
	}
	return []option.ClientOption{option.WithGRPCConn(conn)}, nil
}

// dialOptions make a lost connection known and made again within seconds. The library
// sets no keepalive, waits 20 s for a connection and up to 120 s between attempts.
func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
		// A ping when a call is sent after a pause, so that a connection that died in the
		// pause fails at once and the call is tried on another; also TCP_USER_TIMEOUT. No
		// ping without a call: Cloud Run may give no CPU to see its answer.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 2 * time.Second}),
	}
}

// owner bypasses the emulator's security rules, as a service account bypasses Firestore's.
type owner struct{}

var ownerHeader = map[string]string{"authorization": "Bearer owner"}

func (owner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return ownerHeader, nil
}

func (owner) RequireTransportSecurity() bool { return false }
