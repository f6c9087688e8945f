package handlers

import (
	"context"
	"math/rand/v2"
	"time"

	"willson/life"
	"willson/reference"
)

// A ConcernStore keeps what askers want to talk about, and knows who may listen.
type ConcernStore interface {
	// Write keeps a concern that is not paid for. Without an account: life.ErrUserNotFound.
	Write(ctx context.Context, concern life.Concern) (life.Concern, error)
	// Willsoners returns the best rated of a category, 0 for all, at most ten.
	Willsoners(ctx context.Context, categoryIdx int64) ([]life.Card, error)
}

// A concernRow is the data of a concern that was written or paid for.
type concernRow struct {
	Nickname       string `json:"nickname"`
	CreatedAt      int64  `json:"created_at"` // epoch milliseconds, as the next
	UpdatedAt      int64  `json:"updated_at"`
	Idx            int64  `json:"idx"`
	Content        string `json:"content"`
	WilGender      string `json:"wil_gender"`
	Type           string `json:"type"`
	Time           string `json:"time"` // minutes, "" until it is paid for
	Status         string `json:"status"`
	MatchCnt       int64  `json:"match_cnt"`
	AskerIdx       int64  `json:"asker_idx"`
	SubcategoryIdx int64  `json:"subcategory_idx"`
	DirectionIdx   int64  `json:"direction_idx"`
	ImageIdx       int64  `json:"image_idx,omitempty"`
	Timer          int64  `json:"timer,omitempty"` // epoch milliseconds: realtime, once it is paid for
}

func newConcernRow(c life.Concern) concernRow {
	row := concernRow{
		Nickname:       c.Nickname,
		CreatedAt:      c.CreatedAt.UnixMilli(),
		UpdatedAt:      c.UpdatedAt.UnixMilli(),
		Idx:            c.Idx,
		Content:        c.Content,
		WilGender:      c.WilGender,
		Type:           c.Type,
		Time:           bought(c.Minutes),
		Status:         c.Status,
		MatchCnt:       c.MatchCnt,
		AskerIdx:       c.AskerIdx,
		SubcategoryIdx: c.Subcategory.Idx,
		DirectionIdx:   c.Direction.Idx,
		ImageIdx:       c.ImageIdx,
	}
	if c.Status == life.Init && c.Type == life.Realtime {
		row.Timer = c.Timer.UnixMilli()
	}
	return row
}

// bought is how many minutes were bought, "" for none.
func bought(n int64) string {
	if n == 0 {
		return ""
	}
	return minutes(n)
}

// writeConcern serves POST /api/v1/asker/request/complete, writeConcernV2 the same of v2.
func (s *server) writeConcern(ctx context.Context, r request) (any, error) {
	return s.write(ctx, r, false)
}

func (s *server) writeConcernV2(ctx context.Context, r request) (any, error) {
	return s.write(ctx, r, true)
}

// maxContent bounds a concern, in characters: 300 of the app's can be that many code points.
const maxContent = 4000

func (s *server) write(ctx context.Context, r request, v2 bool) (any, error) {
	o := r.body
	concern := life.Concern{
		AskerUID:    r.caller.UID,
		Subcategory: s.subcategory(o),
		Feelings:    known(o, "feeling_idx", 1, 10, s.Reference.Feeling),
		Content:     o.trimmed("content", 1, maxContent),
		Type:        o.oneOf("type", life.Realtime, life.Reserve),
		Nickname:    s.Reference.Nickname(rand.Uint64()),
	}
	if v2 {
		image, ok := s.Reference.ConcernImage(o.positive("image_idx"))
		if !ok {
			o.fail("image_idx")
		}
		concern.ImageIdx = image.Idx
	} else {
		concern.Personalities = known(o, "personality_idx", 0, 10, s.Reference.Personality)
	}
	direction, ok := s.Reference.Direction(o.positive("direction_idx"))
	if !ok {
		o.fail("direction_idx")
	}
	concern.Direction = life.NamedNumber(direction)
	concern.WilGender = o.oneOfAnyCase("wil_gender", life.AnyGender, "F", "M")
	if concern.Type == life.Reserve {
		concern.Windows = windows(o, s.Now())
	}
	if o.err != nil {
		return nil, o.err
	}
	kept, err := s.Store.Write(ctx, concern)
	if err != nil {
		return nil, err
	}
	r.noteConcern(kept.Idx)
	return newConcernRow(kept), nil
}

// subcategory reads a known subcategory.
func (s *server) subcategory(o *object) life.Subcategory {
	sub, ok := s.Reference.Subcategory(o.positive("subcategory_idx"))
	if !ok {
		o.fail("subcategory_idx")
		return life.Subcategory{}
	}
	category, _ := s.Reference.Category(sub.CategoryIdx)
	return life.Subcategory{Idx: sub.Idx, Name: sub.Name, CategoryIdx: category.Idx, Category: category.Name}
}

// known reads numbers of the reference data.
func known(o *object, key string, least, most int, of func(int64) (reference.Named, bool)) []life.NamedNumber {
	var all []life.NamedNumber
	for _, idx := range o.positives(key, least, most) {
		n, ok := of(idx)
		if !ok {
			o.fail(key)
		}
		all = append(all, life.NamedNumber(n))
	}
	return all
}

// farthest is how far ahead a window may end.
const farthest = 60 * 24 * time.Hour

// windows reads the two windows of a reserved concern.
func windows(o *object, now time.Time) []life.Window {
	var both []life.Window
	for _, of := range []string{"from", "to"} {
		day := o.day(of+"_date", life.Seoul)
		w := life.Window{From: o.hour(of+"_time_from", day), To: o.hour(of+"_time_to", day)}
		if o.err == nil && (!w.To.After(w.From) || !w.To.After(now) || w.To.After(now.Add(farthest))) {
			o.fail(of + "_time_to")
		}
		both = append(both, w)
	}
	return both
}
