package store

import (
	"context"
	"math/rand/v2"
	"slices"

	"willson/life"
)

// maxLedger is how many lines of a ledger are shown, the newest.
const maxLedger = 100

// Enter makes the account of somebody who signed up, or who signs in for the first time
// and needs no form, with the welcome pots and their line in the ledger. When there is one
// already, it is not made again: only the time of the login is set, and what a form says
// is filled in where the account lacks a year of birth. It returns the account.
//
// It is one commit that fails if the account exists: of twenty at once one makes it.
func (s *Store) Enter(ctx context.Context, who life.Account, welcome int64) (life.Account, error) {
	return s.enter(ctx, who, func(c *change, id string) (life.Account, error) {
		who.Idx = life.Number(c.now, rand.Int64N)
		who.Pots, who.LoginAt, who.CreatedAt, who.UpdatedAt = 0, c.now, c.now, c.now
		line, given := who.Give(welcome, c.now)
		create(c, askers, id, &who)
		if given {
			create(c, ledger.below(askers.doc(id)), "welcome", &line)
		}
		return who, nil
	})
}

// EnterKnown notes that somebody signs in who has an account, or returns
// life.ErrUserNotFound.
func (s *Store) EnterKnown(ctx context.Context, uid string) (life.Account, error) {
	return s.enter(ctx, life.Account{UID: uid}, func(*change, string) (life.Account, error) {
		return life.Account{}, life.ErrUserNotFound
	})
}

func (s *Store) enter(ctx context.Context, who life.Account, first func(*change, string) (life.Account, error)) (life.Account, error) {
	var account life.Account
	made := false
	err := s.commit(ctx, "enter", func(c *change) error {
		before, err := find(c.reader, askers, uidID(who.UID)).one()
		if err != nil {
			return err
		}
		made = !before.exists || c.isOurs(before.doc.CreatedAt)
		if !before.exists {
			account, err = first(c, before.id)
			return err
		}
		account = before.doc
		account.LoginAt = c.now
		if account.BirthYear != 0 || who.BirthYear == 0 {
			update(c, askers, before.id, &account, "login_at")
			return nil
		}
		account.Gender, account.BirthYear, account.Nickname, account.UpdatedAt = who.Gender, who.BirthYear, who.Nickname, c.now
		replace(c, askers, before, &account, "gender", "birth_year", "nickname", "login_at", "updated_at")
		return nil
	})
	s.outcome("enter", made && err == nil, err)
	return account, err
}

// A Home is what my page shows of somebody.
type Home struct {
	Account    life.Account
	Spendable  int64 // pots: the balance less what open concerns hold
	Profile    life.Profile
	HasProfile bool // registered as a willsoner
}

// Home returns what my page shows, or life.ErrUserNotFound without an account.
func (s *Store) Home(ctx context.Context, uid string) (Home, error) {
	r := s.reader(ctx)
	defer r.end()
	profileSent := find(r, willsoners, uidID(uid))
	account, spendable, err := s.pots(r, uid, 0)
	if err != nil {
		return Home{}, err
	}
	profile, err := profileSent.one()
	if err != nil {
		return Home{}, err
	}
	return Home{account.doc, spendable, profile.doc, profile.exists}, nil
}

// Ledger returns the account's newest lines, at most 100, the newest first, or
// life.ErrUserNotFound. A line that does not follow the schema is left out.
func (s *Store) Ledger(ctx context.Context, uid string) ([]life.LedgerLine, error) {
	r := s.reader(ctx)
	defer r.end()
	accountSent := find(r, askers, uidID(uid))
	linesSent := run(r, newestLines(uid))
	if _, err := accountSent.oneOr(life.ErrUserNotFound); err != nil {
		return nil, err
	}
	return linesSent.rows(nil)
}

// A Registration is what somebody registers as a willsoner with. Its numbers are of the
// reference data; KeywordIdx names keywords that were kept before, KeywordNames new ones.
type Registration struct {
	CategoryIdxs    []int64
	SubcategoryIdxs []int64
	Experience      string
	Introduction    string
	ImageIdx        int64
	KeywordIdx      []int64
	KeywordNames    []string
}

// KeepKeywords keeps words of the caller's own, and returns them in their order, or
// life.ErrUserNotFound without an account.
func (s *Store) KeepKeywords(ctx context.Context, uid string, categoryIdx int64, words []string) ([]life.Keyword, error) {
	var kept []life.Keyword
	err := s.commit(ctx, "keywords", func(c *change) error {
		accountSent := find(c.reader, askers, uidID(uid))
		if len(kept) > 0 { // an earlier attempt may have been stored though its answer was lost
			before, err := find(c.reader, keywords, life.Decimal(kept[0].Idx)).one()
			if err != nil {
				return err
			}
			if before.exists && before.doc.UID == uid && c.isOurs(before.doc.CreatedAt) {
				return nil
			}
		}
		if _, err := accountSent.oneOr(life.ErrUserNotFound); err != nil {
			return err
		}
		kept = c.keepKeywords(uid, categoryIdx, words)
		return nil
	})
	s.outcome("keywords", err == nil, err)
	return kept, err
}

