// Package reference holds what is the same for everybody and changes only with the app:
// the categories and feelings that its forms offer, tickets, pictures, and the words of
// nicknames. It is one file, reference.json, compiled into the binary, so that it costs
// no read and cannot be missing.
//
// Where the lists come from; entries that are not named here were written for this
// product, and so were all texts and pictures of the landings:
//
//   - categories: fixed in the shipped app, which sends a category's place as its number
//   - subcategories: 1 to 3 from pages of the API, 4 to 8 from a comment in the app; each
//     category has ten numbers to itself, so that it can grow and keep its order
//   - feelings: 1 to 9 in the order of a comment in the app, 10 to 12 from pages of the API
//   - personalities: 1 to 4 from a comment in the app, 5 to 8 from its screens
//   - directions: a comment in the app
//   - images of willsoners: 1 and 2 from pages of the API, with their pictures and their
//     spelling; the names of 3 to 5 from a comment in the app
//   - images of concerns: the first name, and that there is an 8, from pages of the API
//   - tickets: minutes, pots and their texts from pages of the API; prices from an older
//     page, where the second and third ticket gave other pots
//   - default pictures of users: pages of the API
//   - words of nicknames: 수줍은, 담백한, 휴이, 어니, 루시 from nicknames on those pages
//
// A number may be in documents and in apps for good: an entry is renamed or added, never
// renumbered or taken away.
package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed reference.json
var file []byte

// Data is all of the file, as Load returns it: every list but the landings and the words
// is in ascending order of its numbers. It is shared by everybody who reads it, and
// nobody changes it.
type Data struct {
	Categories      []Named       `json:"categories"`
	Subcategories   []Subcategory `json:"subcategories"`
	Feelings        []Named       `json:"feelings"`
	Personalities   []Named       `json:"personalities"`
	Directions      []Named       `json:"directions"`
	WillsonerImages []Image       `json:"willsoner_images"`
	ConcernImages   []Image       `json:"concern_images"` // a set of its own, with its own numbers
	Tickets         []Ticket      `json:"tickets"`
	Landings        []Landing     `json:"landings"`
	Pictures        Pictures      `json:"pictures"`
	Adjectives      []string      `json:"adjectives"`
	Names           []string      `json:"names"`
}

// A Named is a number and what it stands for, to be read by people.
type Named struct {
	Idx  int64  `json:"idx"`
	Name string `json:"name"`
}

// A Subcategory belongs to one category. Its number is unique over all categories, its
// name within its own.
type Subcategory struct {
	Named
	CategoryIdx int64 `json:"category_idx"`
}

// An Image is a picture to choose, with its address.
type Image struct {
	Named
	Detail string `json:"detail"`
	Pic    string `json:"pic"`
}

// A Ticket is a talk of so many minutes for so many pots. The texts say the same: Type
// the minutes, Amount the pots. Price is what the pots cost, in won.
type Ticket struct {
	Idx     int64  `json:"idx"`
	Minutes int64  `json:"minutes"`
	Pots    int64  `json:"pots"`
	Type    string `json:"type"`
	Amount  string `json:"amount"`
	Price   string `json:"price"`
}

// A Landing is a page of the home screen: its text, its picture and its button.
type Landing struct {
	Copy string `json:"copy"`
	Pic  string `json:"pic"`
	Btn  string `json:"btn"`
}

// Pictures are the addresses of users' default pictures, by gender.
type Pictures struct {
	F string `json:"F"`
	M string `json:"M"`
}

// Load returns the data of the file. The error says everything that is wrong with it.
func Load() (*Data, error) { return parse(file) }

func parse(file []byte) (*Data, error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	var d Data
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("reference.json: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("reference.json:\n%w", err)
	}
	return &d, nil
}

// Category, and each look-up that follows, returns the entry with that number and whether
// there is one.
func (d *Data) Category(idx int64) (Named, bool)          { return find(d.Categories, idx) }
func (d *Data) Subcategory(idx int64) (Subcategory, bool) { return find(d.Subcategories, idx) }
func (d *Data) Feeling(idx int64) (Named, bool)           { return find(d.Feelings, idx) }
func (d *Data) Personality(idx int64) (Named, bool)       { return find(d.Personalities, idx) }
func (d *Data) Direction(idx int64) (Named, bool)         { return find(d.Directions, idx) }
func (d *Data) WillsonerImage(idx int64) (Image, bool)    { return find(d.WillsonerImages, idx) }
func (d *Data) ConcernImage(idx int64) (Image, bool)      { return find(d.ConcernImages, idx) }
func (d *Data) Ticket(idx int64) (Ticket, bool)           { return find(d.Tickets, idx) }

// SubcategoriesOf returns the subcategories of a category, in ascending order, and
// whether there is such a category.
func (d *Data) SubcategoriesOf(categoryIdx int64) ([]Subcategory, bool) {
	var of []Subcategory
	for _, s := range d.Subcategories {
		if s.CategoryIdx == categoryIdx {
			of = append(of, s)
		}
	}
	return of, len(of) > 0
}

// Nickname returns the nickname that n stands for, an adjective and a name, of at most
// maxNickname characters. Random numbers give every combination as often as any other.
func (d *Data) Nickname(n uint64) string {
	adjectives, names := uint64(len(d.Adjectives)), uint64(len(d.Names))
	return d.Adjectives[n%adjectives] + " " + d.Names[n/adjectives%names]
}

// Picture returns the address of the default picture for a gender, F or M, and "" for
// anything else.
func (d *Data) Picture(gender string) string {
	switch gender {
	case "F":
		return d.Pictures.F
	case "M":
		return d.Pictures.M
	}
	return ""
}

// A numbered is an entry of a list with numbers.
type numbered interface{ number() int64 }

func (n Named) number() int64  { return n.Idx }
func (t Ticket) number() int64 { return t.Idx }

func find[T numbered](list []T, idx int64) (found T, ok bool) {
	if i := slices.IndexFunc(list, func(e T) bool { return e.number() == idx }); i >= 0 {
		return list[i], true
	}
	return found, false
}
