package fakefirestore

import (
	"cmp"
	"fmt"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// rank is the place of a value's type in Firestore's order, -1 for the types that this
// server does not compare. A value that is not there has none.
func rank(v *pb.Value) int {
	switch v.GetValueType().(type) {
	case *pb.Value_NullValue:
		return 0
	case *pb.Value_BooleanValue:
		return 1
	case *pb.Value_IntegerValue, *pb.Value_DoubleValue:
		return 2
	case *pb.Value_TimestampValue:
		return 3
	case *pb.Value_StringValue:
		return 4
	case *pb.Value_ReferenceValue:
		return 5
	}
	return -1
}

// compare orders two values as Firestore does, integers among doubles.
func compare(a, b *pb.Value) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a.GetValueType().(type) {
	case *pb.Value_BooleanValue:
		switch a, b := a.GetBooleanValue(), b.GetBooleanValue(); {
		case a == b:
			return 0
		case b:
			return -1
		}
		return 1
	case *pb.Value_IntegerValue, *pb.Value_DoubleValue:
		return cmp.Compare(number(a), number(b))
	case *pb.Value_TimestampValue:
		return a.GetTimestampValue().AsTime().Compare(b.GetTimestampValue().AsTime())
	case *pb.Value_StringValue:
		return cmp.Compare(a.GetStringValue(), b.GetStringValue())
	}
	return cmp.Compare(a.GetReferenceValue(), b.GetReferenceValue())
}

// number is exact up to 2^53.
func number(v *pb.Value) float64 { return float64(v.GetIntegerValue()) + v.GetDoubleValue() }

// key is the same for equal values of a field, and mostly another for others.
func key(field string, v *pb.Value) string {
	switch v.GetValueType().(type) {
	case *pb.Value_StringValue:
		return field + " string " + v.GetStringValue()
	case *pb.Value_IntegerValue, *pb.Value_DoubleValue:
		return fmt.Sprint(field, " number ", number(v))
	case *pb.Value_TimestampValue:
		return fmt.Sprint(field, " time ", v.GetTimestampValue().AsTime().UnixNano())
	}
	return fmt.Sprint(field, " boolean ", v.GetBooleanValue()) // and all others
}
