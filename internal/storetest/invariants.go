package storetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/life"
)

// Invariants reads the whole database and says what in it contradicts the promises that
// hold whatever was done, and in whatever order. Nothing may be writing meanwhile.
func Invariants(ctx context.Context, client *firestore.Client) ([]string, error) {
	db := &database{ctx: ctx, client: client}
	db.matches = read[life.Match](db, "matches")
	db.rooms = read[life.Chatroom](db, "chatrooms")
	db.reservations = read[life.Reservation](db, "reservations")
	db.reviews = read[life.Review](db, "reviews")
	db.concerns = read[life.Concern](db, "concerns")
	db.accounts = read[life.Account](db, "askers")
	db.profiles = read[life.Profile](db, "willsoners")
	db.checkRooms()
	db.checkMatches()
	db.checkTimes()
	db.checkReviews()
	db.checkReports()
	db.checkConcerns()
	db.checkPots()
	db.checkRatings()
	return db.broken, db.err
}

// A database is what was read, and what is wrong with it.
type database struct {
	ctx          context.Context
	client       *firestore.Client
	matches      map[string]life.Match
	rooms        map[string]life.Chatroom
	reservations map[string]life.Reservation
	reviews      map[string]life.Review
	concerns     map[string]life.Concern
	accounts     map[string]life.Account
	profiles     map[string]life.Profile
	broken       []string
	err          error
}

func (db *database) breaks(format string, args ...any) {
	db.broken = append(db.broken, fmt.Sprintf(format, args...))
}

// read reads a collection by id. A document of wrong types is reported and left out.
func read[T any](db *database, collection string) map[string]T {
	all := map[string]T{}
	if db.err != nil {
		return all
	}
	snapshots, err := db.client.Collection(collection).Documents(db.ctx).GetAll()
	db.err = err
	for _, snapshot := range snapshots {
		var doc T
		if err := snapshot.DataTo(&doc); err != nil {
			db.breaks("%s/%s: %v", collection, snapshot.Ref.ID, err)
			continue
		}
		all[snapshot.Ref.ID] = doc
	}
	return all
}

// exists reads a document; nil when there is none.
func (db *database) exists(path string) *firestore.DocumentSnapshot {
	if db.err != nil {
		return nil
	}
	snapshot, err := db.client.Doc(path).Get(db.ctx)
	if status.Code(err) == codes.NotFound {
		return nil
	}
	db.err = err
	return snapshot
}

// roomOf returns a match's chatroom and its roomkey, "" without one.
func (db *database) roomOf(idx int64) (roomkey string, room life.Chatroom) {
	for key, r := range db.rooms {
		if r.Idx == idx {
			return key, r
		}
	}
	return "", life.Chatroom{}
}

func (db *database) checkRooms() {
	keys := map[int64]string{}
	for key, room := range db.rooms {
		if keys[room.Idx] != "" {
			db.breaks("match %d has two rooms: %s and %s", room.Idx, keys[room.Idx], key)
		}
		keys[room.Idx] = key
		start := db.exists("chatrooms/" + key + "/chats/start")
		if start == nil {
			db.breaks("chatrooms/%s has no start", key)
		} else if _, ok := start.Data()["timeStamp"].(time.Time); !ok {
			db.breaks("chatrooms/%s: start has no timeStamp", key)
		}
		m, ok := db.matches[strconv.FormatInt(room.Idx, 10)]
		switch {
		case !ok: // of an older server
		case m.Status != life.Chat && m.Status != life.Complete:
			db.breaks("match %d is %s and has a room", m.Idx, m.Status)
		case m.Status != room.Status:
			db.breaks("match %d is %s and its room %s", m.Idx, m.Status, room.Status)
		case m.Roomkey != key:
			db.breaks("match %d has roomkey %s and the room %s", m.Idx, m.Roomkey, key)
		case m.AskerUID != room.AskerUID || m.WillsonerUID != room.WillsonerUID:
			db.breaks("match %d and its room have different parties", m.Idx)
		}
	}
}

