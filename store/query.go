package store

import "cloud.google.com/go/firestore"

// Every query has its index in firestore.indexes.json, without which Firestore refuses
// it; index_test.go compares them.

// MaxRows is how many rows of each list a party is shown: those with the highest idx.
const MaxRows = 300

// MaxImages is how many review images there can be to choose from.
const MaxImages = 100

// A listKind is one of the four queries that the two lists make, each with an index of
// its own.
type listKind struct {
	collection, status string
	party              Party
}

func listKinds() []listKind {
	return []listKind{
		{chatrooms, Chat, Asker}, {reservations, Reserved, Asker},
		{chatrooms, Chat, Willsoner}, {reservations, Reserved, Willsoner},
	}
}

// listed finds the sessions of one kind in which the user is that party, the highest idx
// first. It asks for one more than is shown, which tells that there are more.
func (s *Store) listed(kind listKind, uid string) firestore.Query {
	return s.client.Collection(kind.collection).
		Where(kind.party.uidField(), "==", uid).
		Where("status", "==", kind.status).
		OrderBy("idx", firestore.Desc).
		Limit(MaxRows + 1)
}

// openSessions finds the sessions of that status in which either user is either party.
// The order lets it use the lists' indexes.
func (s *Store) openSessions(collection, status, oneUID, otherUID string) firestore.Query {
	uids := []string{oneUID, otherUID}
	return s.client.Collection(collection).
		Where("status", "==", status).
		WhereEntity(firestore.OrFilter{Filters: []firestore.EntityFilter{
			firestore.PropertyFilter{Path: Asker.uidField(), Operator: "in", Value: uids},
			firestore.PropertyFilter{Path: Willsoner.uidField(), Operator: "in", Value: uids},
		}}).
		OrderBy("idx", firestore.Desc)
}

// selectedMatches finds the matches of a concern that were selected.
func (s *Store) selectedMatches(concernIdx int64) firestore.Query {
	return s.client.Collection(matches).
		Where("concern_idx", "==", concernIdx).
		Where("status", "==", Chat)
}

// oldReservations finds a match's reservation under an id that is not its number.
func (s *Store) oldReservations(askerUID string, idx int64) firestore.Query {
	return s.client.Collection(reservations).
		Where(Asker.uidField(), "==", askerUID).
		Where("status", "==", Reserved).
		Where("idx", "==", idx)
}

// reviewImages finds the first MaxImages: one answer shows them all.
func (s *Store) reviewImages() firestore.Query {
	return s.client.Collection(reviewImages).OrderBy("idx", firestore.Asc).Limit(MaxImages)
}
