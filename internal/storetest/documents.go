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

// Paid is a realtime concern of 50 minutes for 7 pots, paid for the first time at that time.
func Paid(idx int64, askerUID string, at time.Time) life.Concern {
	c := life.Concern{
		Idx:            idx,
		AskerUID:       askerUID,
		AskerIdx:       1,
		Type:           life.Realtime,
		Status:         life.Unpaid,
		Subcategory:    life.Subcategory{Idx: 3, Name: "갈등", CategoryIdx: 1, Category: "연애"},
		Feelings:       []life.NamedNumber{{Idx: 1, Name: "불쾌한"}},
		Personalities:  []life.NamedNumber{{Idx: 1, Name: "차분한"}},
		Direction:      life.NamedNumber{Idx: 1, Name: "공감"},
		Content:        "연애 고민이에요",
		WilGender:      life.AnyGender,
		Nickname:       "수줍은 휴이",
		AskerGender:    "F",
		AskerBirthYear: 1996,
		CreatedAt:      at,
		UpdatedAt:      at,
	}
	c.Pay(2, 50, 7, at)
	return c
}

// Offered is an offer on a concern that was paid for.
func Offered(idx int64, c life.Concern, willsonerUID string, at time.Time) life.Match {
	m := c.Sent(idx, &life.Profile{Idx: 193, UID: willsonerUID}, at)
	m.Offer(c.Brief(pictures+"user_image/img_profile_w.png", at), Waiting(idx, c.AskerUID, willsonerUID).Card, time.Time{}, 0, at)
	return m
}

// Account is an account that was given so many pots, and the line of its ledger.
func Account(uid string, pots int64, at time.Time) (life.Account, life.LedgerLine) {
	a := life.Account{Idx: 1, UID: uid, Social: "email", Nickname: "지수카카오", LoginAt: at, CreatedAt: at, UpdatedAt: at}
	line, _ := a.Give(pots, at)
	return a, line
}

// Profile is a willsoner who counsels in the category of Paid.
func Profile(uid string, at time.Time) life.Profile {
	return life.Profile{
		Idx: 193, UID: uid, AskerIdx: 2, Status: life.Approved, CategoryIdxs: []int64{1}, SubcategoryIdxs: []int64{3},
		Experience: "고물을 줍고 다녔습니다", Introduction: "안녕하슈", ImageIdx: 1, Nickname: "답변자143", Gender: "M", CreatedAt: at, UpdatedAt: at,
	}
}

// At makes a match a reservation for that hour.
func At(starts time.Time) func(*life.Match) {
	return func(m *life.Match) { m.StartsAt = starts }
}

// Path is where a match is stored.
func Path(idx int64) string { return "matches/" + strconv.FormatInt(idx, 10) }
