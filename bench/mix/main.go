// Command mix drives the store with the lists that a million askers would open and
// prints what that reads, for docs/scale.md: go run ./bench/mix
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"willson/internal/standin"
	"willson/store"
)

const (
	askers       = 1_000_000
	opensPerDay  = 5
	opens        = 50_000 // simulated, each of an asker drawn evenly
	askersAtOnce = 64
)

// A share of the askers has so many sessions under way, of which some are over and not
// yet marked complete, and so many reserved. An assumption, made to be changed.
type share struct {
	percent                   uint32
	underWay, stale, reserved int
}

var mix = []share{
	{percent: 55},
	{percent: 15, reserved: 1},
	{percent: 12, underWay: 1},
	{percent: 8, underWay: 1, reserved: 1},
	{percent: 5, reserved: 3},
	{percent: 3, underWay: 1, stale: 4, reserved: 2},
	{percent: 1, underWay: 2, stale: 20, reserved: 10},
	{percent: 1, stale: 320},
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	firestore, err := standin.Start("")
	if err != nil {
		return err
	}
	defer firestore.Close()
	now := time.Now()
	firestore.Generate(func(collection, asker string) []standin.Generated { return sessions(collection, asker, now) })
	sessions, err := store.Open(ctx, store.Config{
		Project:      "demo-willson",
		EmulatorHost: firestore.Addr(),
		Log:          slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer sessions.Close()

	var billed, rows, empty atomic.Int64
	var group errgroup.Group
	group.SetLimit(askersAtOnce)
	for i := range opens {
		asker := fmt.Sprintf("asker%d", i*(askers/opens))
		group.Go(func() error {
			found, err := sessions.Sessions(ctx, asker)
			if errors.Is(err, store.ErrNotFound) {
				empty.Add(1)
				err = nil
			}
			s := shareOf(asker)
			billed.Add(int64(max(1, min(s.underWay+s.stale, store.MaxRows+1)) + max(1, s.reserved)))
			rows.Add(int64(len(found.UnderWay) + len(found.Reserved)))
			if len(found.UnderWay) != s.underWay || len(found.Reserved) != s.reserved {
				return fmt.Errorf("%s: %d and %d rows, want %d and %d", asker, len(found.UnderWay), len(found.Reserved), s.underWay, s.reserved)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if want := 2 * opens; firestore.Queries() != want {
		return fmt.Errorf("%d queries, want %d", firestore.Queries(), want)
	}

	perOpen := float64(billed.Load()) / opens
	fmt.Printf("lists opened            %d (%.0f%% empty)\n", opens, 100*float64(empty.Load())/opens)
	fmt.Printf("rows shown a list       %.2f\n", float64(rows.Load())/opens)
	fmt.Printf("documents sent a list   %.2f\n", float64(firestore.DocumentsSent())/opens)
	fmt.Printf("reads billed a list     %.2f (a query without a result costs one)\n", perOpen)
	fmt.Printf("reads billed a day      %.1f million (%d askers, %d lists each)\n", perOpen*askers*opensPerDay/1e6, askers, opensPerDay)
	return nil
}

// shareOf gives an asker the same share every time.
func shareOf(asker string) share {
	h := fnv.New32a()
	h.Write([]byte(asker))
	left := h.Sum32() % 100
	for _, s := range mix {
		if left < s.percent {
			return s
		}
		left -= s.percent
	}
	return share{}
}

func sessions(collection, asker string, now time.Time) (docs []standin.Generated) {
	s := shareOf(asker)
	idx := 0
	add := func(n int, document func(string, int, time.Time) (string, standin.Fields), at time.Time) {
		for range n {
			idx++
			id, fields := document(asker, idx, at.Add(time.Duration(idx)*time.Millisecond))
			docs = append(docs, standin.Generated{ID: id, Fields: fields})
		}
	}
	if collection == "chatrooms" {
		add(s.stale, standin.Chatroom, now.Add(-24*time.Hour))
		add(s.underWay, standin.Chatroom, now)
	} else {
		idx = 1000 // no session has the idx of another
		add(s.reserved, standin.Reservation, now.Add(24*time.Hour))
	}
	return docs
}
