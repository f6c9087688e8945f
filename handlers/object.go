package handlers

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An object is a JSON object that a client sent. Its methods read one key each and keep the
// first problem; what they return is good when, at the end, there is none. Keys that nobody
// reads are ignored, and of a key given twice the last counts. Characters are code points.
type object struct {
	keys map[string]json.RawMessage
	err  error // errInvalid on account of a key, never with a client's words
}

// newObject reads a body. One that is no JSON object in UTF-8 is errInvalid.
func newObject(body []byte) (*object, error) {
	o := &object{}
	// The decoder would put a replacement character for what is not UTF-8.
	if !utf8.Valid(body) || json.Unmarshal(body, &o.keys) != nil || o.keys == nil {
		return nil, fmt.Errorf("%w: the body is no JSON object", errInvalid)
	}
	return o, nil
}

// fail notes that a key is missing, or not what it has to be.
func (o *object) fail(key string) {
	if o.err == nil {
		o.err = invalidKey(key)
	}
}

// has reports whether the key is there and not null.
func (o *object) has(key string) bool {
	raw, ok := o.keys[key]
	return ok && string(raw) != "null"
}

// value decodes the key's value; null and what is not there leave it as it is.
func (o *object) value(key string, into any) {
	if o.has(key) && json.Unmarshal(o.keys[key], into) != nil {
		o.fail(key)
	}
}

// required fails when the key is not there at all; null is there.
func (o *object) required(key string) {
	if _, ok := o.keys[key]; !ok {
		o.fail(key)
	}
}

// An integer is a JSON number without a fraction, however it is written: 15145, 15145.0
// and 1.5145e4 are the same.
type integer int64

var errInteger = errors.New("handlers: not an integer, or not one of 64 bits")

// UnmarshalJSON takes what json has found to be a value.
func (n *integer) UnmarshalJSON(raw []byte) error {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(string(raw)), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if exponent != "" || fraction != "" { // bring it to the form without
		shift, err := strconv.Atoi(cmp.Or(exponent, "0"))
		digits = strings.TrimRight(digits, "0")
		zeros := len(whole) + shift - len(digits)
		switch {
		case strings.Trim(digits, "-0") == "":
			digits = "0"
		case err != nil || zeros < 0 || zeros > len("9223372036854775807"):
			return errInteger
		default:
			digits += strings.Repeat("0", zeros)
		}
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return errInteger
	}
	*n = integer(value)
	return nil
}

// atLeast is a required integer.
func (o *object) atLeast(least int64, key string) int64 {
	n := integer(least - 1)
	if o.value(key, &n); int64(n) < least {
		o.fail(key)
		return 0
	}
	return int64(n)
}

// positive is a required integer above zero.
func (o *object) positive(key string) int64 { return o.atLeast(1, key) }

// integers are at most so many integers; nil for null.
func (o *object) integers(key string, most int) []int64 {
	var all []int64
	for _, n := range array[integer](o, key, most) {
		all = append(all, int64(n))
	}
	return all
}

