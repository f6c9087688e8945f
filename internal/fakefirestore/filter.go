package fakefirestore

import (
	"maps"
	"slices"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// A filter lets documents pass, all of them from among some. compared are the fields that
// it compares for other than equality.
type filter struct {
	among    map[string]*pb.Document
	pass     func(*pb.Document) bool
	compared []string
}

func (c *collection) filter(f *pb.StructuredQuery_Filter) (filter, error) {
	switch {
	case f == nil:
		return filter{among: c.documents, pass: func(*pb.Document) bool { return true }}, nil
	case f.GetFieldFilter() != nil:
		return c.field(f.GetFieldFilter())
	case len(f.GetCompositeFilter().GetFilters()) == 0:
		return filter{}, unknown(f)
	}
	var all []filter
	var compared []string
	for _, inner := range f.GetCompositeFilter().GetFilters() {
		one, err := c.filter(inner)
		if err != nil {
			return filter{}, err
		}
		all = append(all, one)
		compared = append(compared, one.compared...)
	}
	switch f.GetCompositeFilter().GetOp() {
	case pb.StructuredQuery_CompositeFilter_AND:
		fewest := slices.MinFunc(all, func(a, b filter) int { return len(a.among) - len(b.among) })
		return filter{fewest.among, func(d *pb.Document) bool {
			return !slices.ContainsFunc(all, func(one filter) bool { return !one.pass(d) })
		}, compared}, nil
	case pb.StructuredQuery_CompositeFilter_OR:
		among := make(map[string]*pb.Document)
		for _, one := range all {
			maps.Copy(among, one.among)
		}
		return filter{among, func(d *pb.Document) bool {
			return slices.ContainsFunc(all, func(one filter) bool { return one.pass(d) })
		}, compared}, nil
	}
	return filter{}, unknown(f)
}

// field returns the filter of one field. What is equal comes from the index.
func (c *collection) field(f *pb.StructuredQuery_FieldFilter) (filter, error) {
	field, values := f.GetField().GetFieldPath(), []*pb.Value{f.GetValue()}
	if f.GetOp() == pb.StructuredQuery_FieldFilter_IN {
		values = f.GetValue().GetArrayValue().GetValues()
	}
	if field == nameField || quoted(field) || slices.ContainsFunc(values, func(v *pb.Value) bool { return rank(v) <= 0 }) {
		return filter{}, unknown(f)
	}
	equals := func(v *pb.Value) bool {
		return v != nil && slices.ContainsFunc(values, func(one *pb.Value) bool { return compare(v, one) == 0 })
	}
	compares := func(wanted ...int) (filter, error) {
		return filter{c.documents, func(d *pb.Document) bool {
			v := value(d.GetFields(), field)
			return rank(v) == rank(values[0]) && slices.Contains(wanted, compare(v, values[0]))
		}, []string{field}}, nil
	}
	var among map[string]*pb.Document
	if len(values) == 1 {
		among = c.index[key(field, values[0])]
	} else {
		among = make(map[string]*pb.Document)
		for _, v := range values {
			maps.Copy(among, c.index[key(field, v)])
		}
	}
	switch f.GetOp() {
	case pb.StructuredQuery_FieldFilter_EQUAL, pb.StructuredQuery_FieldFilter_IN:
		return filter{among: among, pass: func(d *pb.Document) bool { return equals(value(d.GetFields(), field)) }}, nil
	case pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS:
		return filter{among: among, pass: func(d *pb.Document) bool {
			return slices.ContainsFunc(value(d.GetFields(), field).GetArrayValue().GetValues(), equals)
		}}, nil
	case pb.StructuredQuery_FieldFilter_LESS_THAN:
		return compares(-1)
	case pb.StructuredQuery_FieldFilter_LESS_THAN_OR_EQUAL:
		return compares(-1, 0)
	case pb.StructuredQuery_FieldFilter_GREATER_THAN:
		return compares(1)
	case pb.StructuredQuery_FieldFilter_GREATER_THAN_OR_EQUAL:
		return compares(1, 0)
	}
	return filter{}, unknown(f)
}

// quoted reports whether a field path has quotes, which this server does not read.
func quoted(path string) bool { return strings.Contains(path, "`") }
