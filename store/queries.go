package store

import (
	"time"

	"willson/life"
)

// Every collection of this server. The schema of each is its type's, in package life.
var (
	matches      = newCollection[life.Match]("matches")             // by idx in decimal
	chatrooms    = newCollection[life.Chatroom]("chatrooms")        // by roomkey
	chats        = newCollection[life.Message]("chats")             // in a chatroom: what the app writes there, and start
	reservations = newCollection[life.Reservation]("reservations")  // by the match's idx in decimal; older ones by any other id
	reviews      = newCollection[life.Review]("reviews")            // by the match's idx in decimal
	reports      = newCollection[life.Report]("messages")           // in reports/{match idx}, by the message's id
	reviewImages = newCollection[life.ReviewImage]("review_images") // by any id
	askers       = newCollection[life.Account]("askers")            // by uid, see uidID
	ledger       = newCollection[life.LedgerLine]("transactions")   // in an account
	willsoners   = newCollection[life.Profile]("willsoners")        // by uid, see uidID
	concerns     = newCollection[life.Concern]("concerns")          // by idx in decimal
	keywords     = newCollection[life.Keyword]("keywords")          // by idx in decimal
	pushTokens   = newCollection[life.PushToken]("push_tokens")     // by the token's hash

	// What is judged of the same documents when their parties' time is asked for.
	roomTimes     = newCollection[life.RoomTime]("chatrooms")
	reservedTimes = newCollection[life.ReservedTime]("reservations")
)

// Every query. Each has its index in firestore.indexes.json, without which Firestore
// refuses it; index_test.go compares them. Ready asks each of them once.

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

// holding finds the asker's concerns that hold pots.
func holding(uid string, now time.Time) query[life.Concern] {
	return from(concerns, "concerns that hold pots", equal("asker_uid", uid), equal("status", life.Init), above("open_until", now))
}

// openConcernsOf and completedConcernsOf find what an asker paid for, the highest idx first.
func openConcernsOf(uid string) query[life.Concern] {
	return from(concerns, "open concerns", equal("asker_uid", uid), oneOf("status", life.Init, life.Matched)).descending("idx").limit(maxConcerns)
}

func completedConcernsOf(uid string) query[life.Concern] {
	return from(concerns, "complete concerns", equal("asker_uid", uid), equal("status", life.Complete)).descending("idx").limit(maxCompleted)
}

// offersOf finds the offers on a concern since it was last paid for.
func offersOf(c *life.Concern) query[life.Match] {
	return from(matches, "offers", equal("concern_idx", c.Idx), equal("status", life.Waiting), equal("round", c.MatchCnt))
}

// sentTo finds what was sent to a willsoner, the newest first.
func sentTo(uid, of string, categoryIdx int64) query[life.Match] {
	if categoryIdx == 0 {
		return from(matches, "sent matches", equal("willsoner_uid", uid), equal("type", of)).descending("created_at").limit(maxIncoming)
	}
	return from(matches, "sent matches of a category", equal("willsoner_uid", uid), equal("type", of), equal("category_idx", categoryIdx)).
		descending("created_at").limit(maxIncoming)
}

// counsels holds for willsoners to whom concerns are sent.
func counsels() filter { return oneOf("status", life.Approved, life.Complete) }

// candidatesFrom and candidatesBefore find willsoners who may fit a concern, from a place
// in the ring on, and before it.
func candidatesFrom(c *life.Concern, place float64, most int) query[life.Profile] {
	return candidates(c, atLeast("place", place), most)
}

func candidatesBefore(c *life.Concern, place float64, most int) query[life.Profile] {
	return candidates(c, below("place", place), most)
}

func candidates(c *life.Concern, where filter, most int) query[life.Profile] {
	inCategory := contains("category_idxs", c.Subcategory.CategoryIdx)
	if c.WilGender == life.AnyGender {
		return from(willsoners, "candidates", inCategory, counsels(), where).ascending("place").limit(most)
	}
	return from(willsoners, "candidates of a gender", inCategory, counsels(), equal("gender", c.WilGender), where).ascending("place").limit(most)
}

// bestRated finds the best rated willsoners of a category, 0 for all.
func bestRated(categoryIdx int64) query[life.Profile] {
	const shown = 10
	if categoryIdx == 0 {
		return from(willsoners, "best rated", counsels()).descending("rating").ascending("idx").limit(shown)
	}
	return from(willsoners, "best rated of a category", contains("category_idxs", categoryIdx), counsels()).
		descending("rating").ascending("idx").limit(shown)
}

// profileNumbered finds a willsoner by number.
func profileNumbered(idx int64) query[life.Profile] {
	return from(willsoners, "a willsoner by number", equal("idx", idx)).limit(1)
}

// reviewsOf finds a willsoner's newest reviews.
func reviewsOf(willsonerIdx int64) query[life.Review] {
	return from(reviews, "reviews", equal("willsoner_idx", willsonerIdx)).descending("created_at").limit(maxReviews)
}

// accountsWithAddress finds the account with an e-mail address, and another if there is one.
func accountsWithAddress(email string) query[life.Account] {
	return from(askers, "accounts by address", equal("email", email)).limit(2)
}

// newestLines finds the newest lines of an account's ledger.
func newestLines(uid string) query[life.LedgerLine] {
	return from(ledger.below(askers.doc(uidID(uid))), "ledger", nil...).descending("created_at").limit(maxLedger)
}

// pushTokensOf finds the tokens of at most maxIn accounts, the newest first, and more of each
// than are kept: some may be left over of sign-ins at once.
func pushTokensOf(uids ...string) query[life.PushToken] {
	return from(pushTokens, "push tokens", oneOf("uid", uids...)).descending("updated_at").limit(2 * maxPushTokens * len(uids))
}

// A probe runs a query of one kind for a document at most.
type probe struct {
	kind kind
	run  func(*reader) error
}

func probeOf[T any](q query[T]) probe {
	q = q.limit(1)
	return probe{q.kind, func(r *reader) error {
		_, err := run(r, q).raws()
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
		probeOf(holding("-", time.Unix(0, 0))),
		probeOf(openConcernsOf("-")),
		probeOf(completedConcernsOf("-")),
		probeOf(offersOf(&life.Concern{Idx: 1, MatchCnt: 1})),
		probeOf(sentTo("-", life.Realtime, 0)),
		probeOf(sentTo("-", life.Realtime, 1)),
		probeOf(candidatesFrom(&life.Concern{WilGender: life.AnyGender}, 0, 1)),
		probeOf(candidatesFrom(&life.Concern{WilGender: "F"}, 0, 1)),
		probeOf(bestRated(0)),
		probeOf(bestRated(1)),
		probeOf(profileNumbered(1)),
		probeOf(reviewsOf(1)),
		probeOf(newestLines("-")),
		probeOf(accountsWithAddress("-")),
		probeOf(pushTokensOf(nobody...)),
	}
	for _, party := range []life.Party{life.Asker, life.Willsoner} {
		caller := life.Caller{Party: party, UID: "-"}
		all = append(all, probeOf(listedRooms(caller)), probeOf(listedReservations(caller)))
	}
	return all
}
