package store

import "time"

// A Change is a change with its fields exported.
type Change struct {
	Match       Match
	Changed     bool
	Opens       *Chatroom
	Reserves    *Reservation
	Reservation string
	Completes   *Chatroom
}

func exported(c change, err error) (Change, error) {
	return Change{c.match, c.changed, c.opens, c.reserves, c.reservation, c.completes}, err
}

// RuleFor is ruleFor in words.
func RuleFor(a, status string) string { return string(ruleFor(action(a), status)) }

// Selected is selected, with the other sessions as pairs of start and end.
func Selected(m Match, open [][2]time.Time, taken bool, now time.Time) (Change, error) {
	var spans []span
	for _, s := range open {
		spans = append(spans, span{s[0], s[1]})
	}
	return exported(selected(m, spans, taken, now))
}

// Joined is joined; a nil agreed is none, and id is the reservation's.
func Joined(m Match, party Party, room *Chatroom, agreed *Reservation, id string, now time.Time) (Change, error) {
	if agreed == nil {
		return exported(joined(m, party, room, nil, now))
	}
	return exported(joined(m, party, room, &found[Reservation]{*agreed, id}, now))
}

// Completed is completed.
func Completed(m Match, room *Chatroom, now time.Time) (Change, error) {
	return exported(completed(m, room, now))
}

// ChatroomOf and ReservationOf are what a selected match opens or reserves.
func ChatroomOf(m Match, started time.Time) *Chatroom { return m.chatroom(started) }

// ReservationOf is the reservation of a selected match.
func ReservationOf(m Match) *Reservation { return m.reservation() }
