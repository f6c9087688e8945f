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

// connect starts a server and returns how to ask over one connection to it, how to stop it,
// and where it tells that it ended.
func connect(t *testing.T) (ask func() (*http.Response, error), stop func(), ended chan error) {
	listener, ended := make(pipes), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- server.Serve(ctx, listener, http.NotFoundHandler(), time.Second, nil) }()
	ours, its := net.Pipe()
	listener <- its
	answers := bufio.NewReader(ours)
	ask = func() (*http.Response, error) {
		if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return nil, err
		}
		resp, err := http.ReadResponse(answers, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		return resp, err
	}
	return ask, func() { cancel(); close(listener) }, ended
}

// TestKeptConnections: one is open for longer than the 600 s for which Google's load
// balancers keep theirs, and not for ever.
func TestKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask, stop, ended := connect(t)
		for _, test := range []struct {
			idle time.Duration
			open bool
		}{{0, true}, {610 * time.Second, true}, {630 * time.Second, false}} {
			time.Sleep(test.idle)
			if _, err := ask(); (err == nil) != test.open {
				t.Errorf("after %s: %v", test.idle, err)
			}
		}
		stop()
		<-ended
	})
}

// TestStopsGently: a request that was on its way when the server was told to stop is
// answered, and its client asked to close the connection.
func TestStopsGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask, stop, ended := connect(t)
		if resp, err := ask(); err != nil || resp.Close {
			t.Errorf("before: %v %v", resp, err)
		}
		stop()
		synctest.Wait()
		if resp, err := ask(); err != nil || !resp.Close {
			t.Errorf("on its way: %v %v", resp, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
