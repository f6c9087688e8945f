package store

import (
	"context"
	"time"

	"willson/life"
)

// maxIncoming is how many matches a willsoner is shown, the newest.
const maxIncoming = 50

// An Incoming match is one that was sent to a willsoner, and what it is shown as.
type Incoming struct {
	life.Match        // with its brief, also while it is life.Init and open
	Shown      string // life.Init, life.Waiting or life.Closed
}

// Incoming returns the newest matches of that type that were sent to the willsoner, of one
// category or, for 0, of all, at most 50, the newest first: an empty list for who has none.
func (s *Store) Incoming(ctx context.Context, uid, kind string, categoryIdx int64) ([]Incoming, error) {
	r := s.reader(ctx)
	defer r.end()
	sent, err := run(r, sentTo(uid, kind, categoryIdx)).rows(func(m *life.Match) error { return sought(m.WillsonerUID == uid) })
	if err != nil {
		return nil, err
	}
	now := s.now()
	open, err := s.openConcerns(r, sent, now)
	if err != nil {
		return nil, err
	}
	all := make([]Incoming, len(sent))
	for i, m := range sent {
		all[i] = Incoming{m, life.Closed}
		if concern, ok := open[m.ConcernIdx]; ok {
			all[i] = s.incoming(m, &concern, now)
		}
	}
	return all, nil
}

func (s *Store) incoming(m life.Match, concern *life.Concern, now time.Time) Incoming {
	shown := m.ShownToWillsoner(concern, now)
	if shown == life.Init {
		m.Brief = s.brief(concern, now)
	}
	return Incoming{m, shown}
}

// brief is a concern as its matches hold it.
func (s *Store) brief(c *life.Concern, now time.Time) life.Brief {
	return c.Brief(s.reference.Picture(c.AskerGender), now)
}

// openConcerns reads the concerns of those matches whose own time runs, in one call.
func (s *Store) openConcerns(r *reader, sent []life.Match, now time.Time) (map[int64]life.Concern, error) {
	ids, seen := []string{}, map[int64]bool{}
	for i := range sent {
		if idx := sent[i].ConcernIdx; sent[i].MayRun(now) && !seen[idx] {
			seen[idx] = true
			ids = append(ids, life.Decimal(idx))
		}
	}
	open := map[int64]life.Concern{}
	if len(ids) == 0 {
		return open, nil
	}
	raws, err := find(r, concerns, ids...).raws()
	if err != nil {
		return nil, err
	}
	for _, doc := range raws {
		if f, err := decode(r, concerns, doc); err == nil && f.exists { // one that cannot be read is logged, and closed
			open[f.doc.Idx] = f.doc
		}
	}
	return open, nil
}

// IncomingMatch returns a match of that type that was sent to the willsoner and is open. It
// returns life.ErrTimeOut when its time is over, and life.ErrNotFound when it is not the
// caller's, of the other type, or its concern is taken or was paid for anew.
func (s *Store) IncomingMatch(ctx context.Context, uid, kind string, idx int64) (Incoming, error) {
	r := s.reader(ctx)
	defer r.end()
	m, err := matchOf(r, life.Caller{Party: life.Willsoner, UID: uid}, idx)
	if err != nil {
		return Incoming{}, err
	}
	if m.doc.Type != kind || m.doc.Status != life.Init && m.doc.Status != life.Waiting {
		return Incoming{}, life.ErrNotFound
	}
	concern, err := find(r, concerns, life.Decimal(m.doc.ConcernIdx)).one()
	if err != nil {
		return Incoming{}, err
	}
	now := s.now()
	if err := checkOpen(&m.doc, concern, now); err != nil {
		return Incoming{}, err
	}
	return s.incoming(m.doc, &concern.doc, now), nil
}

// checkOpen returns why a match is not open, if so.
func checkOpen(m *life.Match, concern found[life.Concern], now time.Time) error {
	switch {
	case !concern.exists || concern.doc.Status != life.Init || !m.IsOf(&concern.doc):
		return life.ErrNotFound
	case !m.IsOpen(&concern.doc, now):
		return life.ErrTimeOut
	}
	return nil
}

