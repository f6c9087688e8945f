package store

import (
	"context"
	"errors"
	"slices"

	"willson/life"
)

// Sessions are a party's, at least one, each list ascending by idx.
type Sessions struct {
	UnderWay []life.Chatroom
	Reserved []life.Reservation
}

// Sessions returns the sessions of one party, read in two queries that run at the same
// time. It returns nobody else's, at most MaxRows of each list, and life.ErrNotFound when
// there are none. A document that does not follow the schema is left out and logged.
// A reservation that is just becoming a chatroom may be met as both, and then the chatroom
// stays, or, the two queries being two looks, for an instant as neither.
func (s *Store) Sessions(ctx context.Context, caller life.Caller) (Sessions, error) {
	r := s.reader(ctx)
	defer r.end()
	roomsSent := ask(r, listedRooms(caller))
	reservedSent := ask(r, listedReservations(caller))

	rooms, err := roomsSent.rows(func(c *life.Chatroom) error {
		return asAsked(caller, life.Chat, c.AskerUID, c.WillsonerUID, c.Status)
	})
	if err != nil {
		return Sessions{}, err
	}
	reserved, err := reservedSent.rows(func(res *life.Reservation) error {
		if caller.Party == life.Willsoner && res.Brief.Idx <= 0 {
			return errors.New("concern.idx: missing") // the willsoner's app cannot do without
		}
		return asAsked(caller, life.Reserved, res.AskerUID, res.WillsonerUID, res.Status)
	})
	if err != nil {
		return Sessions{}, err
	}
	rooms, reserved = highest(r, "chatrooms", rooms), highest(r, "reservations", reserved)
	reserved = slices.DeleteFunc(reserved, func(res life.Reservation) bool {
		return slices.ContainsFunc(rooms, func(c life.Chatroom) bool { return c.Idx == res.Idx })
	})
	if len(rooms)+len(reserved) == 0 {
		return Sessions{}, life.ErrNotFound
	}
	return Sessions{UnderWay: rooms, Reserved: reserved}, nil
}

// highest is the MaxRows first of the rows found, ascending.
func highest[T any](r *reader, collection string, rows []T) []T {
	if len(rows) > MaxRows {
		r.store.log.WarnContext(r.ctx, "more sessions than a list shows", "query", collection, "shown", MaxRows)
	}
	rows = rows[:min(len(rows), MaxRows)]
	slices.Reverse(rows)
	return rows
}

// asAsked refuses a row that the query should not have found: the owner of what is shown
// is checked here once more.
func asAsked(caller life.Caller, status, askerUID, willsonerUID, rowStatus string) error {
	uid := askerUID
	if caller.Party == life.Willsoner {
		uid = willsonerUID
	}
	if uid != caller.UID || rowStatus != status {
		return errors.New("not what the query asked for")
	}
	return nil
}

// ReviewImages returns the pictures to choose from, at most MaxImages, ascending by idx, or
// life.ErrNotFound when there are none. A document that does not follow the schema is left out.
func (s *Store) ReviewImages(ctx context.Context) ([]life.ReviewImage, error) {
	r := s.reader(ctx)
	defer r.end()
	images, err := ask(r, allReviewImages()).rows(nil)
	if err == nil && len(images) == 0 {
		err = life.ErrNotFound
	}
	return images, err
}
