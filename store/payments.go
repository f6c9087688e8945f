package store

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"willson/life"
	"willson/reference"
)

const (
	maxCandidates = 100 // willsoners looked at for a payment
	maxPreviewed  = 20  // and for what it would bring: this is asked often, and pays nothing
	maxSentTo     = 50  // willsoners to whom a concern is sent
)

// pots reads an account and what of its pots can be spent, that held by the concern to be
// paid for not counted. The account is read before the holds: a hold that is missed then
// means a newer account, on whose age a commit depends.
func (s *Store) pots(r *reader, uid string, paidFor int64) (account found[life.Account], spendable int64, err error) {
	if account, err = find(r, askers, uidID(uid)).oneOr(life.ErrUserNotFound); err != nil {
		return account, 0, err
	}
	now := s.now()
	holds, err := run(r, holding(uid, now)).all()
	if err != nil {
		return account, 0, err
	}
	return account, life.Spendable(account.doc.Pots, docsOf(holds), paidFor, now), nil
}

// Spendable returns how many pots the account can spend, or life.ErrUserNotFound.
func (s *Store) Spendable(ctx context.Context, uid string) (int64, error) {
	r := s.reader(ctx)
	defer r.end()
	_, spendable, err := s.pots(r, uid, 0)
	return spendable, err
}

// Whom says which willsoners a concern is sent to.
type Whom int64

// Whom it may be sent to.
const (
	Everybody  Whom = 0
	TheSame    Whom = 1 // those who had a session of this concern and still fit
	AllButThem Whom = 2
)

// An Estimate is what a payment of a concern would bring.
type Estimate struct {
	Concern    life.Concern
	Account    life.Account
	Spendable  int64 // pots
	Willsoners []life.Card
}

// Estimate returns what a payment of the concern would bring: at most ten willsoners, the
// best first, perhaps none. It returns life.ErrUserNotFound without an account,
// life.ErrNotFound when the concern is not the caller's, and life.ErrConcernInProcess when
// it cannot be paid for now.
func (s *Store) Estimate(ctx context.Context, uid string, concernIdx int64, whom Whom) (Estimate, error) {
	const shown = 10
	r := s.reader(ctx)
	defer r.end()
	concernSent := find(r, concerns, life.Decimal(concernIdx))
	account, spendable, err := s.pots(r, uid, concernIdx)
	if err != nil {
		return Estimate{}, err
	}
	concern, err := concernSent.one()
	if err != nil {
		return Estimate{}, err
	}
	if err := s.checkPayable(r, uid, concern, s.now()); err != nil {
		return Estimate{}, err
	}
	fitting, err := s.fitting(r, &concern.doc, whom, maxPreviewed)
	if err != nil {
		return Estimate{}, err
	}
	return Estimate{concern.doc, account.doc, spendable, s.cards(fitting[:min(len(fitting), shown)])}, nil
}

// checkPayable returns why the caller cannot pay for a concern now, if so.
func (s *Store) checkPayable(r *reader, uid string, concern found[life.Concern], now time.Time) error {
	if !concern.exists || concern.doc.AskerUID != uid {
		return life.ErrNotFound
	}
	offered := false
	if concern.doc.DependsOnOffers(now) {
		offers, err := run(r, offersOf(&concern.doc).limit(1)).raws()
		if err != nil {
			return err
		}
		offered = len(offers) > 0
	}
	if !concern.doc.IsPayable(offered, now) {
		return life.ErrConcernInProcess
	}
	return nil
}

