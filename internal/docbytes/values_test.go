package docbytes_test

import (
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// fields are those of a document or a map: a *pb.Value, nil, or Go's own types.
type fields map[string]any

func value(v any) *pb.Value {
	switch v := v.(type) {
	case *pb.Value:
		return v
	case nil:
		return &pb.Value{ValueType: &pb.Value_NullValue{}}
	case bool:
		return &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: v}}
	case int:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: int64(v)}}
	case float64:
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: v}}
	case string:
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: v}}
	case time.Time:
		return stamp(v.Unix(), int32(v.Nanosecond()))
	case []any:
		all := &pb.ArrayValue{}
		for _, inner := range v {
			all.Values = append(all.Values, value(inner))
		}
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: all}}
	case fields:
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: message("", v).Fields}}}
	}
	panic("not a value of these tests")
}

func stamp(seconds int64, nanos int32) *pb.Value {
	return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: &timestamppb.Timestamp{Seconds: seconds, Nanos: nanos}}}
}

func message(name string, f fields) *pb.Document {
	doc := &pb.Document{Name: name, Fields: map[string]*pb.Value{}}
	for name, v := range f {
		doc.Fields[name] = value(v)
	}
	return doc
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// entry is the entry of a document's fields with this Value, in bytes, which need not be one.
func entry(name string, v []byte) []byte {
	return embed(2, append(embed(1, []byte(name)), embed(2, v)...))
}

// embed is a field that holds bytes.
func embed(number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
}
