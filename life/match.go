package life

import (
	"fmt"
	"time"
)

// The stored statuses of a match. A chatroom has Chat and Complete.
const (
	Init     = "init"     // sent to a willsoner; also a concern that is paid for
	Waiting  = "waiting"  // offered, and waits for its asker
	Chat     = "chat"     // selected
	Complete = "complete" // closed by its asker; also its concern
)

// A Match is a concern sent to one willsoner, and what became of it: matches/{idx}.
type Match struct {
	Idx          int64  `firestore:"idx"`
	ConcernIdx   int64  `firestore:"concern_idx"`
	WillsonerIdx int64  `firestore:"willsoner_idx"`
	AskerUID     string `firestore:"asker_uid"`
	WillsonerUID string `firestore:"willsoner_uid"`
	Status       string `firestore:"status"`

	// What payment writes. A match without Round is of the time before this server made
	// matches, and has none of these.
	Type        string    `firestore:"type,omitempty"`  // Realtime or Reserve
	Round       int64     `firestore:"round,omitempty"` // which payment of the concern made it, from 1
	CategoryIdx int64     `firestore:"category_idx,omitempty"`
	Timer       time.Time `firestore:"timer,omitempty"` // realtime: when offers end
	OpenUntil   time.Time `firestore:"open_until,omitempty"`
	Windows     []Window  `firestore:"windows,omitempty"`   // reserve
	ExpireAt    time.Time `firestore:"expire_at,omitempty"` // while init: when it may be deleted

	// From the offer on; Brief is required then.
	Brief    Brief     `firestore:"concern,omitempty"`
	Card     Card      `firestore:"willsoner,omitempty"`
	StartsAt time.Time `firestore:"starts_at,omitempty"` // the hour agreed makes it a reservation

	DateIdx         *int64 `firestore:"date_idx,omitempty"` // optional, as all that follow
	Score           int64  `firestore:"score,omitempty"`
	AdminSelected   bool   `firestore:"admin_selected,omitempty"`
	IsExtended      bool   `firestore:"is_extended,omitempty"`
	AskerJoined     bool   `firestore:"asker_join,omitempty"`
	WillsonerJoined bool   `firestore:"willsoner_join,omitempty"`
	Roomkey         string `firestore:"roomkey,omitempty"` // required from chat on

	CreatedAt time.Time `firestore:"created_at"`
	UpdatedAt time.Time `firestore:"updated_at"`
}

// Check returns an error that names a required field which is not there.
func (m *Match) Check(id string) error {
	if id != Decimal(m.Idx) {
		return fmt.Errorf("idx: %d, not the document's id", m.Idx)
	}
	selected := m.Status == Chat || m.Status == Complete
	return missing(
		field{"idx", m.Idx > 0},
		field{"concern_idx", m.ConcernIdx > 0},
		field{"willsoner_idx", m.WillsonerIdx > 0},
		field{"asker_uid", m.AskerUID != ""},
		field{"willsoner_uid", m.WillsonerUID != ""},
		field{"status", m.Status != ""},
		field{"concern.minutes", m.Brief.Minutes > 0 || m.Status == Init},
		field{"roomkey", m.Roomkey != "" || !selected},
		field{"created_at", !m.CreatedAt.IsZero()},
		field{"updated_at", !m.UpdatedAt.IsZero()},
	)
}

// IsReservation reports whether the session is for an hour that was agreed.
func (m *Match) IsReservation() bool { return !m.StartsAt.IsZero() }

// UIDOf returns the uid of that party.
func (m *Match) UIDOf(party Party) string {
	if party == Willsoner {
		return m.WillsonerUID
	}
	return m.AskerUID
}

// A Brief is what a match and its session hold of the concern: a copy, made at the offer.
type Brief struct {
	Idx         int64    `firestore:"idx,omitempty"` // not in a match
	Minutes     int64    `firestore:"minutes"`
	Nickname    string   `firestore:"nickname,omitempty"` // optional, as all that follow
	Content     string   `firestore:"content,omitempty"`
	AskerPic    string   `firestore:"asker_pic,omitempty"`
	AskerGender string   `firestore:"asker_gender,omitempty"` // F or M
	AskerAge    string   `firestore:"asker_age,omitempty"`    // a band, as Age makes it
	Subcategory *Topic   `firestore:"subcategory,omitempty"`
	Feelings    []string `firestore:"feelings,omitempty"`
	Direction   string   `firestore:"direction,omitempty"`
}

// Length is how long was bought, at most a century, which a Duration can hold.
func (b *Brief) Length() time.Duration { return length(b.Minutes) }

func length(minutes int64) time.Duration {
	const century = 100 * 365 * 24 * 60
	return time.Duration(min(minutes, century)) * time.Minute
}

// A Card presents a willsoner: a copy of the profile, made at the offer. But for Idx
// everything in it is optional.
type Card struct {
	Idx           int64     `firestore:"idx,omitempty"` // not in a match
	Introduction  string    `firestore:"introduction,omitempty"`
	Experience    string    `firestore:"experience,omitempty"`
	Nickname      string    `firestore:"nickname,omitempty"`
	Gender        string    `firestore:"gender,omitempty"` // F or M
	Age           string    `firestore:"age,omitempty"`
	AvgRating     string    `firestore:"avg_rating,omitempty"`
	Pic           string    `firestore:"pic,omitempty"`
	ImagePic      string    `firestore:"image_pic,omitempty"`
	Image         *CardType `firestore:"image,omitempty"`
	Subcategories []Topic   `firestore:"subcategories,omitempty"`
	Keywords      []string  `firestore:"keywords,omitempty"`
}

// A CardType is the type of willsoner that a card's image stands for.
type CardType struct {
	Idx    int64  `firestore:"idx,omitempty"`
	Name   string `firestore:"name,omitempty"`
	Detail string `firestore:"detail,omitempty"`
}

// A Topic is a subcategory of concerns, within its category.
type Topic struct {
	Name     string `firestore:"name,omitempty"`
	Category string `firestore:"category,omitempty"`
}
