package store

import (
	"context"
	"slices"

	"willson/life"
)

// Review keeps the asker's review of a session that has a chatroom, under way or
// complete. MatchIdx and AskerUID say whose; the match fills in the other numbers and
// uids, its concern and room what the willsoner's readers see, and the willsoner's profile
// counts it. It returns the review as it is kept, or life.ErrReviewExists for a second one.
func (s *Store) Review(ctx context.Context, review life.Review) (life.Review, error) {
	caller := life.Caller{Party: life.Asker, UID: review.AskerUID}
	kept := review
	_, _, err := s.changeMatch(ctx, life.Reviews, caller, review.MatchIdx, nil, func(c *change, m *life.Match) (bool, error) {
		id := life.Decimal(m.Idx)
		beforeSent := find(c.reader, reviews, id)
		concernSent := find(c.reader, concerns, life.Decimal(m.ConcernIdx))
		profileSent := find(c.reader, willsoners, uidID(m.WillsonerUID))
		room, err := c.ownRoom(m)
		if err != nil {
			return false, err
		}
		before, err := beforeSent.one()
		if err != nil {
			return false, err
		}
		if before.exists {
			// An attempt before this one may have been stored though its answer was lost.
			if kept = before.doc; c.isOurs(kept.CreatedAt) && kept.Content == review.Content {
				return true, nil
			}
			return false, life.ErrReviewExists
		}
		concern, err := concernSent.one()
		if err != nil {
			return false, err
		}
		profile, err := profileSent.one()
		if err != nil {
			return false, err
		}

		kept = review
		kept.ConcernIdx, kept.WillsonerIdx, kept.WillsonerUID = m.ConcernIdx, m.WillsonerIdx, m.WillsonerUID
		kept.CreatedAt = c.now
		kept.Nickname = room.doc.Brief.Nickname
		if topic := room.doc.Brief.Subcategory; topic != nil {
			kept.Category = topic.Category
		}
		kept.SubcategoryIdx = concern.doc.Subcategory.Idx
		create(c, reviews, id, &kept)
		if profile.exists {
			profile.doc.Rate(kept.Rating)
			update(c, willsoners, profile.id, &profile.doc, "rating_sum", "review_count", "rating")
		}
		return true, nil
	})
	if err != nil {
		return life.Review{}, err
	}
	return kept, nil
}

// Report keeps a copy of the messages with these ids in the chatroom of a session, where
// neither party sees it. It returns life.ErrNotFound, and keeps nothing, when one of them
// does not exist. A copy kept before stays as it is.
func (s *Store) Report(ctx context.Context, askerUID string, idx int64, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if slices.ContainsFunc(ids, func(id string) bool { return !isID(id) }) {
		return life.ErrNotFound
	}
	caller := life.Caller{Party: life.Asker, UID: askerUID}
	_, _, err := s.changeMatch(ctx, life.Reports, caller, idx, nil, func(c *change, m *life.Match) (bool, error) {
		if !isID(m.Roomkey) {
			return false, life.ErrNotFound
		}
		copies := reports.below("reports/" + life.Decimal(m.Idx))
		originalsSent := find(c.reader, chats.below(chatrooms.doc(m.Roomkey)), ids...)
		keptSent := find(c.reader, copies, ids...)
		if _, err := c.ownRoom(m); err != nil {
			return false, err
		}
		originals, err := originalsSent.raws()
		if err != nil {
			return false, err
		}
		kept, err := keptSent.all()
		if err != nil {
			return false, err
		}
		added := false
		for i, original := range originals {
			if !original.exists {
				return false, life.ErrNotFound
			}
			if kept[i].exists {
				added = added || c.isOurs(kept[i].doc.ReportedAt)
				continue
			}
			message, err := decode(c.reader, chats, original)
			if err != nil {
				return false, err
			}
			create(c, copies, original.id, &life.Report{
				UID: message.doc.UID, Message: message.doc.Message, TimeStamp: message.doc.TimeStamp, ReportedBy: askerUID, ReportedAt: c.now,
			})
			added = true
		}
		return added, nil
	})
	return err
}
