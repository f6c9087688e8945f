package reference

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	categories    = 6  // the app has these in its code
	subcategories = 4  // of each category, at least
	words         = 60 // of each kind, at least: two concerns rarely share a nickname

	// maxNickname is how long an account's nickname may be, which can be drawn from the
	// words too.
	maxNickname = 20
)

// check returns everything that is wrong with d.
func (d *Data) check() error {
	wrong := errors.Join(
		ascending("categories", d.Categories, categories),
		ascending("subcategories", d.Subcategories, categories*subcategories),
		ascending("feelings", d.Feelings, 9),
		ascending("personalities", d.Personalities, 8),
		ascending("directions", d.Directions, 3),
		ascending("willsoner_images", d.WillsonerImages, 5),
		ascending("concern_images", d.ConcernImages, 8),
		ascending("tickets", d.Tickets, 3),
		blank("", reflect.ValueOf(*d)),
	)
	if len(d.Landings) == 0 {
		wrong = errors.Join(wrong, errors.New("landings: none"))
	}
	// The app counts categories and tickets by their places.
	for i, c := range d.Categories {
		if c.Idx != int64(i+1) || i >= categories {
			wrong = errors.Join(wrong, fmt.Errorf("categories: %d in place %d of %d", c.Idx, i+1, categories))
		}
		of, _ := d.SubcategoriesOf(c.Idx)
		if len(of) < subcategories {
			wrong = errors.Join(wrong, fmt.Errorf("subcategories: %d of category %d", len(of), c.Idx))
		}
		if !distinct(of, func(s Subcategory) string { return s.Name }) {
			wrong = errors.Join(wrong, fmt.Errorf("subcategories: a name twice in category %d", c.Idx))
		}
	}
	for _, s := range d.Subcategories {
		if _, ok := d.Category(s.CategoryIdx); !ok {
			wrong = errors.Join(wrong, fmt.Errorf("subcategories: %d is of category %d", s.Idx, s.CategoryIdx))
		}
	}
	for i, t := range d.Tickets {
		if t.Idx != int64(i+1) {
			wrong = errors.Join(wrong, fmt.Errorf("tickets: %d in place %d", t.Idx, i+1))
		}
		if t.Minutes <= 0 || !strings.HasSuffix(t.Type, " "+strconv.FormatInt(t.Minutes, 10)+"분") {
			wrong = errors.Join(wrong, fmt.Errorf("tickets: %q for %d minutes", t.Type, t.Minutes))
		}
		if t.Pots <= 0 || !strings.HasSuffix(t.Amount, " "+strconv.FormatInt(t.Pots, 10)+"개") {
			wrong = errors.Join(wrong, fmt.Errorf("tickets: %q for %d pots", t.Amount, t.Pots))
		}
	}
	return errors.Join(wrong, checkWords("adjectives", d.Adjectives), checkWords("names", d.Names))
}

// ascending returns what is wrong with the numbers of a list, each of which has to be
// above the one before.
func ascending[T numbered](name string, list []T, atLeast int) error {
	if len(list) < atLeast {
		return fmt.Errorf("%s: %d, less than %d", name, len(list), atLeast)
	}
	last := int64(0)
	for _, e := range list {
		if e.number() <= last {
			return fmt.Errorf("%s: %d after %d", name, e.number(), last)
		}
		last = e.number()
	}
	return nil
}

// checkWords returns what is wrong with the words of one kind: half a nickname each.
func checkWords(name string, list []string) error {
	if len(list) < words {
		return fmt.Errorf("%s: %d, less than %d", name, len(list), words)
	}
	if !distinct(list, func(word string) string { return word }) {
		return fmt.Errorf("%s: a word twice", name)
	}
	for _, word := range list {
		if utf8.RuneCountInString(word) >= maxNickname/2 {
			return fmt.Errorf("%s: %q is too long", name, word)
		}
	}
	return nil
}

func distinct[T any](list []T, key func(T) string) bool {
	seen := map[string]bool{}
	return !slices.ContainsFunc(list, func(e T) bool {
		again := seen[key(e)]
		seen[key(e)] = true
		return again
	})
}

// blank returns the path of every text in v that is empty or has blanks at its ends.
func blank(path string, v reflect.Value) error {
	var wrong error
	switch v.Kind() {
	case reflect.String:
		if text := v.String(); text == "" || strings.TrimSpace(text) != text {
			return fmt.Errorf("%s: %q", path, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			wrong = errors.Join(wrong, blank(fmt.Sprintf("%s[%d]", path, i), v.Index(i)))
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			wrong = errors.Join(wrong, blank(path+"."+field.Name, value))
		}
	}
	return wrong
}
