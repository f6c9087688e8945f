package docbytes_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/internal/docbytes"
)

type title string

type inner struct {
	Name string    `firestore:"name"`
	Size int64     `firestore:"size,omitempty"`
	At   time.Time `firestore:"at"`
	Tags []string  `firestore:"tags"`
}

// A row has a field of every type that a document can hold.
type row struct {
	Text    string      `firestore:"text,omitempty"`
	Title   title       `firestore:"title"`
	Number  int64       `firestore:"number"`
	When    time.Time   `firestore:"when"`
	Inner   inner       `firestore:"inner"`
	InnerP  *inner      `firestore:"inner_p"`
	Texts   []string    `firestore:"texts"`
	Numbers []int64     `firestore:"numbers"`
	Times   []time.Time `firestore:"times"`
	Inners  []inner     `firestore:"inners"`
	Flag    bool        `firestore:"flag"`
	Rate    float64     `firestore:"rate,omitempty"`
	Rates   []float64   `firestore:"rates"`
	FlagP   *bool       `firestore:"flag_p"`
	NumberP *int64      `firestore:"number_p,omitempty"`
	TextP   *string     `firestore:"text_p"`
	WhenP   *time.Time  `firestore:"when_p"`
	Skipped string      `firestore:"-"`
	NoTag   string
	_       string
}

var instant = time.Date(2020, 11, 12, 5, 19, 18, 584_000_000, time.UTC)

// decode reads a document into a row that has something in some fields already.
func decode(raw []byte) (row, error) {
	got := row{Text: "before", Number: 1, Texts: []string{"before"}, Inner: inner{Name: "before"}, InnerP: &inner{Name: "before"}}
	err := docbytes.For[row]().Decode(raw, &got)
	return got, err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields fields
		want   row
	}{
		"nothing":         {fields{}, row{}},
		"string":          {fields{"text": "집\x00", "title": "t"}, row{Text: "집\x00", Title: "t"}},
		"integer":         {fields{"number": math.MinInt64}, row{Number: math.MinInt64}},
		"timestamp":       {fields{"when": instant}, row{When: instant}},
		"first timestamp": {fields{"when": stamp(-62135596800, 0)}, row{When: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"last timestamp":  {fields{"when": stamp(253402300799, 999999999)}, row{When: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)}},
		"map": {fields{"inner": fields{"size": 3, "tags": []any{"a"}}, "inner_p": fields{"at": instant}},
			row{Inner: inner{Size: 3, Tags: []string{"a"}}, InnerP: &inner{At: instant}}},
		"empty map":   {fields{"inner": fields{}, "inner_p": fields{}}, row{InnerP: &inner{}}},
		"empty array": {fields{"texts": []any{}}, row{}},
		"arrays": {fields{
			"texts": []any{"a", "", "b"}, "numbers": []any{1, -1}, "times": []any{instant}, "inners": []any{fields{"name": "a"}, fields{}}, "rates": []any{0.5, 2},
		}, row{
			Texts: []string{"a", "", "b"}, Numbers: []int64{1, -1}, Times: []time.Time{instant}, Inners: []inner{{Name: "a"}, {}}, Rates: []float64{0.5, 2},
		}},
		"boolean":             {fields{"flag": true}, row{Flag: true}},
		"double":              {fields{"rate": -4.5}, row{Rate: -4.5}},
		"integer as a double": {fields{"rate": 4}, row{Rate: 4}},
		"pointers": {fields{"flag_p": false, "number_p": 0, "text_p": "", "when_p": instant},
			row{FlagP: new(false), NumberP: new(int64(0)), TextP: new(""), WhenP: new(instant)}},
		"null is absent":    {fields{"text": nil, "number": nil, "when": nil, "inner": nil, "inner_p": nil, "texts": nil, "rate": nil, "number_p": nil}, row{}},
		"no tag":            {fields{"NoTag": "a"}, row{NoTag: "a"}},
		"another case":      {fields{"TEXT": "a", "notag": "a", "inners": []any{fields{"Name": "a"}}}, row{Inners: []inner{{}}}},
		"not to be decoded": {fields{"Skipped": "a", "-": "a", "_": "a", "": "a"}, row{}},
		"unknown fields":    {fields{"other": fields{"text": 1}, "location": &pb.Value{}, "text": "a"}, row{Text: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			raw := encode(t, message("projects/p/databases/(default)/documents/c/d", test.fields))
			got, err := decode(raw)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
			clear(raw)
			if !reflect.DeepEqual(got, test.want) {
				t.Error("the row shares the document's memory")
			}
		})
	}
}

