package push

import (
	"time"

	"willson/life"
)

// A Kind is what happened.
type Kind string

// The kinds.
const (
	Requested Kind = "requested" // to a willsoner: a concern was sent
	Offered   Kind = "offered"   // to the asker: a willsoner offers
	Selected  Kind = "selected"  // to the willsoner: the asker accepted
	Joined    Kind = "joined"    // to the other party: somebody is in the room
	Reviewed  Kind = "reviewed"  // to the willsoner: the asker reviewed the session
)

// Kinds lists them all.
func Kinds() []Kind { return []Kind{Requested, Offered, Selected, Joined, Reviewed} }

// A Notice is what one account is told.
type Notice struct {
	Kind       Kind
	UID        string // who is told
	MatchIdx   int64  // where the app finds it; 0: at the concern
	ConcernIdx int64
	Until      time.Time // when it is of no use any more
	Urgent     bool      // minutes matter
}

// reviewCounts is how long somebody may be told of a review.
const reviewCounts = 7 * 24 * time.Hour

// RequestedBy tells a willsoner of a match that a payment made.
func RequestedBy(m *life.Match) Notice {
	return Notice{Requested, m.WillsonerUID, m.Idx, m.ConcernIdx, m.OffersEnd(), m.Type != life.Reserve}
}

// OfferedBy tells the asker of an offer.
func OfferedBy(m *life.Match) Notice {
	return Notice{Offered, m.AskerUID, 0, m.ConcernIdx, m.ChoiceEnds(), !m.IsReservation()}
}

// SelectedAt tells the willsoner of a match that it was selected at now.
func SelectedAt(m *life.Match, now time.Time) Notice {
	end := life.SpanOf(m.Starts(now), m.Brief.Minutes).End
	return Notice{Selected, m.WillsonerUID, m.Idx, m.ConcernIdx, end, !m.IsReservation()}
}

// JoinedAt tells the other party of a match that this one is in the room at now.
func JoinedAt(m *life.Match, party life.Party, now time.Time) Notice {
	other := life.Asker
	if party == life.Asker {
		other = life.Willsoner
	}
	return Notice{Joined, m.UIDOf(other), m.Idx, m.ConcernIdx, now.Add(m.Brief.Length()), true}
}

// ReviewedBy tells the willsoner of a review.
func ReviewedBy(r *life.Review) Notice {
	return Notice{Reviewed, r.WillsonerUID, r.MatchIdx, r.ConcernIdx, r.CreatedAt.Add(reviewCounts), false}
}
