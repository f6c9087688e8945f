package store

import (
	"context"
	"time"

	"willson/internal/docbytes"
	"willson/life"
)

// Select has the asker accept a waiting match: realtime, its chatroom is open when
// Select returns; for a later hour, it is reserved. The pots that its concern held are
// taken. Repeated, it returns the match as it is. It returns life.ErrAlreadyMatched when
// another match of the concern is under way or either party's time is taken, and
// life.ErrNotFound also when another match of the concern is complete, its own time is over,
// or asker and willsoner are the same. done reports whether this call did it.
func (s *Store) Select(ctx context.Context, askerUID string, idx int64) (m life.Match, done bool, err error) {
	return s.changeMatch(ctx, life.Selects, life.Caller{Party: life.Asker, UID: askerUID}, idx, hourAgreed, func(c *change, m *life.Match) (bool, error) {
		starts := m.Starts(c.now)
		if m.AskerUID == m.WillsonerUID || starts.Before(c.now) {
			return false, life.ErrNotFound
		}
		concernSent := find(c.reader, concerns, life.Decimal(m.ConcernIdx))
		accountSent := find(c.reader, askers, uidID(m.AskerUID))
		busySent := busyTimes(c.reader, m.AskerUID, m.WillsonerUID)
		rivalsSent := findRivals(c.reader, m)
		concern, err := concernSent.one()
		if err != nil {
			return false, err
		}
		account, err := accountSent.one()
		if err != nil {
			return false, err
		}
		rivals, err := rivalsSent.statuses()
		if err != nil {
			return false, err
		}
		isBusy, err := busySent.overlaps(life.SpanOf(starts, m.Brief.Minutes))
		if err != nil {
			return false, err
		}
		if err := checkSelectable(m, concern, rivals, c.now); err != nil {
			return false, err
		}
		if isBusy {
			return false, life.ErrAlreadyMatched
		}

		m.Select(c.now)
		update(c, matches, life.Decimal(m.Idx), m, changedFields...)
		if m.IsReservation() {
			reservation := m.Reservation()
			create(c, reservations, life.Decimal(m.Idx), &reservation)
		} else {
			c.openRoom(m.Chatroom(c.now))
		}
		if concern.exists {
			concern.doc.Status, concern.doc.UpdatedAt = life.Matched, c.now
			update(c, concerns, concern.id, &concern.doc, "status", "updated_at")
			if line, ok := account.doc.Take(&concern.doc, c.now); ok {
				update(c, askers, account.id, &account.doc, "pots", "updated_at")
				create(c, ledger.below(askers.doc(account.id)), life.Decimal(m.Idx), &line)
			}
		}
		return true, nil
	})
}

// hourAgreed has a match show the hour of its reservation, as the lists do, should somebody
// have moved it there alone.
func hourAgreed(r *reader, m *life.Match) error {
	if !m.IsReservation() {
		return nil
	}
	agreed, err := reservationOf(r, m)
	if err == nil && agreed.exists {
		m.StartsAt = agreed.doc.StartsAt
	}
	return err
}

// A standing is what of a match tells what became of it, whatever else is wrong with it.
type standing struct {
	Status string `firestore:"status"`
}

var standingSchema = docbytes.For[standing]()

// The rivals of a match are the matches of its concern that were selected: a query, or none
// for a match of a payment, whose concern's document tells.
type rivals []result[life.Match]

func findRivals(r *reader, m *life.Match) rivals {
	if m.Round > 0 {
		return nil
	}
	return rivals{run(r, ofConcern(m.ConcernIdx, life.Chat, life.Complete))}
}

// statuses waits for the rivals, and returns the statuses that one of them has.
func (q rivals) statuses() (map[string]bool, error) {
	statuses := map[string]bool{}
	for _, sent := range q {
		all, err := sent.raws()
		if err != nil {
			return nil, err
		}
		for _, rival := range all {
			var of standing
			if err := standingSchema.Decode(rival.Document, &of); err != nil {
				return nil, err // no document that the query finds
			}
			statuses[of.Status] = true
		}
	}
	return statuses, nil
}

// checkSelectable returns the refusal of a select that its concern stands in the way of.
func checkSelectable(m *life.Match, concern found[life.Concern], rivals map[string]bool, now time.Time) error {
	switch {
	case rivals[life.Complete], m.Round > 0 && !concern.exists:
		return life.ErrNotFound
	case rivals[life.Chat]:
		return life.ErrAlreadyMatched
	case !concern.exists, m.IsOpen(&concern.doc, now):
		return nil
	case concern.doc.Status == life.Matched && m.IsOf(&concern.doc):
		return life.ErrAlreadyMatched
	}
	return life.ErrNotFound
}

// openRoom writes a new chatroom with its start.
func (c *change) openRoom(room life.Chatroom) {
	create(c, chatrooms, room.Roomkey, &room)
	c.startRoom(room.Roomkey)
}

