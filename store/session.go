package store

import (
	"context"
	"log/slog"

	"willson/internal/docbytes"
	"willson/life"
)

// changeMatch runs f on a match to which the caller may do this, in a transaction, and
// returns the match as it is afterwards.
//
// The match is looked at without a lock while the transaction begins. That look refuses
// strangers and wrong states and answers repetitions: nobody can lock what is not theirs
// to change, and nothing is locked for nothing. f is given what it saw, and reads the rest
// in the transaction while the match is read there once more; if it has changed in
// between, the attempt counts for nothing.
//
// f changes the match, collects what is to be written, and reports whether that is
// anything. again, which may be nil, looks at a repetition before it is answered. done
// reports whether this call changed something, in whichever of its attempts: of a request
// and its repetitions at most one is done.
func (s *Store) changeMatch(ctx context.Context, a life.Action, caller life.Caller, idx int64, again func(*reader, *life.Match) error, f func(*change, *life.Match) (bool, error)) (m life.Match, done bool, err error) {
	tries := 0
	err = s.repeatedly(ctx, string(a), func(c *change) error {
		done, tries = false, c.attempt()
		begun := c.begin()
		look := s.reader(c.ctx)
		defer look.end()
		seen, err := matchOf(look, caller, idx)
		if err != nil {
			return err
		}
		m = seen.doc
		switch life.May(a, caller.Party, m.Status) {
		case life.Refused:
			return life.ErrNotFound
		case life.Again:
			if done = c.isOurs(m.UpdatedAt); again == nil {
				return nil
			}
			return again(look, &m)
		}
		if err := begun(); err != nil {
			return err
		}
		locked := find(c.reader, matches, seen.id)
		changed, err := f(c, &m)
		now, unread := locked.raws()
		switch {
		case unread != nil:
			err = unread
		case now[0].exists != seen.exists || !now[0].UpdateTime().AsTime().Equal(seen.updated.AsTime()):
			err = errStale
		}
		switch {
		case isRefusal(err):
			// A commit of nothing ends the transaction too. Where a database does not lock, it
			// tells that what led to the refusal was there at one time.
			c.writes = nil
			if unsure := c.commit(); unsure != nil {
				return unsure
			}
			return err
		case err != nil:
			c.rollBack()
			return err
		}
		done = changed || c.isOurs(m.UpdatedAt)
		return c.commit()
	})
	if done = done && err == nil; done {
		s.log.InfoContext(ctx, "session changed",
			slog.String("action", string(a)), slog.Int64("match", idx), slog.Int("attempts", tries))
	}
	s.outcome(string(a), done, err)
	if err != nil {
		return life.Match{}, false, err
	}
	return m, done, nil
}

// What of a match says whose it is.
type (
	ofAsker struct {
		UID string `firestore:"asker_uid"`
	}
	ofWillsoner struct {
		UID string `firestore:"willsoner_uid"`
	}
)

var (
	ofAskerSchema     = docbytes.For[ofAsker]()
	ofWillsonerSchema = docbytes.For[ofWillsoner]()
)

// belongsTo reports whether the caller is that party of a match, of which nothing else
// needs to be readable.
func belongsTo(match raw, caller life.Caller) bool {
	if caller.Party == life.Willsoner {
		var of ofWillsoner
		return ofWillsonerSchema.Decode(match.Document, &of) == nil && of.UID == caller.UID
	}
	var of ofAsker
	return ofAskerSchema.Decode(match.Document, &of) == nil && of.UID == caller.UID
}

// matchOf reads a match for one of its parties. To anybody else there is none, readable
// or not.
func matchOf(r *reader, caller life.Caller, idx int64) (found[life.Match], error) {
	all, err := find(r, matches, life.Decimal(idx)).raws()
	if err != nil {
		return found[life.Match]{}, err
	}
	if !all[0].exists || !belongsTo(all[0], caller) {
		return found[life.Match]{}, life.ErrNotFound
	}
	return decode(r, matches, all[0])
}

// written are the fields of a match that an action changes.
var written = []string{"status", "roomkey", "asker_join", "willsoner_join", "updated_at"}

