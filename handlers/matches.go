package handlers

import (
	"context"

	"willson/life"
	"willson/push"
)

// A matchRow is the data of every change of a match.
type matchRow struct {
	CreatedAt     int64   `json:"created_at"` // epoch milliseconds, as the next
	UpdatedAt     int64   `json:"updated_at"`
	Idx           int64   `json:"idx"`
	Status        string  `json:"status"`
	Roomkey       *string `json:"roomkey"`        // null until it is selected
	AdminSelected int     `json:"admin_selected"` // 0 or 1, as all flags
	Score         int64   `json:"score"`
	IsExtended    int     `json:"is_extended"`
	AskerJoin     int     `json:"asker_join"`
	WillsonerJoin int     `json:"willsoner_join"`
	ConcernIdx    int64   `json:"concern_idx"`
	DateIdx       *int64  `json:"date_idx"`
	WillsonerIdx  int64   `json:"willsoner_idx"`
}

func newMatchRow(m life.Match) matchRow {
	return matchRow{
		CreatedAt:     m.CreatedAt.UnixMilli(),
		UpdatedAt:     m.UpdatedAt.UnixMilli(),
		Idx:           m.Idx,
		Status:        m.Status,
		Roomkey:       orNull(m.Roomkey),
		AdminSelected: flag(m.AdminSelected),
		Score:         m.Score,
		IsExtended:    flag(m.IsExtended),
		AskerJoin:     flag(m.AskerJoined),
		WillsonerJoin: flag(m.WillsonerJoined),
		ConcernIdx:    m.ConcernIdx,
		DateIdx:       m.DateIdx,
		WillsonerIdx:  m.WillsonerIdx,
	}
}

// A selectedMatch is a match that was just accepted: with whom, and for when.
type selectedMatch struct {
	matchRow
	Willsoner struct {
		AvgRating  string `json:"avg_rating,omitempty"`
		Idx        int64  `json:"idx"`
		Experience string `json:"experience,omitempty"`
		Asker      struct {
			Gender   string `json:"gender,omitempty"`
			Age      string `json:"age,omitempty"`
			Pic      string `json:"pic,omitempty"`
			Nickname string `json:"nickname,omitempty"`
		} `json:"asker"`
		Image image `json:"image"`
	} `json:"willsoner"`
	Date *date `json:"date"` // null: now
}

// selectMatch serves PATCH /api/v1/asker/list/matches/{match_idx}/select.
func (s *server) selectMatch(ctx context.Context, r request) (any, error) {
	m, done, err := s.Store.Select(ctx, r.caller.UID, r.matchIdx)
	if err != nil {
		return nil, err
	}
	if done {
		s.tell(ctx, push.SelectedAt(&m, s.Now()))
	}
	selected := selectedMatch{matchRow: newMatchRow(m)}
	selected.Willsoner.AvgRating = m.Card.AvgRating
	selected.Willsoner.Idx = m.WillsonerIdx
	selected.Willsoner.Experience = m.Card.Experience
	selected.Willsoner.Asker.Gender = gender(m.Card.Gender)
	selected.Willsoner.Asker.Age = m.Card.Age
	selected.Willsoner.Asker.Pic = m.Card.Pic
	selected.Willsoner.Asker.Nickname = m.Card.Nickname
	selected.Willsoner.Image.Pic = m.Card.ImagePic
	selected.Date = agreedDate(&m)
	return selected, nil
}

// join serves PATCH /api/v1/asker/chat/join/{match_idx} and PATCH /api/v1/willsoner/chat/join/{match_idx}.
func (s *server) join(ctx context.Context, r request) (any, error) {
	m, done, err := s.Store.Join(ctx, r.caller, r.matchIdx)
	if done {
		s.tell(ctx, push.JoinedAt(&m, r.caller.Party, s.Now()))
	}
	return matchOr(m, err)
}

// complete serves PATCH /api/v1/asker/chat/complete/{match_idx}.
func (s *server) complete(ctx context.Context, r request) (any, error) {
	return matchOr(s.Store.Complete(ctx, r.caller.UID, r.matchIdx))
}

func matchOr(m life.Match, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return newMatchRow(m), nil
}
