// Package storetest is for the tests of what is done with sessions: documents to begin
// with, and the invariants that hold whatever was done.
package storetest

import (
	"strconv"
	"time"

	"willson/life"
)

const pictures = "https://willson-v1.s3.ap-northeast-2.amazonaws.com/"

// Waiting is a match that waits for its asker, with every field but starts_at.
func Waiting(idx int64, askerUID, willsonerUID string, edits ...func(*life.Match)) life.Match {
	created := time.Date(2020, 10, 20, 14, 43, 32, 0, time.UTC)
	m := life.Match{
		Idx:          idx,
		ConcernIdx:   idx + 1_000_000, // each its own
		WillsonerIdx: 193,
		AskerUID:     askerUID,
		WillsonerUID: willsonerUID,
		Status:       life.Waiting,
		Brief: life.Brief{
			Minutes:     50,
			Nickname:    "잔나",
			Content:     "연애 고민이에요",
			AskerPic:    pictures + "user_image/img_profile_w.png",
			AskerGender: "F",
			Subcategory: &life.Topic{Name: "갈등", Category: "연애"},
			Feelings:    []string{"불쾌한", "우울한"},
		},
		Card: life.Card{
			Introduction:  "안녕하슈",
			Experience:    "고물을 줍고 다녔습니다",
			Nickname:      "답변자143",
			Gender:        "M",
			Age:           "20대 후반",
			AvgRating:     "4.9",
			Pic:           pictures + "user_image/img_profile_m.png",
			ImagePic:      pictures + "willsoner_image/willson_04.jpg",
			Subcategories: []life.Topic{{Name: "이별", Category: "연애"}},
			Keywords:      []string{"줍줍", "집"},
		},
		DateIdx:   new(int64(7)),
		Score:     56,
		CreatedAt: created,
		UpdatedAt: created,
	}
	for _, edit := range edits {
		edit(&m)
	}
	return m
}

// At makes a match a reservation for that hour.
func At(starts time.Time) func(*life.Match) {
	return func(m *life.Match) { m.StartsAt = starts }
}

// Path is where a match is stored.
func Path(idx int64) string { return "matches/" + strconv.FormatInt(idx, 10) }
