package storetest

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"cloud.google.com/go/firestore"

	"willson/life"
)

// checkConcerns looks for concerns whose status is not that of their matches.
func (db *database) checkConcerns() {
	for id, c := range db.concerns {
		var selected, complete []life.Match
		for _, m := range db.matches {
			switch {
			case m.ConcernIdx != c.Idx:
			case m.AskerUID != c.AskerUID || m.Round > c.MatchCnt:
				db.breaks("match %d is not of concerns/%s, as it says", m.Idx, id)
			case m.Status == life.Chat:
				selected = append(selected, m)
			case m.Status == life.Complete && isOfRound(m, c):
				complete = append(complete, m)
			}
		}
		switch {
		case c.Status != life.Matched && len(selected) > 0:
			db.breaks("concerns/%s is %s, and match %d under way", id, c.Status, selected[0].Idx)
		case c.Status == life.Matched && (len(selected) != 1 || !isOfRound(selected[0], c)):
			db.breaks("concerns/%s is matched, with %d matches under way", id, len(selected))
		case c.Status == life.Complete && len(complete) != 1:
			db.breaks("concerns/%s is complete, with %d such matches of its round", id, len(complete))
		}
	}
	for _, m := range db.matches {
		if _, ok := db.concerns[strconv.FormatInt(m.ConcernIdx, 10)]; !ok && m.Round > 0 {
			db.breaks("match %d is of a payment, and has no concern", m.Idx)
		}
	}
}

// isOfRound reports whether a match is of its concern's last payment; an older one has no
// round.
func isOfRound(m life.Match, c life.Concern) bool { return m.Round == 0 || m.Round == c.MatchCnt }

// checkPots adds up each account's ledger: what was given less what was used is what there
// is, and each line's total what there was then. What a session took is there once.
func (db *database) checkPots() {
	for id, account := range db.accounts {
		lines := read[life.LedgerLine](db, "askers/"+id+"/transactions")
		if pots := db.replay(id, lines); pots != account.Pots || pots < 0 {
			db.breaks("askers/%s has %d pots, and %d by its ledger", id, account.Pots, pots)
		}
		for line, l := range lines {
			if l.Action != life.Used || l.ConcernIdx == 0 {
				continue
			}
			m := db.matches[line]
			if m.ConcernIdx != l.ConcernIdx || m.AskerUID != account.UID || m.Status != life.Chat && m.Status != life.Complete {
				db.breaks("askers/%s/transactions/%s is of no session", id, line)
			}
		}
		wasEmpty := slices.ContainsFunc(slices.Collect(maps.Values(lines)), func(l life.LedgerLine) bool { return l.Total == 0 })
		for path, m := range db.matches {
			selected := m.AskerUID == account.UID && m.Round > 0 && (m.Status == life.Chat || m.Status == life.Complete)
			if _, took := lines[path]; selected && !took && len(lines) > 0 && !wasEmpty {
				db.breaks("match %d took no pots from askers/%s", m.Idx, id)
			}
		}
	}
}

// replay does the lines in the order of time, those of one instant in that in which their
// totals follow each other.
func (db *database) replay(id string, lines map[string]life.LedgerLine) (pots int64) {
	left := slices.SortedFunc(maps.Values(lines), func(a, b life.LedgerLine) int { return a.CreatedAt.Compare(b.CreatedAt) })
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(l life.LedgerLine) bool {
			return l.CreatedAt.Equal(left[0].CreatedAt) && l.Total == pots+signed(l)
		})
		if next < 0 {
			db.breaks("the ledger of askers/%s does not add up at %v", id, left[0].CreatedAt)
			next = 0
		}
		pots += signed(left[next])
		left = slices.Delete(left, next, next+1)
	}
	return pots
}

// signed is the amount of a line, less than zero where it was used.
func signed(l life.LedgerLine) int64 {
	if l.Action == life.Used {
		return -l.Amount
	}
	return l.Amount
}

// checkRatings adds up the reviews of each willsoner since the registration.
func (db *database) checkRatings() {
	for id, p := range db.profiles {
		sum, count := 0.0, int64(0)
		for _, r := range db.reviews {
			if r.WillsonerUID == p.UID && !r.CreatedAt.Before(p.CreatedAt) {
				sum += r.Rating
				count++
			}
		}
		if count != p.ReviewCount || math.Abs(sum-p.RatingSum) > 1e-6 || math.Abs(p.Rating-sum/float64(cmp.Or(count, 1))) > 1e-6 {
			db.breaks("willsoners/%s: %d reviews of %v together, and kept are %d of %v, %v each", id, count, sum, p.ReviewCount, p.RatingSum, p.Rating)
		}
	}
}

// Shown says which of the matches that a list shows as open have a concern that is not
// init, or is of another round.
func Shown(ctx context.Context, client *firestore.Client, open ...int64) ([]string, error) {
	db := &database{ctx: ctx, client: client}
	db.matches, db.concerns = read[life.Match](db, "matches"), read[life.Concern](db, "concerns")
	for _, idx := range open {
		m := db.matches[strconv.FormatInt(idx, 10)]
		if c := db.concerns[strconv.FormatInt(m.ConcernIdx, 10)]; c.Status != life.Init || m.Round != c.MatchCnt {
			db.breaks("match %d is shown as open: its round is %d, and its concern is %s, of round %d", idx, m.Round, c.Status, c.MatchCnt)
		}
	}
	return db.broken, db.err
}
