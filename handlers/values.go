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

// A name is always there, if only as "".
type name struct {
	Name string `json:"name"`
}

// newNames makes objects of strings, but for empty ones.
func newNames(all []string) []name {
	names := make([]name, 0, len(all))
	for _, n := range all {
		if n != "" {
			names = append(names, name{n})
		}
	}
	return names
}

// namesOfNumbers makes objects of the names alone.
func namesOfNumbers(all []life.NamedNumber) []name {
	names := make([]name, len(all))
	for i, n := range all {
		names[i].Name = n.Name
	}
	return names
}

// A subcategory has its name, and its category, where they are known.
type subcategory struct {
	Name     string `json:"name,omitempty"`
	Category *name  `json:"category,omitempty"`
}

func newSubcategory(topic life.Topic) subcategory {
	s := subcategory{Name: topic.Name}
	if topic.Category != "" {
		s.Category = &name{topic.Category}
	}
	return s
}

func minutes(n int64) string { return strconv.FormatInt(n, 10) }

// hour and day are a time as it is shown in Seoul: HH:mm and MM월 DD일.
func hour(t time.Time) string { return t.In(life.Seoul).Format("15:04") }
func day(t time.Time) string  { return t.In(life.Seoul).Format("01월 02일") }

// A sessionDate is when a session begins, in Seoul.
type sessionDate struct {
	FromTime   string `json:"from_time"`   // HH:mm
	DateFormat string `json:"date_format"` // MM월 DD일
}

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