// Join notes that the caller is here. A reservation's first join opens its chatroom; it
// returns life.ErrTooEarly until ten minutes before the hour agreed. Repeated, it returns
// the match as it is. done reports whether this call did it.
func (s *Store) Join(ctx context.Context, caller life.Caller, idx int64) (m life.Match, done bool, err error) {
	return s.changeMatch(ctx, life.Joins, caller, idx, nil, func(c *change, m *life.Match) (bool, error) {
		if !m.IsReservation() {
			return c.join(m, caller.Party), nil
		}
		room, err := roomOf(c.reader, m)
		if err != nil {
			return false, err
		}
		if room.exists && m.Owns(&room.doc) {
			return c.join(m, caller.Party), nil
		}
		return true, c.joinFirst(m, caller.Party, room.exists)
	})
}

func (c *change) join(m *life.Match, party life.Party) bool {
	if !m.Join(party, c.now) {
		return false
	}
	update(c, matches, life.Decimal(m.Idx), m, changedFields...)
	return true
}

// joinFirst has the party be the first to join a reservation. The reservation's hour counts,
// which the lists show, should somebody have moved it there alone. The room gets a key of
// its own where that of the match is another room's, or cannot be a document's id.
func (c *change) joinFirst(m *life.Match, party life.Party, isAnothers bool) error {
	newKey := isAnothers || !isID(m.Roomkey)
	var startSent lookup[life.Message]
	if !newKey {
		startSent = find(c.reader, chats.below(chatrooms.doc(m.Roomkey)), "start")
	}
	agreed, err := reservationOf(c.reader, m)
	if err != nil {
		return err
	}
	if !newKey {
		// The app writes a start as soon as a match is selected. Where the rules let it, one
		// lies below a room that was never there, perhaps with more beside it.
		start, err := startSent.raws()
		if err != nil {
			return err
		}
		newKey = start[0].exists
	}
	if !agreed.exists || agreed.doc.Status != life.Reserved {
		return life.ErrNotFound
	}
	if !m.StartsAt.Equal(agreed.doc.StartsAt) {
		c.store.log.WarnContext(c.ctx, "the reservation's hour is not its match's: the reservation's counts", "match", m.Idx)
		m.StartsAt = agreed.doc.StartsAt
	}
	if m.IsTooEarly(c.now) {
		return life.ErrTooEarly
	}
	if newKey {
		m.Rename(c.now)
	}
	m.Join(party, c.now)
	m.UpdatedAt = c.now
	update(c, matches, life.Decimal(m.Idx), m, append([]string{"starts_at"}, changedFields...)...)
	c.openRoom(m.Chatroom(m.StartsAt))
	agreed.doc.Status, agreed.doc.Roomkey = life.Opened, m.Roomkey
	update(c, reservations, agreed.id, &agreed.doc, "status", "roomkey")
	return nil
}

// Complete has the asker close a session that has a chatroom. When it returns, the
// session is in neither party's list. Repeated, it returns the match as it is.
func (s *Store) Complete(ctx context.Context, askerUID string, idx int64) (life.Match, error) {
	m, _, err := s.changeMatch(ctx, life.Completes, life.Caller{Party: life.Asker, UID: askerUID}, idx, nil, func(c *change, m *life.Match) (bool, error) {
		concernSent := find(c.reader, concerns, life.Decimal(m.ConcernIdx))
		room, err := c.ownRoom(m)
		if err != nil {
			return false, err
		}
		concern, err := concernSent.one()
		if err != nil {
			return false, err
		}
		m.Complete(c.now)
		room.doc.Status = life.Complete
		update(c, matches, life.Decimal(m.Idx), m, changedFields...)
		update(c, chatrooms, room.id, &room.doc, "status")
		if concern.exists && concern.doc.Status == life.Matched && m.IsOf(&concern.doc) {
			concern.doc.Status, concern.doc.UpdatedAt = life.Complete, c.now
			update(c, concerns, concern.id, &concern.doc, "status", "updated_at")
		}
		return true, nil
	})
	return m, err
}

// roomOf reads the chatroom that the match's roomkey names, which may not exist.
func roomOf(r *reader, m *life.Match) (found[life.Chatroom], error) {
	if !isID(m.Roomkey) {
		return found[life.Chatroom]{id: m.Roomkey}, nil
	}
	return find(r, chatrooms, m.Roomkey).one()
}

// ownRoom reads the match's chatroom, and returns life.ErrNotFound if it has none.
func (c *change) ownRoom(m *life.Match) (found[life.Chatroom], error) {
	room, err := roomOf(c.reader, m)
	if err == nil && !(room.exists && m.Owns(&room.doc)) {
		err = life.ErrNotFound
	}
	return room, err
}

// reservationOf reads the match's reservation, which may not exist. This server's have the
// match's number as id. Older ones have any other, and are found only while reserved.
func reservationOf(r *reader, m *life.Match) (found[life.Reservation], error) {
	agreed, err := find(r, reservations, life.Decimal(m.Idx)).one()
	if err == nil && !agreed.exists {
		var older []found[life.Reservation]
		if older, err = run(r, oldReservations(m.AskerUID, m.Idx)).all(); len(older) > 0 {
			agreed = older[0]
		}
	}
	if err != nil || agreed.doc.Idx != m.Idx || agreed.doc.AskerUID != m.AskerUID {
		return found[life.Reservation]{id: agreed.id}, err
	}
	return agreed, nil
}
