package store

import (
	"path"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A kind names the shape of a query: all of a kind need the same index.
type kind string

// A query finds documents of a collection.
type query[T any] struct {
	kind       kind
	of         collection[T]
	structured *pb.StructuredQuery
}

// A filter is a condition on a document.
type filter = *pb.StructuredQuery_Filter

// from begins a query for the documents that meet all conditions.
func from[T any](of collection[T], kind kind, filters ...filter) query[T] {
	selector := &pb.StructuredQuery_CollectionSelector{CollectionId: path.Base(of.path)}
	q := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{selector}}
	switch len(filters) {
	case 0:
	case 1:
		q.Where = filters[0]
	default:
		q.Where = composite(pb.StructuredQuery_CompositeFilter_AND, filters)
	}
	return query[T]{kind, of, q}
}

// ascending and descending order what is found by a field, which every document found has.
func (q query[T]) ascending(field string) query[T] {
	return q.order(field, pb.StructuredQuery_ASCENDING)
}

func (q query[T]) descending(field string) query[T] {
	return q.order(field, pb.StructuredQuery_DESCENDING)
}

func (q query[T]) order(field string, direction pb.StructuredQuery_Direction) query[T] {
	q.structured.OrderBy = append(q.structured.OrderBy, &pb.StructuredQuery_Order{Field: fieldNamed(field), Direction: direction})
	return q
}

// limit bounds how many are found.
func (q query[T]) limit(n int) query[T] {
	q.structured.Limit = wrapperspb.Int32(int32(n))
	return q
}

func fieldNamed(field string) *pb.StructuredQuery_FieldReference {
	return &pb.StructuredQuery_FieldReference{FieldPath: field}
}

func composite(op pb.StructuredQuery_CompositeFilter_Operator, filters []filter) filter {
	return &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_CompositeFilter{
		CompositeFilter: &pb.StructuredQuery_CompositeFilter{Op: op, Filters: filters},
	}}
}

// anyOf holds where one of the conditions does.
func anyOf(filters ...filter) filter {
	return composite(pb.StructuredQuery_CompositeFilter_OR, filters)
}

func compare(field string, op pb.StructuredQuery_FieldFilter_Operator, v *pb.Value) filter {
	return &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{
		FieldFilter: &pb.StructuredQuery_FieldFilter{Field: fieldNamed(field), Op: op, Value: v},
	}}
}

// A scalar is what fields are compared with.
type scalar interface {
	string | int64 | float64 | time.Time
}

func value[S scalar](v S) *pb.Value {
	switch v := any(v).(type) {
	case string:
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: v}}
	case int64:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: v}}
	case float64:
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: v}}
	case time.Time:
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: timestamppb.New(v)}}
	}
	return nil
}

func equal[S scalar](field string, v S) filter {
	return compare(field, pb.StructuredQuery_FieldFilter_EQUAL, value(v))
}

func above[S scalar](field string, v S) filter {
	return compare(field, pb.StructuredQuery_FieldFilter_GREATER_THAN, value(v))
}

func atLeast[S scalar](field string, v S) filter {
	return compare(field, pb.StructuredQuery_FieldFilter_GREATER_THAN_OR_EQUAL, value(v))
}

func below[S scalar](field string, v S) filter {
	return compare(field, pb.StructuredQuery_FieldFilter_LESS_THAN, value(v))
}

// oneOf holds where the field has one of the values.
func oneOf[S scalar](field string, values ...S) filter {
	all := make([]*pb.Value, len(values))
	for i, v := range values {
		all[i] = value(v)
	}
	return compare(field, pb.StructuredQuery_FieldFilter_IN,
		&pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: all}}})
}

// contains holds where the field, an array, has the value as an element.
func contains[S scalar](field string, v S) filter {
	return compare(field, pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS, value(v))
}
