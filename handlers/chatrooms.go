package handlers

import (
	"context"

	"willson/life"
	"willson/store"
)

// A SessionStore keeps the sessions. Select, Join and Complete, repeated, return the match
// as it is and change nothing.
type SessionStore interface {
	// Sessions returns the sessions of that party and of nobody else: at least one, in each
	// list at most store.MaxRows, ascending by idx, no idx in both lists.
	Sessions(ctx context.Context, caller life.Caller) (store.Sessions, error)
	// Select has the asker accept a waiting match. It may return life.ErrAlreadyMatched. done
	// reports whether this call did it, and not one before, as in the next.
	Select(ctx context.Context, askerUID string, matchIdx int64) (m life.Match, done bool, err error)
	// Join notes that a party is here. It may return life.ErrTooEarly.
	Join(ctx context.Context, caller life.Caller, matchIdx int64) (m life.Match, done bool, err error)
	// Complete has the asker close a session.
	Complete(ctx context.Context, askerUID string, matchIdx int64) (life.Match, error)
}

// A list is the data of both parties' lists. Its rows' fields, their order and what is
// left out are the app's contract: see openapi.yaml and testdata.
type list[Ing, Reserve any] struct {
	Count   int       `json:"count"`
	Ing     []Ing     `json:"ing"`
	Reserve []Reserve `json:"reserve"`
}

// chatrooms serves GET /api/v1/asker/chat/chatrooms and GET /api/v1/willsoner/chat/chatrooms.
func (s *server) chatrooms(ctx context.Context, r request) (any, error) {
	sessions, err := s.Store.Sessions(ctx, r.caller)
	if err != nil {
		return nil, err
	}
	if r.caller.Party == life.Willsoner {
		return newList(sessions, newWillsonerIng, newWillsonerReserve), nil
	}
	return newList(sessions, newAskerIng, newAskerReserve), nil
}

func newList[Ing, Reserve any](sessions store.Sessions, ing func(*life.Chatroom) Ing, reserve func(*life.Reservation) Reserve) *list[Ing, Reserve] {
	l := &list[Ing, Reserve]{
		Count:   len(sessions.UnderWay) + len(sessions.Reserved),
		Ing:     make([]Ing, len(sessions.UnderWay)),
		Reserve: make([]Reserve, len(sessions.Reserved)),
	}
	for i := range sessions.UnderWay {
		l.Ing[i] = ing(&sessions.UnderWay[i])
	}
	for i := range sessions.Reserved {
		l.Reserve[i] = reserve(&sessions.Reserved[i])
	}
	return l
}

// An askerIng is a session under way in the asker's list.
type askerIng struct {
	Idx     int64  `json:"idx"`
	Roomkey string `json:"roomkey"`
	Concern struct {
		Nickname string `json:"nickname,omitempty"`
		Time     string `json:"time"` // minutes
		Idx      int64  `json:"idx"`
		Asker    struct {
			Pic string `json:"pic,omitempty"`
			ID  string `json:"id"`
		} `json:"asker"`
	} `json:"concern"`
	Willsoner struct {
		Idx          int64  `json:"idx"`
		Introduction string `json:"introduction,omitempty"`
		Experience   string `json:"experience,omitempty"`
		Asker        struct {
			Gender   string `json:"gender,omitempty"`
			Pic      string `json:"pic,omitempty"`
			Nickname string `json:"nickname"` // the app cannot do without
		} `json:"asker"`
		Image         requiredImage `json:"image"`
		Subcategories []subcategory `json:"subcategories"`
		Keywords      []name        `json:"keywords"`
	} `json:"willsoner"`
	Start int64 `json:"start"` // epoch milliseconds
}

// An askerReserve is a reserved session in the asker's list.
type askerReserve struct {
	Idx     int64  `json:"idx"`
	Roomkey string `json:"roomkey"`
	Concern struct {
		Time string `json:"time"` // minutes
	} `json:"concern"`
	Willsoner struct {
		Idx   int64 `json:"idx"`
		Asker struct {
			Nickname string `json:"nickname"` // the app cannot do without
			ID       string `json:"id,omitempty"`
		} `json:"asker"`
		Image requiredImage `json:"image"`
	} `json:"willsoner"`
	Date sessionDate `json:"date"`
}

// A willsonerIng is a session under way in the willsoner's list.
type willsonerIng struct {
	Idx     int64  `json:"idx"`
	Roomkey string `json:"roomkey"`
	Concern struct {
		Nickname string `json:"nickname,omitempty"`
		Time     string `json:"time"` // minutes
		Idx      int64  `json:"idx"`
		Content  string `json:"content,omitempty"`
		Asker    struct {
			Nickname string `json:"nickname"` // the app cannot do without
			Gender   string `json:"gender,omitempty"`
			Pic      string `json:"pic,omitempty"`
			ID       string `json:"id"`
		} `json:"asker"`
		Subcategory *subcategory `json:"subcategory,omitempty"`
		Feelings    []name       `json:"feelings"`
	} `json:"concern"`
	Willsoner struct {
		Idx   int64 `json:"idx"`
		Asker struct {
			Pic string `json:"pic,omitempty"`
			ID  string `json:"id"`
		} `json:"asker"`
	} `json:"willsoner"`
	Start int64 `json:"start"` // epoch milliseconds
}

