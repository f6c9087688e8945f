package store

import (
	"context"
	"log/slog"

	"willson/internal/docbytes"
	"willson/life"
)

// changeMatch runs f on a match to which the caller may do this, in a transaction, and
// returns the match as it is afterwards.
//
// The match is looked at without a lock while the transaction begins. That look refuses
// strangers and wrong states and answers repetitions: nobody can lock what is not theirs
// to change, and nothing is locked for nothing. f is given what it saw, and reads the rest
// in the transaction while the match is read there once more; if it has changed in
// between, the attempt counts for nothing.
//
// f changes the match, collects what is to be written, and reports whether that is
// anything. again, which may be nil, looks at a repetition before it is answered. done
// reports whether this call changed something, in whichever of its attempts: of a request
// and its repetitions at most one is done.
func (s *Store) changeMatch(ctx context.Context, a life.Action, caller life.Caller, idx int64, again func(*reader, *life.Match) error, f func(*change, *life.Match) (bool, error)) (m life.Match, done bool, err error) {
	tries := 0
	err = s.repeatedly(ctx, string(a), func(c *change) error {
		done, tries = false, c.attempt()
		begun := c.begin()
		look := s.reader(c.ctx)
		defer look.end()
		seen, err := matchOf(look, caller, idx)
		if err != nil {
			return err
		}
		m = seen.doc
		switch m.May(a, caller.Party) {
		case life.Refused:
			return life.ErrNotFound
		case life.Again:
			if done = c.isOurs(m.UpdatedAt); again == nil {
				return nil
			}
			return again(look, &m)
		}
		if err := begun(); err != nil {
			return err
		}
		locked := find(c.reader, matches, seen.id)
		changed, err := f(c, &m)
		now, unread := locked.raws()
		switch {
		case unread != nil:
			err = unread
		case now[0].exists != seen.exists || !now[0].UpdateTime().AsTime().Equal(seen.updated.AsTime()):
			err = errStale
		}
		switch {
		case isRefusal(err):
			// A commit of nothing ends the transaction too. Where a database does not lock, it
			// tells that what led to the refusal was there at one time.
			c.writes = nil
			if unsure := c.commit(); unsure != nil {
				return unsure
			}
			return err
		case err != nil:
			c.rollBack()
			return err
		}
		done = changed || c.isOurs(m.UpdatedAt)
		return c.commit()
	})
	if done = done && err == nil; done {
		s.log.InfoContext(ctx, "session changed",
			slog.String("action", string(a)), slog.Int64("match", idx), slog.Int("attempts", tries))
	}
	s.outcome(string(a), done, err)
	if err != nil {
		return life.Match{}, false, err
	}
	return m, done, nil
}

// What of a match says whose it is.
type (
	ofAsker struct {
		UID string `firestore:"asker_uid"`
	}
	ofWillsoner struct {
		UID string `firestore:"willsoner_uid"`
	}
)

var (
	ofAskerSchema     = docbytes.For[ofAsker]()
	ofWillsonerSchema = docbytes.For[ofWillsoner]()
)

// belongsTo reports whether the caller is that party of a match, of which nothing else
// needs to be readable.
func belongsTo(match raw, caller life.Caller) bool {
	if caller.Party == life.Willsoner {
		var of ofWillsoner
		return ofWillsonerSchema.Decode(match.Document, &of) == nil && of.UID == caller.UID
	}
	var of ofAsker
	return ofAskerSchema.Decode(match.Document, &of) == nil && of.UID == caller.UID
}

// matchOf reads a match for one of its parties. To anybody else there is none, readable
// or not.
func matchOf(r *reader, caller life.Caller, idx int64) (found[life.Match], error) {
	all, err := find(r, matches, life.Decimal(idx)).raws()
	if err != nil {
		return found[life.Match]{}, err
	}
	if !all[0].exists || !belongsTo(all[0], caller) {
		return found[life.Match]{}, life.ErrNotFound
	}
	return decode(r, matches, all[0])
}

// changedFields are the fields of a match that a change of its session writes.
var changedFields = []string{"status", "roomkey", "asker_join", "willsoner_join", "updated_at"}
