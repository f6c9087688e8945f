package handlers

import "willson/life"

// A willsoner is one in a list. The app crashes without any of it but pic: what is not
// known is "", and there is always a subcategory.
type willsoner struct {
	AvgRating     string    `json:"avg_rating"`
	Idx           int64     `json:"idx"`
	Experience    string    `json:"experience"`
	Introduction  string    `json:"introduction"`
	Asker         person    `json:"asker"`
	Subcategories []topic   `json:"subcategories"`
	Keywords      []name    `json:"keywords"`
	Image         fullImage `json:"image"`
}

// A person is what others see of somebody.
type person struct {
	Gender   string `json:"gender"` // 여, 남 or ""
	Age      string `json:"age"`
	Nickname string `json:"nickname"`
	Pic      string `json:"pic,omitempty"`
}

// A topic is a subcategory, with its category where an answer has it.
type topic struct {
	Name     string `json:"name"`
	Category *name  `json:"category,omitempty"`
}

// A fullImage is a willsoner's image with what it stands for.
type fullImage struct {
	Idx    int64  `json:"idx"`
	Name   string `json:"name"`
	Detail string `json:"detail"`
	Pic    string `json:"pic"`
}

// newWillsoner is a willsoner by card and number. withCategories says whether each
// subcategory has its category.
func newWillsoner(card *life.Card, idx int64, withCategories bool) willsoner {
	w := willsoner{
		AvgRating:    card.AvgRating,
		Idx:          idx,
		Experience:   card.Experience,
		Introduction: card.Introduction,
		Asker:        person{gender(card.Gender), card.Age, card.Nickname, card.Pic},
		Keywords:     newNames(card.Keywords),
		Image:        fullImage{Pic: card.ImagePic},
	}
	if w.AvgRating == "" {
		w.AvgRating = "0"
	}
	if kind := card.Image; kind != nil {
		w.Image = fullImage{kind.Idx, kind.Name, kind.Detail, card.ImagePic}
	}
	topics := card.Subcategories
	if len(topics) == 0 {
		topics = []life.Topic{{}}
	}
	for _, t := range topics {
		sub := topic{Name: t.Name}
		if withCategories {
			sub.Category = &name{t.Category}
		}
		w.Subcategories = append(w.Subcategories, sub)
	}
	return w
}

func newWillsoners(cards []life.Card) []willsoner {
	all := make([]willsoner, len(cards))
	for i := range cards {
		all[i] = newWillsoner(&cards[i], cards[i].Idx, false)
	}
	return all
}

// newTopic is a subcategory with its category, both always there.
func newTopic(t life.Topic) topic { return topic{t.Name, &name{t.Category}} }
