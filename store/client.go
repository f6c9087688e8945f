package store

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// connections to Google's Firestore that each of the two clients keeps. Each carries 100
// calls at a time.
const connections = 4

// newClient makes the library's client, without the retries that it makes by itself.
func newClient(ctx context.Context, cfg Config) (*firestore.Client, error) {
	options, err := clientOptions(cfg,
		grpc.WithChainUnaryInterceptor(callOnce),
		grpc.WithChainStreamInterceptor(streamOnce))
	if err != nil {
		return nil, err
	}
	return firestore.NewClient(ctx, cfg.Project, options...)
}

// callOnce and streamOnce make the library's client send each call once. It repeats
// BeginTransaction, Commit and queries that cannot be sent for as long as the context
// lasts; store.transact repeats the whole transaction instead.
func callOnce(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if method == firestorepb.Firestore_Rollback_FullMethodName {
		// Nobody needs its answer, for which the library would wait for 5 s, however little
		// time the request has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		go func() {
			defer cancel()
			_ = invoke(ctx, method, req, reply, conn, options...)
		}()
		return nil
	}
	return hidden(invoke(ctx, method, req, reply, conn, options...))
}

func streamOnce(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, conn, method, options...)
	return stream, hidden(err)
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

// clientOptions say how to reach the database, with these options besides.
func clientOptions(cfg Config, extra ...grpc.DialOption) ([]option.ClientOption, error) {
	extra = append(extra, dialOptions()...)
	if cfg.EmulatorHost == "" {
		options := []option.ClientOption{option.WithGRPCConnectionPool(connections)}
		if !cfg.Tracing {
			options = append(options, option.WithTelemetryDisabled())
		}
		for _, o := range extra {
			options = append(options, option.WithGRPCDialOption(o))
		}
		return options, nil
	}
	extra = append(extra, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(owner{}))
	if cfg.Tracing {
		extra = append(extra, grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	}
	conn, err := grpc.NewClient("passthrough:///"+cfg.EmulatorHost, extra...)
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
