package store

import (
	"willson/life"
)

// Every query of this server. Each has its index in firestore.indexes.json, without which
// Firestore refuses it; index_test.go compares them. Ready asks each of them once.

// MaxRows is how many rows of each list of sessions a party is shown: those with the
// highest idx.
const MaxRows = 300

// MaxImages is how many review images there can be to choose from.
const MaxImages = 100

// uidField is where a document names the party.
func uidField(party life.Party) string { return string(party) + "_uid" }

// listedRooms and listedReservations find the sessions in which the caller is that party,
// the highest idx first. They ask for one more than is shown, which tells that there are
// more.
func listedRooms(caller life.Caller) query[life.Chatroom] {
	return from(chatrooms, kind("chatrooms of "+caller.Party), equal(uidField(caller.Party), caller.UID), equal("status", life.Chat)).
		descending("idx").limit(MaxRows + 1)
}

func listedReservations(caller life.Caller) query[life.Reservation] {
	return from(reservations, kind("reservations of "+caller.Party), equal(uidField(caller.Party), caller.UID), equal("status", life.Reserved)).
		descending("idx").limit(MaxRows + 1)
}

// isParty holds where one of the users is either party.
func isParty(uids []string) filter {
	return anyOf(oneOf(uidField(life.Asker), uids...), oneOf(uidField(life.Willsoner), uids...))
}

// openRooms and openReservations find the sessions in which one of the users is either
// party. The order lets them use the lists' indexes.
func openRooms(uids []string) query[life.RoomTime] {
	return from(roomTimes, "open chatrooms", equal("status", life.Chat), isParty(uids)).descending("idx")
}

func openReservations(uids []string) query[life.ReservedTime] {
	return from(reservedTimes, "open reservations", equal("status", life.Reserved), isParty(uids)).descending("idx")
}

// selectedOf finds the selected matches in which one of the users is the willsoner: an old
// reservation names its willsoner in its match alone.
func selectedOf(uids []string) query[life.Match] {
	return from(matches, "selected matches of willsoners", oneOf(uidField(life.Willsoner), uids...), equal("status", life.Chat))
}

// ofConcern finds the matches of a concern in one of these statuses.
func ofConcern(concernIdx int64, statuses ...string) query[life.Match] {
	return from(matches, "matches of a concern", equal("concern_idx", concernIdx), oneOf("status", statuses...))
}

// oldReservations finds a match's reservation under an id that is not its number.
func oldReservations(askerUID string, idx int64) query[life.Reservation] {
	return from(reservations, "old reservations", equal(uidField(life.Asker), askerUID), equal("status", life.Reserved), equal("idx", idx)).limit(1)
}

// allReviewImages finds the first MaxImages: one answer shows them all.
func allReviewImages() query[life.ReviewImage] {
	return from(reviewImages, "review images").ascending("idx").limit(MaxImages)
}

// A probe asks a query of one kind for a document at most.
type probe struct {
	kind kind
	ask  func(*reader) error
}

func probeOf[T any](q query[T]) probe {
	q = q.limit(1)
	return probe{q.kind, func(r *reader) error {
		_, err := ask(r, q).raws()
		return err
	}}
}

// probes has every kind of query once, for nobody.
func probes() []probe {
	nobody := []string{"-"}
	all := []probe{
		probeOf(openRooms(nobody)),
		probeOf(openReservations(nobody)),
		probeOf(selectedOf(nobody)),
		probeOf(ofConcern(1, life.Chat)),
		probeOf(oldReservations("-", 1)),
		probeOf(allReviewImages()),
	}
	for _, party := range []life.Party{life.Asker, life.Willsoner} {
		caller := life.Caller{Party: party, UID: "-"}
		all = append(all, probeOf(listedRooms(caller)), probeOf(listedReservations(caller)))
	}
	return all
}
