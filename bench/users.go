package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/storetest"
	"willson/store"
)

// A user is an asker with a token.
type user struct{ uid, token string }

type users struct {
	usual []user // each with the rows of the contract's example
	many  []user // each with many rows
	// fresh are the usual ones with a token for each round, which is seen in it alone.
	fresh [][]user
	// changing are by target: each has no session, and a match for each round.
	changing map[string][]user
}

// How many users there are, and how many rows each has.
const (
	usualUsers    = 200
	usualRooms    = 1
	usualReserved = 3
	manyUsers     = 5
	manyRows      = 100 // in either list
)

// addUsers signs the users' tokens and stores their matches and sessions.
func (l *lab) addUsers(ctx context.Context) error {
	client, err := firestore.NewClient(ctx, l.issuer.Project)
	if err != nil {
		return err
	}
	defer client.Close()
	put := func(m store.Match) error {
		_, err := client.Doc(storetest.Path(m.Idx)).Set(ctx, m)
		return err
	}

	l.users.usual = l.signed("usual", usualUsers, 0)
	l.users.many = l.signed("heavy", manyUsers, 0)
	if err := errors.Join(
		l.addSessions(ctx, put, l.users.usual, 10_000, usualRooms, usualReserved),
		l.addSessions(ctx, put, l.users.many, 20_000, manyRows, manyRows),
	); err != nil {
		return err
	}
	l.users.changing = map[string][]user{
		willson: l.signed("asks1", usualUsers, 0),
		node:    l.signed("asks2", usualUsers, 0),
	}
	for round := range l.rounds + 2 { // one to warm up, one to verify
		l.users.fresh = append(l.users.fresh, l.signed("usual", usualUsers, round+1))
		for target, users := range l.users.changing {
			for i, u := range users {
				idx := matchIdx(target, round, i)
				if err := put(storetest.Waiting(idx, u.uid, fmt.Sprint("willsoner", idx))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// signed makes users, whose tokens are other ones with every age.
func (l *lab) signed(kind string, n, age int) []user {
	all := make([]user, n)
	for i := range all {
		uid := fmt.Sprintf("%s%04dAbCdEfGhIjKlMnOpQrS", kind, i) // as long as Firebase's own
		all[i] = user{uid, l.issuer.Token(uid, func(_, claims map[string]any) {
			claims["iat"] = claims["iat"].(int64) - 60 - int64(age)
		})}
	}
	return all
}

// matchIdx numbers the match that a target's i-th user has in a round.
func matchIdx(target string, round, i int) int64 {
	idx := 1_000_000 + 1_000*round + i
	if target == node {
		idx += 1_000_000
	}
	return int64(idx)
}

// addSessions has users select matches, numbered from next on: rooms, one an hour until
// now, and as reservations from then on.
func (l *lab) addSessions(ctx context.Context, put func(store.Match) error, users []user, next int64, rooms, reserved int) error {
	now := time.Now()
	clock := now
	sessions, err := store.Open(ctx, store.Config{
		Project:      l.issuer.Project,
		EmulatorHost: l.firestore.Addr(),
		Now:          func() time.Time { return clock },
		Log:          slog.New(slog.DiscardHandler),
		Metrics:      prometheus.NewRegistry(),
	})
	if err != nil {
		return err
	}
	defer sessions.Close()
	for _, u := range users {
		for i := range rooms + reserved {
			m := storetest.Waiting(next, u.uid, fmt.Sprint("SrIE0U2lHWcbtJvBFl3cXCl", next))
			next++
			if hour := now.Add(time.Duration(i-rooms) * time.Hour); i < rooms {
				clock = hour
			} else {
				clock, m.StartsAt = now, hour
			}
			if err := put(m); err != nil {
				return err
			}
			if _, err := sessions.Select(ctx, u.uid, m.Idx); err != nil {
				return err
			}
		}
	}
	return nil
}
