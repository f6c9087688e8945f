package fakefirestore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Commit implements the gRPC service, in a transaction or without one. It does all writes
// or none.
func (s *Server) Commit(ctx context.Context, req *pb.CommitRequest) (*pb.CommitResponse, error) {
	return unary(ctx, s, "Commit", req, func() (*pb.CommitResponse, error) {
		tx, err := s.transaction(req.GetTransaction())
		if err != nil {
			return nil, err
		}
		delete(s.transactions, string(req.GetTransaction()))
		if tx.readOnly && len(req.GetWrites()) > 0 {
			return nil, status.Error(codes.InvalidArgument, "Cannot modify entities in a read-only transaction.")
		}
		if slices.ContainsFunc(tx.unchanged, func(unchanged func() bool) bool { return !unchanged() }) {
			return nil, status.Error(codes.Aborted, "What this transaction has read was changed.")
		}
		resp := &pb.CommitResponse{CommitTime: timestamppb.New(time.Now().Truncate(time.Microsecond))} // as Firestore has it
		written := make(map[string]*pb.Document)                                                       // nil: deleted
		for _, w := range req.GetWrites() {
			name := w.GetUpdate().GetName() + w.GetDelete()
			old, again := written[name]
			if !again {
				old = s.document(name)
			}
			d, result, err := write(w, old, resp.GetCommitTime())
			if err != nil {
				return nil, err
			}
			written[name] = d
			resp.WriteResults = append(resp.WriteResults, result)
		}
		for name, d := range written {
			s.store(name, d)
		}
		s.writes.Add(int64(len(written)))
		return resp, nil
	})
}

// write makes the document that w leaves in place of old, nil if none.
func write(w *pb.Write, old *pb.Document, now *timestamppb.Timestamp) (*pb.Document, *pb.WriteResult, error) {
	result := &pb.WriteResult{UpdateTime: now}
	if w.GetUpdate() == nil && w.GetDelete() == "" || slices.ContainsFunc(w.GetUpdateMask().GetFieldPaths(), quoted) {
		return nil, nil, unknown(w)
	}
	if err := check(w.GetCurrentDocument(), old); err != nil || w.GetUpdate() == nil {
		return nil, result, err
	}
	d := &pb.Document{Name: w.GetUpdate().GetName()}
	if w.GetUpdateMask() == nil {
		proto.Merge(d, w.GetUpdate())
	} else if old != nil {
		proto.Merge(d, old)
	}
	if d.Fields == nil {
		d.Fields = make(map[string]*pb.Value)
	}
	for _, field := range w.GetUpdateMask().GetFieldPaths() {
		set(d.Fields, field, value(w.GetUpdate().GetFields(), field))
	}
	for _, t := range w.GetUpdateTransforms() {
		v, err := transformed(t, value(d.Fields, t.GetFieldPath()), now)
		if err != nil {
			return nil, nil, err
		}
		set(d.Fields, t.GetFieldPath(), v)
		result.TransformResults = append(result.TransformResults, v)
	}
	if old != nil && proto.Equal(&pb.Document{Fields: d.Fields}, &pb.Document{Fields: old.Fields}) {
		result.UpdateTime = old.GetUpdateTime() // nothing has changed, not even that
		return old, result, nil
	}
	d.CreateTime, d.UpdateTime = cmp.Or(old.GetCreateTime(), now), now
	return d, result, nil
}

// check returns the error of a write whose precondition does not hold.
func check(p *pb.Precondition, old *pb.Document) error {
	switch must := p.GetConditionType().(type) {
	case *pb.Precondition_Exists:
		if must.Exists && old == nil {
			return status.Error(codes.NotFound, "No document to update.")
		}
		if !must.Exists && old != nil {
			return status.Errorf(codes.AlreadyExists, "Document already exists: %s", old.GetName())
		}
	case *pb.Precondition_UpdateTime:
		if old == nil || !must.UpdateTime.AsTime().Equal(old.GetUpdateTime().AsTime()) {
			return status.Error(codes.FailedPrecondition, "The stored version does not match the required base version.")
		}
	}
	return nil
}

// transformed returns what a transform makes of a field's value, which may be nil.
func transformed(t *pb.DocumentTransform_FieldTransform, old *pb.Value, now *timestamppb.Timestamp) (*pb.Value, error) {
	by := t.GetIncrement()
	_, integer := by.GetValueType().(*pb.Value_IntegerValue)
	_, onInteger := old.GetValueType().(*pb.Value_IntegerValue)
	a, b := old.GetIntegerValue(), by.GetIntegerValue()
	switch {
	case quoted(t.GetFieldPath()):
		return nil, unknown(t)
	case t.GetSetToServerValue() == pb.DocumentTransform_FieldTransform_REQUEST_TIME:
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: now}}, nil
	case by == nil || rank(by) != rank(&pb.Value{ValueType: &pb.Value_IntegerValue{}}):
		return nil, unknown(t)
	case rank(old) != rank(by):
		return by, nil
	case !integer || !onInteger:
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: number(old) + number(by)}}, nil
	case b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b:
		return nil, unknown(t) // what Firestore does not wrap around
	}
	return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: a + b}}, nil
}
