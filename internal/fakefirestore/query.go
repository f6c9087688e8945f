package fakefirestore

import (
	"cmp"
	"slices"

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
	known := &pb.StructuredQuery{Select: q.GetSelect(), From: q.GetFrom(), Where: q.GetWhere(), OrderBy: q.GetOrderBy(),
		StartAt: q.GetStartAt(), EndAt: q.GetEndAt(), Limit: q.GetLimit()}
	tx, err := s.transaction(req.GetTransaction())
	if err != nil || !proto.Equal(q, known) || len(q.GetFrom()) != 1 || q.GetFrom()[0].GetAllDescendants() ||
		req.GetReadTime() != nil || req.GetNewTransaction() != nil || req.GetExplainOptions() != nil {
		return answer{}, cmp.Or(err, unknown(req))
	}
	c := s.in(req.GetParent() + "/" + q.GetFrom()[0].GetCollectionId())
	docs, err := c.find(q)
	if err != nil {
		return answer{}, err
	}
	tx.unchanged = append(tx.unchanged, func() bool {
		again, _ := c.find(q)
		return slices.Equal(docs, again)
	})
	a, err := answerOf(docs, q.GetSelect())
	if err == nil && req.GetTransaction() == nil {
		s.cache[string(key)] = a
	}
	return a, err
}

// answerOf has its messages encoded once: as unknown fields, which are sent as they are.
func answerOf(docs []*pb.Document, wanted *pb.StructuredQuery_Projection) (answer, error) {
	now := timestamppb.Now()
	if len(docs) == 0 {
		return answer{messages: []proto.Message{&pb.RunQueryResponse{ReadTime: now}}}, nil
	}
	a := answer{documents: len(docs)}
	for _, d := range docs {
		if wanted != nil {
			d = &pb.Document{Name: d.GetName(), Fields: part(d, wanted), CreateTime: d.GetCreateTime(), UpdateTime: d.GetUpdateTime()}
		}
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

// part returns the fields of a document that are wanted.
func part(d *pb.Document, wanted *pb.StructuredQuery_Projection) map[string]*pb.Value {
	fields := make(map[string]*pb.Value)
	for _, f := range wanted.GetFields() {
		if v := value(d.GetFields(), f.GetFieldPath()); v != nil {
			set(fields, f.GetFieldPath(), v)
		}
	}
	return fields
}

// A row is a document and its values of the orders.
type row struct {
	document *pb.Document
	at       []*pb.Value
}

// find returns what a query finds, in its order.
func (c *collection) find(q *pb.StructuredQuery) ([]*pb.Document, error) {
	f, err := c.filter(q.GetWhere())
	if err != nil {
		return nil, err
	}
	orders, err := ordersOf(q, f.compared)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, d := range f.among {
		if !f.pass(d) {
			continue
		}
		r := row{document: d}
		for _, o := range orders {
			v := valueOf(d, o.GetField().GetFieldPath())
			if v == nil {
				break
			}
			if rank(v) < 0 {
				return nil, unknown(o)
			}
			r.at = append(r.at, v)
		}
		if len(r.at) == len(orders) && between(orders, r.at, q.GetStartAt(), q.GetEndAt()) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return compareAll(orders, a.at, b.at) })
	if q.GetLimit() != nil {
		rows = rows[:min(len(rows), int(q.GetLimit().GetValue()))]
	}
	docs := make([]*pb.Document, len(rows))
	for i := range rows {
		docs[i] = rows[i].document
	}
	return docs, nil
}

// nameField is the field path of a document's name.
const nameField = "__name__"

// valueOf is the value of a field, or of the document's name, or nil.
func valueOf(d *pb.Document, field string) *pb.Value {
	if field == nameField {
		return &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: d.GetName()}}
	}
	return value(d.GetFields(), field)
}

// ordersOf returns the orders of a query with those that Firestore adds: by the fields
// that are compared, and by name, in the direction of the last one asked for.
func ordersOf(q *pb.StructuredQuery, compared []string) ([]*pb.StructuredQuery_Order, error) {
	orders := slices.Clone(q.GetOrderBy())
	direction := pb.StructuredQuery_ASCENDING
	if len(orders) > 0 {
		direction = orders[len(orders)-1].GetDirection()
	}
	slices.Sort(compared)
	for _, field := range append(compared, nameField) {
		if !slices.ContainsFunc(orders, func(o *pb.StructuredQuery_Order) bool { return o.GetField().GetFieldPath() == field }) {
			orders = append(orders, &pb.StructuredQuery_Order{Field: &pb.StructuredQuery_FieldReference{FieldPath: field}, Direction: direction})
		}
	}
	for _, o := range orders {
		if quoted(o.GetField().GetFieldPath()) {
			return nil, unknown(o)
		}
	}
	return orders, nil
}

// compareAll compares by one value after the other, as far as both have them.
func compareAll(orders []*pb.StructuredQuery_Order, a, b []*pb.Value) int {
	for i := range min(len(a), len(b)) {
		c := compare(a[i], b[i])
		if orders[i].GetDirection() == pb.StructuredQuery_DESCENDING {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// between reports whether a document with these values lies between a query's cursors.
func between(orders []*pb.StructuredQuery_Order, at []*pb.Value, start, end *pb.Cursor) bool {
	afterStart, beforeEnd := compareAll(orders, at, start.GetValues()), compareAll(orders, at, end.GetValues())
	return (start == nil || afterStart > 0 || afterStart == 0 && start.GetBefore()) &&
		(end == nil || beforeEnd < 0 || beforeEnd == 0 && !end.GetBefore())
}
