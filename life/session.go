package life

import (
	"strconv"
	"strings"
	"time"
)

// The statuses of a reservation.
const (
	Reserved = "reserved" // its chatroom is not open yet
	Opened   = "opened"   // its chatroom is
	Ended    = "ended"    // by an operator: nobody came
)

// A Chatroom is a session that has started: chatrooms/{roomkey}.
type Chatroom struct {
	Roomkey      string    `firestore:"-"` // the document's id
	Idx          int64     `firestore:"idx"`
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid"`
	Status       string    `firestore:"status"` // Chat or Complete
	StartedAt    time.Time `firestore:"started_at"`
	Brief        Brief     `firestore:"concern"`   // with Idx
	Card         Card      `firestore:"willsoner"` // with Idx
}

// Check takes the document's id and returns an error that names a required field which
// is not there.
func (c *Chatroom) Check(id string) error {
	c.Roomkey = id
	return missing(
		field{"idx", c.Idx > 0},
		field{"asker_uid", c.AskerUID != ""},
		field{"willsoner_uid", c.WillsonerUID != ""},
		field{"status", c.Status != ""},
		field{"started_at", !c.StartedAt.IsZero()},
		field{"concern.idx", c.Brief.Idx > 0},
		field{"concern.minutes", c.Brief.Minutes > 0},
		field{"willsoner.idx", c.Card.Idx > 0},
	)
}

// A Reservation is a session agreed for a later date: reservations/{idx}; older ones have
// any id.
type Reservation struct {
	Idx          int64     `firestore:"idx"`
	Roomkey      string    `firestore:"roomkey"` // older ones may share one
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid,omitempty"` // optional
	Status       string    `firestore:"status"`
	StartsAt     time.Time `firestore:"starts_at"`
	Brief        Brief     `firestore:"concern"`   // Idx is optional
	Card         Card      `firestore:"willsoner"` // with Idx
}

// Check returns an error that names a required field which is not there.
func (r *Reservation) Check(string) error {
	return missing(
		field{"idx", r.Idx > 0},
		field{"roomkey", r.Roomkey != ""},
		field{"asker_uid", r.AskerUID != ""},
		field{"status", r.Status != ""},
		field{"starts_at", !r.StartsAt.IsZero()},
		field{"concern.minutes", r.Brief.Minutes > 0},
		field{"willsoner.idx", r.Card.Idx > 0},
	)
}

// A Message is what a party wrote in a chatroom: chatrooms/{roomkey}/chats/{id}.
type Message struct {
	UID       string    `firestore:"uid"`
	Message   string    `firestore:"message"`
	TimeStamp time.Time `firestore:"timeStamp"`
}

// Check returns an error that names a required field which is not there.
func (m *Message) Check(string) error {
	return missing(
		field{"uid", m.UID != ""},
		field{"message", m.Message != ""},
		field{"timeStamp", !m.TimeStamp.IsZero()},
	)
}

// A Report is the copy of a message that was reported: reports/{idx}/messages/{id}.
type Report struct {
	UID        string    `firestore:"uid"`
	Message    string    `firestore:"message"`
	TimeStamp  time.Time `firestore:"timeStamp"`
	ReportedBy string    `firestore:"reported_by"`
	ReportedAt time.Time `firestore:"reported_at"`
}

// Check returns an error that names a required field which is not there.
func (r *Report) Check(string) error {
	return missing(field{"uid", r.UID != ""}, field{"reported_at", !r.ReportedAt.IsZero()})
}

// joinWindow is how long before the hour agreed a reservation may be joined.
const joinWindow = 10 * time.Minute

// Select makes m, which waits, its asker's choice at now.
func (m *Match) Select(now time.Time) {
	m.Status, m.AskerJoined, m.WillsonerJoined = Chat, false, false
	m.Roomkey = m.newRoomkey(now)
	m.UpdatedAt = now
}

// Starts is when the session begins that a select at now makes.
func (m *Match) Starts(now time.Time) time.Time {
	if m.IsReservation() {
		return m.StartsAt
	}
	return now
}

// joined is the party's join flag.
func (m *Match) joined(party Party) *bool {
	if party == Willsoner {
		return &m.WillsonerJoined
	}
	return &m.AskerJoined
}

