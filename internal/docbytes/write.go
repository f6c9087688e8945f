package docbytes

import (
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Fields returns the fields of the document that p is, such that Decode makes p of them
// again. A field with omitempty is left out when it is empty: zero, a struct of zeros, or
// a slice without elements. Otherwise a nil pointer is null and a nil slice an empty
// array, where the library writes null. What Firestore would not take is an error: text
// that is not UTF-8, a time outside of the years 1 to 9999; so is what Decode would not
// read. Firestore keeps microseconds of a time: whoever compares truncates before.
func (s *Schema[T]) Fields(p *T) (map[string]*pb.Value, error) {
	return s.document.values(reflect.ValueOf(p).Elem())
}

// Update returns the fields of these names, for a write whose mask has the same names.
// Each is there, omitempty or not, since Firestore deletes a field that its mask names and
// the write lacks. Within a struct omitempty counts: the whole map is written anew. It is
// an error if T has no field of a name.
func (s *Schema[T]) Update(p *T, names ...string) (map[string]*pb.Value, error) {
	fields := make(map[string]*pb.Value, len(names))
	for _, name := range names {
		f := s.document.field([]byte(name))
		if f == nil {
			return nil, fmt.Errorf("docbytes: no field %q", name)
		}
		v, err := f.value(reflect.ValueOf(p).Elem().Field(f.index))
		if err != nil {
			return nil, err
		}
		fields[name] = v
	}
	return fields, nil
}

// values writes a struct.
func (p *plan) values(src reflect.Value) (map[string]*pb.Value, error) {
	fields := make(map[string]*pb.Value, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		v := src.Field(f.index)
		if f.omitEmpty && empty(v) {
			continue
		}
		written, err := f.value(v)
		if err != nil {
			return nil, err
		}
		fields[f.name] = written
	}
	return fields, nil
}

func empty(v reflect.Value) bool {
	if t, ok := v.Interface().(time.Time); ok {
		return t.IsZero() // in whatever zone
	}
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// value writes one value.
func (p *plan) value(src reflect.Value) (*pb.Value, error) {
	if p.pointer {
		if src.IsNil() {
			return &pb.Value{ValueType: &pb.Value_NullValue{}}, nil
		}
		src = src.Elem()
	}
	switch p.want {
	case kindBoolean:
		return &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: src.Bool()}}, nil
	case kindInteger:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: src.Int()}}, nil
	case kindDouble:
		if !finite(src.Float()) {
			return nil, p.fail(errNotFinite)
		}
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: src.Float()}}, nil
	case kindString:
		if !utf8.ValidString(src.String()) {
			return nil, p.fail(errMalformed)
		}
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: src.String()}}, nil
	case kindTimestamp:
		t := timestamppb.New(src.Interface().(time.Time))
		if !t.IsValid() {
			return nil, p.fail(errMalformed)
		}
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: t}}, nil
	case kindArray:
		array := &pb.ArrayValue{Values: make([]*pb.Value, src.Len())}
		for i := range array.Values {
			v, err := p.elem.value(src.Index(i))
			if err != nil {
				return nil, err
			}
			array.Values[i] = v
		}
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: array}}, nil
	default: // kindMap, which newPlan knows last
		fields, err := p.values(src)
		if err != nil {
			return nil, err
		}
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: fields}}}, nil
	}
}
