package fakefirestore

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// RunQuery implements the gRPC service.
func (s *Server) RunQuery(req *pb.RunQueryRequest, stream pb.Firestore_RunQueryServer) error {
	return streamed(s, stream, "RunQuery", req, func() (answer, error) { return s.query(req) })
}

// query answers from the cache what was asked before and is in no transaction.
func (s *Server) query(req *pb.RunQueryRequest) (answer, error) {
	key, err := proto.Marshal(req)
	if a, ok := s.cache[string(key)]; ok || err != nil {
		return a, err
	}
	q := req.GetStructuredQuery()
	known := &pb.StructuredQuery{From: q.GetFrom(), Where: q.GetWhere(), OrderBy: q.GetOrderBy(), Limit: q.GetLimit()}
	tx, err := s.transaction(req.GetTransaction())
	if err != nil || !proto.Equal(q, known) || q.GetFrom()[0].GetAllDescendants() || len(q.GetOrderBy()) > 1 ||
		req.GetReadTime() != nil || req.GetNewTransaction() != nil || req.GetExplainOptions() != nil {
		return answer{}, cmp.Or(err, unknown(req))
	}
	collection := req.GetParent() + "/" + q.GetFrom()[0].GetCollectionId()
	docs, err := s.find(collection, q)
	if err != nil {
		return answer{}, err
	}
	tx.unchanged = append(tx.unchanged, func() bool {
		again, _ := s.find(collection, q)
		return slices.Equal(docs, again)
	})
	a, err := answerOf(docs)
	if err == nil && req.GetTransaction() == nil {
		s.cache[string(key)] = a
	}
	return a, err
}

// answerOf has its messages encoded once: as unknown fields, which are sent as they are.
func answerOf(docs []*pb.Document) (answer, error) {
	now := timestamppb.Now()
	if len(docs) == 0 {
		return answer{messages: []proto.Message{&pb.RunQueryResponse{ReadTime: now}}}, nil
	}
	a := answer{documents: len(docs)}
	for _, d := range docs {
		b, err := proto.Marshal(&pb.RunQueryResponse{Document: d, ReadTime: now})
		if err != nil {
			return answer{}, err
		}
		m := &pb.RunQueryResponse{}
		m.ProtoReflect().SetUnknown(b)
		a.messages = append(a.messages, m)
	}
	return a, nil
}

// find runs a query. It orders by an integer and, between equals, by name in the same
// direction, as Firestore does. A document without the field of the order is not found.
func (s *Server) find(collection string, q *pb.StructuredQuery) ([]*pb.Document, error) {
	found, err := s.in(collection).filter(q.GetWhere())
	if err != nil {
		return nil, err
	}
	docs, order := slices.Collect(maps.Values(found)), ""
	if len(q.GetOrderBy()) > 0 {
		order = q.GetOrderBy()[0].GetField().GetFieldPath()
		docs = slices.DeleteFunc(docs, func(d *pb.Document) bool { return value(d.GetFields(), order) == nil })
	}
	slices.SortFunc(docs, func(a, b *pb.Document) int {
		return cmp.Or(
			cmp.Compare(value(a.GetFields(), order).GetIntegerValue(), value(b.GetFields(), order).GetIntegerValue()),
			strings.Compare(a.GetName(), b.GetName()))
	})
	if order != "" && q.GetOrderBy()[0].GetDirection() == pb.StructuredQuery_DESCENDING {
		slices.Reverse(docs)
	}
	if q.GetLimit() != nil {
		docs = docs[:min(len(docs), int(q.GetLimit().GetValue()))]
	}
	return docs, nil
}

// filter returns what a filter lets pass. It compares strings and integers for equality.
func (c *collection) filter(f *pb.StructuredQuery_Filter) (map[string]*pb.Document, error) {
	if f == nil {
		return c.documents, nil
	}
	var sets []map[string]*pb.Document
	for _, inner := range f.GetCompositeFilter().GetFilters() {
		set, err := c.filter(inner)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	field := f.GetFieldFilter()
	values := field.GetValue().GetArrayValue().GetValues()
	if field.GetOp() == pb.StructuredQuery_FieldFilter_EQUAL {
		values = []*pb.Value{field.GetValue()}
	} else if field != nil && field.GetOp() != pb.StructuredQuery_FieldFilter_IN {
		return nil, unknown(f)
	}
	for _, v := range values {
		k := key(field.GetField().GetFieldPath(), v)
		if k == "" {
			return nil, unknown(f)
		}
		sets = append(sets, c.equal[k])
	}
	switch {
	case len(sets) == 0:
		return nil, unknown(f)
	case len(sets) == 1:
		return sets[0], nil
	}
	and := f.GetCompositeFilter().GetOp() == pb.StructuredQuery_CompositeFilter_AND
	slices.SortFunc(sets, func(a, b map[string]*pb.Document) int { return len(a) - len(b) })
	all := make(map[string]*pb.Document)
	for i, set := range sets {
		if and && i > 0 {
			maps.DeleteFunc(all, func(name string, _ *pb.Document) bool { return set[name] == nil })
		} else {
			maps.Copy(all, set)
		}
	}
	return all, nil
}
