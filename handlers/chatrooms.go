package handlers

import (
	"net/http"
	"strconv"

	"willson/store"
)

// chatroomsData is the data of the asker's list. Its fields, their order and what is
// left out are the app's contract: see openapi.yaml and testdata.
type chatroomsData struct {
	Count   int          `json:"count"`
	Ing     []ingRow     `json:"ing"`
	Reserve []reserveRow `json:"reserve"`
}

// An ingRow is a session under way.
type ingRow struct {
	Idx       int64        `json:"idx"`
	Roomkey   string       `json:"roomkey"`
	Concern   ingConcern   `json:"concern"`
	Willsoner ingWillsoner `json:"willsoner"`
	Start     int64        `json:"start"` // epoch milliseconds
}

type ingConcern struct {
	Nickname string `json:"nickname,omitempty"`
	Time     string `json:"time"` // minutes
	Idx      *int64 `json:"idx,omitempty"`
	Asker    struct {
		Pic string `json:"pic,omitempty"`
		ID  string `json:"id"`
	} `json:"asker"`
}

type ingWillsoner struct {
	Idx          *int64 `json:"idx,omitempty"`
	Introduction string `json:"introduction,omitempty"`
	Experience   string `json:"experience,omitempty"`
	Asker        struct {
		Gender   string `json:"gender,omitempty"`
		Pic      string `json:"pic,omitempty"`
		Nickname string `json:"nickname,omitempty"`
	} `json:"asker"`
	Image         image         `json:"image"`
	Subcategories []subcategory `json:"subcategories"`
	Keywords      []named       `json:"keywords"`
}

type image struct {
	Pic string `json:"pic,omitempty"`
}

type named struct {
	Name string `json:"name,omitempty"`
}

type subcategory struct {
	named
	Category *named `json:"category,omitempty"`
}

// A reserveRow is a reserved session.
type reserveRow struct {
	Idx     int64  `json:"idx"`
	Roomkey string `json:"roomkey"`
	Concern struct {
		Time string `json:"time"` // minutes
	} `json:"concern"`
	Willsoner struct {
		Idx   *int64 `json:"idx,omitempty"`
		Asker struct {
			Nickname string `json:"nickname,omitempty"`
			ID       string `json:"id,omitempty"`
		} `json:"asker"`
		Image image `json:"image"`
	} `json:"willsoner"`
	Date struct {
		FromTime   string `json:"from_time"`   // HH:mm in Seoul
		DateFormat string `json:"date_format"` // MM월 DD일 in Seoul
	} `json:"date"`
}

// chatrooms serves GET /api/v1/asker/chat/chatrooms.
func (s *server) chatrooms(w http.ResponseWriter, r *http.Request, askerUID string) error {
	sessions, err := s.Store.Sessions(r.Context(), askerUID)
	if err != nil {
		return err
	}
	data := chatroomsData{
		Count:   len(sessions.UnderWay) + len(sessions.Reserved),
		Ing:     make([]ingRow, len(sessions.UnderWay)),
		Reserve: make([]reserveRow, len(sessions.Reserved)),
	}
	for i := range sessions.UnderWay {
		data.Ing[i] = newIngRow(&sessions.UnderWay[i])
	}
	for i := range sessions.Reserved {
		data.Reserve[i] = s.newReserveRow(&sessions.Reserved[i])
	}
	return success(w, r, &data)
}

func newIngRow(room *store.Chatroom) ingRow {
	row := ingRow{
		Idx:     room.Idx,
		Roomkey: room.Roomkey,
		Concern: ingConcern{
			Nickname: room.Concern.Nickname,
			Time:     minutes(room.Concern.Minutes),
			Idx:      room.Concern.Idx,
		},
		Willsoner: ingWillsoner{
			Idx:           room.Willsoner.Idx,
			Introduction:  room.Willsoner.Introduction,
			Experience:    room.Willsoner.Experience,
			Image:         image{room.Willsoner.ImagePic},
			Subcategories: make([]subcategory, len(room.Willsoner.Subcategories)),
			Keywords:      make([]named, len(room.Willsoner.Keywords)),
		},
		Start: room.StartedAt.UnixMilli(),
	}
	row.Concern.Asker.Pic = room.Concern.AskerPic
	row.Concern.Asker.ID = room.AskerUID
	row.Willsoner.Asker.Gender = gender(room.Willsoner.Gender)
	row.Willsoner.Asker.Pic = room.Willsoner.Pic
	row.Willsoner.Asker.Nickname = room.Willsoner.Nickname
	for i, topic := range room.Willsoner.Subcategories {
		row.Willsoner.Subcategories[i].Name = topic.Name
		if topic.Category != "" {
			row.Willsoner.Subcategories[i].Category = &named{topic.Category}
		}
	}
	for i, keyword := range room.Willsoner.Keywords {
		row.Willsoner.Keywords[i].Name = keyword
	}
	return row
}

func (s *server) newReserveRow(reservation *store.Reservation) reserveRow {
	row := reserveRow{Idx: reservation.Idx, Roomkey: reservation.Roomkey}
	row.Concern.Time = minutes(reservation.Minutes)
	row.Willsoner.Idx = reservation.Willsoner.Idx
	row.Willsoner.Asker.Nickname = reservation.Willsoner.Nickname
	row.Willsoner.Asker.ID = reservation.WillsonerUID
	row.Willsoner.Image.Pic = reservation.Willsoner.ImagePic
	starts := reservation.StartsAt.In(s.seoul)
	row.Date.FromTime = starts.Format("15:04")
	row.Date.DateFormat = starts.Format("01월 02일")
	return row
}

func minutes(n int64) string { return strconv.FormatInt(n, 10) }

// gender is "" for what is neither F nor M.
func gender(stored string) string {
	switch stored {
	case "F":
		return "여"
	case "M":
		return "남"
	}
	return ""
}
