package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"willson/life"
)

const (
	maxConcerns  = 100 // paid for and not complete, of both types together
	maxCompleted = 50
	maxReviews   = 100 // of a willsoner
)

// A ShownConcern is a concern and what it is shown as.
type ShownConcern struct {
	life.Concern
	Shown string // life.Init, life.Empty, life.Unmatched, life.Matched or life.Complete
}

// Concerns returns the asker's concerns that were paid for, the highest idx first: those
// not complete, at most 100, and those complete, at most 50. Both may be empty.
func (s *Store) Concerns(ctx context.Context, uid string) (open, completed []ShownConcern, err error) {
	r := s.reader(ctx)
	defer r.end()
	openSent := run(r, openConcernsOf(uid))
	completedSent := run(r, completedConcernsOf(uid))
	own := func(c *life.Concern) error { return sought(c.AskerUID == uid) }
	found, err := openSent.rows(own)
	if err != nil {
		return nil, nil, err
	}
	done, err := completedSent.rows(own)
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	offers := map[int64]result[life.Match]{}
	for i := range found {
		if c := &found[i]; c.DependsOnOffers(now) {
			offers[c.Idx] = run(r, offersOf(c).limit(1))
		}
	}
	for _, c := range found {
		offered := false
		if sent, ok := offers[c.Idx]; ok {
			all, err := sent.raws()
			if err != nil {
				return nil, nil, err
			}
			offered = len(all) > 0
		}
		open = append(open, ShownConcern{c, c.Shown(offered, now)})
	}
	for _, c := range done {
		completed = append(completed, ShownConcern{c, c.Status})
	}
	return open, completed, nil
}

// OffersOn returns the asker's concern of that type and the offers on it that can be
// selected, best rated first, equals by number: none when its time is over. It returns
// life.ErrNotFound when the concern is not the caller's, of the other type, or not paid for.
func (s *Store) OffersOn(ctx context.Context, uid, kind string, concernIdx int64) (life.Concern, []life.Match, error) {
	r := s.reader(ctx)
	defer r.end()
	concern, err := find(r, concerns, life.Decimal(concernIdx)).one()
	if err != nil {
		return life.Concern{}, nil, err
	}
	c := &concern.doc
	if !concern.exists || c.AskerUID != uid || c.Type != kind || c.Status == life.Unpaid {
		return life.Concern{}, nil, life.ErrNotFound
	}
	if c.Status != life.Init {
		return *c, nil, nil
	}
	offers, err := run(r, offersOf(c)).rows(func(m *life.Match) error {
		return sought(m.AskerUID == uid && m.Status == life.Waiting)
	})
	if err != nil {
		return life.Concern{}, nil, err
	}
	now := s.now()
	offers = slices.DeleteFunc(offers, func(m life.Match) bool { return !m.IsOpen(c, now) })
	slices.SortFunc(offers, func(a, b life.Match) int {
		return cmp.Or(cmp.Compare(stars(b), stars(a)), cmp.Compare(a.Idx, b.Idx))
	})
	return *c, offers, nil
}

// stars is the average rating on a match's card, 0 without one.
func stars(m life.Match) float64 {
	rating, err := strconv.ParseFloat(m.Card.AvgRating, 64)
	if err != nil {
		return 0
	}
	return rating
}

// Reviews are what a willsoner's askers said, at most 100.
type Reviews struct {
	Rows []life.Review
	Avg  string // one decimal, "0" without any
}

// Offered returns the asker's match of that type, from the offer on and of whatever age,
// with the willsoner's newest reviews, the newest first.
func (s *Store) Offered(ctx context.Context, uid, kind string, idx int64) (life.Match, Reviews, error) {
	r := s.reader(ctx)
	defer r.end()
	m, err := matchOf(r, life.Caller{Party: life.Asker, UID: uid}, idx)
	if err != nil {
		return life.Match{}, Reviews{}, err
	}
	isOther := m.doc.IsReservation() != (kind == life.Reserve)
	if isOther || !slices.Contains([]string{life.Waiting, life.Chat, life.Complete}, m.doc.Status) {
		return life.Match{}, Reviews{}, life.ErrNotFound
	}
	reviewsSent := run(r, reviewsOf(m.doc.WillsonerIdx))
	if m.doc.Status == life.Chat {
		if err := hourAgreed(r, &m.doc); err != nil {
			return life.Match{}, Reviews{}, err
		}
	}
	profile, err := find(r, willsoners, uidID(m.doc.WillsonerUID)).one()
	if err != nil {
		return life.Match{}, Reviews{}, err
	}
	rows, err := reviewsSent.rows(nil)
	if err != nil {
		return life.Match{}, Reviews{}, err
	}
	reviews := Reviews{rows, life.AvgRating(profile.doc.RatingSum, profile.doc.ReviewCount)}
	if !profile.exists {
		sum := 0.0
		for _, review := range rows {
			sum += review.Rating
		}
		reviews.Avg = life.AvgRating(sum, int64(len(rows)))
	}
	return m.doc, reviews, nil
}

// ReviewsOf returns a willsoner's newest reviews, the best first, or life.ErrNotFound when
// there is no such willsoner.
func (s *Store) ReviewsOf(ctx context.Context, willsonerIdx int64) ([]life.Review, error) {
	r := s.reader(ctx)
	defer r.end()
	profileSent := run(r, profileNumbered(willsonerIdx))
	rows, err := run(r, reviewsOf(willsonerIdx)).rows(nil)
	if err != nil {
		return nil, err
	}
	profile, err := profileSent.raws()
	if err != nil {
		return nil, err
	}
	if len(rows)+len(profile) == 0 { // an older willsoner has reviews and no profile
		return nil, life.ErrNotFound
	}
	slices.SortStableFunc(rows, func(a, b life.Review) int { return cmp.Compare(b.Rating, a.Rating) })
	return rows, nil
}
