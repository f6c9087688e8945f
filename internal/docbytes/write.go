package docbytes

import (
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Fields are those of a document as they go over the wire: the entries of field 2 of a
// google.firestore.v1.Document.
type Fields []byte

// Of returns the document of this name with these fields, to be sent. It carries them as
// bytes: its method GetFields does not know them.
func (f Fields) Of(name string) *pb.Document {
	doc := &pb.Document{Name: name}
	doc.ProtoReflect().SetUnknown(protoreflect.RawFields(f))
	return doc
}

// Fields returns the fields of the document that p is, such that Decode makes p of them
// again. A field with omitempty is left out when it is empty: zero, a struct of zeros, or
// a slice without elements. Otherwise a nil pointer is null and a nil slice an empty
// array, where the library writes null. What Firestore would not take is an error: text
// that is not UTF-8, a time outside of the years 1 to 9999; so is what Decode would not
// read. Firestore keeps microseconds of a time: whoever compares truncates before.
func (s *Schema[T]) Fields(p *T) (Fields, error) {
	return s.document.appendFields(nil, 2, reflect.ValueOf(p).Elem())
}

// Update returns the fields of these names, for a write whose mask has the same names.
// Each is there, omitempty or not, since Firestore deletes a field that its mask names and
// the write lacks. Within a struct omitempty counts: the whole map is written anew. It is
// an error if T has no field of a name.
func (s *Schema[T]) Update(p *T, names ...string) (Fields, error) {
	var fields []byte
	for _, name := range names {
		f := s.document.field([]byte(name))
		if f == nil {
			return nil, fmt.Errorf("docbytes: no field %q", name)
		}
		var err error
		if fields, err = f.appendEntry(fields, 2, reflect.ValueOf(p).Elem().Field(f.index)); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// appendFields writes a struct as the entries of a map, which are in the message's field of
// the number given.
func (p *plan) appendFields(b []byte, entries protowire.Number, src reflect.Value) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		v := src.Field(f.index)
		if f.omitEmpty && empty(v) {
			continue
		}
		var err error
		if b, err = f.appendEntry(b, entries, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func empty(v reflect.Value) bool {
	if t, ok := v.Interface().(time.Time); ok {
		return t.IsZero() // in whatever zone
	}
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// appendEntry writes a struct's field, its name and its value.
func (p *plan) appendEntry(b []byte, entries protowire.Number, src reflect.Value) ([]byte, error) {
	b, entry := begin(b, entries)
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendString(b, p.name)
	b, err := p.appendValue(b, 2, src)
	if err != nil {
		return nil, err
	}
	return end(b, entry), nil
}

// appendValue writes a google.firestore.v1.Value as the message's field of the number given.
func (p *plan) appendValue(b []byte, number protowire.Number, src reflect.Value) ([]byte, error) {
	b, value := begin(b, number)
	if p.pointer && src.IsNil() {
		b = protowire.AppendTag(b, kindNull, kinds[kindNull].wire)
		return end(protowire.AppendVarint(b, 0), value), nil
	}
	if p.pointer {
		src = src.Elem()
	}
	b, err := p.appendContent(b, src)
	if err != nil {
		return nil, err
	}
	return end(b, value), nil
}

// appendContent writes what a Value holds, of a src that is no pointer.
func (p *plan) appendContent(b []byte, src reflect.Value) ([]byte, error) {
	switch p.want {
	case kindTimestamp:
		return p.appendTimestamp(b, src.Interface().(time.Time))
	case kindArray:
		b, array := begin(b, kindArray)
		for i := range src.Len() {
			var err error
			if b, err = p.elem.appendValue(b, 1, src.Index(i)); err != nil {
				return nil, err
			}
		}
		return end(b, array), nil
	case kindMap:
		b, fields := begin(b, kindMap)
		b, err := p.appendFields(b, 1, src)
		if err != nil {
			return nil, err
		}
		return end(b, fields), nil
	}
	b = protowire.AppendTag(b, p.want, kinds[p.want].wire)
	switch p.want {
	case kindBoolean:
		return protowire.AppendVarint(b, protowire.EncodeBool(src.Bool())), nil
	case kindInteger:
		return protowire.AppendVarint(b, uint64(src.Int())), nil
	case kindDouble:
		if !finite(src.Float()) {
			return nil, p.fail(errNotFinite)
		}
		return protowire.AppendFixed64(b, math.Float64bits(src.Float())), nil
	default: // kindString
		if !utf8.ValidString(src.String()) {
			return nil, p.fail(errMalformed)
		}
		return protowire.AppendString(b, src.String()), nil
	}
}

// appendTimestamp writes a google.protobuf.Timestamp.
func (p *plan) appendTimestamp(b []byte, t time.Time) ([]byte, error) {
	stamp := timestamppb.Timestamp{Seconds: t.Unix(), Nanos: int32(t.Nanosecond())}
	if !stamp.IsValid() {
		return nil, p.fail(errMalformed)
	}
	b, timestamp := begin(b, kindTimestamp)
	b = protowire.AppendTag(b, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(stamp.Seconds))
	b = protowire.AppendTag(b, 2, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(stamp.Nanos))
	return end(b, timestamp), nil
}

// begin begins a message that is a field of another. What is appended until end is its
// content, which begins at the index returned.
func begin(b []byte, number protowire.Number) ([]byte, int) {
	b = protowire.AppendTag(b, number, protowire.BytesType)
	return b, len(b)
}

// end puts the content's length before it.
func end(b []byte, content int) []byte {
	var space [10]byte
	length := protowire.AppendVarint(space[:0], uint64(len(b)-content))
	b = append(b, length...)
	copy(b[content+len(length):], b[content:])
	copy(b[content:], length)
	return b
}
