package docbytes

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxFields is how many fields a struct may have, so that those found in a document need
// no allocation.
const maxFields = 32

// A Decoder fills structs of type T. It may be used by several goroutines at once.
type Decoder[T any] struct{ document plan }

// For returns the decoder for T, a struct. Its fields, named by their firestore tags as
// the library does it, are strings, bools, signed integers, float64s, time.Times,
// structs, or pointers to or slices of these. For panics when T has any other.
func For[T any]() *Decoder[T] {
	t := reflect.TypeFor[T]()
	p := newPlan(t, "", nil)
	if p.want != kindMap || t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("docbytes: %v is not a struct", t))
	}
	return &Decoder[T]{document: p}
}

// Decode fills what p points to with doc's fields, as the library's DataTo does, but more
// strictly. Names match exactly; a double is no integer; null counts as absent. A field
// that doc lacks stays as it was, one that T lacks is ignored and its value not looked
// at. Of fields of the same name the last one counts. After an error part of p may be filled.
func (d *Decoder[T]) Decode(doc Document, p *T) error {
	return d.document.setFields(reflect.ValueOf(p).Elem(), doc, documentEntries)
}

// A plan says how a Go value of one type is set from a document's value.
type plan struct {
	path    string // of the value within the document, for errors
	want    kind
	pointer bool
	elem    *plan  // of a pointer or a slice
	fields  []plan // of a struct

	// Of a struct's field:
	name  string // in the document
	index int    // in the struct
}

// newPlan makes the plan for type t, which stands within the structs of the types given.
func newPlan(t reflect.Type, path string, within []reflect.Type) plan {
	p := plan{path: path}
	switch t.Kind() {
	case reflect.Bool:
		p.want = kindBoolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.want = kindInteger
	case reflect.Float64:
		p.want = kindDouble
	case reflect.String:
		p.want = kindString
	case reflect.Slice, reflect.Pointer:
		elem := newPlan(t.Elem(), path, within)
		p.elem, p.want, p.pointer = &elem, kindArray, t.Kind() == reflect.Pointer
		if p.pointer {
			p.want = elem.want
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			p.want = kindTimestamp
			break
		}
		if slices.Contains(within, t) {
			panic(fmt.Sprintf("docbytes: %s: a %v within itself", path, t))
		}
		p.want, p.fields = kindMap, newFields(t, path, append(slices.Clip(within), t))
	default:
		panic(fmt.Sprintf("docbytes: %s: cannot decode a %v", path, t))
	}
	return p
}

func newFields(t reflect.Type, path string, within []reflect.Type) []plan {
	var fields []plan
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("firestore"), ",")
		switch {
		case len(f.Index) > 1 || name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous:
			panic(fmt.Sprintf("docbytes: %v embeds %v", t, f.Type))
		case name == "":
			name = f.Name
		}
		if slices.ContainsFunc(fields, func(other plan) bool { return other.name == name }) {
			panic(fmt.Sprintf("docbytes: %v has two fields %q", t, name))
		}
		p := newPlan(f.Type, strings.TrimPrefix(path+"."+name, "."), within)
		p.name, p.index = name, f.Index[0]
		fields = append(fields, p)
	}
	if len(fields) > maxFields {
		panic(fmt.Sprintf("docbytes: %v has over %d fields", t, maxFields))
	}
	return fields
}

// setFields sets a struct's fields from a message with entries under the number given.
func (p *plan) setFields(dst reflect.Value, message []byte, entries protowire.Number) error {
	var found [maxFields][]byte
	s := scanner{rest: message}
	for s.next() {
		if !s.is(entries) {
			continue
		}
		name, v, err := readEntry(s.bytes)
		if err != nil {
			return p.fail(err)
		}
		for i := range p.fields {
			if p.fields[i].name == string(name) {
				found[i] = v
				break
			}
		}
	}
	if s.err != nil {
		return p.fail(s.err)
	}
	for i := range p.fields {
		if found[i] == nil {
			continue
		}
		f := &p.fields[i]
		if err := f.read(dst.Field(f.index), found[i]); err != nil {
			return err
		}
	}
	return nil
}

// read sets dst from the bytes of a google.firestore.v1.Value.
func (p *plan) read(dst reflect.Value, raw []byte) error {
	v, err := readValue(raw)
	switch {
	case err != nil:
		return p.fail(err)
	case v.kind == kindNull:
		return nil
	case v.kind != p.want && !(v.kind == kindInteger && p.want == kindDouble):
		return p.fail(fmt.Errorf("%s where %s belongs", kinds[v.kind].name, kinds[p.want].name))
	}
	return p.set(dst, v)
}

// set sets dst from a value of the kind wanted.
func (p *plan) set(dst reflect.Value, v value) error {
	if p.pointer {
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return p.elem.set(dst.Elem(), v)
	}
	switch p.want {
	case kindBoolean:
		dst.SetBool(v.bits != 0)
	case kindInteger:
		i := int64(v.bits)
		if dst.OverflowInt(i) {
			return p.fail(fmt.Errorf("%d overflows %v", i, dst.Type()))
		}
		dst.SetInt(i)
	case kindDouble:
		f, err := v.double()
		if err != nil {
			return p.fail(err)
		}
		dst.SetFloat(f)
	case kindString:
		if !utf8.Valid(v.bytes) {
			return p.fail(errMalformed)
		}
		dst.SetString(string(v.bytes))
	case kindTimestamp:
		t, err := readTimestamp(v.bytes)
		if err != nil {
			return p.fail(err)
		}
		*dst.Addr().Interface().(*time.Time) = t
	case kindArray:
		return p.setElements(dst, v.bytes)
	case kindMap:
		return p.setFields(dst, v.bytes, mapEntries)
	}
	return nil
}

// setElements sets a slice from a google.firestore.v1.ArrayValue.
func (p *plan) setElements(dst reflect.Value, array []byte) error {
	n, s := 0, scanner{rest: array}
	for s.next() {
		if s.is(1) {
			n++
		}
	}
	if s.err != nil {
		return p.fail(s.err)
	}
	dst.SetZero()
	dst.Grow(n)
	dst.SetLen(n)
	n, s = 0, scanner{rest: array}
	for s.next() {
		if s.is(1) {
			if err := p.elem.read(dst.Index(n), s.bytes); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

func (p *plan) fail(err error) error {
	if p.path == "" {
		return fmt.Errorf("docbytes: %w", err)
	}
	return fmt.Errorf("%s: %w", p.path, err)
}
