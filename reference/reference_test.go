package reference_test

import (
	"encoding/json"
	"strings"
	"testing"

	"willson/reference"
)

func load(t *testing.T) *reference.Data {
	t.Helper()
	d, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What pages of the API and the app say.
func TestKnown(t *testing.T) {
	d := load(t)
	const pics = "https://willson-v1.s3.ap-northeast-2.amazonaws.com/"
	name := func(n reference.Named, ok bool) string { return n.Name }
	subcategory := func(idx int64) string { s, _ := d.Subcategory(idx); return s.Name }
	image, _ := d.WillsonerImage(1)
	ticket, _ := d.Ticket(3)
	for _, c := range []struct{ got, want string }{
		{name(d.Category(4)), "인간관계"},
		{name(d.Feeling(2)), "행복해요"},
		{name(d.Feeling(9)), "무기력해요"},
		{name(d.Personality(4)), "감성적인"},
		{name(d.Direction(2)), "문제를 해결하고 싶어요"},
		{subcategory(1) + subcategory(2) + subcategory(3), "이별갈등썸"},
		{image.Name + image.Pic, "재치있는 타입" + pics + "willsoner_image/willson_04.jpg"},
		{ticket.Type + ticket.Amount + ticket.Price, "고민나누기 80분꿀단지 15개9,900원"},
		{d.Picture("F") + d.Picture("M") + d.Picture(""), pics + "user_image/img_profile_w.png" + pics + "user_image/img_profile_m.png"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if _, ok := d.ConcernImage(8); !ok {
		t.Error("no image 8 of concerns")
	}
}

func TestUnknownNumbers(t *testing.T) {
	d := load(t)
	known := map[string]func(int64) bool{
		"category":        func(idx int64) bool { _, ok := d.Category(idx); return ok },
		"subcategory":     func(idx int64) bool { _, ok := d.Subcategory(idx); return ok },
		"feeling":         func(idx int64) bool { _, ok := d.Feeling(idx); return ok },
		"personality":     func(idx int64) bool { _, ok := d.Personality(idx); return ok },
		"direction":       func(idx int64) bool { _, ok := d.Direction(idx); return ok },
		"willsoner image": func(idx int64) bool { _, ok := d.WillsonerImage(idx); return ok },
		"concern image":   func(idx int64) bool { _, ok := d.ConcernImage(idx); return ok },
		"ticket":          func(idx int64) bool { _, ok := d.Ticket(idx); return ok },
		"subcategories":   func(idx int64) bool { of, ok := d.SubcategoriesOf(idx); return ok || len(of) > 0 },
	}
	for list, is := range known {
		if !is(1) || is(0) || is(-1) || is(1000) {
			t.Errorf("%s: not 1 alone of 1, 0, -1, 1000", list)
		}
	}
}

func TestSubcategoriesOf(t *testing.T) {
	d := load(t)
	for _, c := range d.Categories {
		of, ok := d.SubcategoriesOf(c.Idx)
		if !ok || len(of) < 4 {
			t.Errorf("%d of %s", len(of), c.Name)
		}
		for _, s := range of {
			if s.CategoryIdx != c.Idx {
				t.Errorf("%s is of %d", s.Name, s.CategoryIdx)
			}
		}
	}
}

func TestNicknames(t *testing.T) {
	d := load(t)
	all := uint64(len(d.Adjectives) * len(d.Names))
	drawn := map[string]bool{}
	for n := range all {
		drawn[d.Nickname(n)] = true
	}
	if len(drawn) != int(all) || !drawn["수줍은 휴이"] || !drawn["담백한 어니"] {
		t.Errorf("%d nicknames of %d, 수줍은 휴이 %v", len(drawn), all, drawn["수줍은 휴이"])
	}
	if !drawn[d.Nickname(1<<64-1)] {
		t.Errorf("%q of the largest number", d.Nickname(1<<64-1))
	}
}

// Everything that is promised of the file is refused when it is broken.
func TestRefused(t *testing.T) {
	for want, spoil := range map[string]func(*reference.Data){
		"categories: 7 in place 6":          func(d *reference.Data) { d.Categories[5].Idx = 7 },
		"categories: 7 in place 7":          func(d *reference.Data) { d.Categories = append(d.Categories, reference.Named{Idx: 7, Name: "x"}) },
		"categories: 5, less than 6":        func(d *reference.Data) { d.Categories = d.Categories[:5] },
		"subcategories: 2 after 2":          func(d *reference.Data) { d.Subcategories[2].Idx = 2 },
		"subcategories: 11 after 52":        func(d *reference.Data) { d.Subcategories[7].Idx = 52 },
		"subcategories: 1 is of category 9": func(d *reference.Data) { d.Subcategories[0].CategoryIdx = 9 },
		"subcategories: 3 of category 6": func(d *reference.Data) {
			d.Subcategories[len(d.Subcategories)-5+3-1].CategoryIdx = 5
			d.Subcategories[len(d.Subcategories)-1].CategoryIdx = 5
		},
		"a name twice in category 1":          func(d *reference.Data) { d.Subcategories[1].Name = d.Subcategories[0].Name },
		"feelings: 8, less than 9":            func(d *reference.Data) { d.Feelings = d.Feelings[:8] },
		"personalities: 7, less than 8":       func(d *reference.Data) { d.Personalities = d.Personalities[:7] },
		"directions: 0 after 0":               func(d *reference.Data) { d.Directions[0].Idx = 0 },
		"willsoner_images: 4, less than 5":    func(d *reference.Data) { d.WillsonerImages = d.WillsonerImages[:4] },
		"concern_images: 1 after 1":           func(d *reference.Data) { d.ConcernImages[1].Idx = 1 },
		"tickets: 2, less than 3":             func(d *reference.Data) { d.Tickets = d.Tickets[:2] },
		"tickets: 4 in place 3":               func(d *reference.Data) { d.Tickets[2].Idx = 4 },
		`tickets: "고민나누기 30분" for 50 minutes`: func(d *reference.Data) { d.Tickets[0].Minutes = 50 },
		`tickets: "고민나누기 0분" for 0 minutes`:   func(d *reference.Data) { d.Tickets[0].Minutes, d.Tickets[0].Type = 0, "고민나누기 0분" },
		`tickets: "꿀단지 10개" for 7 pots`:       func(d *reference.Data) { d.Tickets[1].Pots = 7 },
		`tickets: "꿀단지 0개" for 0 pots`:        func(d *reference.Data) { d.Tickets[1].Pots, d.Tickets[1].Amount = 0, "꿀단지 0개" },
		"landings: none":                      func(d *reference.Data) { d.Landings = nil },
		`.Landings[1].Btn: ""`:                func(d *reference.Data) { d.Landings[1].Btn = "" },
		`.Pictures.M: ""`:                     func(d *reference.Data) { d.Pictures.M = "" },
		`.WillsonerImages[0].Named.Name: " "`: func(d *reference.Data) { d.WillsonerImages[0].Name = " " },
		"adjectives: 59, less than 60":        func(d *reference.Data) { d.Adjectives = d.Adjectives[:59] },
		"names: a word twice":                 func(d *reference.Data) { d.Names[1] = d.Names[0] },
		"is too long":                         func(d *reference.Data) { d.Names[1] = strings.Repeat("가", 10) },
	} {
		d := load(t)
		spoil(d)
		file, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reference.Parse(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := reference.Parse([]byte(`{"feeling": []}`)); err == nil || !strings.Contains(err.Error(), `"feeling"`) {
		t.Errorf("an unknown list: error %v", err)
	}
}
