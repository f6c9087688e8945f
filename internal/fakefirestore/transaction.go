package fakefirestore

import (
	"cmp"
	"context"
	"crypto/rand"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A transaction has one function for each of its reads, which tells whether it would
// find the same now.
type transaction struct{ unchanged []func() bool }

// transaction returns an open transaction. A call without an id is in none, and gets one
// that nobody will ask for.
func (s *Server) transaction(id []byte) (*transaction, error) {
	if len(id) == 0 {
		return &transaction{}, nil
	}
	if tx := s.transactions[string(id)]; tx != nil {
		return tx, nil
	}
	return nil, status.Error(codes.InvalidArgument, "Transaction is invalid or closed.")
}

// BeginTransaction implements the gRPC service.
func (s *Server) BeginTransaction(ctx context.Context, req *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	return unary(ctx, s, "BeginTransaction", req, func() (*pb.BeginTransactionResponse, error) {
		return &pb.BeginTransactionResponse{Transaction: s.begin()}, nil
	})
}

func (s *Server) begin() (id []byte) {
	id = []byte(rand.Text())
	s.transactions[string(id)] = &transaction{}
	return id
}

// Rollback implements the gRPC service.
func (s *Server) Rollback(ctx context.Context, req *pb.RollbackRequest) (*emptypb.Empty, error) {
	return unary(ctx, s, "Rollback", req, func() (*emptypb.Empty, error) {
		_, err := s.transaction(req.GetTransaction())
		delete(s.transactions, string(req.GetTransaction()))
		return &emptypb.Empty{}, err
	})
}

// BatchGetDocuments implements the gRPC service.
func (s *Server) BatchGetDocuments(req *pb.BatchGetDocumentsRequest, stream pb.Firestore_BatchGetDocumentsServer) error {
	return streamed(s, stream, "BatchGetDocuments", req, func() (answer, error) {
		id, begun := req.GetTransaction(), []byte(nil)
		if req.GetNewTransaction() != nil {
			id = s.begin()
			begun = id
		}
		tx, err := s.transaction(id)
		if err != nil || req.GetMask() != nil || req.GetReadTime() != nil {
			return answer{}, cmp.Or(err, unknown(req))
		}
		a := answer{documents: len(req.GetDocuments())}
		for _, name := range req.GetDocuments() {
			d := s.document(name)
			m := &pb.BatchGetDocumentsResponse{ReadTime: timestamppb.Now(), Result: &pb.BatchGetDocumentsResponse_Missing{Missing: name}}
			if d != nil {
				m.Result = &pb.BatchGetDocumentsResponse_Found{Found: d}
			}
			m.Transaction, begun = begun, nil // the first message names it
			a.messages = append(a.messages, m)
			tx.unchanged = append(tx.unchanged, func() bool { return s.document(name) == d })
		}
		return a, nil
	})
}

// Commit implements the gRPC service. It does all writes or none.
func (s *Server) Commit(ctx context.Context, req *pb.CommitRequest) (*pb.CommitResponse, error) {
	return unary(ctx, s, "Commit", req, func() (*pb.CommitResponse, error) {
		tx, err := s.transaction(req.GetTransaction())
		if err != nil {
			return nil, err
		}
		delete(s.transactions, string(req.GetTransaction()))
		for _, unchanged := range tx.unchanged {
			if !unchanged() {
				return nil, status.Error(codes.Aborted, "What this transaction has read was changed.")
			}
		}
		resp := &pb.CommitResponse{CommitTime: timestamppb.Now()}
		written := make(map[string]*pb.Document) // nil: deleted
		for _, w := range req.GetWrites() {
			name := w.GetUpdate().GetName() + w.GetDelete()
			old, again := written[name]
			if !again {
				old = s.document(name)
			}
			result := &pb.WriteResult{UpdateTime: resp.GetCommitTime()}
			if written[name], err = write(w, old, result); err != nil {
				return nil, err
			}
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
func write(w *pb.Write, old *pb.Document, result *pb.WriteResult) (*pb.Document, error) {
	must, ok := w.GetCurrentDocument().GetConditionType().(*pb.Precondition_Exists)
	switch {
	case w.GetCurrentDocument() != nil && !ok, w.GetUpdate() == nil && w.GetDelete() == "":
		return nil, unknown(w)
	case ok && must.Exists && old == nil:
		return nil, status.Errorf(codes.NotFound, "No document to update: %s", w.GetUpdate().GetName())
	case ok && !must.Exists && old != nil:
		return nil, status.Errorf(codes.AlreadyExists, "Document already exists: %s", old.GetName())
	case w.GetUpdate() == nil:
		return nil, nil
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
		if t.GetSetToServerValue() != pb.DocumentTransform_FieldTransform_REQUEST_TIME {
			return nil, unknown(t)
		}
		now := &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: result.GetUpdateTime()}}
		set(d.Fields, t.GetFieldPath(), now)
		result.TransformResults = append(result.TransformResults, now)
	}
	d.CreateTime, d.UpdateTime = cmp.Or(old.GetCreateTime(), result.GetUpdateTime()), result.GetUpdateTime()
	return d, nil
}