func TestWrongTypes(t *testing.T) {
	t.Parallel()
	reference := &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: "a"}}
	for want, f := range map[string]fields{
		"text: integer where string belongs":                 {"text": 1},
		"text: bytes where string belongs":                   {"text": &pb.Value{ValueType: &pb.Value_BytesValue{}}},
		"text: reference where string belongs":               {"text": reference},
		"number: string where integer belongs":               {"number": "50"},
		"number: double where integer belongs":               {"number": 2.0},
		"when: integer where timestamp belongs":              {"when": 1},
		"when: malformed":                                    {"when": stamp(253402300800, 0)},
		"when: malformed ":                                   {"when": stamp(-62135596801, 0)},
		"when: malformed  ":                                  {"when": stamp(0, -1)},
		"when: malformed   ":                                 {"when": stamp(0, 1e9)},
		"rate: not a finite number":                          {"rate": math.NaN()},
		"rates: not a finite number":                         {"rates": []any{math.Inf(-1)}},
		"rate: string where double belongs":                  {"rate": "4.5"},
		"number_p: double where integer belongs":             {"number_p": 2.0},
		"texts: null where string belongs":                   {"texts": []any{"a", nil}},
		"inners: null where map belongs":                     {"inners": []any{nil}},
		"numbers: double where integer belongs":              {"numbers": []any{1, 2.0}},
		"flag: integer where boolean belongs":                {"flag": 1},
		"inner: array where map belongs":                     {"inner": []any{}},
		"inner.name: boolean where string belongs":           {"inner": fields{"name": true}},
		"inner_p.tags: integer where string belongs":         {"inner_p": fields{"tags": []any{"a", 1}}},
		"inners.size: string where integer belongs":          {"inners": []any{fields{}, fields{"size": "1"}}},
		"texts: geo point where array belongs":               {"texts": &pb.Value{ValueType: &pb.Value_GeoPointValue{}}},
		"texts: string where array belongs":                  {"texts": "a"},
		"texts: a value of unknown type where array belongs": {"texts": &pb.Value{}},
	} {
		_, err := decode(encode(t, message("", f)))
		if want = strings.TrimSpace(want); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	a := encode(t, value("a"))
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"invalid UTF-8":               {entry("text", embed(17, []byte("\xff"))), "text: malformed"},
		"two values in an entry":      {embed(2, slices.Concat(embed(1, []byte("text")), embed(2, a), embed(2, a))), "docbytes: malformed"},
		"two types of a value":        {entry("text", slices.Concat(a, encode(t, value(1)))), "text: malformed"},
		"a type twice":                {entry("text", slices.Concat(a, a)), "text: malformed"},
		"another wire type":           {entry("number", embed(2, []byte{1})), "number: a value of unknown type where integer belongs"},
		"a type that is new":          {entry("text", embed(30, a)), "text: a value of unknown type where string belongs"},
		"an entry without a value":    {embed(2, embed(1, []byte("text"))), "text: a value of unknown type where string belongs"},
		"an array that breaks off":    {entry("texts", embed(9, []byte{0x0a, 9})), "texts: malformed"},
		"a map that breaks off":       {entry("inner", embed(6, []byte{0x0a, 9})), "inner: malformed"},
		"an entry that breaks off":    {entry("inner", embed(6, embed(1, []byte{0x0a, 9}))), "inner: malformed"},
		"a timestamp that breaks off": {entry("when", embed(10, []byte{0x08})), "when: malformed"},
		"a group that does not begin": {[]byte{0x1c}, "docbytes: malformed"},
		"field number 0":              {[]byte{0x02, 0x00}, "docbytes: malformed"},
	} {
		if _, err := decode(test.raw); err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", name, err, test.want)
		}
	}

	// Cut anywhere but between two of its fields, a document is an error.
	whole := encode(t, message("c/d", fields{"text": "a", "number": 300, "inner": fields{"tags": []any{"a"}}, "when": instant}))
	between := []int{0}
	for rest := whole; len(rest) > 0; { // each is a tag, a length and content of under 128 bytes
		rest = rest[2+int(rest[1]):]
		between = append(between, len(whole)-len(rest))
	}
	for n := range whole {
		if _, err := decode(whole[:n]); (err == nil) != slices.Contains(between, n) {
			t.Errorf("cut at %d of %v: error %v", n, between, err)
		}
	}
}

// TestRepeated decodes what Firestore does not send, as protobuf does.
func TestRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  []byte
		want row
	}{
		"the last one counts": {slices.Concat(entry("text", encode(t, value("b"))), entry("text", encode(t, value("a")))), row{Text: "a"}},
		"null counts":         {slices.Concat(entry("text", encode(t, value("a"))), entry("text", encode(t, value(nil)))), row{}},
		"arrays do not mix":   {slices.Concat(entry("texts", encode(t, value([]any{"a"}))), entry("texts", encode(t, value([]any{})))), row{}},
		"maps do not mix": {slices.Concat(
			entry("inner", encode(t, value(fields{"size": 1}))), entry("inner", encode(t, value(fields{"name": "a"}))),
		), row{Inner: inner{Name: "a"}}},
		"a Value's unknown field": {entry("text", slices.Concat(embed(40, nil), encode(t, value("a")))), row{Text: "a"}},
	} {
		if got, err := decode(test.raw); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, test.want)
		}
	}
}

