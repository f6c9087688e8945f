package server

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// drain is how long a server that was told to stop still reads requests, from the
	// connections that it has. Each answer asks the client to close its connection; if the
	// server closed it at once, a request that is on its way would be lost.
	drain = 500 * time.Millisecond
	// grace is how long running requests then have. Cloud Run kills 10 s after SIGTERM.
	grace = 7 * time.Second
)

const (
	// headersWithin is how long a client may take for a request's headers.
	headersWithin = 5 * time.Second
	// requestWithin is how long a client may take for all of it; handlers set a deadline
	// of their own for a body that they read.
	requestWithin = 10 * time.Second
	// idleWithin is how long a connection may wait for its next request. Google's load
	// balancers keep theirs for 600 s and want a server that keeps them longer: else the two
	// close and send at the same moment, and the client gets a 502
	// (https://cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends). Once a
	// request has begun the two above hold, on a kept connection as on a new one.
	idleWithin = 620 * time.Second
)

// serve serves one listener until ctx is over and its running requests are done.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, deadline time.Duration, errorLog *log.Logger) error {
	var stopping atomic.Bool
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if stopping.Load() {
				w.Header().Set("Connection", "close")
			}
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout:            headersWithin,
		ReadTimeout:                  requestWithin,
		WriteTimeout:                 deadline + 10*time.Second, // the handler's answer, then the slowest good client
		IdleTimeout:                  idleWithin,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered as everything else
		ErrorLog:                     errorLog,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping.Store(true)
	listener.Close()
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		server.Close()
		return fmt.Errorf("requests were cut off after %s: %w", grace, err)
	}
	return nil
}
