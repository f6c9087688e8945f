package docbytes_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"willson/internal/docbytes"
)

// FuzzDecode decodes any bytes: without a panic, to what the library's DataTo makes of
// them where both accept them, and such that it can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, doc := range []fields{
		{},
		{"text": "집", "title": "t", "number": -1, "when": instant, "NoTag": "a"},
		{"inner": fields{"name": "a", "size": 1, "at": instant, "tags": []any{"a"}}, "inner_p": fields{}, "other": fields{"text": 1}},
		{"texts": []any{"a", ""}, "numbers": []any{1}, "rates": []any{1.5, 2}, "rate": 2, "flag": true},
		{"times": []any{instant}, "inners": []any{fields{"size": 1}, nil}, "flag_p": true, "number_p": 1, "text_p": "a", "when_p": instant},
		{"text": nil, "number": nil, "when": nil, "inner": nil, "texts": nil, "inner_p": nil},
		{"text": 1, "number": "1"},
		{"number": 2.0},
		{"when": stamp(1<<62, -1), "texts": &pb.Value{}},
		{"TEXT": "a", "inner": fields{"Name": "a"}},
	} {
		raw := encode(f, message("projects/p/databases/(default)/documents/c/d", doc))
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		for name, v := range doc {
			f.Add(slices.Concat(entry(name, encode(f, value(v))), raw))
			f.Add(entry(name, slices.Concat(encode(f, value(v)), encode(f, value("a")))))
			f.Add(entry(name, slices.Concat(encode(f, value(v)), encode(f, value(v)))))
		}
	}
	library, schema := newLibrary(f), docbytes.For[row]()
	f.Fuzz(func(t *testing.T, raw []byte) {
		docbytes.FromAnswer(raw)
		docbytes.FromBatch(raw)
		name, _ := docbytes.Document(raw).Name(), docbytes.Document(raw).ID()
		var got, want row
		err := schema.Decode(raw, &got)
		var doc pb.Document
		if proto.Unmarshal(raw, &doc) != nil {
			return
		}
		if name != doc.Name && name != "" { // "" is what is there twice
			t.Errorf("name %q, want %q", name, doc.Name)
		}
		if err != nil {
			return
		}
		if got := docbytes.Document(raw).UpdateTime(); got != nil && !proto.Equal(got, doc.UpdateTime) {
			t.Errorf("update time %v, want %v", docbytes.Document(raw).UpdateTime(), doc.UpdateTime)
		}
		written, err := schema.Fields(&got)
		var again row
		if err := errors.Join(err, schema.Decode(encode(t, written.Of("")), &again)); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%v: %+v was written and read as %+v", err, got, again)
		}
		if !alike(doc.Fields) || library.snapshot(t, &doc).DataTo(&want) != nil {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v\nof %v", got, want, &doc)
		}
	})
}

// names are the fields of a row and what is in it.
var names = []string{"text", "title", "number", "when", "inner", "inner_p", "texts", "numbers", "times", "inners", "flag", "rate", "rates", "flag_p", "number_p", "text_p", "when_p", "NoTag", "name", "size", "at", "tags"}

// alike reports whether there is no name that DataTo takes for another in different case.
func alike(fields map[string]*pb.Value) bool {
	for name, v := range fields {
		if !slices.Contains(names, name) && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return false
		}
		for _, v := range append(v.GetArrayValue().GetValues(), v) {
			if !alike(v.GetMapValue().GetFields()) {
				return false
			}
		}
	}
	return true
}
