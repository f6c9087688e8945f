package store

import (
	"context"
	"math/rand/v2"

	"willson/life"
)

// Write keeps a concern that is not paid for yet. Its number, what it takes from the
// account, its status and times are filled in. It returns life.ErrUserNotFound without an
// account.
func (s *Store) Write(ctx context.Context, concern life.Concern) (life.Concern, error) {
	var drawn int64
	err := s.commit(ctx, "write", func(c *change) error {
		accountSent := find(c.reader, askers, uidID(concern.AskerUID))
		if drawn != 0 { // an earlier attempt may have been stored though its answer was lost
			before, err := find(c.reader, concerns, life.Decimal(drawn)).one()
			if err != nil {
				return err
			}
			if before.exists && before.doc.AskerUID == concern.AskerUID && c.isOurs(before.doc.CreatedAt) {
				concern = before.doc
				return nil
			}
		}
		account, err := accountSent.oneOr(life.ErrUserNotFound)
		if err != nil {
			return err
		}
		drawn = life.Number(c.now, rand.Int64N)
		concern.Idx, concern.AskerIdx = drawn, account.doc.Idx
		concern.AskerGender, concern.AskerBirthYear = account.doc.Gender, account.doc.BirthYear
		concern.Status, concern.CreatedAt, concern.UpdatedAt = life.Unpaid, c.now, c.now
		concern.ExpireAt = life.Expires(c.now)
		create(c, concerns, life.Decimal(drawn), &concern)
		return nil
	})
	s.outcome("write", err == nil, err)
	return concern, err
}

// Willsoners returns the best rated willsoners of a category, 0 for all, at most ten,
// equals by number.
func (s *Store) Willsoners(ctx context.Context, categoryIdx int64) ([]life.Card, error) {
	r := s.reader(ctx)
	defer r.end()
	best, err := run(r, bestRated(categoryIdx)).rows(nil)
	return s.cards(best), err
}

// cards presents willsoners, each with its number.
func (s *Store) cards(profiles []life.Profile) []life.Card {
	now := s.now()
	cards := make([]life.Card, len(profiles))
	for i := range profiles {
		cards[i] = s.card(&profiles[i], now)
		cards[i].Idx = profiles[i].Idx
	}
	return cards
}
