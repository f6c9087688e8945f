package store

import (
	"context"
	"slices"

	"cloud.google.com/go/firestore"
)

// Review keeps the asker's review of a session that has a chatroom, under way or
// complete. MatchIdx and AskerUID say whose; the match fills in the other numbers and
// uids. It returns the review as it is kept, or ErrReviewExists for a second one.
func (s *Store) Review(ctx context.Context, review Review) (Review, error) {
	if review.KeywordIdx == nil {
		review.KeywordIdx = []int64{} // nil would be stored as null
	}
	caller, created := Caller{Asker, review.AskerUID}, false
	err := s.act(ctx, reviewing, caller, review.MatchIdx, func(tx *transaction, m Match, _ rule) (bool, error) {
		if _, err := tx.ownRoom(m); err != nil {
			return false, err
		}
		ref := s.client.Collection(reviews).Doc(decimal(m.Idx))
		kept, err := read[Review](tx, ref)
		if err != nil {
			return false, err
		}
		if kept != nil {
			// An attempt before this one may have been stored though its answer was lost.
			if created && kept.CreatedAt.Equal(review.CreatedAt) && kept.Content == review.Content {
				return true, nil
			}
			return false, ErrReviewExists
		}
		review.ConcernIdx, review.WillsonerIdx, review.WillsonerUID = m.ConcernIdx, m.WillsonerIdx, m.WillsonerUID
		if !created { // the first attempt's may be stored yet, after a later one has begun
			review.CreatedAt, created = tx.now, true
		}
		return true, tx.Create(ref, review)
	})
	if err != nil {
		return Review{}, err
	}
	return review, nil
}

// Report keeps a copy of the messages with these ids in the chatroom of a session, where
// neither party sees it. It returns ErrNotFound, and keeps nothing, when one of them
// does not exist. A copy kept before stays as it is.
func (s *Store) Report(ctx context.Context, askerUID string, idx int64, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if slices.ContainsFunc(ids, func(id string) bool { return !isID(id) }) {
		return ErrNotFound
	}
	return s.act(ctx, reporting, Caller{Asker, askerUID}, idx, func(tx *transaction, m Match, _ rule) (bool, error) {
		room, err := tx.ownRoom(m)
		if err != nil {
			return false, err
		}
		kept := s.client.Collection(reports).Doc(decimal(m.Idx)).Collection(messages)
		written, err := tx.all(s.client.Collection(chatrooms).Doc(room.Roomkey).Collection(chats), ids)
		if err != nil {
			return false, err
		}
		before, err := tx.all(kept, ids)
		if err != nil {
			return false, err
		}
		added := false
		for i, snapshot := range written {
			if !snapshot.Exists() {
				return false, ErrNotFound
			}
			if before[i].Exists() {
				continue
			}
			m, err := decode[message](tx, snapshot)
			if err != nil {
				return false, err
			}
			copied := report{m.UID, m.Message, m.TimeStamp, askerUID, tx.now}
			if err := tx.Create(kept.Doc(ids[i]), copied); err != nil {
				return false, err
			}
			added = true
		}
		return added, nil
	})
}

// all reads the documents with these ids, whether they exist or not, in their order.
func (tx *transaction) all(in *firestore.CollectionRef, ids []string) ([]*firestore.DocumentSnapshot, error) {
	var refs []*firestore.DocumentRef
	for _, id := range ids {
		refs = append(refs, in.Doc(id))
	}
	return tx.GetAll(refs)
}
