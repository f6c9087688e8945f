package main

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"
)

func TestClientReadsAnswers(t *testing.T) {
	const next = "HTTP/1.1 204 No Content\r\n\r\n"
	for _, test := range []struct {
		name, answer   string
		status, length int
	}{
		{"length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, 5},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n, you all!\r\n0\r\n\r\n", 200, 15},
		{"no body", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			here, there := net.Pipe()
			defer here.Close()
			go func() {
				defer there.Close()
				io.ReadFull(there, make([]byte, 2))
				io.WriteString(there, test.answer)
				io.ReadFull(there, make([]byte, 2))
				io.WriteString(there, next)
			}()
			c := &client{conn: here, r: bufio.NewReader(here)}
			status, length, err := c.do([]byte("GO"))
			if err != nil || status != test.status || length != test.length {
				t.Errorf("got %d, %d, %v; want %d, %d", status, length, err, test.status, test.length)
			}
			if status, _, err := c.do([]byte("GO")); err != nil || status != 204 {
				t.Errorf("the next answer: %d, %v; want 204", status, err)
			}
		})
	}
}

// sampled is a run of two rounds, in the second of which the machine was slow.
func sampled() *results {
	r := &results{Machine: "<a & b>"}
	for round, slow := range []float64{1, 3} {
		for i, target := range []string{willson, node, floor, floorBytes} {
			v := slow * float64(i+1)
			for _, n := range clientCounts {
				r.add(round, sample{Scene: sceneList, Target: target, Clients: n, Rows: usualRows, CPU: v, P99: v * float64(n)})
			}
			r.add(round, sample{Scene: sceneStart, Target: target, Cold: v})
		}
	}
	return r
}

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	r := sampled()
	if got := r.ratio(node, willson, head, cpu); got != 2 {
		t.Errorf("ratio %v, want 2", got)
	}
	if got := r.median(willson, head, cpu); got != 2 {
		t.Errorf("median %v, want 2", got)
	}
	if got := r.median(floor, scenePoint(sceneGzip), cpu); !math.IsNaN(got) {
		t.Errorf("a figure that was not measured is %v, want NaN", got)
	}
}

func TestPictureIsWellFormed(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(string(sampled().picture())))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTableGoesBetweenItsMarkers(t *testing.T) {
	text := "before\n" + tableBegin + "old\n" + tableEnd + "after\n"
	got, err := between([]byte(text), "new\n")
	if want := strings.Replace(text, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := between([]byte("no markers"), ""); err == nil {
		t.Error("a text without markers was accepted")
	}
}

func TestAskersNameTheirRows(t *testing.T) {
	for _, r := range append([]rows{usualRows}, rowCounts...) {
		uid := r.uid(7)
		if got, err := rowsOf(uid); err != nil || got != r || len(uid) != 28 {
			t.Errorf("%q: %v, %v; want %v", uid, got, err, r)
		}
		generate := sessions(time.Now())
		if n := (rows{len(generate("chatrooms", uid)), len(generate("reservations", uid))}); n != r {
			t.Errorf("%q has %v", uid, n)
		}
	}
}
