// Package life says what there is in Willson and what may follow what: the documents,
// the states of a concern and of a match, what time makes of them, who fits, what is paid.
// It knows neither Firestore nor HTTP: plain types, whose firestore tags name the stored
// fields, and pure functions of what is stored and of the time, which is passed in.
//
// # From a worry to a review
//
// An asker writes a concern (unpaid) and pays for it (init). That makes a match, init,
// for each willsoner who fits. Willsoners offer (waiting), the asker selects one of the
// offers (chat, the concern is matched), and completes the session (both complete).
//
// What may be asked of a match, by its stored status, is one table: Table, printed by the
// example. What the time makes of a concern and its matches is in clock.go. Nothing has to
// run when a time is over: every request computes from what is stored and now.
//
// In every document an optional field that is absent, null or empty has Go's zero value,
// and fields that the schema does not name are ignored. A required field that is absent,
// null, zero or empty makes a document unreadable, and so does a wrong type.
package life

import (
	"errors"
	"fmt"
)

// The refusals: the rules at work, and no failure.
var (
	// ErrNotFound: there is nothing to show, or nothing of that number that is the caller's
	// and in a state that allows the request.
	ErrNotFound = errors.New("life: not found")
	// ErrUserNotFound: the caller has no account.
	ErrUserNotFound = errors.New("life: user not found")
	// ErrAlreadyMatched: another match of the concern is under way, a party has a session at
	// that time, or an offer was made for another hour.
	ErrAlreadyMatched = errors.New("life: already matched")
	// ErrTooEarly: the reservation's hour is more than ten minutes away.
	ErrTooEarly = errors.New("life: too early")
	// ErrReviewExists: the session was reviewed before.
	ErrReviewExists = errors.New("life: review exists")
	// ErrConcernInProcess: the concern cannot be paid for now.
	ErrConcernInProcess = errors.New("life: concern in process")
	// ErrAmountNotEnough: the pots that can be spent do not cover the ticket.
	ErrAmountNotEnough = errors.New("life: amount not enough")
	// ErrWillsonerNotFound: no willsoner fits the concern.
	ErrWillsonerNotFound = errors.New("life: willsoner not found")
	// ErrTimeOut: the time for it is over.
	ErrTimeOut = errors.New("life: time out")
	// ErrOutsideWindows: the hour offered lies in none of the concern's windows, or is past.
	ErrOutsideWindows = errors.New("life: hour outside the windows")
	// ErrAlreadyRegistered: the caller is registered as a willsoner.
	ErrAlreadyRegistered = errors.New("life: already registered")
	// ErrCodeNotFound: there is no such invitation.
	ErrCodeNotFound = errors.New("life: code not found")
	// ErrUnknownKeyword: a keyword's number is not one of the caller's own.
	ErrUnknownKeyword = errors.New("life: unknown keyword")
)

// A Party is the role of a user in a session.
type Party string

// The two parties of a session.
const (
	Asker     Party = "asker"
	Willsoner Party = "willsoner"
)

// A Caller is who asks, and as which party.
type Caller struct {
	Party Party
	UID   string
}

// Is reports whether the caller is that party of what names these two.
func (c Caller) Is(askerUID, willsonerUID string) bool {
	if c.Party == Willsoner {
		return c.UID == willsonerUID
	}
	return c.UID == askerUID
}

// The types of a concern and its matches.
const (
	Realtime = "realtime" // a talk now
	Reserve  = "reserve"  // a talk at an hour that is agreed
)

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
