package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"willson/server"
)

// pipes is a listener whose connections are made within the process.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestKeptConnections: one is open for longer than the 600 s for which Google's load
// balancers keep theirs, and not for ever.
func TestKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := make(pipes)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- server.Serve(ctx, listener, http.NotFoundHandler(), time.Second, nil)
		}()
		ours, its := net.Pipe()
		listener <- its
		answers := bufio.NewReader(ours)
		for _, test := range []struct {
			idle time.Duration
			open bool
		}{{0, true}, {610 * time.Second, true}, {630 * time.Second, false}} {
			time.Sleep(test.idle)
			_, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if err == nil {
				var resp *http.Response
				if resp, err = http.ReadResponse(answers, nil); err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
				}
			}
			if (err == nil) != test.open {
				t.Errorf("after %s: %v", test.idle, err)
			}
		}
		stop()
		close(listener)
		if err := <-ended; err != nil && err != net.ErrClosed {
			t.Error(err)
		}
	})
}
