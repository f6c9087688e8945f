package store

import (
	"strconv"
	"time"

	"willson/internal/docbytes"
	"willson/life"
)

// A busy look is the queries for the sessions that some users have, in whichever role.
type busy struct {
	*reader
	rooms    result[life.RoomTime]
	reserved result[life.ReservedTime]
	selected result[life.Match]
}

// busyTimes asks when these users have sessions.
func busyTimes(r *reader, uids ...string) busy {
	return busy{
		r,
		run(r, openRooms(uids)),
		run(r, openReservations(uids)),
		run(r, selectedOf(uids)),
	}
}

// A numbered document tells its match's number, if nothing else.
type numbered struct {
	Idx int64 `firestore:"idx"`
}

var numberedSchema = docbytes.For[numbered]()

// number is the match's number in a document, 0 if it cannot be read.
func number(doc raw) int64 {
	var n numbered
	if numberedSchema.Decode(doc.Document, &n) != nil {
		return 0
	}
	return n.Idx
}

// overlaps reports whether one of the sessions is in the span. Of each document only from
// when and how long is judged, whatever else is wrong with it; where that cannot be read
// it returns an error, and nobody is taken for free.
func (b busy) overlaps(wanted life.Span) (bool, error) {
	met := map[int64]bool{}
	overlap, err := overlapping(b.rooms, wanted, met)
	if err != nil {
		return false, err
	}
	other, err := overlapping(b.reserved, wanted, met)
	if err != nil {
		return false, err
	}
	older, err := b.unnamed(wanted, met)
	return overlap || other || older, err
}

// overlapping looks through what one query found, and notes whose sessions it met.
func overlapping[T any, P interface {
	*T
	Span() life.Span
}](found result[T], wanted life.Span, met map[int64]bool) (bool, error) {
	all, err := found.raws()
	if err != nil {
		return false, err
	}
	overlap := false
	for _, doc := range all {
		met[number(doc)] = true
		f, err := decode(found.reader, found.of, doc)
		if err != nil {
			return false, err
		}
		overlap = overlap || P(&f.doc).Span().Overlaps(wanted)
	}
	return overlap, nil
}

// An agreement is what of a selected match tells that it has a reservation.
type agreement struct {
	AskerUID string    `firestore:"asker_uid"`
	StartsAt time.Time `firestore:"starts_at"`
}

var agreementSchema = docbytes.For[agreement]()

// unnamed looks at reservations that do not name their willsoner, as old ones: they occupy
// the willsoner of their match.
func (b busy) unnamed(wanted life.Span, met map[int64]bool) (bool, error) {
	all, err := b.selected.raws()
	if err != nil {
		return false, err
	}
	overlap := false
	for _, doc := range all {
		idx, err := strconv.ParseInt(doc.id, 10, 64) // a match's id is its number
		if err != nil || met[idx] {
			continue
		}
		var m agreement
		if err := agreementSchema.Decode(doc.Document, &m); err != nil {
			b.store.unreadable(b.ctx, "matches", doc.Name(), err)
			return false, errUnreadable
		}
		if m.StartsAt.IsZero() {
			continue // its room tells, and was met if it is open
		}
		reserved, err := run(b.reader, oldReservations(m.AskerUID, idx)).raws()
		if err != nil {
			return false, err
		}
		for _, doc := range reserved {
			f, err := decode(b.reader, reservedTimes, doc)
			if err != nil {
				return false, err
			}
			overlap = overlap || f.doc.Span().Overlaps(wanted)
		}
	}
	return overlap, nil
}
