package handlers

import (
	"context"
	"slices"

	"willson/store"
)

// A FeedbackStore keeps what askers say of sessions.
type FeedbackStore interface {
	// ReviewImages returns at least one, ascending by idx.
	ReviewImages(ctx context.Context) ([]store.ReviewImage, error)
	// Review keeps the review of review.AskerUID, once: then it returns store.ErrReviewExists.
	Review(ctx context.Context, review store.Review) (store.Review, error)
	// Report keeps copies of messages, of all or of none.
	Report(ctx context.Context, askerUID string, matchIdx int64, messageIDs []string) error
}

// A reviewImage is one of the pictures that a review is given under.
type reviewImage struct {
	Idx    int64  `json:"idx"`
	Name   string `json:"name"`
	Detail string `json:"detail"`
	Pic    string `json:"pic"`
}

// reviewImages serves GET /api/v1/asker/chat/review/image.
func (s *server) reviewImages(ctx context.Context, _ request) (any, error) {
	images, err := s.Store.ReviewImages(ctx)
	if err != nil {
		return nil, err
	}
	data := make([]reviewImage, len(images))
	for i, image := range images {
		data[i] = reviewImage(image)
	}
	return data, nil
}

// A keptReview is a review as it was kept.
type keptReview struct {
	CreatedAt int64   `json:"created_at"` // epoch milliseconds, as the next
	UpdatedAt int64   `json:"updated_at"`
	Title     *string `json:"title"`
	Idx       int64   `json:"idx"`
	MatchIdx  int64   `json:"match_idx"`
	Content   *string `json:"content"`
	Rating    float64 `json:"rating"`
	ImageIdx  int64   `json:"image_idx"`
}

// review serves POST /api/v1/asker/chat/review and POST /api/v2/asker/chat/review.
func (s *server) review(ctx context.Context, r request) (any, error) {
	kept, err := s.keepReview(ctx, r)
	if err != nil {
		return nil, err
	}
	return keptReview{
		CreatedAt: kept.CreatedAt.UnixMilli(),
		UpdatedAt: kept.CreatedAt.UnixMilli(),
		Title:     orNull(kept.Title),
		Idx:       kept.MatchIdx,
		MatchIdx:  kept.MatchIdx,
		Content:   orNull(kept.Content),
		Rating:    kept.Rating,
		ImageIdx:  kept.ImageIdx,
	}, nil
}

// reviewComplete serves POST /api/v1/asker/chat/review/complete. The app cannot decode a
// review whose rating has a fraction or whose title is null, so it gets none.
func (s *server) reviewComplete(ctx context.Context, r request) (any, error) {
	_, err := s.keepReview(ctx, r)
	return nil, err
}

func (s *server) keepReview(ctx context.Context, r request) (store.Review, error) {
	o := r.body
	o.required("content")
	review := store.Review{
		AskerUID: r.caller.UID,
		MatchIdx: o.positiveOrOne("match_idx"),
		Rating:   o.rating("rating"),
		Content:  o.text("content", 1000),
		ImageIdx: o.positive("image_idx"),
		Title:    o.text("title", 100),
	}
	keywords, older := o.integers("keyword_idx", 20), o.integers("keywords", 20)
	if review.KeywordIdx = keywords; !o.has("keyword_idx") {
		review.KeywordIdx = older
	}
	if o.err != nil {
		return store.Review{}, o.err
	}
	r.noteMatch(review.MatchIdx)
	return s.Store.Review(ctx, review)
}

// report serves POST /api/v1/asker/chat/report/{match_idx}.
func (s *server) report(ctx context.Context, r request) (any, error) {
	o := r.body
	ids := array[string](o, "reports", 100)
	isNone := func(id string) bool { return slices.Contains([]string{"", "start", "intro", "end"}, id) }
	if len(ids) == 0 || slices.ContainsFunc(ids, isNone) {
		o.fail("reports")
	}
	if o.err != nil {
		return nil, o.err
	}
	if err := s.Store.Report(ctx, r.caller.UID, r.matchIdx, ids); err != nil {
		return nil, err
	}
	return whole{envelope{Code: "successfully_updated", Message: "Successfully updated."}}, nil
}

// orNull is nil for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
