package standin

import (
	"fmt"
	"time"
)

// pictures is where the shipped app's pictures lie; a stored address has this
// length.
const pictures = "https://willson-v1.s3.ap-northeast-2.amazonaws.com/"

// Chatroom is a session under way as the contract lays it down, with every
// field, of about the length of the contract's example. It lasts 50 minutes
// from started on. The id is its roomkey.
func Chatroom(asker string, idx int, started time.Time) (id string, fields Fields) {
	id = fmt.Sprintf("%s_1205312339_%d", asker, started.UnixMilli())
	return id, Fields{
		"idx":           idx,
		"asker_uid":     asker,
		"willsoner_uid": "1205312339",
		"status":        "chat",
		"started_at":    started,
		"ends_at":       started.Add(50 * time.Minute),
		"concern": Fields{
			"idx":       1513,
			"nickname":  "잔나",
			"minutes":   50,
			"asker_pic": pictures + "user_image/img_profile_w.png",
		},
		"willsoner": Fields{
			"idx":          12,
			"introduction": "안녕하슈",
			"experience":   "저는 집이 잘 살다 한 순가에 무너져 압류즐이 붙고 고물을 줍고 다녔습니다",
			"nickname":     "지수카카오",
			"gender":       "F",
			"pic":          pictures + "user_image/img_profile_w.png",
			"image_pic":    pictures + "willsoner_image/willson_04.jpg",
			"subcategories": []any{
				Fields{"name": "이별", "category": "연애"},
			},
			"keywords": []any{"줍줍", "무너짐", "집"},
		},
	}
}

// Reservation is a session agreed for a later date, as Chatroom is one under
// way. The id stands for one that Firestore chose.
func Reservation(asker string, idx int, starts time.Time) (id string, fields Fields) {
	const willsoner = "xMKS6tTX55OmOevsm2mD4lfNztw1"
	return fmt.Sprintf("Rv%018d", idx), Fields{
		"idx":           idx,
		"roomkey":       asker + "_" + willsoner,
		"asker_uid":     asker,
		"willsoner_uid": willsoner,
		"status":        "reserved",
		"starts_at":     starts,
		"concern":       Fields{"minutes": 60},
		"willsoner": Fields{
			"idx":       68,
			"nickname":  "하이하이",
			"image_pic": pictures + "willsoner_image/willson_02.jpg",
		},
	}
}