func TestForRefuses(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(){
		"not a struct":      func() { docbytes.For[string]() },
		"a time":            func() { docbytes.For[time.Time]() },
		"a pointer":         func() { docbytes.For[*inner]() },
		"a map":             func() { docbytes.For[struct{ A map[string]string }]() },
		"bytes":             func() { docbytes.For[struct{ A []byte }]() },
		"any":               func() { docbytes.For[struct{ A struct{ B any } }]() },
		"an int":            func() { docbytes.For[struct{ A int }]() },
		"slice in a slice":  func() { docbytes.For[struct{ A [][]string }]() },
		"pointers' slice":   func() { docbytes.For[struct{ A []*inner }]() },
		"a slice's pointer": func() { docbytes.For[struct{ A *[]string }]() },
		"two pointers":      func() { docbytes.For[struct{ A **inner }]() },
		"a name to quote": func() {
			docbytes.For[struct {
				A string `firestore:"a.b"`
			}]()
		},
		"a digit first": func() {
			docbytes.For[struct {
				A string `firestore:"1a"`
			}]()
		},
		"another option": func() {
			docbytes.For[struct {
				A string `firestore:"a,serverTimestamp"`
			}]()
		},
		"embedded": func() { docbytes.For[struct{ inner }]() },
		"a name twice": func() {
			docbytes.For[struct {
				A string
				B string `firestore:"A"`
			}]()
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if problem := fmt.Sprint(recover()); !strings.HasPrefix(problem, "docbytes: ") {
					t.Errorf("panic %v", problem)
				}
			}()
			use()
		})
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	const full = "projects/p/databases/(default)/documents/chatrooms/a_b_1"
	for _, test := range []struct {
		raw      []byte
		name, id string
	}{
		{encode(t, message(full, fields{"text": "a"})), full, "a_b_1"},
		{encode(t, message("", fields{"text": "a"})), "", ""},
		{encode(t, message("///", nil)), "///", ""},
		{embed(1, []byte("a/\xff")), "", ""},
		{nil, "", ""},
	} {
		doc := docbytes.Document(test.raw)
		if doc.Name() != test.name || doc.ID() != test.id {
			t.Errorf("%q, %q, want %q, %q", doc.Name(), doc.ID(), test.name, test.id)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	doc := message("c/d", fields{"text": "a"})
	doc.UpdateTime = timestamppb.New(instant)
	raw := encode(t, &pb.RunQueryResponse{Document: doc, SkippedResults: 1, Transaction: []byte("t")})
	got, err := docbytes.FromAnswer(raw)
	if err != nil || !bytes.Equal(got, encode(t, doc)) || !proto.Equal(got.UpdateTime(), doc.UpdateTime) {
		t.Errorf("got %q, %v, of %v", got, err, got.UpdateTime())
	}
	if got, err := docbytes.FromAnswer(encode(t, &pb.RunQueryResponse{SkippedResults: 1})); got != nil || err != nil || got.UpdateTime() != nil {
		t.Errorf("got %q, %v, want nothing", got, err)
	}
	for _, raw := range [][]byte{raw[:len(raw)-1], slices.Concat(raw, raw)} {
		if got, err := docbytes.FromAnswer(raw); got != nil || err == nil {
			t.Errorf("got %q, %v, want an error", got, err)
		}
	}

	found := encode(t, &pb.BatchGetDocumentsResponse{Result: &pb.BatchGetDocumentsResponse_Found{Found: doc}, ReadTime: timestamppb.Now()})
	missing := encode(t, &pb.BatchGetDocumentsResponse{Result: &pb.BatchGetDocumentsResponse_Missing{Missing: "c/d"}})
	for name, test := range map[string]struct {
		raw     []byte
		doc     docbytes.Document
		missing string
		ok      bool
	}{
		"found":           {found, encode(t, doc), "", true},
		"an empty one":    {embed(1, nil), docbytes.Document{}, "", true},
		"missing":         {missing, nil, "c/d", true},
		"a transaction":   {encode(t, &pb.BatchGetDocumentsResponse{Transaction: []byte("t")}), nil, "", true},
		"both":            {slices.Concat(found, missing), nil, "", false},
		"found twice":     {slices.Concat(found, found), nil, "", false},
		"missing twice":   {slices.Concat(missing, missing), nil, "", false},
		"an invalid name": {embed(2, []byte{0xff}), nil, "", false},
		"cut":             {found[:len(found)-1], nil, "", false},
	} {
		doc, missing, err := docbytes.FromBatch(test.raw)
		if !reflect.DeepEqual(doc, test.doc) || missing != test.missing || (err == nil) != test.ok {
			t.Errorf("%s: %q, %q, %v", name, doc, missing, err)
		}
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	var codec encoding.CodecV2 = docbytes.Codec{}
	doc := message("c/d", nil)
	sent, err := codec.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	if err := codec.Unmarshal(sent, &got); err != nil || !bytes.Equal(got, encode(t, doc)) {
		t.Errorf("got %q, %v", got, err)
	}
	if codec.Name() != "proto" {
		t.Error(codec.Name())
	}
	if _, err := codec.Marshal("text"); err == nil {
		t.Error("a string is sent")
	}
	if err := codec.Unmarshal(mem.BufferSlice{}, proto.Message(doc)); err == nil {
		t.Error("a message is received")
	}
}