// A willsonerReserve is a reserved session in the willsoner's list.
type willsonerReserve struct {
	Idx     int64  `json:"idx"`
	Roomkey string `json:"roomkey"`
	Concern struct {
		Nickname string `json:"nickname,omitempty"`
		Time     string `json:"time"` // minutes
		Idx      int64  `json:"idx"`
		Asker    struct {
			Nickname string `json:"nickname"` // the app cannot do without
			ID       string `json:"id"`
		} `json:"asker"`
	} `json:"concern"`
	Willsoner struct {
		Idx   int64 `json:"idx"`
		Asker struct {
			ID string `json:"id"`
		} `json:"asker"`
	} `json:"willsoner"`
	Date sessionDate `json:"date"`
}

func newAskerIng(room *life.Chatroom) (row askerIng) {
	brief, card := &room.Brief, &room.Card
	row.Idx = room.Idx
	row.Roomkey = room.Roomkey
	row.Concern.Nickname = brief.Nickname
	row.Concern.Time = minutes(brief.Minutes)
	row.Concern.Idx = brief.Idx
	row.Concern.Asker.Pic = brief.AskerPic
	row.Concern.Asker.ID = room.AskerUID
	row.Willsoner.Idx = card.Idx
	row.Willsoner.Introduction = card.Introduction
	row.Willsoner.Experience = card.Experience
	row.Willsoner.Asker.Gender = gender(card.Gender)
	row.Willsoner.Asker.Pic = card.Pic
	row.Willsoner.Asker.Nickname = card.Nickname
	row.Willsoner.Image.Pic = card.ImagePic
	row.Willsoner.Subcategories = make([]subcategory, 0, len(card.Subcategories))
	for _, topic := range card.Subcategories {
		if topic != (life.Topic{}) {
			row.Willsoner.Subcategories = append(row.Willsoner.Subcategories, newSubcategory(topic))
		}
	}
	row.Willsoner.Keywords = newNames(card.Keywords)
	row.Start = room.StartedAt.UnixMilli()
	return row
}

func newAskerReserve(reservation *life.Reservation) (row askerReserve) {
	row.Idx = reservation.Idx
	row.Roomkey = reservation.Roomkey
	row.Concern.Time = minutes(reservation.Brief.Minutes)
	row.Willsoner.Idx = reservation.Card.Idx
	row.Willsoner.Asker.Nickname = reservation.Card.Nickname
	row.Willsoner.Asker.ID = reservation.WillsonerUID
	row.Willsoner.Image.Pic = reservation.Card.ImagePic
	row.Date = sessionDate{hour(reservation.StartsAt), day(reservation.StartsAt)}
	return row
}

func newWillsonerIng(room *life.Chatroom) (row willsonerIng) {
	brief, card := &room.Brief, &room.Card
	row.Idx = room.Idx
	row.Roomkey = room.Roomkey
	row.Concern.Nickname = brief.Nickname
	row.Concern.Time = minutes(brief.Minutes)
	row.Concern.Idx = brief.Idx
	row.Concern.Content = brief.Content
	row.Concern.Asker.Nickname = brief.Nickname
	row.Concern.Asker.Gender = gender(brief.AskerGender)
	row.Concern.Asker.Pic = brief.AskerPic
	row.Concern.Asker.ID = room.AskerUID
	if topic := brief.Subcategory; topic != nil && *topic != (life.Topic{}) {
		row.Concern.Subcategory = new(newSubcategory(*topic))
	}
	row.Concern.Feelings = newNames(brief.Feelings)
	row.Willsoner.Idx = card.Idx
	row.Willsoner.Asker.Pic = card.Pic
	row.Willsoner.Asker.ID = room.WillsonerUID
	row.Start = room.StartedAt.UnixMilli()
	return row
}

func newWillsonerReserve(reservation *life.Reservation) (row willsonerReserve) {
	row.Idx = reservation.Idx
	row.Roomkey = reservation.Roomkey
	row.Concern.Nickname = reservation.Brief.Nickname
	row.Concern.Time = minutes(reservation.Brief.Minutes)
	row.Concern.Idx = reservation.Brief.Idx
	row.Concern.Asker.Nickname = reservation.Brief.Nickname
	row.Concern.Asker.ID = reservation.AskerUID
	row.Willsoner.Idx = reservation.Card.Idx
	row.Willsoner.Asker.ID = reservation.WillsonerUID
	row.Date = sessionDate{hour(reservation.StartsAt), day(reservation.StartsAt)}
	return row
}
