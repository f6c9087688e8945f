package store

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"cloud.google.com/go/firestore"
)

// Select has the asker accept a waiting match: realtime, its chatroom is open when
// Select returns; for a later hour, it is reserved. Repeated, it returns the match as it
// is. It returns ErrAlreadyMatched when the concern or either party's time is taken, and
// ErrNotFound also when the hour agreed has passed, or asker and willsoner are the same.
func (s *Store) Select(ctx context.Context, askerUID string, idx int64) (Match, error) {
	return s.transition(ctx, selects, Caller{Asker, askerUID}, idx, func(tx *transaction, m Match) (change, error) {
		open, err := tx.openSessions(m)
		if err != nil {
			return change{}, err
		}
		taken, err := tx.isTaken(m)
		if err != nil {
			return change{}, err
		}
		return selected(m, open, taken, tx.now)
	})
}

// Join notes that the caller is here. A reservation's first join opens its chatroom; it
// returns ErrTooEarly until ten minutes before the hour agreed. Repeated, it returns the
// match as it is.
func (s *Store) Join(ctx context.Context, caller Caller, idx int64) (Match, error) {
	return s.transition(ctx, joins, caller, idx, func(tx *transaction, m Match) (change, error) {
		if m.isReservation() {
			room, err := tx.room(m)
			if err != nil {
				return change{}, err
			}
			if !m.owns(room) {
				return tx.open(m, caller.Party, room != nil)
			}
		}
		return joined(m, caller.Party, tx.now), nil
	})
}

// Complete has the asker close a session that has a chatroom. When it returns, the
// session is in neither party's list. Repeated, it returns the match as it is.
func (s *Store) Complete(ctx context.Context, askerUID string, idx int64) (Match, error) {
	return s.transition(ctx, completes, Caller{Asker, askerUID}, idx, func(tx *transaction, m Match) (change, error) {
		room, err := tx.room(m)
		if err != nil {
			return change{}, err
		}
		return completed(m, room, tx.now)
	})
}

// open has a party join a reservation whose chatroom is not open yet. taken tells that its
// roomkey names another room.
func (tx *transaction) open(m Match, party Party, taken bool) (change, error) {
	agreed, err := tx.reservation(m)
	if err != nil {
		return change{}, err
	}
	if !taken && isID(m.Roomkey) {
		// The app writes a start as soon as a match is selected. Where the rules let it, one
		// lies below a room that was never there, perhaps with more beside it.
		start, err := tx.snapshot(tx.store.client.Collection(chatrooms).Doc(m.Roomkey).Collection(chats).Doc("start"))
		if err != nil {
			return change{}, err
		}
		taken = start != nil
	}
	return opened(m, party, agreed, taken, tx.now)
}

// transition runs one of the state machine's steps on a match, and returns the match as
// it is afterwards.
func (s *Store) transition(ctx context.Context, a action, caller Caller, idx int64, step func(*transaction, Match) (change, error)) (Match, error) {
	var c change
	err := s.act(ctx, a, caller, idx, func(tx *transaction, m Match, r rule) (changed bool, err error) {
		if r == again {
			c = change{match: m}
		} else if c, err = step(tx, m); err != nil {
			return false, err
		}
		return c.changed, tx.write(c)
	})
	if err != nil {
		return Match{}, err
	}
	return c.match, nil
}

// act runs f in a transaction on a match that the caller may do this to, and notes how
// it went. f reports whether it changes anything.
func (s *Store) act(ctx context.Context, a action, caller Caller, idx int64, f func(*transaction, Match, rule) (bool, error)) error {
	changed, attempts := false, 0
	err := s.transact(ctx, a, func(tx *transaction) error {
		changed, attempts = false, tx.attempt
		m, err := tx.match(caller, idx)
		if err != nil {
			return err
		}
		r := ruleFor(a, m.Status)
		if r == refused {
			return ErrNotFound
		}
		changed, err = f(tx, *m, r)
		return err
	})
	outcome := "again"
	switch {
	case isRefusal(err):
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	case changed:
		outcome = "done"
		s.log.InfoContext(ctx, "session changed",
			slog.String("action", string(a)), slog.Int64("match", idx), slog.Int("attempts", attempts))
	}
	s.metrics.transitions.WithLabelValues(string(a), outcome).Inc()
	return err
}

// match reads a match for one of its parties. To anybody else there is none, readable
// or not.
func (tx *transaction) match(caller Caller, idx int64) (*Match, error) {
	snapshot, err := tx.snapshot(tx.store.client.Collection(matches).Doc(decimal(idx)))
	if err != nil {
		return nil, err
	}
	if snapshot == nil {
		return nil, ErrNotFound
	}
	if uid, err := snapshot.DataAt(caller.Party.uidField()); err != nil || uid != caller.UID {
		return nil, ErrNotFound
	}
	return decode[Match](tx, snapshot)
}

