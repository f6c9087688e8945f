package handlers

import (
	"context"
	"time"

	"willson/life"
	"willson/store"
)

// A ChoiceStore shows askers their concerns, the offers on them, and who offers.
type ChoiceStore interface {
	// Concerns returns what the asker paid for, the highest idx first.
	Concerns(ctx context.Context, uid string) (open, completed []store.ShownConcern, err error)
	// OffersOn returns the offers on a concern of that type that can be selected, the best
	// rated first.
	OffersOn(ctx context.Context, uid, kind string, concernIdx int64) (life.Concern, []life.Match, error)
	// Offered returns a match of that type, from the offer on, and the willsoner's reviews.
	Offered(ctx context.Context, uid, kind string, matchIdx int64) (life.Match, store.Reviews, error)
	// ReviewsOf returns a willsoner's reviews, the best first.
	ReviewsOf(ctx context.Context, willsonerIdx int64) ([]life.Review, error)
}

// An askersConcerns is the data of an asker's concerns. The app shows the total.
type askersConcerns struct {
	TotalCount int                   `json:"total_count"`
	Realtime   rowsOf[askersConcern] `json:"realtime"`
	Reserve    rowsOf[askersConcern] `json:"reserve"`
	Completed  rowsOf[askersConcern] `json:"completed"`
}

// An askersConcern is one of them.
type askersConcern struct {
	Idx           int64  `json:"idx"`
	Content       string `json:"content"`
	Time          string `json:"time"`            // minutes
	Timer         int64  `json:"timer,omitempty"` // with init and no other status: the app asks without end otherwise
	Subcategory   topic  `json:"subcategory"`
	Personalities []name `json:"personalities"`
	Dates         []date `json:"dates,omitempty"` // reserve
	Status        string `json:"status"`
}

func newAskersConcern(c *store.ShownConcern) askersConcern {
	row := askersConcern{
		Idx:           c.Idx,
		Content:       c.Content,
		Time:          bought(c.Minutes),
		Subcategory:   newTopic(c.Topic()),
		Personalities: namesOfNumbers(c.Personalities),
		Status:        c.Shown,
	}
	if c.Type == life.Reserve {
		row.Dates = newDates(c.Windows)
	} else if c.Shown == life.Init {
		row.Timer = c.Timer.UnixMilli()
	}
	return row
}