func (db *database) checkMatches() {
	selectedOf := map[int64]int64{}
	for _, m := range db.matches {
		roomkey, _ := db.roomOf(m.Idx)
		state := "none"
		for id, r := range db.reservations {
			if r.Idx != m.Idx || r.AskerUID != m.AskerUID || !slices.Contains([]string{life.Reserved, life.Opened, life.Ended}, r.Status) {
				continue
			}
			if state != "none" {
				db.breaks("match %d has two reservations", m.Idx)
			}
			state = r.Status
			if r.Roomkey != m.Roomkey {
				db.breaks("match %d has roomkey %s and reservations/%s %s", m.Idx, m.Roomkey, id, r.Roomkey)
			}
		}
		if m.Status == life.Chat {
			if other := selectedOf[m.ConcernIdx]; other != 0 {
				db.breaks("concern %d has two selected matches: %d and %d", m.ConcernIdx, other, m.Idx)
			}
			selectedOf[m.ConcernIdx] = m.Idx
		}
		selected := m.Status == life.Chat || m.Status == life.Complete
		switch {
		case !selected && state != "none":
			db.breaks("match %d is %s and has a reservation", m.Idx, m.Status)
		case selected && m.StartsAt.IsZero() && state != "none":
			db.breaks("match %d has no hour and a reservation", m.Idx)
		case selected && m.StartsAt.IsZero() && roomkey == "",
			m.Status == life.Complete && roomkey == "" && state != life.Ended:
			db.breaks("match %d is %s and has no room", m.Idx, m.Status)
		case selected && !m.StartsAt.IsZero() && (state == "none" || (state == life.Opened) != (roomkey != "") || state == life.Ended && m.Status == life.Chat):
			db.breaks("match %d is %s, its reservation %s, and its room %q", m.Idx, m.Status, state, roomkey)
		case m.Status == life.Waiting && (m.AskerJoined || m.WillsonerJoined):
			db.breaks("match %d is waiting and joined", m.Idx)
		}
	}
}

// checkTimes looks for people in two sessions at once.
func (db *database) checkTimes() {
	type session struct {
		name       string
		start, end time.Time
		parties    [2]string
	}
	var sessions []session
	add := func(name string, start time.Time, minutes int64, parties ...string) {
		s := session{name, start, start.Add(time.Duration(minutes) * time.Minute), [2]string(parties)}
		for _, other := range sessions {
			for _, uid := range s.parties {
				if uid != "" && (uid == other.parties[0] || uid == other.parties[1]) && s.start.Before(other.end) && other.start.Before(s.end) {
					db.breaks("%s is in two sessions at once: %s and %s", uid, other.name, s.name)
				}
			}
		}
		sessions = append(sessions, s)
	}
	for key, r := range db.rooms {
		if r.Status == life.Chat {
			add("chatrooms/"+key, r.StartedAt, r.Brief.Minutes, r.AskerUID, r.WillsonerUID)
		}
	}
	for id, r := range db.reservations {
		if r.Status == life.Reserved {
			add("reservations/"+id, r.StartsAt, r.Brief.Minutes, r.AskerUID, r.WillsonerUID)
		}
	}
}

func (db *database) checkReviews() {
	for id, review := range db.reviews {
		m, ok := db.matches[id]
		roomkey, _ := db.roomOf(review.MatchIdx)
		switch {
		case !ok || m.Idx != review.MatchIdx || roomkey == "" || m.Status != life.Chat && m.Status != life.Complete:
			db.breaks("reviews/%s is not of a session", id)
		case review.AskerUID != m.AskerUID || review.WillsonerUID != m.WillsonerUID || review.ConcernIdx != m.ConcernIdx || review.WillsonerIdx != m.WillsonerIdx:
			db.breaks("reviews/%s and its match disagree", id)
		case review.Rating <= 0 || review.CreatedAt.IsZero():
			db.breaks("reviews/%s is not complete", id)
		}
	}
}

func (db *database) checkReports() {
	for id, m := range db.matches {
		if db.err != nil {
			return
		}
		reported, err := db.client.Collection("reports/" + id + "/messages").Documents(db.ctx).GetAll()
		db.err = err
		for _, snapshot := range reported {
			roomkey, _ := db.roomOf(m.Idx)
			if roomkey == "" {
				db.breaks("reports/%s/messages has messages of no room", id)
				break
			}
			kept, written := snapshot.Data(), map[string]any{}
			if original := db.exists("chatrooms/" + roomkey + "/chats/" + snapshot.Ref.ID); original != nil {
				written = original.Data()
			}
			_, dated := kept["reported_at"].(time.Time)
			if kept["uid"] != written["uid"] || kept["message"] != written["message"] || kept["timeStamp"] != written["timeStamp"] ||
				kept["uid"] == nil || kept["reported_by"] != m.AskerUID || !dated {
				db.breaks("reports/%s/messages/%s is not what was written", id, snapshot.Ref.ID)
			}
		}
	}
}