// room reads the chatroom that the match's roomkey names; nil if there is none.
func (tx *transaction) room(m Match) (*Chatroom, error) {
	if !isID(m.Roomkey) {
		return nil, nil
	}
	return read[Chatroom](tx, tx.store.client.Collection(chatrooms).Doc(m.Roomkey))
}

// ownRoom reads the match's chatroom, and returns ErrNotFound if it has none.
func (tx *transaction) ownRoom(m Match) (*Chatroom, error) {
	room, err := tx.room(m)
	if err == nil && !m.owns(room) {
		err = ErrNotFound
	}
	return room, err
}

// reservation reads the match's reservation; nil if there is none. This server's have the
// match's number as id. Older ones have any other, and are found only while reserved.
func (tx *transaction) reservation(m Match) (*found[Reservation], error) {
	snapshot, err := tx.snapshot(tx.store.client.Collection(reservations).Doc(decimal(m.Idx)))
	if err != nil {
		return nil, err
	}
	if snapshot == nil {
		older, err := tx.Documents(tx.store.oldReservations(m.AskerUID, m.Idx)).GetAll()
		if err != nil || len(older) == 0 {
			return nil, err
		}
		snapshot = older[0]
	}
	agreed, err := decode[Reservation](tx, snapshot)
	if err != nil || agreed.Idx != m.Idx || agreed.AskerUID != m.AskerUID {
		return nil, err
	}
	return &found[Reservation]{*agreed, snapshot.Ref.ID}, nil
}

// openSessions returns when the two parties have other sessions, in whichever role. Those
// of m itself are skipped: where a database's transactions are optimistic, the same select,
// sent twice at once, may be visible already, and this attempt's commit is then refused.
func (tx *transaction) openSessions(m Match) ([]span, error) {
	rooms, err := query[Chatroom](tx, tx.store.openSessions(chatrooms, Chat, m.AskerUID, m.WillsonerUID))
	if err != nil {
		return nil, err
	}
	agreed, err := query[Reservation](tx, tx.store.openSessions(reservations, Reserved, m.AskerUID, m.WillsonerUID))
	if err != nil {
		return nil, err
	}
	var open []span
	for _, room := range rooms {
		if room.doc.Idx != m.Idx {
			open = append(open, spanOf(room.doc.StartedAt, room.doc.Concern))
		}
	}
	for _, reservation := range agreed {
		if reservation.doc.Idx != m.Idx {
			open = append(open, spanOf(reservation.doc.StartsAt, reservation.doc.Concern))
		}
	}
	return open, nil
}

// isTaken reports whether another match of the concern was selected.
func (tx *transaction) isTaken(m Match) (bool, error) {
	all, err := query[Match](tx, tx.store.selectedMatches(m.ConcernIdx))
	return slices.ContainsFunc(all, func(other found[Match]) bool { return other.doc.Idx != m.Idx }), err
}

// write writes a change; nothing if there is none.
func (tx *transaction) write(c change) error {
	if !c.changed {
		return nil
	}
	client, m := tx.store.client, &c.match
	writes := []error{tx.Update(client.Collection(matches).Doc(decimal(m.Idx)), []firestore.Update{
		{Path: "status", Value: m.Status},
		{Path: "roomkey", Value: m.Roomkey},
		{Path: "asker_join", Value: m.AskerJoined},
		{Path: "willsoner_join", Value: m.WillsonerJoined},
		{Path: "updated_at", Value: m.UpdatedAt},
	})}
	if c.opens != nil {
		room := client.Collection(chatrooms).Doc(c.opens.Roomkey)
		writes = append(writes,
			tx.Create(room, c.opens),
			// Without it the app lets nobody enter.
			tx.Create(room.Collection(chats).Doc("start"), map[string]any{
				"uid": "start", "message": "", "timeStamp": firestore.ServerTimestamp,
			}))
	}
	if c.reserves != nil {
		writes = append(writes, tx.Create(client.Collection(reservations).Doc(decimal(m.Idx)), c.reserves))
	}
	if c.reservation != "" {
		writes = append(writes, tx.Update(client.Collection(reservations).Doc(c.reservation), []firestore.Update{
			{Path: "status", Value: Opened},
			{Path: "roomkey", Value: m.Roomkey},
		}))
	}
	if c.completes != nil {
		writes = append(writes, tx.Update(client.Collection(chatrooms).Doc(c.completes.Roomkey), []firestore.Update{
			{Path: "status", Value: Complete},
		}))
	}
	return errors.Join(writes...)
}
