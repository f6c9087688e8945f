package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The collections.
const (
	matches      = "matches"       // by match_idx in decimal
	chatrooms    = "chatrooms"     // by roomkey
	chats        = "chats"         // in a chatroom: what the app writes there, and start
	reservations = "reservations"  // by match_idx in decimal; older ones by any other id
	reviews      = "reviews"       // by match_idx in decimal
	reports      = "reports"       // by match_idx in decimal, holds messages
	messages     = "messages"      // in a report, by the message's id
	reviewImages = "review_images" // by any id
)

// The values of status. A match has the first three, a chatroom Chat and Complete.
const (
	Waiting  = "waiting"
	Chat     = "chat"
	Complete = "complete"
	Reserved = "reserved" // a reservation whose chatroom is not open yet
	Opened   = "opened"   // a reservation whose chatroom is
)

// In every document an optional field that is absent, null or empty has Go's zero value,
// and fields that the schema does not name are ignored. A required field that is absent,
// null, zero or empty makes a document unreadable, and so does a wrong type.

// A Match is a willsoner's offer for a concern and what became of it. The matching
// service writes it up to waiting, this server from then on.
type Match struct {
	Idx          int64     `firestore:"idx"`
	ConcernIdx   int64     `firestore:"concern_idx"`
	WillsonerIdx int64     `firestore:"willsoner_idx"`
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid"`
	Status       string    `firestore:"status"`
	Concern      Concern   `firestore:"concern"`
	Card         Card      `firestore:"willsoner"`
	StartsAt     time.Time `firestore:"starts_at,omitempty"` // optional; the hour agreed makes it a reservation

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

// A Chatroom is a session that has started.
type Chatroom struct {
	Roomkey      string    `firestore:"-"` // the document's id
	Idx          int64     `firestore:"idx"`
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid"`
	Status       string    `firestore:"status"`
	StartedAt    time.Time `firestore:"started_at"`
	Concern      Concern   `firestore:"concern"`   // with Idx
	Card         Card      `firestore:"willsoner"` // with Idx
}

// A Reservation is a session agreed for a later date.
type Reservation struct {
	Idx          int64     `firestore:"idx"`
	Roomkey      string    `firestore:"roomkey"` // older ones may share one
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid,omitempty"` // optional
	Status       string    `firestore:"status"`
	StartsAt     time.Time `firestore:"starts_at"`
	Concern      Concern   `firestore:"concern"`   // Idx is optional
	Card         Card      `firestore:"willsoner"` // with Idx
}

// A Concern is what the asker wants to talk about, and for how long.
type Concern struct {
	Idx         int64    `firestore:"idx,omitempty"` // not in a match
	Minutes     int64    `firestore:"minutes"`
	Nickname    string   `firestore:"nickname,omitempty"` // optional, as all that follow
	Content     string   `firestore:"content,omitempty"`
	AskerPic    string   `firestore:"asker_pic,omitempty"`
	AskerGender string   `firestore:"asker_gender,omitempty"` // F or M
	Subcategory *Topic   `firestore:"subcategory,omitempty"`
	Feelings    []string `firestore:"feelings,omitempty"`
}

// Length is how long was bought, at most a century, which a Duration can hold.
func (c Concern) Length() time.Duration {
	const century = 100 * 365 * 24 * 60
	return time.Duration(min(c.Minutes, century)) * time.Minute
}

// A Card presents a willsoner. But for Idx everything in it is optional.
type Card struct {
	Idx           int64    `firestore:"idx,omitempty"` // not in a match
	Introduction  string   `firestore:"introduction,omitempty"`
	Experience    string   `firestore:"experience,omitempty"`
	Nickname      string   `firestore:"nickname,omitempty"`
	Gender        string   `firestore:"gender,omitempty"` // F or M
	Age           string   `firestore:"age,omitempty"`
	AvgRating     string   `firestore:"avg_rating,omitempty"`
	Pic           string   `firestore:"pic,omitempty"`
	ImagePic      string   `firestore:"image_pic,omitempty"`
	Subcategories []Topic  `firestore:"subcategories,omitempty"`
	Keywords      []string `firestore:"keywords,omitempty"`
}

// A Topic is a subcategory of concerns, within its category.
type Topic struct {
	Name     string `firestore:"name,omitempty"`
	Category string `firestore:"category,omitempty"`
}

// A Review is what the asker says of a session, once.
type Review struct {
	MatchIdx     int64     `firestore:"match_idx"`
	ConcernIdx   int64     `firestore:"concern_idx"`
	WillsonerIdx int64     `firestore:"willsoner_idx"`
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid"`
	Rating       float64   `firestore:"rating"`
	ImageIdx     int64     `firestore:"image_idx"`
	KeywordIdx   []int64   `firestore:"keyword_idx"`
	Content      string    `firestore:"content,omitempty"` // optional
	Title        string    `firestore:"title,omitempty"`   // optional
	CreatedAt    time.Time `firestore:"created_at"`
}

// A ReviewImage is one of the pictures that a review is given under.
type ReviewImage struct {
	Idx    int64  `firestore:"idx"`
	Name   string `firestore:"name"`
	Detail string `firestore:"detail"`
	Pic    string `firestore:"pic"`
}

// A message is a document of chats that a party wrote.
type message struct {
	UID       string    `firestore:"uid"`
	Message   string    `firestore:"message"`
	TimeStamp time.Time `firestore:"timeStamp"`
}

// A report is the copy of a message that was reported.
type report struct {
	UID        string    `firestore:"uid"`
	Message    string    `firestore:"message"`
	TimeStamp  time.Time `firestore:"timeStamp"`
	ReportedBy string    `firestore:"reported_by"`
	ReportedAt time.Time `firestore:"reported_at"`
}

// A field is a required field of a document, and whether it is there.
type field struct {
	name  string
	there bool
}

// missing returns an error that names the first field that is not there.
func missing(fields ...field) error {
	for _, f := range fields {
		if !f.there {
			return fmt.Errorf("%s: missing", f.name)
		}
	}
	return nil
}

// A document can take its id and tell whether it is complete.
type document interface {
	// accept takes the document's id and returns an error if a required field is missing.
	accept(id string) error
}

func (m *Match) accept(id string) error {
	if id != decimal(m.Idx) {
		return fmt.Errorf("idx: %d, not the document's id", m.Idx)
	}
	return missing(
		field{"idx", m.Idx > 0},
		field{"concern_idx", m.ConcernIdx > 0},
		field{"willsoner_idx", m.WillsonerIdx > 0},
		field{"asker_uid", m.AskerUID != ""},
		field{"willsoner_uid", m.WillsonerUID != ""},
		field{"status", m.Status != ""},
		field{"concern.minutes", m.Concern.Minutes > 0},
		field{"roomkey", m.Roomkey != "" || m.Status != Chat && m.Status != Complete},
		field{"created_at", !m.CreatedAt.IsZero()},
		field{"updated_at", !m.UpdatedAt.IsZero()},
	)
}

func (c *Chatroom) accept(id string) error {
	c.Roomkey = id
	return missing(
		field{"idx", c.Idx > 0},
		field{"asker_uid", c.AskerUID != ""},
		field{"willsoner_uid", c.WillsonerUID != ""},
		field{"status", c.Status != ""},
		field{"started_at", !c.StartedAt.IsZero()},
		field{"concern.idx", c.Concern.Idx > 0},
		field{"concern.minutes", c.Concern.Minutes > 0},
		field{"willsoner.idx", c.Card.Idx > 0},
	)
}

func (r *Reservation) accept(string) error {
	return missing(
		field{"idx", r.Idx > 0},
		field{"roomkey", r.Roomkey != ""},
		field{"asker_uid", r.AskerUID != ""},
		field{"status", r.Status != ""},
		field{"starts_at", !r.StartsAt.IsZero()},
		field{"concern.minutes", r.Concern.Minutes > 0},
		field{"willsoner.idx", r.Card.Idx > 0},
	)
}

func (r *Review) accept(string) error {
	return missing(
		field{"match_idx", r.MatchIdx > 0},
		field{"concern_idx", r.ConcernIdx > 0},
		field{"willsoner_idx", r.WillsonerIdx > 0},
		field{"asker_uid", r.AskerUID != ""},
		field{"willsoner_uid", r.WillsonerUID != ""},
		field{"rating", r.Rating > 0},
		field{"image_idx", r.ImageIdx > 0},
		field{"created_at", !r.CreatedAt.IsZero()},
	)
}

func (i *ReviewImage) accept(string) error {
	return missing(
		field{"idx", i.Idx > 0},
		field{"name", i.Name != ""},
		field{"detail", i.Detail != ""},
		field{"pic", i.Pic != ""},
	)
}

func (m *message) accept(string) error {
	return missing(
		field{"uid", m.UID != ""},
		field{"message", m.Message != ""},
		field{"timeStamp", !m.TimeStamp.IsZero()},
	)
}

func decimal(idx int64) string { return strconv.FormatInt(idx, 10) }

// isID reports whether s can be the id of a document:
// https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
func isID(s string) bool {
	return s != "" && len(s) <= 1500 && utf8.ValidString(s) && !strings.Contains(s, "/") &&
		s != "." && s != ".." && !(strings.HasPrefix(s, "__") && strings.HasSuffix(s, "__"))
}