// positives are from least to most integers above zero, in the order in which they came.
// One that is given twice counts once. With a least of 0 they need not be there.
func (o *object) positives(key string, least, most int) []int64 {
	var all []int64
	for _, n := range o.integers(key, maxBody) {
		if n < 1 || len(all) > most {
			o.fail(key)
			return nil
		}
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	if len(all) < least || len(all) > most {
		o.fail(key)
	}
	return all
}

// positiveOrOne is a required integer above zero, or an array that holds one and nothing
// else.
func (o *object) positiveOrOne(key string) int64 {
	if !strings.HasPrefix(string(o.keys[key]), "[") {
		return o.positive(key)
	}
	all := o.integers(key, 1)
	if len(all) != 1 || all[0] < 1 {
		o.fail(key)
		return 0
	}
	return all[0]
}

// positiveOrMore is a required integer above zero, or an array of 1 to most of them.
func (o *object) positiveOrMore(key string, most int) []int64 {
	if strings.HasPrefix(string(o.keys[key]), "[") {
		return o.positives(key, 1, most)
	}
	return []int64{o.positive(key)}
}

// rating is a required number above zero, at most 5.
func (o *object) rating(key string) (n float64) {
	if o.value(key, &n); !(n > 0 && n <= 5) {
		o.fail(key)
	}
	return n
}

// text is a string of at most so many characters; "" for null.
func (o *object) text(key string, most int) (s string) {
	if o.value(key, &s); utf8.RuneCountInString(s) > most {
		o.fail(key)
	}
	return s
}

// trimmed is a string of least to most characters, not counting blanks around it, which
// are taken away. With a least of 0 it need not be there.
func (o *object) trimmed(key string, least, most int) (s string) {
	o.value(key, &s)
	return o.trim(key, s, least, most)
}

// trim takes blanks around a text away. A text of which nothing would be seen has no
// characters; inside of others everything counts.
func (o *object) trim(key, s string, least, most int) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsFunc(s, isSeen) {
		s = ""
	}
	if n := utf8.RuneCountInString(s); n < least || n > most {
		o.fail(key)
	}
	return s
}

// isSeen reports whether a character leaves something to see: it is no blank, control or
// format character, none that fonts leave empty, as the Hangul fillers, and does not only
// choose the form of another.
func isSeen(r rune) bool {
	const brailleBlank = '\u2800'
	return r != brailleBlank && !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// oneOf is a required string, one of these.
func (o *object) oneOf(key string, values ...string) (s string) {
	if o.value(key, &s); !slices.Contains(values, s) {
		o.fail(key)
		return ""
	}
	return s
}

// oneOfAnyCase is oneOf in whatever case it is written; the value is returned as it
// stands here.
func (o *object) oneOfAnyCase(key string, values ...string) (s string) {
	o.value(key, &s)
	for _, value := range values {
		if strings.EqualFold(s, value) {
			return value
		}
	}
	o.fail(key)
	return ""
}

// year is a required year, as an integer or as a string of ASCII digits.
func (o *object) year(key string) int64 {
	if !strings.HasPrefix(string(o.keys[key]), `"`) {
		return o.atLeast(0, key)
	}
	var s string
	o.value(key, &s)
	year, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strings.Trim(s, "0123456789") != "" {
		o.fail(key)
		return 0
	}
	return year
}

// day is a required date, YYYY-MM-DD, and stands for its first moment there.
func (o *object) day(key string, zone *time.Location) time.Time {
	return o.moment(key, time.DateOnly, zone)
}

// hour is a required hour, HH:mm, of the day that begins then.
func (o *object) hour(key string, day time.Time) time.Time {
	at := o.moment(key, "15:04", day.Location())
	return time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), 0, 0, day.Location())
}

func (o *object) moment(key, layout string, zone *time.Location) time.Time {
	var s string
	o.value(key, &s)
	at, err := time.ParseInLocation(layout, s, zone)
	if err != nil || len(s) != len(layout) { // Parse takes 9:00 for 09:00
		o.fail(key)
	}
	return at
}

// array is an array of at most so many elements, none of them null; nil for null.
func array[T any](o *object, key string, most int) []T {
	var elements []*T
	if o.value(key, &elements); len(elements) > most {
		o.fail(key)
	}
	var all []T
	for _, e := range elements {
		if e == nil {
			o.fail(key)
			return nil
		}
		all = append(all, *e)
	}
	return all
}

// texts are from least to most strings, each as trimmed reads it.
func (o *object) texts(key string, least, most, leastCharacters, mostCharacters int) []string {
	all := array[string](o, key, most)
	if len(all) < least {
		o.fail(key)
	}
	for i, s := range all {
		all[i] = o.trim(key, s, leastCharacters, mostCharacters)
	}
	return all
}
