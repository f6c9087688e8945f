package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// The scenarios, by the names they have in the results.
const (
	sceneList   = "list"         // tokens that come again and again, as a phone's do
	sceneFirst  = "first tokens" // no token is seen twice
	sceneGzip   = "gzip"         // the client takes gzip
	sceneSame   = "not modified" // the client has the answer already
	sceneStart  = "cold start"   // from exec to the first 200
	sceneUsual  = "memory"       // the usual load on a fresh process
	sceneBacked = "backed up"    // Firestore takes its time and everything queues
)

var (
	// usualRows are those of the contract's example.
	usualRows    = rows{UnderWay: 1, Reserved: 3}
	rowCounts    = []rows{{1, 1}, {10, 10}, {100, 100}, {300, 300}}
	clientCounts = []int{1, 4, 16, 64, 256}
)

const (
	usualClients = 16
	// rowsClients are few: an answer of 600 rows takes the peer a good part of
	// a second, and all of them share its deadline of five.
	rowsClients = 4
	// backedClients is the server's bound on requests in flight.
	backedClients = 512
	backedLatency = 20 * time.Millisecond
	// fewRounds is enough for what varies little, and costs much time.
	fewRounds    = 3
	memoryRounds = 2
	// firstRate is how many first tokens a second are signed for a slot: more
	// than any target gets through on one core.
	firstRate = 3000
)

// firstTokens is how many are needed in all; every target sees each once.
func (p plan) firstTokens() int { return p.rounds * int(p.slot.Seconds()*firstRate) }

// measure goes through all scenarios, round by round, and in each through all
// targets, beginning with another every round.
func (l *lab) measure(ctx context.Context) error {
	for _, p := range l.running {
		if err := l.warm(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	for round := range l.rounds {
		scenes := l.scenes(round)
		for i, s := range scenes {
			fmt.Fprintf(os.Stderr, "\rround %d of %d, scenario %d of %d ", round+1, l.rounds, i+1, len(scenes)+1)
			for t := range l.running {
				p := l.running[(t+round)%len(l.running)]
				if !s.suits(p) {
					continue
				}
				sample, err := l.slotOf(ctx, round, p, s)
				if err != nil {
					return fmt.Errorf("%s, %s with %d clients: %w", p.name, s.name, s.clients, err)
				}
				l.results.add(round, sample)
			}
		}
		for t := range l.targets {
			if err := l.fresh(ctx, round, l.targets[(t+round)%len(l.targets)]); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

// warm keeps a process busy until it has used the plan's CPU.
func (l *lab) warm(ctx context.Context, p *process) error {
	for {
		if _, err := l.slotOf(ctx, 0, p, scene{sceneList, usualClients, usualRows, l.slot}); err != nil {
			return err
		}
		used, err := cpuTime(p.pid())
		if err != nil || used >= l.warmUp {
			return err
		}
	}
}

// A scene is one scenario with its numbers.
type scene struct {
	name    string
	clients int
	rows    rows
	slot    time.Duration
}

func (l *lab) scenes(round int) []scene {
	var all []scene
	for _, n := range clientCounts {
		s := scene{sceneList, n, usualRows, l.slot}
		if n == usualClients {
			s.slot *= 2 // the figures at the table's head
		}
		all = append(all, s)
	}
	if round < fewRounds {
		for _, r := range rowCounts {
			all = append(all, scene{sceneList, rowsClients, r, l.slot})
		}
	}
	for _, name := range []string{sceneFirst, sceneGzip, sceneSame} {
		all = append(all, scene{name, usualClients, usualRows, l.slot})
	}
	return all
}

// suits reports whether a target takes part: the floors know no tokens, no
// compression and no entity tags.
func (s scene) suits(p *process) bool { return p.tokens || s.name == sceneList }

// slotOf measures one process in one scenario.
func (l *lab) slotOf(ctx context.Context, round int, p *process, s scene) (sample, error) {
	work := load{addr: p.addr, clients: s.clients, status: http.StatusOK, length: l.sizes[s.rows]}
	switch s.name {
	case sceneGzip:
		work.length = -1
	case sceneSame:
		work.status, work.length = http.StatusNotModified, -1
	case sceneBacked:
		work.forgiving = true // a target may turn away what it cannot do in time
	}
	var err error
	if work.requests, err = l.requests(ctx, round, p, s); err != nil {
		return sample{}, err
	}
	return l.meter(ctx, p, s, work)
}

// meter runs the load and reads the clocks around it.
func (l *lab) meter(ctx context.Context, p *process, s scene, work load) (sample, error) {
	var server, standin time.Duration
	read := func() (err error) {
		if server, err = cpuTime(p.pid()); err != nil {
			return err
		}
		standin, err = cpuTime(l.standin.cmd.Process.Pid)
		return err
	}
	var server0, standin0 time.Duration
	t, err := work.run(ctx, s.slot, func() error {
		err := read()
		server0, standin0 = server, standin
		return err
	})
	if err != nil {
		return sample{}, err
	}
	if err := read(); err != nil {
		return sample{}, err
	}
	if t.requests == 0 {
		return sample{}, errors.New("no request was answered")
	}
	n := float64(t.requests)
	return sample{
		Scene: s.name, Target: p.name, Clients: s.clients, Rows: s.rows,
		Requests:  t.requests,
		Failed:    t.failed,
		CPU:       micros(server-server0) / n,
		Standin:   micros(standin-standin0) / n,
		PerSecond: n / t.elapsed.Seconds(),
		P50:       millis(t.percentile(50)),
		P99:       millis(t.percentile(99)),
	}, nil
}

// fresh measures what only a new process shows: its start, and its memory under
// the usual load and when everything queues.
func (l *lab) fresh(ctx context.Context, round int, t target) error {
	p, err := t.start(ctx, t.request(l.askers[usualRows][0], l.sizes[usualRows], ""), l.stderr)
	if err != nil {
		return err
	}
	defer p.stop()
	l.results.add(round, sample{Scene: sceneStart, Target: t.name, Cold: millis(p.cold)})
	if round >= memoryRounds {
		return nil
	}
	if err := l.warm(ctx, p); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	peak := func(s scene) error {
		got, err := l.slotOf(ctx, round, p, s)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", t.name, s.name, err)
		}
		bytes, err := peakMemory(p.pid())
		got.Memory = float64(bytes) / (1 << 20)
		l.results.add(round, got)
		return err
	}
	if err := peak(scene{sceneUsual, usualClients, usualRows, 2 * l.slot}); err != nil {
		return err
	}
	if err := l.standin.setLatency(backedLatency); err != nil {
		return err
	}
	return errors.Join(
		peak(scene{sceneBacked, backedClients, usualRows, 2 * l.slot}),
		l.standin.setLatency(0),
	)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