func (c *change) keepKeywords(uid string, categoryIdx int64, words []string) []life.Keyword {
	first := life.Numbers(c.now, int64(len(words)), rand.Int64N)
	kept := make([]life.Keyword, len(words))
	for i, word := range words {
		kept[i] = life.Keyword{Idx: first + int64(i), Name: word, CategoryIdx: categoryIdx, UID: uid, CreatedAt: c.now}
		create(c, keywords, life.Decimal(kept[i].Idx), &kept[i])
	}
	return kept
}

// Register makes the caller a willsoner who waits for approval. It returns
// life.ErrUserNotFound without an account, life.ErrAlreadyRegistered when there is a
// registration, of whatever status, and life.ErrUnknownKeyword for the number of a keyword
// that is not the caller's.
func (s *Store) Register(ctx context.Context, uid string, of Registration) (life.Profile, error) {
	var profile life.Profile
	err := s.commit(ctx, "register", func(c *change) error {
		accountSent := find(c.reader, askers, uidID(uid))
		beforeSent := find(c.reader, willsoners, uidID(uid))
		own, err := c.ownKeywords(uid, of.KeywordIdx)
		if err != nil {
			return err
		}
		account, err := accountSent.oneOr(life.ErrUserNotFound)
		if err != nil {
			return err
		}
		before, err := beforeSent.one()
		if err != nil {
			return err
		}
		if before.exists {
			if profile = before.doc; c.isOurs(profile.CreatedAt) {
				return nil
			}
			return life.ErrAlreadyRegistered
		}
		if own == nil {
			return life.ErrUnknownKeyword
		}
		for _, k := range c.keepKeywords(uid, of.CategoryIdxs[0], of.KeywordNames) {
			own = append(own, life.NamedNumber{Idx: k.Idx, Name: k.Name})
		}
		profile = life.Profile{
			Idx:             life.Number(c.now, rand.Int64N),
			UID:             uid,
			AskerIdx:        account.doc.Idx,
			Status:          life.Waiting,
			CategoryIdxs:    of.CategoryIdxs,
			SubcategoryIdxs: of.SubcategoryIdxs,
			Experience:      of.Experience,
			Introduction:    of.Introduction,
			ImageIdx:        of.ImageIdx,
			Keywords:        own,
			Nickname:        account.doc.Nickname,
			Gender:          account.doc.Gender,
			BirthYear:       account.doc.BirthYear,
			Pic:             account.doc.Pic,
			Place:           rand.Float64(),
			CreatedAt:       c.now,
			UpdatedAt:       c.now,
		}
		create(c, willsoners, before.id, &profile)
		return nil
	})
	s.outcome("register", err == nil, err)
	return profile, err
}

// ownKeywords returns the keywords with these numbers, nil if one is not the user's.
func (c *change) ownKeywords(uid string, idxs []int64) ([]life.NamedNumber, error) {
	own := []life.NamedNumber{}
	if len(idxs) == 0 {
		return own, nil
	}
	ids := make([]string, len(idxs))
	for i, idx := range idxs {
		ids[i] = life.Decimal(idx)
	}
	all, err := find(c.reader, keywords, ids...).all()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(k found[life.Keyword]) bool { return !k.exists || k.doc.UID != uid }) {
		return nil, nil
	}
	for _, k := range all {
		own = append(own, life.NamedNumber{Idx: k.doc.Idx, Name: k.doc.Name})
	}
	return own, nil
}

// Invite approves a willsoner who waits for it, and returns life.ErrNotFound for anybody
// else.
func (s *Store) Invite(ctx context.Context, uid string) (life.Profile, error) {
	var profile life.Profile
	err := s.commit(ctx, "invite", func(c *change) error {
		before, err := find(c.reader, willsoners, uidID(uid)).one()
		if err != nil {
			return err
		}
		profile = before.doc
		switch {
		case before.exists && profile.Status == life.Approved && c.isOurs(profile.UpdatedAt):
			return nil
		case !before.exists || profile.Status != life.Waiting:
			return life.ErrNotFound
		}
		profile.Status, profile.UpdatedAt = life.Approved, c.now
		replace(c, willsoners, before, &profile, "status", "updated_at")
		return nil
	})
	s.outcome("invite", err == nil, err)
	return profile, err
}
