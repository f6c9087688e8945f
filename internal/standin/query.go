package standin

import (
	"slices"
	"strings"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// run applies q as Firestore does: equality filters joined by AND, order by any
// fields, limit. A document that lacks a field of the order drops out. What is
// not understood is refused. The caller holds the lock.
func (s *Server) run(parent string, q *firestorepb.StructuredQuery) ([]document, error) {
	if err := understood(q); err != nil {
		return nil, err
	}
	filters, err := equalities(q.GetWhere())
	if err != nil {
		return nil, err
	}
	candidates, err := s.candidates(parent, q.GetFrom()[0].GetCollectionId(), filters)
	if err != nil {
		return nil, err
	}
	var docs []document
	for _, d := range candidates {
		if d.matches(filters) && d.hasAll(q.GetOrderBy()) {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b document) int { return compareBy(q.GetOrderBy(), a, b) })
	if q.GetLimit() != nil {
		docs = docs[:min(len(docs), int(q.GetLimit().GetValue()))]
	}
	return docs, nil
}

func understood(q *firestorepb.StructuredQuery) error {
	from := q.GetFrom()
	switch {
	case len(from) != 1 || from[0].GetAllDescendants():
		return status.Error(codes.Unimplemented, "standin: one collection, not a group")
	case q.GetStartAt() != nil || q.GetEndAt() != nil || q.GetOffset() != 0:
		return status.Error(codes.Unimplemented, "standin: cursors and offsets")
	case q.GetSelect() != nil:
		return status.Error(codes.Unimplemented, "standin: projections")
	case q.GetFindNearest() != nil:
		return status.Error(codes.Unimplemented, "standin: vectors")
	}
	return nil
}

// An equality is a filter field == value.
type equality struct {
	field string
	value *firestorepb.Value
}

func equalities(f *firestorepb.StructuredQuery_Filter) ([]equality, error) {
	switch {
	case f == nil:
		return nil, nil
	case f.GetFieldFilter() != nil:
		ff := f.GetFieldFilter()
		if ff.GetOp() != firestorepb.StructuredQuery_FieldFilter_EQUAL {
			return nil, status.Errorf(codes.Unimplemented, "standin: filter %v", ff.GetOp())
		}
		return []equality{{ff.GetField().GetFieldPath(), ff.GetValue()}}, nil
	case f.GetCompositeFilter() != nil:
		cf := f.GetCompositeFilter()
		if cf.GetOp() != firestorepb.StructuredQuery_CompositeFilter_AND {
			return nil, status.Errorf(codes.Unimplemented, "standin: filter %v", cf.GetOp())
		}
		var all []equality
		for _, inner := range cf.GetFilters() {
			some, err := equalities(inner)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	default:
		return nil, status.Error(codes.Unimplemented, "standin: unary filter")
	}
}

// candidates are the documents of one collection: those that were put, and
// those generated for the asker that the filters name.
func (s *Server) candidates(parent, collection string, filters []equality) ([]document, error) {
	path := collection
	if _, below, ok := strings.Cut(parent, "/documents/"); ok {
		path = below + "/" + collection
	}
	var docs []document
	for id, d := range s.docs[path] {
		docs = append(docs, d.named(parent+"/"+collection+"/"+id))
	}
	if s.generate == nil {
		return docs, nil
	}
	i := slices.IndexFunc(filters, func(e equality) bool { return e.field == "asker_uid" })
	if i < 0 {
		return nil, status.Error(codes.InvalidArgument, "standin: a generated set needs a filter on asker_uid")
	}
	for _, g := range s.generate(collection, filters[i].value.GetStringValue()) {
		d, err := newDocument(g.Fields)
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		docs = append(docs, d.named(parent+"/"+collection+"/"+g.ID))
	}
	return docs, nil
}

func (d document) matches(filters []equality) bool {
	for _, f := range filters {
		v, ok := d.field(f.field)
		if !ok || compare(v, f.value) != 0 {
			return false
		}
	}
	return true
}

func (d document) hasAll(orders []*firestorepb.StructuredQuery_Order) bool {
	for _, o := range orders {
		if _, ok := d.field(o.GetField().GetFieldPath()); !ok {
			return false
		}
	}
	return true
}

// compareBy orders by the given fields and then, as Firestore does, by name in
// the direction of the last of them.
func compareBy(orders []*firestorepb.StructuredQuery_Order, a, b document) int {
	descending := false
	for _, o := range orders {
		descending = o.GetDirection() == firestorepb.StructuredQuery_DESCENDING
		va, _ := a.field(o.GetField().GetFieldPath())
		vb, _ := b.field(o.GetField().GetFieldPath())
		if c := directed(compare(va, vb), descending); c != 0 {
			return c
		}
	}
	return directed(strings.Compare(a.GetName(), b.GetName()), descending)
}

func directed(c int, descending bool) int {
	if descending {
		return -c
	}
	return c
}
