package fakefirestore

import (
	"maps"
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// RunQuery implements the gRPC service.
func (s *Server) RunQuery(req *pb.RunQueryRequest, answers pb.Firestore_RunQueryServer) error {
	return stream(s, answers, "RunQuery", req, s.query)
}

func (s *Server) query(req *pb.RunQueryRequest) (found, error) {
	key, err := proto.Marshal(req)
	if a, ok := s.cache[string(key)]; ok {
		return a, nil
	}
	q := req.GetStructuredQuery()
	known := &pb.StructuredQuery{From: q.GetFrom(), Where: q.GetWhere(), OrderBy: q.GetOrderBy(), Limit: q.GetLimit()}
	if err != nil || !proto.Equal(q, known) || len(q.GetFrom()) != 1 || q.GetFrom()[0].GetAllDescendants() ||
		req.GetReadTime() != nil || req.GetNewTransaction() != nil || req.GetExplainOptions() != nil {
		return found{}, status.Errorf(codes.Unimplemented, "fakefirestore: query %v", req)
	}
	database, path := split(req.GetParent() + "/" + q.GetFrom()[0].GetCollectionId())
	c := s.collection(path)
	docs, err := c.find(q)
	if err != nil {
		return found{}, err
	}
	if id := req.GetTransaction(); id != nil {
		err := s.remember(id, func() bool {
			again, _ := c.find(q)
			return slices.Equal(docs, again)
		})
		if err != nil {
			return found{}, err
		}
		return answer(database, docs)
	}
	a, err := answer(database, docs)
	if err == nil {
		s.cache[string(key)] = a
	}
	return a, err
}

// answer has its messages encoded once: as unknown fields, which are sent as they are.
func answer(database string, docs []*pb.Document) (found, error) {
	now := timestamppb.Now()
	if len(docs) == 0 {
		return found{messages: []proto.Message{&pb.RunQueryResponse{ReadTime: now}}}, nil
	}
	a := found{documents: len(docs)}
	for _, d := range docs {
		b, err := proto.Marshal(&pb.RunQueryResponse{Document: named(database, d), ReadTime: now})
		if err != nil {
			return found{}, status.Error(codes.Internal, err.Error())
		}
		m := &pb.RunQueryResponse{}
		m.ProtoReflect().SetUnknown(b)
		a.messages = append(a.messages, m)
	}
	return a, nil
}

// find runs a query as Firestore does: a document without a field of the order is not
// found, and the name, in the direction of the last order, decides between equals.
func (c *collection) find(q *pb.StructuredQuery) ([]*pb.Document, error) {
	paths, err := c.filter(q.GetWhere())
	if err != nil {
		return nil, err
	}
	by := q.GetOrderBy()
	name := &pb.StructuredQuery_Order{Field: &pb.StructuredQuery_FieldReference{FieldPath: "__name__"}}
	if len(by) > 0 {
		name.Direction = by[len(by)-1].GetDirection()
	}
	by = append(slices.Clone(by), name)
	var docs []*pb.Document
	for path := range paths {
		d := c.documents[path]
		if !slices.ContainsFunc(by, func(o *pb.StructuredQuery_Order) bool { return value(d, o.GetField().GetFieldPath()) == nil }) {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b *pb.Document) int {
		for _, o := range by {
			n := rankOf(value(a, o.GetField().GetFieldPath())).compare(rankOf(value(b, o.GetField().GetFieldPath())))
			if o.GetDirection() == pb.StructuredQuery_DESCENDING {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	if q.GetLimit() != nil {
		docs = docs[:min(len(docs), int(q.GetLimit().GetValue()))]
	}
	return docs, nil
}

// filter returns the paths of the documents that a filter lets pass.
func (c *collection) filter(f *pb.StructuredQuery_Filter) (map[string]bool, error) {
	var sets []map[string]bool
	field, composite := f.GetFieldFilter(), f.GetCompositeFilter()
	switch {
	case f == nil:
		for path := range c.documents {
			sets = append(sets, map[string]bool{path: true})
		}
	case field.GetOp() == pb.StructuredQuery_FieldFilter_EQUAL:
		return c.index(field.GetField().GetFieldPath())[rankOf(field.GetValue())], nil
	case field.GetOp() == pb.StructuredQuery_FieldFilter_IN:
		for _, v := range field.GetValue().GetArrayValue().GetValues() {
			sets = append(sets, c.index(field.GetField().GetFieldPath())[rankOf(v)])
		}
	case composite != nil:
		for _, inner := range composite.GetFilters() {
			set, err := c.filter(inner)
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	default:
		return nil, status.Errorf(codes.Unimplemented, "fakefirestore: filter %v", f)
	}
	all := make(map[string]bool)
	if composite.GetOp() == pb.StructuredQuery_CompositeFilter_AND {
		slices.SortFunc(sets, func(a, b map[string]bool) int { return len(a) - len(b) })
		maps.Copy(all, sets[0])
		maps.DeleteFunc(all, func(path string, _ bool) bool {
			return slices.ContainsFunc(sets, func(set map[string]bool) bool { return !set[path] })
		})
		return all, nil
	}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return all, nil
}
