package standin

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Fields are a document's fields. A value is a string, bool, int, int64,
// float64, time.Time, nil, Fields, []any, or a *firestorepb.Value, which is
// stored as it is: the way to a value that no client would write.
type Fields map[string]any

// A Generated document is made for one asker.
type Generated struct {
	ID     string
	Fields Fields
}

// A Generator makes up a collection's documents for an asker. The query's
// filters, order and limit are applied to what it returns.
type Generator func(collection, asker string) []Generated

// Put stores a document, in place of one with the same id. The collection may
// be a path: "chatrooms/a/chats".
func (s *Server) Put(collection, id string, fields Fields) error {
	d, err := newDocument(fields)
	if err != nil {
		return fmt.Errorf("standin: %s/%s: %w", collection, id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.docs[collection] == nil {
		s.docs[collection] = make(map[string]document)
	}
	s.docs[collection][id] = d
	s.cache = nil
	return nil
}

// Delete removes a document, if it is there.
func (s *Server) Delete(collection, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.docs[collection], id)
	s.cache = nil
}

// Generate answers every asker with the documents of g beside those that were
// Put. An answer is made once for each query and kept; nil ends it.
func (s *Server) Generate(g Generator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generate = g
	s.cache = nil
}

type document struct{ *firestorepb.Document }

func newDocument(fields Fields) (document, error) {
	v, err := value(fields)
	if err != nil {
		return document{}, err
	}
	now := timestamppb.Now()
	return document{&firestorepb.Document{
		Fields:     v.GetMapValue().GetFields(),
		CreateTime: now,
		UpdateTime: now,
	}}, nil
}

// named is d under its full name, which depends on the project that asks.
func (d document) named(name string) document {
	return document{&firestorepb.Document{
		Name:       name,
		Fields:     d.GetFields(),
		CreateTime: d.GetCreateTime(),
		UpdateTime: d.GetUpdateTime(),
	}}
}

// field looks up a field by its path, or the document's name.
func (d document) field(path string) (*firestorepb.Value, bool) {
	if path == "__name__" {
		return &firestorepb.Value{ValueType: &firestorepb.Value_ReferenceValue{ReferenceValue: d.GetName()}}, true
	}
	fields := d.GetFields()
	for {
		name, rest, nested := strings.Cut(path, ".")
		v, ok := fields[name]
		if !ok || !nested {
			return v, ok
		}
		fields, path = v.GetMapValue().GetFields(), rest
	}
}

func value(v any) (*firestorepb.Value, error) {
	switch v := v.(type) {
	case *firestorepb.Value:
		return v, nil
	case nil:
		return &firestorepb.Value{ValueType: &firestorepb.Value_NullValue{NullValue: structpb.NullValue_NULL_VALUE}}, nil
	case string:
		return &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: v}}, nil
	case bool:
		return &firestorepb.Value{ValueType: &firestorepb.Value_BooleanValue{BooleanValue: v}}, nil
	case int:
		return &firestorepb.Value{ValueType: &firestorepb.Value_IntegerValue{IntegerValue: int64(v)}}, nil
	case int64:
		return &firestorepb.Value{ValueType: &firestorepb.Value_IntegerValue{IntegerValue: v}}, nil
	case float64:
		return &firestorepb.Value{ValueType: &firestorepb.Value_DoubleValue{DoubleValue: v}}, nil
	case time.Time:
		return &firestorepb.Value{ValueType: &firestorepb.Value_TimestampValue{TimestampValue: timestamppb.New(v)}}, nil
	case Fields:
		return mapValue(v)
	case []any:
		return arrayValue(v)
	default:
		return nil, fmt.Errorf("no Firestore value for a %T", v)
	}
}

func mapValue(fields Fields) (*firestorepb.Value, error) {
	m := &firestorepb.MapValue{Fields: make(map[string]*firestorepb.Value, len(fields))}
	for name, inner := range fields {
		v, err := value(inner)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.Fields[name] = v
	}
	return &firestorepb.Value{ValueType: &firestorepb.Value_MapValue{MapValue: m}}, nil
}

func arrayValue(elements []any) (*firestorepb.Value, error) {
	a := &firestorepb.ArrayValue{}
	for i, inner := range elements {
		v, err := value(inner)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		a.Values = append(a.Values, v)
	}
	return &firestorepb.Value{ValueType: &firestorepb.Value_ArrayValue{ArrayValue: a}}, nil
}

// compare orders two values as Firestore does, by kind first. Maps and arrays
// are only told apart, not ordered.
func compare(a, b *firestorepb.Value) int {
	if c := cmp.Compare(kind(a), kind(b)); c != 0 {
		return c
	}
	switch a.GetValueType().(type) {
	case *firestorepb.Value_IntegerValue, *firestorepb.Value_DoubleValue:
		return compareNumbers(a, b)
	case *firestorepb.Value_StringValue:
		return strings.Compare(a.GetStringValue(), b.GetStringValue())
	case *firestorepb.Value_ReferenceValue:
		return strings.Compare(a.GetReferenceValue(), b.GetReferenceValue())
	case *firestorepb.Value_TimestampValue:
		return a.GetTimestampValue().AsTime().Compare(b.GetTimestampValue().AsTime())
	}
	if proto.Equal(a, b) {
		return 0
	}
	return strings.Compare(a.String(), b.String())
}

func compareNumbers(a, b *firestorepb.Value) int {
	_, aInt := a.GetValueType().(*firestorepb.Value_IntegerValue)
	_, bInt := b.GetValueType().(*firestorepb.Value_IntegerValue)
	if aInt && bInt {
		return cmp.Compare(a.GetIntegerValue(), b.GetIntegerValue())
	}
	return cmp.Compare(number(a), number(b))
}

func number(v *firestorepb.Value) float64 {
	if i, ok := v.GetValueType().(*firestorepb.Value_IntegerValue); ok {
		return float64(i.IntegerValue)
	}
	return v.GetDoubleValue()
}

func kind(v *firestorepb.Value) int {
	switch v.GetValueType().(type) {
	case *firestorepb.Value_NullValue:
		return 0
	case *firestorepb.Value_BooleanValue:
		return 1
	case *firestorepb.Value_IntegerValue, *firestorepb.Value_DoubleValue:
		return 2
	case *firestorepb.Value_TimestampValue:
		return 3
	case *firestorepb.Value_StringValue:
		return 4
	case *firestorepb.Value_BytesValue:
		return 5
	case *firestorepb.Value_ReferenceValue:
		return 6
	case *firestorepb.Value_GeoPointValue:
		return 7
	case *firestorepb.Value_ArrayValue:
		return 8
	default:
		return 9
	}
}
