package handlers

import (
	"strconv"
	"time"

	"willson/life"
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

func newSubcategory(topic life.Topic) subcategory {
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

func minutes(n int64) string { return strconv.FormatInt(n, 10) }

// hour and day are a time as it is shown in Seoul: HH:mm and MM월 DD일.
func hour(t time.Time) string { return t.In(life.Seoul).Format("15:04") }
func day(t time.Time) string  { return t.In(life.Seoul).Format("01월 02일") }

// A date is a time from one hour to another, in Seoul.
type date struct {
	Date       string `json:"date"`      // YYYY-MM-DD
	FromTime   string `json:"from_time"` // HH:mm, as the next
	ToTime     string `json:"to_time"`
	DateFormat string `json:"date_format"` // MM월 DD일
}

func newDate(from, to time.Time) date {
	return date{from.In(life.Seoul).Format(time.DateOnly), hour(from), hour(to), day(from)}
}

// agreedDate is when a reserved session is, nil for one that is not.
func agreedDate(m *life.Match) *date {
	if !m.IsReservation() {
		return nil
	}
	return new(newDate(m.StartsAt, m.StartsAt.Add(m.Brief.Length())))
}

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
