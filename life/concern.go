package life

import "time"

// The stored statuses of a concern besides Init and Complete.
const (
	Unpaid  = "unpaid"
	Matched = "matched"
)

// Who may answer a concern.
const AnyGender = "ALL" // else F or M

// A Concern is what an asker wants to talk about: concerns/{idx}.
type Concern struct {
	Idx            int64         `firestore:"idx"`
	AskerUID       string        `firestore:"asker_uid"`
	AskerIdx       int64         `firestore:"asker_idx"`
	Type           string        `firestore:"type"`   // Realtime or Reserve
	Status         string        `firestore:"status"` // Unpaid, Init, Matched or Complete
	Subcategory    Subcategory   `firestore:"subcategory"`
	Feelings       []NamedNumber `firestore:"feelings"`
	Personalities  []NamedNumber `firestore:"personalities"`
	Direction      NamedNumber   `firestore:"direction"`
	Content        string        `firestore:"content"`
	WilGender      string        `firestore:"wil_gender"` // AnyGender, F or M
	Nickname       string        `firestore:"nickname"`   // of this concern alone, never the account's
	ImageIdx       int64         `firestore:"image_idx,omitempty"`
	Windows        []Window      `firestore:"windows,omitempty"` // reserve: two, in any order
	AskerGender    string        `firestore:"asker_gender"`
	AskerBirthYear int64         `firestore:"asker_birth_year"`

	// Once it is paid for.
	Minutes   int64     `firestore:"minutes,omitempty"`
	TicketIdx int64     `firestore:"ticket_idx,omitempty"`
	Held      int64     `firestore:"held,omitempty"`  // pots
	Timer     time.Time `firestore:"timer,omitempty"` // realtime: when offers end
	OpenUntil time.Time `firestore:"open_until,omitempty"`
	MatchCnt  int64     `firestore:"match_cnt,omitempty"` // payments; the matches of the last one have it as Round

	CreatedAt time.Time `firestore:"created_at"`
	UpdatedAt time.Time `firestore:"updated_at"`
	ExpireAt  time.Time `firestore:"expire_at,omitempty"` // while unpaid: when it may be deleted
}

// A Subcategory is a concern's topic with its numbers.
type Subcategory struct {
	Idx         int64  `firestore:"idx"`
	Name        string `firestore:"name"`
	CategoryIdx int64  `firestore:"category_idx"`
	Category    string `firestore:"category"`
}

// A Window is a time in which a reserved talk may take place, from its beginning to its end.
type Window struct {
	From time.Time `firestore:"from"`
	To   time.Time `firestore:"to"`
}

// Check returns an error that names a required field which is not there.
func (c *Concern) Check(string) error {
	paid := c.Status != Unpaid
	return missing(
		field{"idx", c.Idx > 0},
		field{"asker_uid", c.AskerUID != ""},
		field{"asker_idx", c.AskerIdx > 0},
		field{"type", c.Type == Realtime || c.Type == Reserve},
		field{"status", c.Status != ""},
		field{"subcategory.idx", c.Subcategory.Idx > 0},
		field{"subcategory.category_idx", c.Subcategory.CategoryIdx > 0},
		field{"direction.idx", c.Direction.Idx > 0},
		field{"content", c.Content != ""},
		field{"nickname", c.Nickname != ""},
		field{"windows", c.Type == Realtime || len(c.Windows) > 0},
		field{"minutes", c.Minutes > 0 || !paid},
		field{"timer", !c.Timer.IsZero() || !paid || c.Type == Reserve},
		field{"open_until", !c.OpenUntil.IsZero() || !paid},
		field{"match_cnt", c.MatchCnt > 0 || !paid},
		field{"created_at", !c.CreatedAt.IsZero()},
		field{"updated_at", !c.UpdatedAt.IsZero()},
	)
}

// Topic is the concern's subcategory as it is copied.
func (c *Concern) Topic() Topic {
	return Topic{Name: c.Subcategory.Name, Category: c.Subcategory.Category}
}

// Brief is the copy of the concern that its matches and sessions hold. pic is the default
// picture of the asker's gender: nothing of the account reaches a willsoner.
func (c *Concern) Brief(pic string, now time.Time) Brief {
	topic := c.Topic()
	return Brief{
		Minutes:     c.Minutes,
		Nickname:    c.Nickname,
		Content:     c.Content,
		AskerPic:    pic,
		AskerGender: c.AskerGender,
		AskerAge:    Age(c.AskerBirthYear, now),
		Subcategory: &topic,
		Feelings:    names(c.Feelings),
		Direction:   c.Direction.Name,
	}
}

func names(all []NamedNumber) []string {
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}