// Offer makes a match of that type its willsoner's offer; for life.Reserve starts is the
// hour offered. The concern and the willsoner's card are copied into the match. Repeated
// while it is open, it returns the match as it is.
//
// It returns life.ErrTimeOut when its time is over; life.ErrNotFound when the match is not
// the caller's, of the other type, of a concern that is taken or was paid for anew, or the
// willsoner does not counsel any more; life.ErrOutsideWindows for an hour that lies in none
// of the concern's windows or is past; life.ErrAlreadyMatched when the willsoner has a
// session then, or offered another hour before. done reports whether this call did it.
func (s *Store) Offer(ctx context.Context, uid, kind string, idx int64, starts time.Time) (m life.Match, done bool, err error) {
	caller := life.Caller{Party: life.Willsoner, UID: uid}
	again := func(r *reader, m *life.Match) error { return s.checkRepeated(r, m, kind, starts) }
	return s.changeMatch(ctx, life.Offers, caller, idx, again, func(c *change, m *life.Match) (bool, error) {
		if m.Type != kind {
			return false, life.ErrNotFound
		}
		concernSent := find(c.reader, concerns, life.Decimal(m.ConcernIdx))
		profileSent := find(c.reader, willsoners, uidID(uid))
		// Not in the transaction: nothing depends on it, since a select looks again, and fifty
		// offers at once would lock each other out where a query locks all that it looks at.
		look := s.reader(c.ctx)
		defer look.end()
		busySent := busyTimes(look, uid)
		concern, err := concernSent.one()
		if err != nil {
			return false, err
		}
		profile, err := profileSent.one()
		if err != nil {
			return false, err
		}
		if err := checkOpen(m, concern, c.now); err != nil {
			return false, err
		}
		if !profile.exists || !profile.doc.Counsels() {
			return false, life.ErrNotFound
		}
		begins, window := c.now, int64(0)
		if kind == life.Reserve {
			begins = starts
			if window, err = concern.doc.WindowOf(starts, c.now); err != nil {
				return false, err
			}
		}
		isBusy, err := busySent.overlaps(life.SpanOf(begins, concern.doc.Minutes))
		if err != nil {
			return false, err
		}
		if isBusy {
			return false, life.ErrAlreadyMatched
		}

		m.Offer(s.brief(&concern.doc, c.now), s.card(&profile.doc, c.now), starts, window, c.now)
		names := []string{"status", "concern", "willsoner", "updated_at"}
		if kind == life.Reserve {
			names = append(names, "starts_at", "date_idx")
		}
		update(c, matches, life.Decimal(m.Idx), m, names...)
		c.clearFields("expire_at")
		return true, nil
	})
}

// checkRepeated returns why a repeated offer is not answered as the first one was, if so.
func (s *Store) checkRepeated(r *reader, m *life.Match, kind string, starts time.Time) error {
	if m.Type != kind {
		return life.ErrNotFound
	}
	concern, err := find(r, concerns, life.Decimal(m.ConcernIdx)).one()
	if err == nil {
		err = checkOpen(m, concern, s.now())
	}
	if err == nil && kind == life.Reserve && !m.StartsAt.Equal(starts) {
		err = life.ErrAlreadyMatched
	}
	return err
}

// card is a willsoner as matches hold it.
func (s *Store) card(p *life.Profile, now time.Time) life.Card {
	image, _ := s.reference.WillsonerImage(p.ImageIdx)
	pic := p.Pic
	if pic == "" {
		pic = s.reference.Picture(p.Gender)
	}
	var topics []life.Topic
	for _, idx := range p.SubcategoryIdxs {
		if sub, ok := s.reference.Subcategory(idx); ok {
			category, _ := s.reference.Category(sub.CategoryIdx)
			topics = append(topics, life.Topic{Name: sub.Name, Category: category.Name})
		}
	}
	return p.Card(life.CardType{Idx: image.Idx, Name: image.Name, Detail: image.Detail}, image.Pic, pic, topics, now)
}
