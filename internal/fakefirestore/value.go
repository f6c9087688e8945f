package fakefirestore

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func encode(v any) (_ *pb.Value, err error) {
	switch v := v.(type) {
	case *pb.Value:
		return v, nil
	case nil:
		return &pb.Value{ValueType: &pb.Value_NullValue{}}, nil
	case string:
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: v}}, nil
	case bool:
		return &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: v}}, nil
	case int:
		return encode(int64(v))
	case int64:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: v}}, nil
	case float64:
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: v}}, nil
	case time.Time:
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: timestamppb.New(v)}}, nil
	case map[string]any:
		m := &pb.MapValue{Fields: make(map[string]*pb.Value, len(v))}
		for name, inner := range v {
			if m.Fields[name], err = encode(inner); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: m}}, nil
	case []any:
		a := &pb.ArrayValue{Values: make([]*pb.Value, len(v))}
		for i, inner := range v {
			if a.Values[i], err = encode(inner); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: a}}, nil
	}
	return nil, fmt.Errorf("no Firestore value for a %T", v)
}

// decode is the reverse of encode. What encode does not make stays a *pb.Value.
func decode(v *pb.Value) any {
	switch t := v.GetValueType().(type) {
	case *pb.Value_NullValue:
		return nil
	case *pb.Value_StringValue:
		return t.StringValue
	case *pb.Value_BooleanValue:
		return t.BooleanValue
	case *pb.Value_IntegerValue:
		return t.IntegerValue
	case *pb.Value_DoubleValue:
		return t.DoubleValue
	case *pb.Value_TimestampValue:
		return t.TimestampValue.AsTime()
	case *pb.Value_MapValue:
		return decodeMap(t.MapValue.GetFields())
	case *pb.Value_ArrayValue:
		a := make([]any, len(t.ArrayValue.GetValues()))
		for i, inner := range t.ArrayValue.GetValues() {
			a[i] = decode(inner)
		}
		return a
	}
	return v
}

func decodeMap(fields map[string]*pb.Value) map[string]any {
	m := make(map[string]any, len(fields))
	for name, inner := range fields {
		m[name] = decode(inner)
	}
	return m
}

// A rank places a value among others, by its kind first, as Firestore does. Equal values
// have equal ranks; bytes, arrays, maps and points are told apart, but not ordered.
type rank struct {
	kind    int
	number  float64
	integer int64 // tells apart what number cannot
	text    string
}

func rankOf(v *pb.Value) rank {
	switch t := v.GetValueType().(type) {
	case *pb.Value_NullValue:
		return rank{kind: 1}
	case *pb.Value_BooleanValue:
		return rank{kind: 2, text: fmt.Sprint(t.BooleanValue)}
	case *pb.Value_IntegerValue:
		return rank{kind: 3, number: float64(t.IntegerValue), integer: t.IntegerValue}
	case *pb.Value_DoubleValue:
		return rank{kind: 3, number: t.DoubleValue, integer: int64(t.DoubleValue)}
	case *pb.Value_TimestampValue:
		return rank{kind: 4, number: float64(t.TimestampValue.GetSeconds()), integer: int64(t.TimestampValue.GetNanos())}
	case *pb.Value_StringValue:
		return rank{kind: 5, text: t.StringValue}
	case *pb.Value_ReferenceValue:
		_, path := split(t.ReferenceValue)
		return rank{kind: 6, text: path}
	}
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(v)
	return rank{kind: 7, text: string(b)}
}

func (r rank) compare(to rank) int {
	return cmp.Or(cmp.Compare(r.kind, to.kind), cmp.Compare(r.number, to.number), cmp.Compare(r.integer, to.integer), strings.Compare(r.text, to.text))
}
