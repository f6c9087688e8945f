package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A load is a closed loop: so many clients, each on a connection of its own,
// send the next request when the last is answered.
type load struct {
	addr    string
	clients int
	// requests returns the i-th request of a client, nil when there is no more.
	requests func(client, i int) []byte
	status   int
	length   int // of every body, -1 for any
	// forgiving counts other answers as failed instead of giving up.
	forgiving bool
}

// A tally is what a load came to.
type tally struct {
	requests  int
	failed    int
	elapsed   time.Duration
	latencies []time.Duration // ascending
}

func (t tally) percentile(p int) time.Duration {
	if len(t.latencies) == 0 {
		return 0
	}
	return t.latencies[min(len(t.latencies)*p/100, len(t.latencies)-1)]
}

// run connects, calls started, and goes round until d is over.
func (l load) run(ctx context.Context, d time.Duration, started func() error) (tally, error) {
	clients := make([]*client, 0, l.clients)
	defer func() {
		for _, c := range clients {
			c.conn.Close()
		}
	}()
	for range l.clients {
		c, err := connect(ctx, l.addr)
		if err != nil {
			return tally{}, err
		}
		clients = append(clients, c)
	}
	if err := started(); err != nil {
		return tally{}, err
	}
	begin := time.Now()
	tallies, errs := make([]tally, l.clients), make([]error, l.clients)
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { tallies[i], errs[i] = l.loop(ctx, c, i, begin.Add(d)) })
	}
	wg.Wait()
	all := tally{elapsed: time.Since(begin)}
	for i, t := range tallies {
		if errs[i] != nil {
			return tally{}, errs[i]
		}
		all.failed += t.failed
		all.latencies = append(all.latencies, t.latencies...)
	}
	all.requests = len(all.latencies)
	slices.Sort(all.latencies)
	return all, ctx.Err()
}

func (l load) loop(ctx context.Context, c *client, n int, end time.Time) (t tally, err error) {
	last := time.Now()
	for i := 0; last.Before(end) && ctx.Err() == nil; i++ {
		request := l.requests(n, i)
		if request == nil {
			break
		}
		status, length, err := c.do(request)
		if err != nil {
			return t, err
		}
		if status != l.status || l.length >= 0 && length != l.length {
			if !l.forgiving {
				return t, fmt.Errorf("status %d and %d bytes instead of %d and %d", status, length, l.status, l.length)
			}
			t.failed++
		}
		now := time.Now()
		t.latencies = append(t.latencies, now.Sub(last))
		last = now
	}
	return t, nil
}

// A client speaks as much HTTP/1.1 as the targets do, for a fraction of the CPU
// of net/http's, which the targets need.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

// patience is how long an answer may take before the bench gives up.
const patience = 30 * time.Second

func connect(ctx context.Context, addr string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// do sends one request and reads its answer to the end.
func (c *client) do(request []byte) (status, length int, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, 0, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, fmt.Errorf("not HTTP: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	length, chunked, err := c.headers()
	switch {
	case err != nil:
		return 0, 0, err
	case chunked:
		length, err = c.chunks()
	default:
		_, err = c.r.Discard(length)
	}
	return status, length, err
}

func (c *client) headers() (length int, chunked bool, err error) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case len(name) == 0:
			return length, chunked, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func (c *client) chunks() (length int, err error) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return 0, err
		}
		if _, err := c.r.Discard(int(n) + len("\r\n")); err != nil {
			return 0, err
		}
		if n == 0 {
			return length, nil
		}
		length += int(n)
	}
}
