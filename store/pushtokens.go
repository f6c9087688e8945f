package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"willson/life"
)

const (
	// maxPushTokens is how many phones of an account are told things, those that signed in
	// last.
	maxPushTokens = 10
	// maxIn is how many values Firestore compares a field with in one query.
	maxIn = 30
)

// pushTokenID is where a token is kept: it is longer than what other ids are made of, and
// never has to be read to be found.
func pushTokenID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// KeepPushToken notes that the account signed in on the phone of this token: from now on
// the token is its own and no other account's. The account keeps its ten newest. What
// cannot be a token is not kept, and is no error.
func (s *Store) KeepPushToken(ctx context.Context, uid, token string) error {
	if !life.IsPushToken(token) {
		return nil
	}
	err := s.commit(ctx, "push token", func(c *change) error {
		kept, err := run(c.reader, pushTokensOf(uid)).raws()
		if err != nil {
			return err
		}
		id := pushTokenID(token)
		var others []found[life.PushToken]
		for _, doc := range kept {
			if t, err := decode(c.reader, pushTokens, doc); err == nil && t.id != id { // one that cannot be read is logged
				others = append(others, t)
			}
		}
		put(c, pushTokens, id, &life.PushToken{Token: token, UID: uid, UpdatedAt: c.now})
		for _, oldest := range others[min(len(others), maxPushTokens-1):] {
			remove(c, pushTokens, oldest)
		}
		return nil
	})
	s.outcome("push token", err == nil, err)
	return err
}

// PushTokens returns the tokens of these accounts, at most the ten newest of each: none of
// an account that has none.
func (s *Store) PushTokens(ctx context.Context, uids ...string) ([]life.PushToken, error) {
	r := s.reader(ctx)
	defer r.end()
	uids = slices.Compact(slices.Sorted(slices.Values(uids)))
	var sent []result[life.PushToken]
	for some := range slices.Chunk(uids, maxIn) {
		sent = append(sent, run(r, pushTokensOf(some...)))
	}
	var all []life.PushToken
	of := map[string]int{}
	for _, answer := range sent {
		rows, err := answer.rows(nil)
		if err != nil {
			return nil, err
		}
		for _, t := range rows { // the newest first
			if of[t.UID]++; of[t.UID] <= maxPushTokens {
				all = append(all, t)
			}
		}
	}
	return all, nil
}

// RemovePushTokens forgets tokens that are no phone's any more. One that is another
// account's by now stays.
func (s *Store) RemovePushTokens(ctx context.Context, tokens ...life.PushToken) error {
	if len(tokens) == 0 {
		return nil
	}
	ids := make([]string, len(tokens))
	for i, t := range tokens {
		ids[i] = pushTokenID(t.Token)
	}
	return s.commit(ctx, "push token", func(c *change) error {
		kept, err := find(c.reader, pushTokens, ids...).all()
		if err != nil {
			return err
		}
		for i, t := range kept {
			if t.exists && t.doc.UID == tokens[i].UID {
				remove(c, pushTokens, t)
			}
		}
		return nil
	})
}
