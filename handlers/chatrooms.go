package handlers

import (
	"context"

	"willson/store"
)

// A SessionStore keeps the sessions. Select, Join and Complete, repeated, return the match
// as it is and change nothing.
type SessionStore interface {
	// Sessions returns the sessions of that party and of nobody else: at least one, in each
	// list at most store.MaxRows, ascending by idx, no idx in both lists.
	Sessions(ctx context.Context, caller store.Caller) (store.Sessions, error)
	// Select has the asker accept a waiting match. It may return store.ErrAlreadyMatched.
	Select(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error)
	// Join notes that a party is here. It may return store.ErrTooEarly.
	Join(ctx context.Context, caller store.Caller, matchIdx int64) (store.Match, error)
	// Complete has the asker close a session.
	Complete(ctx context.Context, askerUID string, matchIdx int64) (store.Match, error)
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
	if r.caller.Party == store.Willsoner {
		return newList(sessions, newWillsonerIng, s.newWillsonerReserve), nil
	}
	return newList(sessions, newAskerIng, s.newAskerReserve), nil
}

func newList[Ing, Reserve any](sessions store.Sessions, ing func(*store.Chatroom) Ing, reserve func(*store.Reservation) Reserve) *list[Ing, Reserve] {
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
		Keywords      []named       `json:"keywords"`
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
		Feelings    []named      `json:"feelings"`
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

func newAskerIng(room *store.Chatroom) (row askerIng) {
	concern, card := &room.Concern, &room.Card
	row.Idx = room.Idx
	row.Roomkey = room.Roomkey
	row.Concern.Nickname = concern.Nickname
	row.Concern.Time = minutes(concern.Minutes)
	row.Concern.Idx = concern.Idx
	row.Concern.Asker.Pic = concern.AskerPic
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
		if topic != (store.Topic{}) {
			row.Willsoner.Subcategories = append(row.Willsoner.Subcategories, newSubcategory(topic))
		}
	}
	row.Willsoner.Keywords = names(card.Keywords)
	row.Start = room.StartedAt.UnixMilli()
	return row
}

func (s *server) newAskerReserve(reservation *store.Reservation) (row askerReserve) {
	row.Idx = reservation.Idx
	row.Roomkey = reservation.Roomkey
	row.Concern.Time = minutes(reservation.Concern.Minutes)
	row.Willsoner.Idx = reservation.Card.Idx
	row.Willsoner.Asker.Nickname = reservation.Card.Nickname
	row.Willsoner.Asker.ID = reservation.WillsonerUID
	row.Willsoner.Image.Pic = reservation.Card.ImagePic
	row.Date = sessionDate{s.hour(reservation.StartsAt), s.day(reservation.StartsAt)}
	return row
}

func newWillsonerIng(room *store.Chatroom) (row willsonerIng) {
	concern, card := &room.Concern, &room.Card
	row.Idx = room.Idx
	row.Roomkey = room.Roomkey
	row.Concern.Nickname = concern.Nickname
	row.Concern.Time = minutes(concern.Minutes)
	row.Concern.Idx = concern.Idx
	row.Concern.Content = concern.Content
	row.Concern.Asker.Nickname = concern.Nickname
	row.Concern.Asker.Gender = gender(concern.AskerGender)
	row.Concern.Asker.Pic = concern.AskerPic
	row.Concern.Asker.ID = room.AskerUID
	if topic := concern.Subcategory; topic != nil && *topic != (store.Topic{}) {
		row.Concern.Subcategory = new(newSubcategory(*topic))
	}
	row.Concern.Feelings = names(concern.Feelings)
	row.Willsoner.Idx = card.Idx
	row.Willsoner.Asker.Pic = card.Pic
	row.Willsoner.Asker.ID = room.WillsonerUID
	row.Start = room.StartedAt.UnixMilli()
	return row
}

func (s *server) newWillsonerReserve(reservation *store.Reservation) (row willsonerReserve) {
	row.Idx = reservation.Idx
	row.Roomkey = reservation.Roomkey
	row.Concern.Nickname = reservation.Concern.Nickname
	row.Concern.Time = minutes(reservation.Concern.Minutes)
	row.Concern.Idx = reservation.Concern.Idx
	row.Concern.Asker.Nickname = reservation.Concern.Nickname
	row.Concern.Asker.ID = reservation.AskerUID
	row.Willsoner.Idx = reservation.Card.Idx
	row.Willsoner.Asker.ID = reservation.WillsonerUID
	row.Date = sessionDate{s.hour(reservation.StartsAt), s.day(reservation.StartsAt)}
	return row
}
