package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/issuer"
	"willson/internal/storetest"
	"willson/reference"
	"willson/store"
)

// A user is somebody with a token.
type user struct{ uid, token string }

type users struct {
	usual   []user // askers, each with the rows of the contract's example
	cookies []user // the same with session cookies
	many    []user // askers, each with many rows
	// fresh are the usual ones with a token for each round, which is seen in it alone.
	fresh [][]user
	// sentTo are willsoners, each with as many open rows in the incoming list.
	sentTo []user
	// By target: payers have pots, and each asker a concern that was sent to the willsoner
	// of the same place. Both have a concern for each round.
	payers, askers, willsoners map[string][]user
}

// How many users there are, and how many rows each has.
const (
	usualUsers    = 200
	usualRooms    = 1
	usualReserved = 3
	manyUsers     = 5
	manyRows      = 100 // in either list
	payingUsers   = 50
	sentToUsers   = 50
	sentRows      = 20
)

// addUsers signs the users' tokens and stores their documents.
func (l *lab) addUsers(ctx context.Context) error {
	client, err := firestore.NewClient(ctx, l.issuer.Project)
	if err != nil {
		return err
	}
	defer client.Close()
	t := &town{ctx: ctx, client: client, now: time.Now()}

	l.users.usual = signed(l.issuer.Signer, "usual", usualUsers, 0)
	l.users.cookies = signed(l.issuer.Cookies, "usual", usualUsers, 0)
	l.users.many = signed(l.issuer.Signer, "heavy", manyUsers, 0)
	l.users.sentTo = signed(l.issuer.Signer, "reads", sentToUsers, 0)
	l.users.payers = map[string][]user{}
	l.users.askers, l.users.willsoners = map[string][]user{}, map[string][]user{}
	if err := l.addSessions(ctx, t, l.users.usual, 10_000, usualRooms, usualReserved); err != nil {
		return err
	}
	if err := l.addSessions(ctx, t, l.users.many, 20_000, manyRows, manyRows); err != nil {
		return err
	}
	t.addCandidates()
	t.addIncoming(l.users.sentTo)
	rounds := l.rounds + 2 // one to warm up, one to verify
	for i, target := range []string{willson, node} {
		l.users.payers[target] = signed(l.issuer.Signer, fmt.Sprint("pays", i), payingUsers, 0)
		l.users.askers[target] = signed(l.issuer.Signer, fmt.Sprint("asks", i), usualUsers, 0)
		l.users.willsoners[target] = signed(l.issuer.Signer, fmt.Sprint("will", i), usualUsers, 0)
		t.addPayers(target, rounds, l.users.payers[target])
		t.addSent(target, rounds, l.users.askers[target], l.users.willsoners[target])
	}
	for round := range rounds {
		l.users.fresh = append(l.users.fresh, signed(l.issuer.Signer, "usual", usualUsers, round+1))
	}
	return t.err
}

// signed makes users, whose tokens are other ones with every age.
func signed(by *issuer.Signer, kind string, n, age int) []user {
	all := make([]user, n)
	for i := range all {
		uid := fmt.Sprintf("%s%04dAbCdEfGhIjKlMnOpQrS", kind, i) // as long as Firebase's own
		all[i] = user{uid, by.Token(uid, func(_, claims map[string]any) {
			claims["iat"] = claims["iat"].(int64) - 60 - int64(age)
		})}
	}
	return all
}

// number is that of what a target's i-th user has in a round: of the concern to be paid
// for, and of the match that was sent.
func number(target string, round, i int) int64 {
	idx := 1_000_000 + 1_000*round + i
	if target == node {
		idx += 1_000_000
	}
	return int64(idx)
}

// addSessions has users select older matches, numbered from next on: rooms, one an hour
// until now, and as reservations from then on.
func (l *lab) addSessions(ctx context.Context, t *town, users []user, next int64, rooms, reserved int) error {
	clock := t.now
	data, err := reference.Load()
	if err != nil {
		return err
	}
	sessions, err := store.Open(ctx, store.Config{
		Project:      l.issuer.Project,
		EmulatorHost: l.firestore.Addr(),
		Reference:    data,
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
			if hour := t.now.Add(time.Duration(i-rooms) * time.Hour); i < rooms {
				clock = hour
			} else {
				clock, m.StartsAt = t.now, hour
			}
			t.put(storetest.Path(m.Idx), m)
			if t.err != nil {
				return t.err
			}
			if _, _, err := sessions.Select(ctx, u.uid, m.Idx); err != nil {
				return err
			}
		}
	}
	return nil
}
