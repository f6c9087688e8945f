package life

import "slices"

// An Action is what may be asked of a match.
type Action string

// The actions, each of one party but for joining.
const (
	Offers    Action = "offer"
	Selects   Action = "select"
	Joins     Action = "join"
	Completes Action = "complete"
	Reviews   Action = "review"
	Reports   Action = "report"
)

// A Permission says what an action may do to a match of some status.
type Permission string

// The permissions.
const (
	// Acts: it changes something if its own conditions hold.
	Acts Permission = "acts"
	// Again: it was done before, and its answer was perhaps lost: the same answer, no change.
	Again Permission = "again"
	// Refused: ErrNotFound, as for a match that does not exist or is another's.
	Refused Permission = "-"
)

// A Row of the table is one action: whose it is and what it may do in each status.
// A status that stands in neither list refuses it.
type Row struct {
	Action  Action
	Parties []Party
	Acts    []string // statuses
	Again   []string
}

// Table lists every action of the state machine of a match.
func Table() []Row {
	asker, willsoner, both := []Party{Asker}, []Party{Willsoner}, []Party{Asker, Willsoner}
	return []Row{
		{Offers, willsoner, []string{Init}, []string{Waiting}},
		{Selects, asker, []string{Waiting}, []string{Chat}},
		{Joins, both, []string{Chat}, nil},
		{Completes, asker, []string{Chat}, []string{Complete}},
		{Reviews, asker, []string{Chat, Complete}, nil},
		{Reports, asker, []string{Chat, Complete}, nil},
	}
}

// May returns what the action may do to a match of that status when the party asks.
func May(a Action, party Party, status string) Permission {
	for _, row := range Table() {
		switch {
		case row.Action != a || !slices.Contains(row.Parties, party):
		case slices.Contains(row.Acts, status):
			return Acts
		case slices.Contains(row.Again, status):
			return Again
		}
	}
	return Refused
}

// May returns what the action may do to the match when the party asks: what the table says
// of its status, and Again for a party that is in the room of a talk already. Of a
// reservation the match does not tell whether there is a room.
func (m *Match) May(a Action, party Party) Permission {
	may := May(a, party, m.Status)
	if may == Acts && a == Joins && *m.joined(party) && !m.IsReservation() {
		return Again
	}
	return may
}
