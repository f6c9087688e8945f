package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/prometheus/procfs"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"willson/internal/fakefirestore"
)

// verify makes sure, before anything is measured, that Willson and Node answer the same
// and what they should. It notes the answers' sizes, and what the requests ask of Firestore.
func (l *lab) verify(context.Context) error {
	for _, s := range l.scenes() {
		if s.gzip { // is the usual list
			l.sizes[s.name] = l.sizes[listed]
			continue
		}
		l.sizes[s.name] = map[string]int{}
		var want map[string]any
		for _, p := range l.running {
			if p.name == floor {
				continue
			}
			requests := l.requests(p, s, l.rounds+1)
			answer, got, err := answered(requests[0], s)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
			}
			if want != nil && !reflect.DeepEqual(got, want) {
				return fmt.Errorf("%s: %s answers %v, not %v", s.name, p.name, got, want)
			}
			want, l.sizes[s.name][p.name] = got, len(answer.Body)
			if s.method == "GET" && s.name != listed { // the same list once more
				continue
			}
			if err := l.addTrips(p, s, requests[1]); err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
			}
		}
		l.sizes[s.name][floor] = l.sizes[s.name][willson]
	}
	return nil
}

// own are the keys of what differs from one match or concern to the next, or with the time
// of a change.
var own = []string{"idx", "concern_idx", "roomkey", "created_at", "updated_at", "timer"}

// answered makes a request and returns what it was answered, without what is its own.
func answered(request vegeta.Target, s scene) (*vegeta.Result, map[string]any, error) {
	answer := ask(request)
	var got map[string]any
	err := json.Unmarshal(answer.Body, &got)
	missing := func(part string) bool { return !bytes.Contains(answer.Body, []byte(part)) }
	if err != nil || answer.Code != 200 || slices.ContainsFunc(s.shows, missing) {
		return nil, nil, fmt.Errorf("%s %s", answer.Error, answer.Body)
	}
	if data := got["data"].(map[string]any); data["status"] != nil {
		for _, key := range own {
			data[key] = data[key] != nil
		}
	}
	return answer, got, nil
}

// held is how long Firestore holds each call back while trips are counted: longer than
// anything else that a request waits for.
const held = 200 * time.Millisecond

// addTrips counts what a request asks of Firestore: its calls, how many of them one after
// the other, and the documents read and written.
func (l *lab) addTrips(p *process, s scene, request vegeta.Target) error {
	calls := func() (n float64) {
		for _, method := range []string{"BeginTransaction", "BatchGetDocuments", "RunQuery", "Commit", "Rollback"} {
			n += float64(l.firestore.Count(method))
		}
		return n
	}
	l.firestore.OnCall(fakefirestore.Always(fakefirestore.Fault{Delay: held}))
	defer l.firestore.OnCall(nil)
	before := sample{called: calls(), read: float64(l.firestore.Reads()), written: float64(l.firestore.Writes())}
	answer, _, err := answered(request, s)
	if err != nil {
		return err
	}
	l.trips.add(s.name, p.name, sample{
		trips:   float64(answer.Latency / held),
		called:  calls() - before[called],
		read:    float64(l.firestore.Reads()) - before[read],
		written: float64(l.firestore.Writes()) - before[written],
	})
	return nil
}

// measure goes through all scenes, round by round, and in each through all targets,
// beginning with another every round, so that a slow minute of the machine hits all alike.
// What the first round shows is dropped: in it Node's compiler warms up.
func (l *lab) measure(ctx context.Context) error {
	for round := range l.rounds + 1 {
		if round == 1 {
			clear(l.results)
		}
		fmt.Fprintf(os.Stderr, "\rround %d of %d ", round, l.rounds)
		for _, s := range l.scenes() {
			for i := range l.running {
				p := l.running[(i+round)%len(l.running)]
				if p.name == floor && !s.hasFloor() {
					continue
				}
				measured, err := l.sample(p, s, round)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
				}
				l.results.add(s.name, p.name, measured)
			}
		}
		for _, p := range l.running {
			if err := l.startFresh(ctx, *p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		if err := l.mustBeDone(ctx, round); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr)
	return ctx.Err()
}

// startFresh measures what only a new process shows: its start, and its peak of memory
// after the usual load, of clients that ask for gzip.
func (l *lab) startFresh(ctx context.Context, p process) error {
	if err := l.start(ctx, &p); err != nil {
		return err
	}
	defer p.stop()
	usual := l.scenes()[0]
	usual.gzip = true
	measured, err := l.sample(&p, usual, 0)
	if err != nil {
		return err
	}
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	status, err := proc.NewStatus()
	measured[memory], measured[cold] = float64(status.VmHWM)/(1<<20), p.cold.Seconds()*1000
	l.results.add(fresh, p.name, measured)
	return err
}
