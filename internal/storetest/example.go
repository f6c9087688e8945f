package storetest

import (
	"time"

	"willson/store"
)

// ExampleAsker is the asker of Example.
const ExampleAsker = "SrIE0U2lHWcbtJvBFl3cXClRsY02"

// Example is what has to be stored for the contract's example of an asker's list to be
// answered.
func Example() store.Sessions {
	reserved := func(idx, minutes, card int64, nickname, uid, pair string, starts time.Time) store.Reservation {
		return store.Reservation{
			Idx:          idx,
			Roomkey:      "WbSC96eYyuXfdPvAmkj8cjVOf002_" + pair,
			AskerUID:     ExampleAsker,
			WillsonerUID: uid,
			Status:       store.Reserved,
			StartsAt:     starts,
			Concern:      store.Concern{Minutes: minutes},
			Card:         store.Card{Idx: card, Nickname: nickname, ImagePic: pictures + "willsoner_image/willson_02.jpg"},
		}
	}
	return store.Sessions{
		UnderWay: []store.Chatroom{{
			Idx:          20455,
			Roomkey:      ExampleAsker + "_1205312339_1605077440300",
			AskerUID:     ExampleAsker,
			WillsonerUID: "1205312339",
			Status:       store.Chat,
			StartedAt:    time.UnixMilli(1605077440300),
			Concern:      store.Concern{Idx: 1513, Minutes: 50, Nickname: "잔나", AskerPic: pictures + "user_image/img_profile_w.png"},
			Card: store.Card{
				Idx:           12,
				Introduction:  "안녕하슈",
				Experience:    "저는 집이 잘 살다 한 순가에 무너져 압류즐이 붙고 고물을 줍고 다녔습니다",
				Nickname:      "지수카카오",
				Gender:        "F",
				Pic:           pictures + "user_image/img_profile_w.png",
				ImagePic:      pictures + "willsoner_image/willson_04.jpg",
				Subcategories: []store.Topic{{Name: "이별", Category: "연애"}},
				Keywords:      []string{"줍줍", "무너짐", "집"},
			},
		}},
		Reserved: []store.Reservation{
			reserved(669, 60, 68, "하이하이", "xMKS6tTX55OmOevsm2mD4lfNztw1", "nKYHjlI9yneHWlhbyAObhPvXDw43", time.Date(2021, 3, 19, 13, 0, 0, 0, time.UTC)),
			reserved(670, 120, 68, "하이하이", "", "nKYHjlI9yneHWlhbyAObhPvXDw43", time.Date(2021, 3, 20, 9, 0, 0, 0, time.UTC)),
			reserved(671, 120, 2, "test6", "", "43F9C9XlK9Wyln44lACF7G0JJYV2", time.Date(2021, 3, 19, 11, 0, 0, 0, time.UTC)),
		},
	}
}
