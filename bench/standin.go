package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"willson/internal/standin"
)

// standinCommand makes this program the stand-in Firestore, a process of its
// own.
const standinCommand = "serve-standin"

// rows is how many sessions an asker has in each of the two lists.
type rows struct {
	UnderWay int `json:"under_way"`
	Reserved int `json:"reserved"`
}

// uid names an asker with so many sessions: the stand-in reads from the name
// what to answer. It is as long as Firebase's own.
func (r rows) uid(n int) string {
	return fmt.Sprintf("u%03dr%03dn%04dAbCdEfGhIjKlMnO", r.UnderWay, r.Reserved, n)
}

func rowsOf(uid string) (rows, error) {
	var r rows
	var n int
	_, err := fmt.Sscanf(uid, "u%03dr%03dn%04d", &r.UnderWay, &r.Reserved, &n)
	return r, err
}

// serveStandin tells its address in one line, then takes latencies, a duration
// a line, answering each with a line, until its input ends: also when the bench
// is killed.
func serveStandin(ctx context.Context, in io.Reader, out io.Writer) error {
	debug.SetGCPercent(400) // it shares the machine with what is measured
	server, err := standin.Start("")
	if err != nil {
		return err
	}
	defer server.Close()
	server.Generate(sessions(time.Now()))
	fmt.Fprintln(out, server.Addr())
	lines := bufio.NewScanner(in)
	for ctx.Err() == nil && lines.Scan() {
		latency, err := time.ParseDuration(strings.TrimSpace(lines.Text()))
		if err != nil {
			return err
		}
		server.SetLatency(latency)
		fmt.Fprintln(out, "ok")
	}
	return lines.Err()
}

// sessions makes up what an asker has: rooms that started a minute ago, and
// reservations of the next days.
func sessions(now time.Time) standin.Generator {
	return func(collection, asker string) []standin.Generated {
		r, err := rowsOf(asker)
		if err != nil {
			return nil
		}
		var all []standin.Generated
		switch collection {
		case "chatrooms":
			for i := range r.UnderWay {
				id, fields := standin.Chatroom(asker, 20455+i, now.Add(time.Duration(i)*time.Millisecond-time.Minute))
				all = append(all, standin.Generated{ID: id, Fields: fields})
			}
		case "reservations":
			for i := range r.Reserved {
				id, fields := standin.Reservation(asker, 669+i, now.Add(time.Duration(24+i)*time.Hour))
				all = append(all, standin.Generated{ID: id, Fields: fields})
			}
		}
		return all
	}
}
