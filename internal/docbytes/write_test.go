package docbytes_test

import (
	"math"
	"slices"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"willson/internal/docbytes"
)

// full has something in every field of a row but those that no document has.
var full = row{
	Text: "집\x00", Title: "t", Number: math.MinInt64, When: instant, Inner: inner{Name: "a", Size: 3, At: instant, Tags: []string{"b"}},
	InnerP: &inner{Tags: []string{}}, Texts: []string{"a", ""}, Numbers: []int64{1, -1}, Times: []time.Time{instant, {}},
	Inners: []inner{{Tags: []string{"c"}}, {Size: 1, Tags: []string{}}}, Flag: true, Rate: 4.5, Rates: []float64{0, math.MaxFloat64},
	FlagP: new(false), NumberP: new(int64(0)), TextP: new(""), WhenP: new(instant), NoTag: "n",
}

// TestFields writes what the library would. FuzzDecode reads again what is written.
func TestFields(t *testing.T) {
	t.Parallel()
	library, schema := newLibrary(t), docbytes.For[row]()
	empty := row{Inner: inner{Tags: []string{}}, Texts: []string{}, Numbers: []int64{}, Times: []time.Time{}, Inners: []inner{}, Rates: []float64{}}
	for name, r := range map[string]row{"full": full, "empty": empty} {
		got, err := schema.Fields(&r)
		if want := library.written(t, r); err != nil || !same(t, got, want) {
			t.Errorf("%s: %v and %q\nwant %v", name, err, got, want)
		}
	}
}

// same reports whether a document with the fields arrives as one with those wanted.
func same(t *testing.T, fields docbytes.Fields, want map[string]*pb.Value) bool {
	var arrived pb.Document
	if err := proto.Unmarshal(encode(t, fields.Of("name")), &arrived); err != nil {
		t.Fatal(err)
	}
	return proto.Equal(&arrived, &pb.Document{Name: "name", Fields: want})
}

type optional struct {
	Text   string    `firestore:"text,omitempty"`
	Flag   bool      `firestore:"flag,omitempty"`
	Rate   float64   `firestore:"rate,omitempty"`
	When   time.Time `firestore:"when,omitempty"`
	Inner  inner     `firestore:"inner,omitempty"`
	InnerP *inner    `firestore:"inner_p,omitempty"`
	Texts  []string  `firestore:"texts,omitempty"`
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	zero := time.Time{}.In(time.FixedZone("elsewhere", 3600))
	for name, o := range map[string]optional{"zero": {}, "zero elsewhere": {When: zero}, "no elements": {Texts: []string{}}} {
		if got, err := docbytes.For[optional]().Fields(&o); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v, want nothing", name, got, err)
		}
	}
	// Without omitempty all is there; no pointer is null, no slice an empty array.
	got, err := docbytes.For[row]().Fields(&row{})
	want := message("", fields{
		"title": "", "number": 0, "when": time.Time{}, "inner": fields{"name": "", "at": time.Time{}, "tags": []any{}}, "inner_p": nil,
		"texts": []any{}, "numbers": []any{}, "times": []any{}, "inners": []any{}, "flag": false, "rates": []any{},
		"flag_p": nil, "text_p": nil, "when_p": nil, "NoTag": "",
	}).Fields
	if err != nil || !same(t, got, want) {
		t.Errorf("%v and %q\nwant %v", err, got, want)
	}
}

// TestUpdate names fields, which are there whatever they hold.
func TestUpdate(t *testing.T) {
	t.Parallel()
	schema := docbytes.For[optional]()
	for _, test := range []struct {
		o     optional
		names []string
		want  fields
	}{
		{optional{Text: "a", Flag: true}, []string{"flag"}, fields{"flag": true}},
		{optional{}, []string{"text", "rate", "when"}, fields{"text": "", "rate": 0.0, "when": time.Time{}}},
		{optional{}, []string{"inner_p", "texts"}, fields{"inner_p": nil, "texts": []any{}}},
		{optional{Inner: inner{Name: "a"}}, []string{"inner"}, fields{"inner": fields{"name": "a", "at": time.Time{}, "tags": []any{}}}},
		{optional{Text: "a"}, nil, fields{}},
	} {
		got, err := schema.Update(&test.o, test.names...)
		if want := message("", test.want).Fields; err != nil || !same(t, got, want) {
			t.Errorf("%q: %v and %q, want %v", test.names, err, got, want)
		}
	}
	for _, name := range []string{"Text", "inner.name", ""} {
		if got, err := schema.Update(&optional{}, "text", name); err == nil || got != nil {
			t.Errorf("%q: %v, want an error", name, got)
		}
	}
	if got := schema.Names(); !slices.Equal(got, []string{"text", "flag", "rate", "when", "inner", "inner_p", "texts"}) {
		t.Errorf("names %q", got)
	}
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	schema := docbytes.For[row]()
	names := []string{"text", "inner_p", "when", "times", "rate", "rates", "inners", "when_p"}
	for want, r := range map[string]row{
		"text: malformed":            {Text: "\xff"},
		"inner_p.tags: malformed":    {InnerP: &inner{Tags: []string{"a", "\xff"}}},
		"when: malformed":            {When: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"times: malformed":           {Times: []time.Time{instant, time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)}},
		"rate: not a finite number":  {Rate: math.NaN()},
		"rates: not a finite number": {Rates: []float64{1, math.Inf(1)}},
		"inners.name: malformed":     {Inners: []inner{{}, {Name: "\xff"}}},
		"when_p: malformed":          {WhenP: new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))},
	} {
		if got, err := schema.Fields(&r); err == nil || err.Error() != want || got != nil {
			t.Errorf("%v and %v, want %s", got, err, want)
		}
		if got, err := schema.Update(&r, names...); err == nil || err.Error() != want || got != nil {
			t.Errorf("update: %v and %v, want %s", got, err, want)
		}
	}
}
