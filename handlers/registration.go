package handlers

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"

	"willson/life"
	"willson/store"
)

// A WillsonerStore keeps who counsels.
type WillsonerStore interface {
	// KeepKeywords keeps words of the caller's own. Without an account: life.ErrUserNotFound.
	KeepKeywords(ctx context.Context, uid string, categoryIdx int64, words []string) ([]life.Keyword, error)
	// Register makes the caller a willsoner who waits for approval, once.
	Register(ctx context.Context, uid string, of store.Registration) (life.Profile, error)
	// Invite approves a willsoner who waits.
	Invite(ctx context.Context, uid string) (life.Profile, error)
}

// A keywordRow is a keyword that was kept.
type keywordRow struct {
	CreatedAt   int64  `json:"created_at"` // epoch milliseconds, as the next
	UpdatedAt   int64  `json:"updated_at"`
	Idx         int64  `json:"idx"`
	Name        string `json:"name"`
	Approved    int    `json:"approved"` // always 0
	CategoryIdx int64  `json:"category_idx"`
}

// keepKeywords serves POST /api/v1/willsoner/register/keyword.
func (s *server) keepKeywords(ctx context.Context, r request) (any, error) {
	category := r.body.positive("category_idx")
	words := r.body.texts("keyword_data", 1, 10, 1, 20)
	if r.body.err != nil {
		return nil, r.body.err
	}
	if _, ok := s.Reference.Category(category); !ok {
		return nil, life.ErrNotFound
	}
	kept, err := s.Store.KeepKeywords(ctx, r.caller.UID, category, words)
	if err != nil {
		return nil, err
	}
	rows := make([]keywordRow, len(kept))
	for i, k := range kept {
		at := k.CreatedAt.UnixMilli()
		rows[i] = keywordRow{at, at, k.Idx, k.Name, 0, k.CategoryIdx}
	}
	return rows, nil
}

// A profileRow is the data of a registration.
type profileRow struct {
	AvgRating    string `json:"avg_rating"`
	ReviewCnt    int64  `json:"review_cnt"`
	LoginAt      int64  `json:"login_at"` // epoch milliseconds, as the next two
	CreatedAt    int64  `json:"created_at"`
	UpdatedAt    int64  `json:"updated_at"`
	Idx          int64  `json:"idx"`
	AskerIdx     int64  `json:"asker_idx"`
	Experience   string `json:"experience"`
	Introduction string `json:"introduction"`
	ImageIdx     int64  `json:"image_idx"`
	Status       string `json:"status,omitempty"` // of an invitation
}

func newProfileRow(p life.Profile) profileRow {
	return profileRow{
		AvgRating:    life.AvgRating(p.RatingSum, p.ReviewCount),
		ReviewCnt:    p.ReviewCount,
		LoginAt:      p.CreatedAt.UnixMilli(),
		CreatedAt:    p.CreatedAt.UnixMilli(),
		UpdatedAt:    p.UpdatedAt.UnixMilli(),
		Idx:          p.Idx,
		AskerIdx:     p.AskerIdx,
		Experience:   p.Experience,
		Introduction: p.Introduction,
		ImageIdx:     p.ImageIdx,
	}
}

// register serves POST /api/v1/willsoner/register/complete.
func (s *server) register(ctx context.Context, r request) (any, error) {
	o := r.body
	of := store.Registration{
		SubcategoryIdxs: o.positiveOrMore("subcategory_idx", 10),
		Experience:      o.trimmed("experience", 1, 1000),
		Introduction:    o.trimmed("introduction", 1, 200),
		ImageIdx:        o.positive("image_idx"),
		KeywordNames:    o.texts("keyword", 0, 10, 1, 20),
		KeywordIdx:      o.positives("keyword_idx", 0, 10),
	}
	for _, idx := range of.SubcategoryIdxs {
		sub, ok := s.Reference.Subcategory(idx)
		if !ok {
			o.fail("subcategory_idx")
		}
		if !slices.Contains(of.CategoryIdxs, sub.CategoryIdx) {
			of.CategoryIdxs = append(of.CategoryIdxs, sub.CategoryIdx)
		}
	}
	if _, ok := s.Reference.WillsonerImage(of.ImageIdx); !ok {
		o.fail("image_idx")
	}
	if o.err != nil {
		return nil, o.err
	}
	profile, err := s.Store.Register(ctx, r.caller.UID, of)
	if errors.Is(err, life.ErrUnknownKeyword) {
		return nil, invalidKey("keyword_idx")
	}
	if err != nil {
		return nil, err
	}
	return newProfileRow(profile), nil
}

// invite serves PATCH /api/v1/willsoner/register/invitation.
func (s *server) invite(ctx context.Context, r request) (any, error) {
	code := r.body.trimmed("code", 1, 100)
	if r.body.err != nil {
		return nil, r.body.err
	}
	if !s.isInvitation(code) {
		s.metrics.guesses.Inc()
		return nil, life.ErrCodeNotFound
	}
	profile, err := s.Store.Invite(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	row := newProfileRow(profile)
	row.Status = profile.Status
	return row, nil
}

// isInvitation compares a code with every invitation in constant time: how long it takes
// tells nothing of them.
func (s *server) isInvitation(code string) bool {
	given, is := sha256.Sum256([]byte(code)), 0
	for _, invitation := range s.InvitationCodes {
		wanted := sha256.Sum256([]byte(invitation))
		is |= subtle.ConstantTimeCompare(given[:], wanted[:])
	}
	return is == 1
}

// notSupported serves what needs a proof by SMS or mail, which is not offered.
func (s *server) notSupported(context.Context, request) (any, error) { return nil, errNotSupported }
