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

// A Decoder fills structs of type T. It may be used by several goroutines at once.
type Decoder[T any] struct{ document plan }

// For returns the decoder for T, a struct. Its fields, named by their firestore tags as
// the library does it, are strings, int64s, time.Times, structs, pointers to structs, or
// slices of these. For panics when T has any other.
func For[T any]() *Decoder[T] {
	p := newPlan(reflect.TypeFor[T](), "")
	if p.want != kindMap || p.pointer {
		panic(fmt.Sprintf("docbytes: %v is not a struct", reflect.TypeFor[T]()))
	}
	return &Decoder[T]{document: p}
}

// Decode fills what p points to with doc's fields, as the library's DataTo does, but more
// strictly. Names match exactly; a double is no integer. A field that doc lacks, or that
// is null in it, becomes zero; one that T lacks is ignored and its value not looked at. Of
// fields of the same name the last one counts. After an error part of p may be filled.
func (d *Decoder[T]) Decode(doc Document, p *T) error {
	return d.document.setFields(reflect.ValueOf(p).Elem(), doc, documentEntries)
}

// A plan says how a Go value of one type is set from a document's value.
type plan struct {
	path    string // of the value within the document, for errors
	want    kind
	pointer bool   // to a struct
	elem    *plan  // of a slice
	fields  []plan // of a struct

	// Of a struct's field:
	name  string // in the document
	index int    // in the struct
}

func newPlan(t reflect.Type, path string) plan {
	p := plan{path: path}
	switch {
	case t.Kind() == reflect.Int64:
		p.want = kindInteger
	case t.Kind() == reflect.String:
		p.want = kindString
	case t == reflect.TypeFor[time.Time]():
		p.want = kindTimestamp
	case t.Kind() == reflect.Slice:
		elem := newPlan(t.Elem(), path)
		p.want, p.elem = kindArray, &elem
	case t.Kind() == reflect.Struct:
		p.want, p.fields = kindMap, newFields(t, path)
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		p = newPlan(t.Elem(), path)
		p.pointer = true
	}
	if p.want == 0 || p.pointer && p.want != kindMap {
		panic(fmt.Sprintf("docbytes: %s: cannot decode a %v", path, t))
	}
	return p
}

func newFields(t reflect.Type, path string) []plan {
	var fields []plan
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("firestore"), ",")
		switch {
		case f.Anonymous:
			panic(fmt.Sprintf("docbytes: %v embeds %v", t, f.Type))
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		if slices.ContainsFunc(fields, func(other plan) bool { return other.name == name }) {
			panic(fmt.Sprintf("docbytes: %v has two fields %q", t, name))
		}
		p := newPlan(f.Type, strings.TrimPrefix(path+"."+name, "."))
		p.name, p.index = name, i
		fields = append(fields, p)
	}
	return fields
}

// setFields sets a struct from a message with entries under the number given.
func (p *plan) setFields(dst reflect.Value, message []byte, entries protowire.Number) error {
	dst.SetZero()
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
			if f := &p.fields[i]; f.name == string(name) {
				if err := f.set(dst.Field(f.index), v); err != nil {
					return err
				}
			}
		}
	}
	return p.fail(s.err)
}

// set sets dst from the bytes of a google.firestore.v1.Value.
func (p *plan) set(dst reflect.Value, raw []byte) error {
	v, err := readValue(raw)
	switch {
	case err != nil:
		return p.fail(err)
	case v.kind == kindNull:
		dst.SetZero()
		return nil
	case v.kind != p.want:
		return p.fail(fmt.Errorf("%s where %s belongs", kinds[v.kind].name, kinds[p.want].name))
	}
	switch v.kind {
	case kindInteger:
		dst.SetInt(int64(v.bits))
	case kindString:
		if !utf8.Valid(v.bytes) {
			return p.fail(errMalformed)
		}
		dst.SetString(string(v.bytes))
	case kindTimestamp:
		t, err := readTimestamp(v.bytes)
		*dst.Addr().Interface().(*time.Time) = t
		return p.fail(err)
	case kindArray:
		return p.setElements(dst, v.bytes)
	case kindMap:
		if p.pointer {
			dst.Set(reflect.New(dst.Type().Elem()))
			dst = dst.Elem()
		}
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
			if err := p.elem.set(dst.Index(n), s.bytes); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

// fail returns an error, if it is one, with the path of the value.
func (p *plan) fail(err error) error {
	switch {
	case err == nil:
		return nil
	case p.path == "":
		return fmt.Errorf("docbytes: %w", err)
	}
	return fmt.Errorf("%s: %w", p.path, err)
}
