package life

import (
	"strconv"
	"strings"
	"time"
)

// An Account is a user: askers/{uid}. Every user is an asker first.
type Account struct {
	Idx       int64     `firestore:"idx"`
	UID       string    `firestore:"uid"`
	Social    string    `firestore:"social"` // email, facebook, apple, google or kakao
	Email     string    `firestore:"email"`  // "": none
	Gender    string    `firestore:"gender"` // F, M or "": unknown
	BirthYear int64     `firestore:"birth_year"`
	Nickname  string    `firestore:"nickname"`
	Pic       string    `firestore:"pic,omitempty"`      // optional
	Pots      int64     `firestore:"pots"`               // honey pots, of which some may be held
	Payments  int64     `firestore:"payments,omitempty"` // counts payments, so that each changes the document
	LoginAt   time.Time `firestore:"login_at"`
	CreatedAt time.Time `firestore:"created_at"`
	UpdatedAt time.Time `firestore:"updated_at"`
}

// Check returns an error that names a required field which is not there.
func (a *Account) Check(string) error {
	return missing(
		field{"idx", a.Idx > 0},
		field{"uid", a.UID != ""},
		field{"social", a.Social != ""},
		field{"nickname", a.Nickname != ""},
		field{"created_at", !a.CreatedAt.IsZero()},
		field{"updated_at", !a.UpdatedAt.IsZero()},
	)
}

// The actions of a ledger.
const (
	Given = "지급"
	Used  = "사용"
)

// A LedgerLine is a change of an account's pots: askers/{uid}/transactions/{id}.
type LedgerLine struct {
	Action     string    `firestore:"action"` // Given or Used
	Amount     int64     `firestore:"amount"` // pots, positive
	Total      int64     `firestore:"total"`  // pots afterwards
	ConcernIdx int64     `firestore:"concern_idx,omitempty"`
	CreatedAt  time.Time `firestore:"created_at"`
}

// Check returns an error that names a required field which is not there.
func (l *LedgerLine) Check(string) error {
	return missing(
		field{"action", l.Action != ""},
		field{"created_at", !l.CreatedAt.IsZero()},
	)
}

// A Keyword is a willsoner's own word: keywords/{idx}.
type Keyword struct {
	Idx         int64     `firestore:"idx"`
	Name        string    `firestore:"name"`
	CategoryIdx int64     `firestore:"category_idx"`
	UID         string    `firestore:"uid"`
	CreatedAt   time.Time `firestore:"created_at"`
}

// Check returns an error that names a required field which is not there.
func (k *Keyword) Check(string) error {
	return missing(
		field{"idx", k.Idx > 0},
		field{"name", k.Name != ""},
		field{"category_idx", k.CategoryIdx > 0},
		field{"uid", k.UID != ""},
		field{"created_at", !k.CreatedAt.IsZero()},
	)
}

// A PushToken is where an account's phone is told things:
// push_tokens/{SHA-256 of the token in hexadecimal digits}.
type PushToken struct {
	Token     string    `firestore:"token"`
	UID       string    `firestore:"uid"`
	UpdatedAt time.Time `firestore:"updated_at"`
}

// Check returns an error that names a required field which is not there.
func (t *PushToken) Check(string) error {
	return missing(
		field{"token", t.Token != ""},
		field{"uid", t.UID != ""},
		field{"updated_at", !t.UpdatedAt.IsZero()},
	)
}

// IsPushToken reports whether s may be a token of Firebase Cloud Messaging, which promises
// nothing of them; they have been of 140 to 180 of these characters. The shipped app sends
// the same twelve letters for every phone, which are no token.
func IsPushToken(s string) bool {
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.%~"
	return len(s) >= 20 && len(s) <= 4096 && strings.Trim(s, characters) == ""
}

// Age is the band of an age that is shown of a person born in that year, "" for 0, which
// is unknown: Korean age (the year minus the year of birth plus one), whose last digit is
// early for 0 to 3, middle for 4 to 6, late for 7 to 9. The forties have two bands, and
// from fifty on there is one.
func Age(birthYear int64, now time.Time) string {
	if birthYear == 0 {
		return ""
	}
	age := int64(now.In(Seoul).Year()) - birthYear + 1
	digit := age % 10
	switch {
	case age >= 50:
		return "50대 이상"
	case age >= 40 && digit <= 6:
		return "40대 초중반"
	}
	band := "초반"
	switch {
	case digit >= 7:
		band = "후반"
	case digit >= 4:
		band = "중반"
	}
	return strconv.FormatInt(age/10*10, 10) + "대 " + band
}
