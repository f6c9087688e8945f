package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"willson/life"
)

// What operators do by hand. No request of the app leads here.

// Find returns what is kept of the user with this uid or address, or life.ErrUserNotFound.
// An address that several accounts have is an error: pots would be given to the wrong one.
func (s *Store) Find(ctx context.Context, who string) (Home, error) {
	home, err := s.Home(ctx, who)
	if !errors.Is(err, life.ErrUserNotFound) {
		return home, err
	}
	r := s.reader(ctx)
	defer r.end()
	found, err := run(r, accountsWithAddress(who)).all()
	if err != nil {
		return Home{}, err
	}
	switch {
	case len(found) == 0:
		return Home{}, life.ErrUserNotFound
	case len(found) > 1:
		return Home{}, fmt.Errorf("store: more than one account has the address: %q and %q", found[0].doc.UID, found[1].doc.UID)
	}
	return s.Home(ctx, found[0].doc.UID)
}

// Give gives pots to an account, or takes them for a negative amount, though never more
// than there are, with the line in its ledger. It returns the account, or
// life.ErrUserNotFound.
func (s *Store) Give(ctx context.Context, uid string, pots int64) (life.Account, error) {
	var account life.Account
	id := life.Decimal(life.Number(s.now(), rand.Int64N))
	err := s.commit(ctx, "give", func(c *change) error {
		beforeSent := find(c.reader, askers, uidID(uid))
		lines := ledger.below(askers.doc(uidID(uid)))
		line, err := find(c.reader, lines, id).one()
		if err != nil {
			return err
		}
		before, err := beforeSent.oneOr(life.ErrUserNotFound)
		if err != nil {
			return err
		}
		account = before.doc
		if line.exists && line.doc.ConcernIdx == 0 { // an earlier attempt's, whose answer was lost
			return nil
		}
		if line, ok := account.Give(pots, c.now); ok {
			replace(c, askers, before, &account, "pots", "updated_at")
			create(c, lines, id, &line)
		}
		return nil
	})
	return account, err
}

// Judge sets the status of a willsoner's profile, whatever it was, or returns
// life.ErrNotFound without one.
func (s *Store) Judge(ctx context.Context, uid, status string) (life.Profile, error) {
	var profile life.Profile
	err := s.commit(ctx, "judge", func(c *change) error {
		before, err := find(c.reader, willsoners, uidID(uid)).oneOr(life.ErrNotFound)
		if err != nil {
			return err
		}
		profile = before.doc
		profile.Status, profile.UpdatedAt = status, c.now
		replace(c, willsoners, before, &profile, "status", "updated_at")
		return nil
	})
	return profile, err
}

// A Session is a selected match with what belongs to it.
type Session struct {
	Match       life.Match
	Room        string // the status of its chatroom, "" without one
	Reservation string // the status of its reservation, "" without one
	Concern     string // the status of its concern, "" without a document
}

// SessionOf returns the session of a match, or life.ErrNotFound when there is no such
// match or it was not selected.
func (s *Store) SessionOf(ctx context.Context, matchIdx int64) (Session, error) {
	r := s.reader(ctx)
	defer r.end()
	parts, err := partsOf(r, matchIdx)
	return parts.session(), err
}

// parts are the documents of a session.
type parts struct {
	match       found[life.Match]
	room        found[life.Chatroom]
	reservation found[life.Reservation]
	concern     found[life.Concern]
}

func partsOf(r *reader, matchIdx int64) (parts, error) {
	m, err := find(r, matches, life.Decimal(matchIdx)).one()
	if err != nil {
		return parts{}, err
	}
	if !m.exists || m.doc.Status != life.Chat && m.doc.Status != life.Complete {
		return parts{}, life.ErrNotFound
	}
	p := parts{match: m}
	concernSent := find(r, concerns, life.Decimal(m.doc.ConcernIdx))
	if p.room, err = roomOf(r, &m.doc); err != nil {
		return parts{}, err
	}
	p.room.exists = p.room.exists && m.doc.Owns(&p.room.doc)
	if p.reservation, err = reservationOf(r, &m.doc); err != nil {
		return parts{}, err
	}
	p.concern, err = concernSent.one()
	return p, err
}

func (p parts) session() Session {
	s := Session{Match: p.match.doc}
	if p.room.exists {
		s.Room = p.room.doc.Status
	}
	if p.reservation.exists {
		s.Reservation = p.reservation.doc.Status
		s.Match.StartsAt = p.reservation.doc.StartsAt // as the lists show it
	}
	if p.concern.exists {
		s.Concern = p.concern.doc.Status
	}
	return s
}

// End ends a session that nobody can end any more: match, chatroom and concern become
// complete, the reservation ended, and no list shows it. Pots that were taken for it are
// not given back.
func (s *Store) End(ctx context.Context, matchIdx int64) (Session, error) {
	var ended Session
	err := s.commit(ctx, "end", func(c *change) error {
		p, err := partsOf(c.reader, matchIdx)
		if err != nil {
			return err
		}
		if p.match.doc.Status == life.Chat {
			p.match.doc.Complete(c.now)
			replace(c, matches, p.match, &p.match.doc, changedFields...)
		}
		if p.room.exists && p.room.doc.Status != life.Complete {
			p.room.doc.Status = life.Complete
			replace(c, chatrooms, p.room, &p.room.doc, "status")
		}
		if p.reservation.exists && p.reservation.doc.Status == life.Reserved {
			p.reservation.doc.Status = life.Ended
			replace(c, reservations, p.reservation, &p.reservation.doc, "status")
		}
		if p.concern.exists && p.concern.doc.Status == life.Matched && p.match.doc.IsOf(&p.concern.doc) {
			p.concern.doc.Status, p.concern.doc.UpdatedAt = life.Complete, c.now
			replace(c, concerns, p.concern, &p.concern.doc, "status", "updated_at")
		}
		ended = p.session()
		return nil
	})
	return ended, err
}
