package handlers

import (
	"context"
	"strconv"

	"willson/life"
	"willson/push"
	"willson/reference"
	"willson/store"
)

// A PaymentStore keeps what askers pay. Without an account each method returns
// life.ErrUserNotFound.
type PaymentStore interface {
	// Estimate returns what a payment would bring: at most ten willsoners, the best first.
	Estimate(ctx context.Context, uid string, concernIdx int64, whom store.Whom) (store.Estimate, error)
	// Pay pays for a concern and sends it to willsoners. It returns the matches made, none
	// for the repeat of a payment.
	Pay(ctx context.Context, uid string, concernIdx int64, ticket reference.Ticket, whom store.Whom) (life.Concern, []life.Match, error)
	// Spendable returns the pots that the account can spend.
	Spendable(ctx context.Context, uid string) (int64, error)
}

// An estimated is the data of what a payment would bring.
type estimated struct {
	Point      point        `json:"point"`
	Willsoners []willsoner  `json:"willsoners"`
	Tickets    []ticketType `json:"tickets"`
	Concern    struct {
		Time           string `json:"time"`
		Idx            int64  `json:"idx"`
		Content        string `json:"content"`
		WilGender      string `json:"wil_gender"`
		SubcategoryIdx int64  `json:"subcategory_idx"`
		AskerIdx       int64  `json:"asker_idx"`
		Asker          struct {
			Nickname string `json:"nickname"`
		} `json:"asker"`
		Subcategory struct {
			Idx         int64  `json:"idx"`
			Name        string `json:"name"`
			CategoryIdx int64  `json:"category_idx"`
			Category    name   `json:"category"`
		} `json:"subcategory"`
		Personalities []name `json:"personalities"`
		Direction     name   `json:"direction"`
	} `json:"concern"`
}

// A point is what can be spent.
type point struct {
	Honeypot string `json:"honeypot"` // like 280개
}

func newPoint(pots int64) point { return point{strconv.FormatInt(pots, 10) + "개"} }

// A ticketType is a ticket as it is chosen. The app finds it at the place of its number.
type ticketType struct {
	Type   string `json:"type"`
	Amount string `json:"amount"`
	Idx    int64  `json:"idx"`
}

// estimateConcern serves GET /api/v1/asker/payment/{concern_idx}.
func (s *server) estimateConcern(ctx context.Context, r request) (any, error) {
	return s.estimate(ctx, r, r.concernIdx, store.Everybody)
}

// estimateAgain serves POST /api/v1/asker/payment/progress.
func (s *server) estimateAgain(ctx context.Context, r request) (any, error) {
	idx, whom := r.body.positive("concern_idx"), whomOf(r.body)
	if r.body.err != nil {
		return nil, r.body.err
	}
	return s.estimate(ctx, r, idx, whom)
}

// whomOf reads match_type, which may be left out.
func whomOf(o *object) store.Whom {
	if !o.has("match_type") {
		return store.Everybody
	}
	whom := store.Whom(o.positive("match_type"))
	if whom != store.TheSame && whom != store.AllButThem {
		o.fail("match_type")
	}
	return whom
}

func (s *server) estimate(ctx context.Context, r request, concernIdx int64, whom store.Whom) (any, error) {
	r.noteConcern(concernIdx)
	brings, err := s.Store.Estimate(ctx, r.caller.UID, concernIdx, whom)
	if err != nil {
		return nil, err
	}
	c := &brings.Concern
	answer := estimated{Point: newPoint(brings.Spendable), Willsoners: newWillsoners(brings.Willsoners)}
	for _, t := range s.Reference.Tickets {
		answer.Tickets = append(answer.Tickets, ticketType{t.Type, t.Amount, t.Idx})
	}
	answer.Concern.Time = bought(c.Minutes)
	answer.Concern.Idx = c.Idx
	answer.Concern.Content = c.Content
	answer.Concern.WilGender = c.WilGender
	answer.Concern.SubcategoryIdx = c.Subcategory.Idx
	answer.Concern.AskerIdx = c.AskerIdx
	answer.Concern.Asker.Nickname = brings.Account.Nickname
	answer.Concern.Subcategory.Idx = c.Subcategory.Idx
	answer.Concern.Subcategory.Name = c.Subcategory.Name
	answer.Concern.Subcategory.CategoryIdx = c.Subcategory.CategoryIdx
	answer.Concern.Subcategory.Category.Name = c.Subcategory.Category
	answer.Concern.Personalities = namesOfNumbers(c.Personalities)
	answer.Concern.Direction.Name = c.Direction.Name
	return answer, nil
}

// A purchasable says what is missing for a ticket.
type purchasable struct {
	Asker struct {
		Point point `json:"point"`
	} `json:"asker"`
	NotEnough int64         `json:"not_enought"` // pots, 0 if nothing is missing; the page's spelling
	Tickets   []ticketPrice `json:"tickets"`
}

// A ticketPrice is a ticket as it is bought.
type ticketPrice struct {
	Amount string `json:"amount"`
	Price  string `json:"price"`
	Idx    int64  `json:"idx"`
}

// purchase serves POST /api/v1/asker/payment/purchase, which asks and buys nothing.
func (s *server) purchase(ctx context.Context, r request) (any, error) {
	ticket := s.ticket(r.body)
	if r.body.err != nil {
		return nil, r.body.err
	}
	pots, err := s.Store.Spendable(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	answer := purchasable{NotEnough: max(0, ticket.Pots-pots)}
	answer.Asker.Point = newPoint(pots)
	for _, t := range s.Reference.Tickets {
		answer.Tickets = append(answer.Tickets, ticketPrice{t.Amount, t.Price, t.Idx})
	}
	return answer, nil
}

// ticket reads a known ticket.
func (s *server) ticket(o *object) reference.Ticket {
	ticket, ok := s.Reference.Ticket(o.positive("ticket_idx"))
	if !ok {
		o.fail("ticket_idx")
	}
	return ticket
}

// payConcern serves POST /api/v1/asker/payment/{concern_idx}.
func (s *server) payConcern(ctx context.Context, r request) (any, error) {
	ticket := s.ticket(r.body)
	if r.body.err != nil {
		return nil, r.body.err
	}
	return s.pay(ctx, r, r.concernIdx, ticket, store.Everybody)
}

// payAgain serves POST /api/v1/asker/payment/complete.
func (s *server) payAgain(ctx context.Context, r request) (any, error) {
	idx, ticket, whom := r.body.positive("concern_idx"), s.ticket(r.body), whomOf(r.body)
	if r.body.err != nil {
		return nil, r.body.err
	}
	return s.pay(ctx, r, idx, ticket, whom)
}

func (s *server) pay(ctx context.Context, r request, concernIdx int64, ticket reference.Ticket, whom store.Whom) (any, error) {
	r.noteConcern(concernIdx)
	concern, sent, err := s.Store.Pay(ctx, r.caller.UID, concernIdx, ticket, whom)
	if err != nil {
		return nil, err
	}
	notices := make([]push.Notice, len(sent))
	for i := range sent {
		notices[i] = push.RequestedBy(&sent[i])
	}
	s.tell(ctx, notices...)
	return newConcernRow(concern), nil
}
