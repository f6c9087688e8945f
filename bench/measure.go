package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/procfs"

	"willson/internal/storetest"
	"willson/store"
)

// A scene is what the targets are asked, one after the other.
type scene struct {
	name    string
	method  string
	path    string // with a match's number for %d
	users   func(target string, round int) []user
	clients int    // each sends its next request when the last is answered
	times   int    // that each user asks
	shows   string // in the answer
}

const clients = 16

// The scenes' names, and that of what a new process shows.
const (
	listed    = "list"
	listedOne = "list, 1 client"
	listedNew = "list, first tokens"
	listedAll = "list, many rows"
	selected  = "select"
	joined    = "join"
	completed = "complete"
	fresh     = "new process"
)

func (l *lab) scenes() []scene {
	const list = "/chat/chatrooms"
	usual := func(string, int) []user { return l.users.usual }
	many := func(string, int) []user { return l.users.many }
	newTokens := func(_ string, round int) []user { return l.users.fresh[round] }
	changing := func(target string, _ int) []user { return l.users.changing[target] }
	few, all := fmt.Sprintf(`"count":%d,`, usualRooms+usualReserved), fmt.Sprintf(`"count":%d,`, 2*manyRows)
	return []scene{
		{listed, "GET", list, usual, clients, 10, few},
		{listedOne, "GET", list, usual, 1, 2, few},
		{listedNew, "GET", list, newTokens, clients, 1, few},
		{listedAll, "GET", list, many, clients, 20, all},
		{selected, "PATCH", "/list/matches/%d/select", changing, clients, 1, `"status":"chat"`},
		{joined, "PATCH", "/chat/join/%d", changing, clients, 1, `"asker_join":1`},
		{completed, "PATCH", "/chat/complete/%d", changing, clients, 1, `"status":"complete"`},
	}
}

// verify makes sure, before anything is measured, that Willson and Node answer the same
// and what they should. It notes the answers' sizes.
func (l *lab) verify(context.Context) error {
	for _, s := range l.scenes() {
		var want map[string]any
		for _, p := range l.running {
			if p.name == floor {
				continue
			}
			answer := ask(l.requests(p, s, l.rounds+1)[0])
			var got map[string]any
			err := json.Unmarshal(answer.Body, &got)
			if err != nil || answer.Code != 200 || !bytes.Contains(answer.Body, []byte(s.shows)) {
				return fmt.Errorf("%s, %s: %s %s", p.name, s.name, answer.Error, answer.Body)
			}
			if data := got["data"].(map[string]any); data["status"] != nil {
				for _, own := range []string{"idx", "concern_idx", "roomkey", "updated_at"} {
					data[own] = data[own] != nil
				}
			}
			if want != nil && !reflect.DeepEqual(got, want) {
				return fmt.Errorf("%s: %s answers %v, not %v", s.name, p.name, got, want)
			}
			want, l.sizes[s.name] = got, len(answer.Body)
		}
	}
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
				if p.name == floor && s.method != "GET" {
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
// after the usual load.
func (l *lab) startFresh(ctx context.Context, p process) error {
	if err := l.start(ctx, &p); err != nil {
		return err
	}
	defer p.stop()
	measured, err := l.sample(&p, l.scenes()[0], 0)
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

// mustBeDone makes sure that a round's matches were selected, joined and completed.
func (l *lab) mustBeDone(ctx context.Context, round int) error {
	client, err := firestore.NewClient(ctx, l.issuer.Project)
	if err != nil {
		return err
	}
	defer client.Close()
	for target, users := range l.users.changing {
		for i := range users {
			var match store.Match
			if err := read(ctx, client, storetest.Path(matchIdx(target, round, i)), &match); err != nil {
				return err
			}
			var room store.Chatroom
			err := errors.Join(
				read(ctx, client, "chatrooms/"+match.Roomkey, &room),
				read(ctx, client, "chatrooms/"+match.Roomkey+"/chats/start", &map[string]any{}),
			)
			if err != nil || match.Status != store.Complete || !match.AskerJoined || room.Status != store.Complete {
				return fmt.Errorf("%s answered 200 and left %v, %v", target, match, err)
			}
		}
	}
	return nil
}

func read(ctx context.Context, client *firestore.Client, path string, doc any) error {
	snapshot, err := client.Doc(path).Get(ctx)
	if err != nil {
		return err
	}
	return snapshot.DataTo(doc)
}
