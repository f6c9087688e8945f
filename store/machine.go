package store

import (
	"strconv"
	"strings"
	"time"
)

// An action is what may be asked of a match.
type action string

const (
	selects   action = "select"
	joins     action = "join"
	completes action = "complete"
	reviewing action = "review"
	reporting action = "report"
)

// A rule says what an action may do to a match of some status.
type rule string

const (
	acts    rule = "acts"  // it may change something
	again   rule = "again" // it was done before: the same answer, and no change
	refused rule = "-"     // ErrNotFound
)

// ruleFor is the table in the package comment.
func ruleFor(a action, status string) rule {
	switch {
	case a == selects && status == Waiting,
		a == joins && status == Chat,
		a == completes && status == Chat,
		a == reviewing && (status == Chat || status == Complete),
		a == reporting && (status == Chat || status == Complete):
		return acts
	case a == selects && status == Chat,
		a == completes && status == Complete:
		return again
	}
	return refused
}

// joinWindow is how long before the hour agreed a reservation may be joined.
const joinWindow = 10 * time.Minute

// A change is what an action makes of a match, and what has to be written with it.
type change struct {
	match       Match
	changed     bool         // false: nothing is written
	opens       *Chatroom    // to be created, with its start
	reserves    *Reservation // to be created
	reservation string       // the id of the reservation that becomes opened, "" for none
	completes   *Chatroom    // to become complete
}

// selected accepts m for its asker at now. open are the times of the two parties' other
// sessions, taken tells that another match of the concern is chat.
func selected(m Match, open []span, taken bool, now time.Time) (change, error) {
	starts := m.StartsAt
	if !m.isReservation() {
		starts = now
	}
	if m.AskerUID == m.WillsonerUID || starts.Before(now) {
		return change{}, ErrNotFound
	}
	wanted := spanOf(starts, m.Concern)
	for _, other := range open {
		taken = taken || wanted.overlaps(other)
	}
	if taken {
		return change{}, ErrAlreadyMatched
	}
	m.Status, m.AskerJoined, m.WillsonerJoined = Chat, false, false
	m.Roomkey = newRoomkey(m, now)
	m.UpdatedAt = now
	c := change{match: m, changed: true}
	if m.isReservation() {
		c.reserves = m.reservation()
	} else {
		c.opens = m.chatroom(now)
	}
	return c, nil
}

// joined notes that the party is here at now.
func joined(m Match, party Party, now time.Time) change {
	flag := &m.AskerJoined
	if party == Willsoner {
		flag = &m.WillsonerJoined
	}
	if *flag {
		return change{match: m}
	}
	*flag, m.UpdatedAt = true, now
	return change{match: m, changed: true}
}

// opened has the party be the first to join a reservation, at now. agreed is its document,
// nil if there is none; taken tells that its roomkey cannot name a new room.
func opened(m Match, party Party, agreed *found[Reservation], taken bool, now time.Time) (change, error) {
	if agreed == nil || agreed.doc.Status != Reserved {
		return change{}, ErrNotFound
	}
	if now.Before(m.StartsAt.Add(-joinWindow)) {
		return change{}, ErrTooEarly
	}
	if taken || !isID(m.Roomkey) {
		m.Roomkey = newRoomkey(m, now)
	}
	c := joined(m, party, now)
	c.match.UpdatedAt, c.changed = now, true
	c.opens = c.match.chatroom(m.StartsAt)
	c.reservation = agreed.id
	return c, nil
}

// completed closes m for its asker at now. room is the chatroom that its roomkey names, nil
// if there is none.
func completed(m Match, room *Chatroom, now time.Time) (change, error) {
	if !m.owns(room) {
		return change{}, ErrNotFound
	}
	m.Status, m.UpdatedAt = Complete, now
	return change{match: m, changed: true, completes: room}, nil
}

func (m *Match) isReservation() bool { return !m.StartsAt.IsZero() }

// owns reports whether the room is this match's: an old roomkey may name another's.
func (m *Match) owns(room *Chatroom) bool {
	return room != nil && room.Idx == m.Idx && room.AskerUID == m.AskerUID && room.WillsonerUID == m.WillsonerUID
}

// chatroom is the room of a session that started then.
func (m *Match) chatroom(started time.Time) *Chatroom {
	room := &Chatroom{
		Roomkey:      m.Roomkey,
		Idx:          m.Idx,
		AskerUID:     m.AskerUID,
		WillsonerUID: m.WillsonerUID,
		Status:       Chat,
		StartedAt:    started,
		Concern:      m.Concern,
		Card:         m.Card,
	}
	room.Concern.Idx, room.Card.Idx = m.ConcernIdx, m.WillsonerIdx
	return room
}

func (m *Match) reservation() *Reservation {
	room := m.chatroom(m.StartsAt)
	return &Reservation{
		Idx:          room.Idx,
		Roomkey:      room.Roomkey,
		AskerUID:     room.AskerUID,
		WillsonerUID: room.WillsonerUID,
		Status:       Reserved,
		StartsAt:     m.StartsAt,
		Concern:      room.Concern,
		Card:         room.Card,
	}
}

// newRoomkey labels the session that m began or joins at now. It becomes the id of a
// document, in which a uid must not begin another path.
func newRoomkey(m Match, now time.Time) string {
	escape := strings.NewReplacer("/", "%2F").Replace
	return escape(m.AskerUID) + "_" + escape(m.WillsonerUID) + "_" + strconv.FormatInt(now.UnixMilli(), 10)
}

// A span is the time that a session occupies: from its start until before its end.
type span struct{ start, end time.Time }

func spanOf(start time.Time, concern Concern) span {
	return span{start, start.Add(concern.Length())}
}

func (s span) overlaps(other span) bool {
	return s.start.Before(other.end) && other.start.Before(s.end)
}