// Select has the asker accept a waiting match: realtime, its chatroom is open when
// Select returns; for a later hour, it is reserved. The pots that its concern held are
// taken. Repeated, it returns the match as it is. It returns life.ErrAlreadyMatched when
// the concern or either party's time is taken, and life.ErrNotFound also when its time is
// over, or asker and willsoner are the same. done reports whether this call did it.
func (s *Store) Select(ctx context.Context, askerUID string, idx int64) (m life.Match, done bool, err error) {
	return s.changeMatch(ctx, life.Selects, life.Caller{Party: life.Asker, UID: askerUID}, idx, hourAgreed, func(c *change, m *life.Match) (bool, error) {
		starts := m.Starts(c.now)
		if m.AskerUID == m.WillsonerUID || starts.Before(c.now) {
			return false, life.ErrNotFound
		}
		concernSent := find(c.reader, concerns, life.Decimal(m.ConcernIdx))
		accountSent := find(c.reader, askers, uidID(m.AskerUID))
		busySent := busyTimes(c.reader, m.AskerUID, m.WillsonerUID)
		awaitOthers := c.askOthers(m)
		concern, err := concernSent.one()
		if err != nil {
			return false, err
		}
		account, err := accountSent.one()
		if err != nil {
			return false, err
		}
		others, err := awaitOthers()
		if err != nil {
			return false, err
		}
		isBusy, err := busySent.overlaps(life.SpanOf(starts, m.Brief.Minutes), m.Idx)
		if err != nil {
			return false, err
		}
		if err := selectable(m, concern, others, c); err != nil {
			return false, err
		}
		if isBusy {
			return false, life.ErrAlreadyMatched
		}

		m.Select(c.now)
		update(c, matches, life.Decimal(m.Idx), m, written...)
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

// askOthers asks which of the concern's other matches were selected, and returns what waits
// for their statuses. A match of a payment has no use for them: its concern's document
// tells.
func (c *change) askOthers(m *life.Match) func() (map[string]bool, error) {
	statuses := map[string]bool{}
	if m.Round > 0 {
		return func() (map[string]bool, error) { return statuses, nil }
	}
	itself := life.Decimal(m.Idx)
	sent := run(c.reader, ofConcern(m.ConcernIdx, life.Chat, life.Complete))
	return func() (map[string]bool, error) {
		all, err := sent.raws()
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			var of standing
			if err := standingSchema.Decode(other.Document, &of); err != nil {
				return nil, err // no document that the query finds
			}
			statuses[of.Status] = statuses[of.Status] || other.id != itself
		}
		return statuses, nil
	}
}

// selectable returns the refusal of a select that its concern stands in the way of.
func selectable(m *life.Match, concern found[life.Concern], others map[string]bool, c *change) error {
	switch {
	case others[life.Complete], m.Round > 0 && !concern.exists:
		return life.ErrNotFound
	case others[life.Chat]:
		return life.ErrAlreadyMatched
	case !concern.exists, m.IsOpen(&concern.doc, c.now):
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
		return true, c.open(m, caller.Party, room.exists)
	})
}

func (c *change) join(m *life.Match, party life.Party) bool {
	if !m.Join(party, c.now) {
		return false
	}
	update(c, matches, life.Decimal(m.Idx), m, written...)
	return true
}

// open has the party be the first to join a reservation. The reservation's hour counts,
// which the lists show, should somebody have moved it there alone. taken tells that the
// roomkey names another's room.
func (c *change) open(m *life.Match, party life.Party, taken bool) error {
	var start lookup[life.Message]
	lookForStart := !taken && isID(m.Roomkey)
	if lookForStart {
		// The app writes a start as soon as a match is selected. Where the rules let it, one
		// lies below a room that was never there, perhaps with more beside it.
		start = find(c.reader, chats.below(chatrooms.doc(m.Roomkey)), "start")
	}
	agreed, err := reservationOf(c.reader, m)
	if err != nil {
		return err
	}
	if lookForStart {
		left, err := start.raws()
		if err != nil {
			return err
		}
		taken = left[0].exists
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
	if taken || !isID(m.Roomkey) {
		m.Rename(c.now)
	}
	m.Join(party, c.now)
	m.UpdatedAt = c.now
	update(c, matches, life.Decimal(m.Idx), m, append([]string{"starts_at"}, written...)...)
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
		update(c, matches, life.Decimal(m.Idx), m, written...)
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