// concerns serves GET /api/v1/asker/list/concerns.
func (s *server) concerns(ctx context.Context, r request) (any, error) {
	open, completed, err := s.Store.Concerns(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	var realtime, reserve, done []askersConcern
	for i := range open {
		if row := newAskersConcern(&open[i]); open[i].Type == life.Reserve {
			reserve = append(reserve, row)
		} else {
			realtime = append(realtime, row)
		}
	}
	for i := range completed {
		done = append(done, newAskersConcern(&completed[i]))
	}
	return askersConcerns{len(open) + len(completed), newRows(realtime), newRows(reserve), newRows(done)}, nil
}

// An offersList is the data of the offers on a concern.
type offersList struct {
	Timer    *int64     `json:"timer,omitempty"` // realtime: epoch milliseconds
	Category string     `json:"category"`
	Matches  []offerRow `json:"matches"`
}

// An offerRow is one of them.
type offerRow struct {
	Idx       int64     `json:"idx"`
	Willsoner willsoner `json:"willsoner"`
	Date      *date     `json:"date,omitempty"` // reserve
}

// realtimeOffers serves GET /api/v1/asker/list/concerns/realtime/{concern_idx},
// reserveOffers the same for reserve.
func (s *server) realtimeOffers(ctx context.Context, r request) (any, error) {
	return s.offers(ctx, r, life.Realtime)
}

func (s *server) reserveOffers(ctx context.Context, r request) (any, error) {
	return s.offers(ctx, r, life.Reserve)
}

func (s *server) offers(ctx context.Context, r request, kind string) (any, error) {
	concern, matches, err := s.Store.OffersOn(ctx, r.caller.UID, kind, r.concernIdx)
	if err != nil {
		return nil, err
	}
	list := offersList{Category: concern.Subcategory.Category, Matches: make([]offerRow, len(matches))}
	if kind == life.Realtime {
		list.Timer = new(concern.Timer.UnixMilli())
	}
	for i := range matches {
		m := &matches[i]
		list.Matches[i] = offerRow{m.Idx, newWillsoner(&m.Card, m.WillsonerIdx, false), agreedDate(m)}
	}
	return list, nil
}

// An offeredMatch is the data of who offers, and what others said of them.
type offeredMatch struct {
	Match struct {
		Status    string    `json:"status"`
		Willsoner willsoner `json:"willsoner"`
		Date      *date     `json:"date,omitempty"` // reserve
	} `json:"match"`
	Reviews struct {
		rowsOf[reviewRow]
		Avg string `json:"avg"`
	} `json:"reviews"`
}

// A reviewRow is a review as askers read it. The app blanks the page without one of its
// strings.
type reviewRow struct {
	Idx      int64       `json:"idx"`
	Title    string      `json:"title"`
	Content  string      `json:"content"`
	Rating   float64     `json:"rating"`
	Category string      `json:"category"`
	Date     string      `json:"date"` // yy.MM.dd in Seoul
	Match    reviewMatch `json:"match"`
}

// A reviewMatch is what was reviewed.
type reviewMatch struct {
	Idx     int64 `json:"idx"`
	Concern struct {
		Nickname string `json:"nickname"`
		Time     string `json:"time"` // always "", as on the pages
		Idx      int64  `json:"idx,omitempty"`
	} `json:"concern"`
}

func newReviewMatch(review *life.Review) (m reviewMatch) {
	m.Idx = review.MatchIdx
	m.Concern.Nickname = review.Nickname
	return m
}

// realtimeOffer serves GET /api/v1/asker/list/matches/realtime/{match_idx}, reserveOffer
// GET /api/v1/willsoner/list/concern/matches/reserve/{match_idx}, the asker's in spite of
// its path.
func (s *server) realtimeOffer(ctx context.Context, r request) (any, error) {
	return s.offered(ctx, r, life.Realtime)
}

func (s *server) reserveOffer(ctx context.Context, r request) (any, error) {
	return s.offered(ctx, r, life.Reserve)
}

func (s *server) offered(ctx context.Context, r request, kind string) (any, error) {
	m, reviews, err := s.Store.Offered(ctx, r.caller.UID, kind, r.matchIdx)
	if err != nil {
		return nil, err
	}
	var answer offeredMatch
	answer.Match.Status = m.Status
	answer.Match.Willsoner = newWillsoner(&m.Card, m.WillsonerIdx, true)
	answer.Match.Date = agreedDate(&m)
	rows := make([]reviewRow, len(reviews.Rows))
	for i := range reviews.Rows {
		review := &reviews.Rows[i]
		rows[i] = reviewRow{review.MatchIdx, review.Title, review.Content, review.Rating, review.Category, shortDay(review.CreatedAt), newReviewMatch(review)}
		rows[i].Match.Concern.Idx = review.ConcernIdx
	}
	answer.Reviews.rowsOf, answer.Reviews.Avg = newRows(rows), reviews.Avg
	return answer, nil
}

// A shortReview is a review in the list of v2.
type shortReview struct {
	Content string      `json:"content"`
	Rating  float64     `json:"rating"`
	Date    string      `json:"date"` // yy.MM.dd in Seoul
	Match   reviewMatch `json:"match"`
}

// willsonerReviews serves GET /api/v2/asker/list/matches/{willsoner_idx}.
func (s *server) willsonerReviews(ctx context.Context, r request) (any, error) {
	reviews, err := s.Store.ReviewsOf(ctx, r.willsonerIdx)
	if err != nil {
		return nil, err
	}
	rows := make([]shortReview, len(reviews))
	for i := range reviews {
		review := &reviews[i]
		rows[i] = shortReview{review.Content, review.Rating, shortDay(review.CreatedAt), newReviewMatch(review)}
	}
	return newRows(rows), nil
}

// shortDay is a day as reviews and ledgers show it.
func shortDay(t time.Time) string { return t.In(life.Seoul).Format("06.01.02") }
