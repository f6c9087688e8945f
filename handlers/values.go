package handlers

import (
	"strconv"
	"time"

	"willson/store"
)

// What several answers are made of.

type image struct {
	Pic string `json:"pic,omitempty"`
}

// A requiredImage has its pic always: the app's list cannot do without.
type requiredImage struct {
	Pic string `json:"pic"`
}

type named struct {
	Name string `json:"name,omitempty"`
}

type subcategory struct {
	named
	Category *named `json:"category,omitempty"`
}

func newSubcategory(topic store.Topic) subcategory {
	s := subcategory{named: named{topic.Name}}
	if topic.Category != "" {
		s.Category = &named{topic.Category}
	}
	return s
}

// names makes objects of strings, but for empty ones.
func names(all []string) []named {
	objects := make([]named, 0, len(all))
	for _, name := range all {
		if name != "" {
			objects = append(objects, named{name})
		}
	}
	return objects
}

// A sessionDate is when a session begins, in Seoul.
type sessionDate struct {
	FromTime   string `json:"from_time"`   // HH:mm
	DateFormat string `json:"date_format"` // MM월 DD일
}

func minutes(n int64) string { return strconv.FormatInt(n, 10) }

// hour and day are a time as it is shown in Seoul: HH:mm and MM월 DD일.
func (s *server) hour(t time.Time) string { return t.In(s.seoul).Format("15:04") }
func (s *server) day(t time.Time) string  { return t.In(s.seoul).Format("01월 02일") }

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

// flag is how the API writes a boolean.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
