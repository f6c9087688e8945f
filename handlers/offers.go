package handlers

import (
	"context"
	"errors"
	"time"

	"willson/life"
	"willson/push"
	"willson/reference"
	"willson/store"
)

// An OfferStore keeps what is sent to willsoners, and what they offer.
type OfferStore interface {
	// Incoming returns a willsoner's newest matches of that type, the newest first.
	Incoming(ctx context.Context, uid, kind string, categoryIdx int64) ([]store.Incoming, error)
	// IncomingMatch returns one that is open.
	IncomingMatch(ctx context.Context, uid, kind string, matchIdx int64) (store.Incoming, error)
	// Offer makes a match its willsoner's offer, for life.Reserve at that hour. done reports
	// whether this call did it, and not one before.
	Offer(ctx context.Context, uid, kind string, matchIdx int64, starts time.Time) (m life.Match, done bool, err error)
}

// closedContent stands for what a closed match was about.
const closedContent = "마감된 요청입니다"

// An incomingList is the data of a willsoner's incoming list. The app crashes without rows.
type incomingList struct {
	Categories []reference.Named   `json:"categories"`
	Matches    rowsOf[incomingRow] `json:"matches"`
}

// An incomingRow is a match in it.
type incomingRow struct {
	Idx     int64           `json:"idx"`
	Status  string          `json:"status"` // init, waiting or closed
	Concern incomingConcern `json:"concern"`
}

// An incomingConcern is what a willsoner sees of a concern before a session. Nothing of
// the asker's account is in it.
type incomingConcern struct {
	Nickname    string `json:"nickname,omitempty"`
	Content     string `json:"content"`
	Time        string `json:"time"`            // minutes
	Timer       *int64 `json:"timer,omitempty"` // realtime: epoch milliseconds
	Dates       []date `json:"dates,omitempty"` // reserve
	Asker       person `json:"asker"`
	Subcategory topic  `json:"subcategory"`
	Feelings    []name `json:"feelings"`
	Direction   *name  `json:"direction,omitempty"` // not in lists
}

func newIncomingConcern(m *store.Incoming) incomingConcern {
	brief := &m.Brief
	c := incomingConcern{
		Content:  brief.Content,
		Time:     bought(brief.Minutes),
		Asker:    person{Gender: gender(brief.AskerGender), Age: brief.AskerAge, Nickname: brief.Nickname},
		Feelings: newNames(brief.Feelings),
	}
	if brief.Subcategory != nil {
		c.Subcategory = newTopic(*brief.Subcategory)
	} else {
		c.Subcategory = newTopic(life.Topic{})
	}
	if m.Type == life.Reserve {
		c.Dates = newDates(m.Windows)
	} else {
		c.Timer = new(m.Timer.UnixMilli())
	}
	return c
}

// newDates are the windows of a reserved concern.
func newDates(windows []life.Window) []date {
	dates := make([]date, len(windows))
	for i, w := range windows {
		dates[i] = newDate(w.From, w.To)
	}
	return dates
}

// incomingRealtime serves POST /api/v1/willsoner/list/realtime/matches, incomingReserve the
// same for reserve.
func (s *server) incomingRealtime(ctx context.Context, r request) (any, error) {
	return s.incoming(ctx, r, life.Realtime)
}

func (s *server) incomingReserve(ctx context.Context, r request) (any, error) {
	return s.incoming(ctx, r, life.Reserve)
}

func (s *server) incoming(ctx context.Context, r request, kind string) (any, error) {
	category := r.body.atLeast(0, "category_idx")
	if r.body.err != nil {
		return nil, r.body.err
	}
	matches, err := s.Store.Incoming(ctx, r.caller.UID, kind, category)
	if err != nil {
		return nil, err
	}
	rows := make([]incomingRow, len(matches))
	for i := range matches {
		m := &matches[i]
		rows[i] = incomingRow{m.Idx, m.Shown, newIncomingConcern(m)}
		if m.Shown == life.Closed {
			rows[i].Concern.Content = closedContent
		}
	}
	return incomingList{s.Reference.Categories, newRows(rows)}, nil
}

// An incomingMatch is the data of one match that was sent to a willsoner.
type incomingMatch struct {
	Status  string          `json:"status"` // init or waiting
	Concern incomingConcern `json:"concern"`
}

// realtimeMatch serves GET /api/v1/willsoner/list/realtime/matches/{match_idx}, reserveMatch
// the same for reserve.
func (s *server) realtimeMatch(ctx context.Context, r request) (any, error) {
	return s.incomingMatch(ctx, r, life.Realtime)
}

func (s *server) reserveMatch(ctx context.Context, r request) (any, error) {
	return s.incomingMatch(ctx, r, life.Reserve)
}

func (s *server) incomingMatch(ctx context.Context, r request, kind string) (any, error) {
	m, err := s.Store.IncomingMatch(ctx, r.caller.UID, kind, r.matchIdx)
	if err != nil {
		return nil, err
	}
	concern := newIncomingConcern(&m)
	concern.Nickname = m.Brief.Nickname
	concern.Asker.Pic = s.Reference.Picture(m.Brief.AskerGender)
	concern.Direction = &name{m.Brief.Direction}
	return incomingMatch{m.Shown, concern}, nil
}

// offerRealtime serves PATCH /api/v1/willsoner/list/realtime/matches/{match_idx}/select.
func (s *server) offerRealtime(ctx context.Context, r request) (any, error) {
	return matchOr(s.offer(ctx, r, life.Realtime, time.Time{}))
}

// offer makes an offer, and has the asker told if there was none.
func (s *server) offer(ctx context.Context, r request, kind string, starts time.Time) (life.Match, error) {
	m, done, err := s.Store.Offer(ctx, r.caller.UID, kind, r.matchIdx, starts)
	if done {
		s.tell(ctx, push.OfferedBy(&m))
	}
	return m, err
}

// An offeredHour is the data of an offer for a reserved concern.
type offeredHour struct {
	matchRow
	Concern struct {
		Time string `json:"time"` // minutes
	} `json:"concern"`
}

// offerReserve serves PATCH /api/v1/willsoner/list/reserve/matches/{match_idx}/select.
func (s *server) offerReserve(ctx context.Context, r request) (any, error) {
	starts := r.body.hour("from_time", r.body.day("date", life.Seoul))
	if r.body.err != nil {
		return nil, r.body.err
	}
	m, err := s.offer(ctx, r, life.Reserve, starts)
	if errors.Is(err, life.ErrOutsideWindows) {
		return nil, invalidKey("from_time")
	}
	if err != nil {
		return nil, err
	}
	offered := offeredHour{matchRow: newMatchRow(m)}
	offered.Concern.Time = minutes(m.Brief.Minutes)
	return offered, nil
}
