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
	roomsSent := run(r, listedRooms(caller))
	reservedSent := run(r, listedReservations(caller))

	rooms, err := highest(roomsSent, func(c *life.Chatroom) error {
		return sought(caller.Is(c.AskerUID, c.WillsonerUID) && c.Status == life.Chat)
	})
	if err != nil {
		return Sessions{}, err
	}
	reserved, err := highest(reservedSent, func(res *life.Reservation) error {
		if caller.Party == life.Willsoner && res.Brief.Idx <= 0 {
			return errors.New("concern.idx: missing") // the willsoner's app cannot do without
		}
		return sought(caller.Is(res.AskerUID, res.WillsonerUID) && res.Status == life.Reserved)
	})
	if err != nil {
		return Sessions{}, err
	}
	reserved = slices.DeleteFunc(reserved, func(res life.Reservation) bool {
		return slices.ContainsFunc(rooms, func(c life.Chatroom) bool { return c.Idx == res.Idx })
	})
	if len(rooms)+len(reserved) == 0 {
		return Sessions{}, life.ErrNotFound
	}
	return Sessions{UnderWay: rooms, Reserved: reserved}, nil
}

// highest waits for a list of sessions, and returns its MaxRows first rows, ascending. It
// logs that there are more, whether all that were found can be read or not.
func highest[T any](q result[T], wanted func(*T) error) ([]T, error) {
	found, err := q.raws()
	if err != nil {
		return nil, err
	}
	if len(found) > MaxRows {
		q.store.log.WarnContext(q.ctx, "more sessions than a list shows", "query", q.of.path, "shown", MaxRows)
	}
	rows := q.shown(found, wanted)
	rows = rows[:min(len(rows), MaxRows)]
	slices.Reverse(rows)
	return rows, nil
}

// sought refuses a row that the query should not have found: whose the shown rows are is
// checked once more.
func sought(is bool) error {
	if !is {
		return errors.New("not what the query is for")
	}
	return nil
}

// ReviewImages returns the pictures to choose from, at most MaxImages, ascending by idx, or
// life.ErrNotFound when there are none. A document that does not follow the schema is left out.
func (s *Store) ReviewImages(ctx context.Context) ([]life.ReviewImage, error) {
	r := s.reader(ctx)
	defer r.end()
	images, err := run(r, allReviewImages()).rows(nil)
	if err == nil && len(images) == 0 {
		err = life.ErrNotFound
	}
	return images, err
}