// Join notes that the party is here at now, and reports whether that is new.
func (m *Match) Join(party Party, now time.Time) bool {
	joined := m.joined(party)
	if *joined {
		return false
	}
	*joined, m.UpdatedAt = true, now
	return true
}

// IsTooEarly reports whether a reservation cannot be joined yet.
func (m *Match) IsTooEarly(now time.Time) bool { return now.Before(m.StartsAt.Add(-joinWindow)) }

// Rename gives the session of m another roomkey.
func (m *Match) Rename(now time.Time) { m.Roomkey = m.newRoomkey(now) }

// Complete closes the session of m at now.
func (m *Match) Complete(now time.Time) { m.Status, m.UpdatedAt = Complete, now }

// Owns reports whether the room is this match's: an old roomkey may name another's.
func (m *Match) Owns(room *Chatroom) bool {
	return room.Idx == m.Idx && room.AskerUID == m.AskerUID && room.WillsonerUID == m.WillsonerUID
}

// Chatroom is the room of a session of m that started then.
func (m *Match) Chatroom(started time.Time) Chatroom {
	room := Chatroom{
		Roomkey:      m.Roomkey,
		Idx:          m.Idx,
		AskerUID:     m.AskerUID,
		WillsonerUID: m.WillsonerUID,
		Status:       Chat,
		StartedAt:    started,
		Brief:        m.Brief,
		Card:         m.Card,
	}
	room.Brief.Idx, room.Card.Idx = m.ConcernIdx, m.WillsonerIdx
	return room
}

// Reservation is the reservation of m.
func (m *Match) Reservation() Reservation {
	room := m.Chatroom(m.StartsAt)
	return Reservation{
		Idx:          room.Idx,
		Roomkey:      room.Roomkey,
		AskerUID:     room.AskerUID,
		WillsonerUID: room.WillsonerUID,
		Status:       Reserved,
		StartsAt:     m.StartsAt,
		Brief:        room.Brief,
		Card:         room.Card,
	}
}

// newRoomkey labels the session that m begins or joins at now. It becomes the id of a
// document, in which a uid must not begin another path.
func (m *Match) newRoomkey(now time.Time) string {
	escape := strings.NewReplacer("/", "%2F").Replace
	return escape(m.AskerUID) + "_" + escape(m.WillsonerUID) + "_" + strconv.FormatInt(now.UnixMilli(), 10)
}

// A Span is the time that a session occupies: from its start until before its end.
type Span struct{ Start, End time.Time }

// SpanOf is the span of a session of so many minutes.
func SpanOf(start time.Time, minutes int64) Span { return Span{start, start.Add(length(minutes))} }

// Overlaps reports whether two spans have an instant in common.
func (s Span) Overlaps(other Span) bool {
	return s.Start.Before(other.End) && other.Start.Before(s.End)
}

// A RoomTime is what of a room under way tells when its parties are busy, whatever else
// is wrong with the document.
type RoomTime struct {
	StartedAt time.Time `firestore:"started_at"`
	Brief     Bought    `firestore:"concern"`
}

// Bought is how long a session was bought for.
type Bought struct {
	Minutes int64 `firestore:"minutes"`
}

// Check returns an error that names a required field which is not there.
func (t *RoomTime) Check(string) error {
	return missing(field{"started_at", !t.StartedAt.IsZero()}, field{"concern.minutes", t.Brief.Minutes > 0})
}

// Span is the time that the room occupies.
func (t *RoomTime) Span() Span { return SpanOf(t.StartedAt, t.Brief.Minutes) }

// A ReservedTime is what of a reservation tells when its parties are busy.
type ReservedTime struct {
	StartsAt time.Time `firestore:"starts_at"`
	Brief    Bought    `firestore:"concern"`
}

// Check returns an error that names a required field which is not there.
func (t *ReservedTime) Check(string) error {
	return missing(field{"starts_at", !t.StartsAt.IsZero()}, field{"concern.minutes", t.Brief.Minutes > 0})
}

// Span is the time that the reservation occupies.
func (t *ReservedTime) Span() Span { return SpanOf(t.StartsAt, t.Brief.Minutes) }