// Pay pays for a concern with a ticket and sends it to the willsoners who fit best, at most
// 50 of 100 that are looked at: account, concern and matches in one commit, on the condition
// that account and concern are as they were read. A repeated payment with the same ticket
// while the concern is open changes nothing, and returns the concern as it is and no
// matches.
//
// It returns, in this order, life.ErrUserNotFound without an account; life.ErrNotFound when
// the concern is not the caller's; life.ErrConcernInProcess when it cannot be paid for now;
// life.ErrTimeOut when no window ahead holds the ticket's minutes; life.ErrAmountNotEnough;
// and life.ErrWillsonerNotFound when nobody fits.
func (s *Store) Pay(ctx context.Context, uid string, concernIdx int64, ticket reference.Ticket, whom Whom) (life.Concern, []life.Match, error) {
	var concern life.Concern
	var sent []life.Match
	var fitting []life.Profile
	done := false
	err := s.commit(ctx, "pay", func(c *change) error {
		done = false
		concernSent := find(c.reader, concerns, life.Decimal(concernIdx))
		account, err := find(c.reader, askers, uidID(uid)).oneOr(life.ErrUserNotFound)
		if err != nil {
			return err
		}
		before, err := concernSent.one()
		if err != nil {
			return err
		}
		concern = before.doc
		now := c.now
		if before.exists && concern.AskerUID == uid && concern.IsPaidWith(ticket.Idx, now) {
			done = c.isOurs(concern.UpdatedAt)
			return nil
		}
		holdsSent := run(c.reader, holding(uid, now)) // after the account, see pots
		if err := s.checkPayable(c.reader, uid, before, now); err != nil {
			return err
		}
		if !concern.HasRoomFor(ticket.Minutes, now) {
			return life.ErrTimeOut
		}
		holds, err := holdsSent.all()
		if err != nil {
			return err
		}
		if life.Spendable(account.doc.Pots, docsOf(holds), concernIdx, now) < ticket.Pots {
			return life.ErrAmountNotEnough
		}
		if fitting == nil { // who fits does not depend on who else pays
			if fitting, err = s.fitting(c.reader, &concern, whom, maxCandidates); err != nil {
				return err
			}
		}
		if len(fitting) == 0 {
			return life.ErrWillsonerNotFound
		}
		concern.Pay(ticket.Idx, ticket.Minutes, ticket.Pots, now)
		sent = append(sent, c.pay(before, account, &concern, fitting[:min(len(fitting), maxSentTo)])...)
		done = true
		return nil
	})
	s.outcome("pay", done && err == nil, err)
	if err != nil {
		return life.Concern{}, nil, err
	}
	// An attempt may have been stored though its answer was lost: its matches are those that
	// are as old as the payment.
	sent = slices.DeleteFunc(sent, func(m life.Match) bool { return !m.CreatedAt.Equal(concern.UpdatedAt) })
	return concern, sent, nil
}

// pay writes a concern that is paid for now, its payment in the account, and a match for each
// willsoner chosen, which it returns.
func (c *change) pay(before found[life.Concern], account found[life.Account], paid *life.Concern, chosen []life.Profile) []life.Match {
	names := []string{"status", "minutes", "ticket_idx", "held", "open_until", "match_cnt", "created_at", "updated_at"}
	if paid.Type == life.Realtime {
		names = append(names, "timer")
	}
	replace(c, concerns, before, paid, names...)
	c.clearFields("expire_at")
	account.doc.Payments++
	replace(c, askers, account, &account.doc, "payments")
	first := life.Numbers(c.now, int64(len(chosen)), rand.Int64N)
	sent := make([]life.Match, len(chosen))
	for i := range chosen {
		sent[i] = paid.Sent(first+int64(i), &chosen[i], c.now)
		create(c, matches, life.Decimal(sent[i].Idx), &sent[i])
	}
	return sent
}

// fitting returns the willsoners who fit a concern, of the first so many that are found
// from a random place in their ring on, the best first. The random place gives everybody
// in a large category a turn.
func (s *Store) fitting(r *reader, concern *life.Concern, whom Whom, most int) ([]life.Profile, error) {
	known := map[string]bool{} // who had a session of this concern
	if whom != Everybody {
		had, err := run(r, ofConcern(concern.Idx, life.Chat, life.Complete)).all()
		if err != nil {
			return nil, err
		}
		for _, m := range had {
			known[m.doc.WillsonerUID] = true
		}
	}
	var candidates []life.Profile
	var err error
	if whom == TheSame {
		candidates, err = profiles(r, known)
	} else {
		candidates, err = ring(r, concern, rand.Float64(), most)
	}
	if err != nil {
		return nil, err
	}
	candidates = slices.DeleteFunc(candidates, func(p life.Profile) bool {
		return !life.Fits(&p, concern) || whom == AllButThem && known[p.UID]
	})
	// Equals stay in the order of the ring, or the same ones would have no turn every time.
	slices.SortStableFunc(candidates, func(a, b life.Profile) int {
		return cmp.Compare(life.Score(&b, concern), life.Score(&a, concern))
	})
	return candidates, nil
}

// ring returns the first willsoners who may fit, from a place on and around.
func ring(r *reader, concern *life.Concern, place float64, most int) ([]life.Profile, error) {
	all, err := run(r, candidatesFrom(concern, place, most)).rows(nil)
	if err != nil || len(all) >= most {
		return all, err
	}
	rest, err := run(r, candidatesBefore(concern, place, most-len(all))).rows(nil)
	return append(all, rest...), err
}

// profiles returns the willsoners with these uids.
func profiles(r *reader, uids map[string]bool) ([]life.Profile, error) {
	var ids []string
	for uid := range uids {
		ids = append(ids, uidID(uid))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := find(r, willsoners, ids...).all()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p found[life.Profile]) bool { return !p.exists })
	return docsOf(all), nil
}
