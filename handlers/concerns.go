package handlers

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"willson/life"
	"willson/push"
	"willson/reference"
	"willson/store"
)

// A ConcernStore keeps what askers want to talk about, and what they pay.
type ConcernStore interface {
	// Write keeps a concern that is not paid for. Without an account: life.ErrUserNotFound,
	// as in all that follow.
	Write(ctx context.Context, concern life.Concern) (life.Concern, error)
	// Estimate returns what a payment would bring: at most ten willsoners, the best first.
	Estimate(ctx context.Context, uid string, concernIdx int64, whom store.Whom) (store.Estimate, error)
	// Pay pays for a concern and sends it to willsoners. It returns the matches made, none
	// for the repeat of a payment.
	Pay(ctx context.Context, uid string, concernIdx int64, ticket reference.Ticket, whom store.Whom) (life.Concern, []life.Match, error)
	// Spendable returns the pots that the account can spend.
	Spendable(ctx context.Context, uid string) (int64, error)
	// Willsoners returns the best rated of a category, 0 for all, at most ten.
	Willsoners(ctx context.Context, categoryIdx int64) ([]life.Card, error)
}

// A concernRow is the data of a concern that was written or paid for.
type concernRow struct {
	Nickname       string `json:"nickname"`
	CreatedAt      int64  `json:"created_at"` // epoch milliseconds, as the next
	UpdatedAt      int64  `json:"updated_at"`
	Idx            int64  `json:"idx"`
	Content        string `json:"content"`
	WilGender      string `json:"wil_gender"`
	Type           string `json:"type"`
	Time           string `json:"time"` // minutes, "" until it is paid for
	Status         string `json:"status"`
	MatchCnt       int64  `json:"match_cnt"`
	AskerIdx       int64  `json:"asker_idx"`
	SubcategoryIdx int64  `json:"subcategory_idx"`
	DirectionIdx   int64  `json:"direction_idx"`
	ImageIdx       int64  `json:"image_idx,omitempty"`
	Timer          int64  `json:"timer,omitempty"` // epoch milliseconds: realtime, once it is paid for
}

func newConcernRow(c life.Concern) concernRow {
	row := concernRow{
		Nickname:       c.Nickname,
		CreatedAt:      c.CreatedAt.UnixMilli(),
		UpdatedAt:      c.UpdatedAt.UnixMilli(),
		Idx:            c.Idx,
		Content:        c.Content,
		WilGender:      c.WilGender,
		Type:           c.Type,
		Time:           bought(c.Minutes),
		Status:         c.Status,
		MatchCnt:       c.MatchCnt,
		AskerIdx:       c.AskerIdx,
		SubcategoryIdx: c.Subcategory.Idx,
		DirectionIdx:   c.Direction.Idx,
		ImageIdx:       c.ImageIdx,
	}
	if c.Status == life.Init && c.Type == life.Realtime {
		row.Timer = c.Timer.UnixMilli()
	}
	return row
}

// bought is how many minutes were bought, "" for none.
func bought(n int64) string {
	if n == 0 {
		return ""
	}
	return minutes(n)
}

// writeConcern serves POST /api/v1/asker/request/complete, writeConcernV2 the same of v2.
func (s *server) writeConcern(ctx context.Context, r request) (any, error) {
	return s.write(ctx, r, false)
}

func (s *server) writeConcernV2(ctx context.Context, r request) (any, error) {
	return s.write(ctx, r, true)
}

// The longest concern, in characters: 300 of the app's can be that many code points.
const maxContent = 4000

func (s *server) write(ctx context.Context, r request, v2 bool) (any, error) {
	o := r.body
	concern := life.Concern{
		AskerUID:    r.caller.UID,
		Subcategory: s.subcategory(o),
		Feelings:    known(o, "feeling_idx", 1, 10, s.Reference.Feeling),
		Content:     o.trimmed("content", 1, maxContent),
		Type:        o.oneOf("type", life.Realtime, life.Reserve),
		Nickname:    s.Reference.Nickname(rand.Uint64()),
	}
	if v2 {
		image, ok := s.Reference.ConcernImage(o.positive("image_idx"))
		if !ok {
			o.fail("image_idx")
		}
		concern.ImageIdx = image.Idx
	} else {
		concern.Personalities = known(o, "personality_idx", 0, 10, s.Reference.Personality)
	}
	direction, ok := s.Reference.Direction(o.positive("direction_idx"))
	if !ok {
		o.fail("direction_idx")
	}
	concern.Direction = life.NamedNumber(direction)
	concern.WilGender = o.oneOfAnyCase("wil_gender", life.AnyGender, "F", "M")
	if concern.Type == life.Reserve {
		concern.Windows = windows(o, s.Now())
	}
	if o.err != nil {
		return nil, o.err
	}
	kept, err := s.Store.Write(ctx, concern)
	if err != nil {
		return nil, err
	}
	r.noteConcern(kept.Idx)
	return newConcernRow(kept), nil
}

// subcategory reads a known subcategory.
func (s *server) subcategory(o *object) life.Subcategory {
	sub, ok := s.Reference.Subcategory(o.positive("subcategory_idx"))
	if !ok {
		o.fail("subcategory_idx")
		return life.Subcategory{}
	}
	category, _ := s.Reference.Category(sub.CategoryIdx)
	return life.Subcategory{Idx: sub.Idx, Name: sub.Name, CategoryIdx: category.Idx, Category: category.Name}
}

// known reads numbers of the reference data.
func known(o *object, key string, least, most int, of func(int64) (reference.Named, bool)) []life.NamedNumber {
	var all []life.NamedNumber
	for _, idx := range o.positives(key, least, most) {
		n, ok := of(idx)
		if !ok {
			o.fail(key)
		}
		all = append(all, life.NamedNumber(n))
	}
	return all
}

// farthest is how far ahead a window may end.
const farthest = 60 * 24 * time.Hour

// windows reads the two windows of a reserved concern.
func windows(o *object, now time.Time) []life.Window {
	var both []life.Window
	for _, of := range []string{"from", "to"} {
		day := o.day(of+"_date", life.Seoul)
		w := life.Window{From: o.hour(of+"_time_from", day), To: o.hour(of+"_time_to", day)}
		if o.err == nil && (!w.To.After(w.From) || !w.To.After(now) || w.To.After(now.Add(farthest))) {
			o.fail(of + "_time_to")
		}
		both = append(both, w)
	}
	return both
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

func namesOfNumbers(all []life.NamedNumber) []name {
	names := make([]name, len(all))
	for i, n := range all {
		names[i].Name = n.Name
	}
	return names
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
