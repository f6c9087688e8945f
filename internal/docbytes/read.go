package docbytes

import (
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Decode fills what p points to with doc's fields, as the library's DataTo does, but more
// strictly, and alike at every depth. Names match exactly. A double is no integer; an
// integer is taken where a double belongs; NaN and the infinities are errors, as is a null
// in an array. A field that doc lacks, or that is null in it, becomes zero; one that T
// lacks is ignored and its value not looked at. Of fields of the same name the last one
// counts. An empty array is a nil slice. After an error part of p may be filled.
func (s *Schema[T]) Decode(doc Document, p *T) error {
	return s.document.setFields(reflect.ValueOf(p).Elem(), doc, 2)
}

// setFields sets a struct from a google.firestore.v1.Document or MapValue, whose entries
// are in its field of the number given: messages of a name and a Value.
func (p *plan) setFields(dst reflect.Value, message []byte, entries protowire.Number) error {
	dst.SetZero()
	s := scanner{rest: message}
	for s.next() {
		if !s.is(entries) {
			continue
		}
		name, raw, err := entry(s.bytes)
		if err != nil {
			return p.fail(err)
		}
		if f := p.field(name); f != nil {
			if err := f.setField(dst.Field(f.index), raw); err != nil {
				return err
			}
		}
	}
	return p.fail(s.err)
}

// setField sets a struct's field from the bytes of a google.firestore.v1.Value.
func (p *plan) setField(dst reflect.Value, raw []byte) error {
	v, err := readValue(raw)
	if err != nil {
		return p.fail(err)
	}
	if v.kind == kindNull {
		dst.SetZero()
		return nil
	}
	if p.pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	return p.set(dst, v)
}

// set sets dst, which is no pointer.
func (p *plan) set(dst reflect.Value, v value) error {
	switch {
	case v.kind == kindInteger && p.want == kindDouble:
		dst.SetFloat(float64(int64(v.bits)))
		return nil
	case v.kind != p.want:
		return p.fail(fmt.Errorf("%s where %s belongs", kinds[v.kind].name, kinds[p.want].name))
	}
	switch v.kind {
	case kindBoolean:
		dst.SetBool(v.bits != 0)
	case kindInteger:
		dst.SetInt(int64(v.bits))
	case kindDouble:
		f := math.Float64frombits(v.bits)
		if !finite(f) {
			return p.fail(errNotFinite)
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
		return p.setFields(dst, v.bytes, 1)
	}
	return nil
}

// setElements sets a slice from a google.firestore.v1.ArrayValue.
func (p *plan) setElements(dst reflect.Value, array []byte) error {
	dst.SetZero()
	s := scanner{rest: array}
	for n := 0; s.next(); {
		if !s.is(1) {
			continue
		}
		v, err := readValue(s.bytes)
		if err != nil {
			return p.fail(err)
		}
		if n == dst.Cap() {
			dst.Grow(n + 4)
		}
		n++
		dst.SetLen(n)
		if err := p.elem.set(dst.Index(n-1), v); err != nil {
			return err
		}
	}
	return p.fail(s.err)
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
