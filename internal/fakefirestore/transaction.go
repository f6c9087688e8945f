package fakefirestore

import (
	"context"
	"strconv"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A transaction has one function for each of its reads, which tells whether it would
// find the same now.
type transaction struct {
	readOnly  bool
	unchanged []func() bool
}

func (s *Server) transaction(id []byte) (*transaction, error) {
	if tx := s.transactions[string(id)]; tx != nil {
		return tx, nil
	}
	return nil, status.Error(codes.InvalidArgument, "Transaction is invalid or closed.")
}

func (s *Server) remember(id []byte, unchanged func() bool) error {
	tx, err := s.transaction(id)
	if err == nil && !tx.readOnly {
		tx.unchanged = append(tx.unchanged, unchanged)
	}
	return err
}

// BeginTransaction implements the gRPC service.
func (s *Server) BeginTransaction(ctx context.Context, req *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	return unary(ctx, s, "BeginTransaction", req, func(*pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
		id, err := s.begin(req.GetOptions())
		return &pb.BeginTransactionResponse{Transaction: id}, err
	})
}

func (s *Server) begin(options *pb.TransactionOptions) (id []byte, err error) {
	if options.GetReadOnly().GetReadTime() != nil {
		return nil, status.Error(codes.Unimplemented, "fakefirestore: reads of the past")
	}
	s.begun++
	id = strconv.AppendInt(nil, int64(s.begun), 10)
	s.transactions[string(id)] = &transaction{readOnly: options.GetReadOnly() != nil}
	return id, nil
}

// Rollback implements the gRPC service.
func (s *Server) Rollback(ctx context.Context, req *pb.RollbackRequest) (*emptypb.Empty, error) {
	return unary(ctx, s, "Rollback", req, func(*pb.RollbackRequest) (*emptypb.Empty, error) {
		_, err := s.transaction(req.GetTransaction())
		delete(s.transactions, string(req.GetTransaction()))
		return &emptypb.Empty{}, err
	})
}

// BatchGetDocuments implements the gRPC service.
func (s *Server) BatchGetDocuments(req *pb.BatchGetDocumentsRequest, answers pb.Firestore_BatchGetDocumentsServer) error {
	return stream(s, answers, "BatchGetDocuments", req, s.get)
}

func (s *Server) get(req *pb.BatchGetDocumentsRequest) (found, error) {
	if req.GetMask() != nil || req.GetReadTime() != nil {
		return found{}, status.Errorf(codes.Unimplemented, "fakefirestore: %v", req)
	}
	id, begun := req.GetTransaction(), []byte(nil)
	if options := req.GetNewTransaction(); options != nil {
		var err error
		if begun, err = s.begin(options); err != nil {
			return found{}, err
		}
		id = begun
	}
	a := found{documents: len(req.GetDocuments())}
	for _, name := range req.GetDocuments() {
		database, path := split(name)
		d := s.document(path)
		m := &pb.BatchGetDocumentsResponse{ReadTime: timestamppb.Now(), Result: &pb.BatchGetDocumentsResponse_Missing{Missing: name}}
		if d != nil {
			m.Result = &pb.BatchGetDocumentsResponse_Found{Found: named(database, d)}
		}
		m.Transaction, begun = begun, nil // the first message names it
		a.messages = append(a.messages, m)
		if id != nil {
			if err := s.remember(id, func() bool { return s.document(path) == d }); err != nil {
				return found{}, err
			}
		}
	}
	return a, nil
}

// Commit implements the gRPC service. It does all writes or none.
func (s *Server) Commit(ctx context.Context, req *pb.CommitRequest) (*pb.CommitResponse, error) {
	return unary(ctx, s, "Commit", req, s.commit)
}

func (s *Server) commit(req *pb.CommitRequest) (*pb.CommitResponse, error) {
	if id := req.GetTransaction(); id != nil {
		tx, err := s.transaction(id)
		if err != nil {
			return nil, err
		}
		delete(s.transactions, string(id))
		for _, unchanged := range tx.unchanged {
			if !unchanged() {
				return nil, status.Error(codes.Aborted, "What this transaction has read was changed.")
			}
		}
	}
	resp := &pb.CommitResponse{CommitTime: s.now()}
	written := make(map[string]*pb.Document) // nil: deleted
	for _, w := range req.GetWrites() {
		_, path := split(w.GetUpdate().GetName() + w.GetDelete())
		old, again := written[path]
		if !again {
			old = s.document(path)
		}
		result := &pb.WriteResult{UpdateTime: resp.GetCommitTime()}
		d, err := write(w, old, path, result)
		if err != nil {
			return nil, err
		}
		written[path] = d
		resp.WriteResults = append(resp.WriteResults, result)
	}
	for path, d := range written {
		s.store(path, d)
	}
	s.writes.Add(int64(len(written)))
	return resp, nil
}

// write makes the document that w leaves under path in place of old, nil if none.
func write(w *pb.Write, old *pb.Document, path string, result *pb.WriteResult) (*pb.Document, error) {
	must := w.GetCurrentDocument()
	exists, ok := must.GetConditionType().(*pb.Precondition_Exists)
	switch {
	case ok && exists.Exists && old == nil:
		return nil, status.Errorf(codes.NotFound, "No document to update: %s", path)
	case ok && !exists.Exists && old != nil:
		return nil, status.Errorf(codes.AlreadyExists, "Document already exists: %s", path)
	case must.GetUpdateTime() != nil && !proto.Equal(must.GetUpdateTime(), old.GetUpdateTime()):
		return nil, status.Errorf(codes.FailedPrecondition, "Document has another update time: %s", path)
	case w.GetDelete() != "":
		return nil, nil
	case w.GetUpdate() == nil:
		return nil, status.Errorf(codes.Unimplemented, "fakefirestore: write %v", w)
	}
	d := &pb.Document{}
	if w.GetUpdateMask() == nil {
		proto.Merge(d, w.GetUpdate())
	} else if old != nil {
		proto.Merge(d, old)
	}
	if d.Fields == nil {
		d.Fields = make(map[string]*pb.Value)
	}
	for _, field := range w.GetUpdateMask().GetFieldPaths() {
		set(d.Fields, field, at(w.GetUpdate().GetFields(), field))
	}
	for _, t := range w.GetUpdateTransforms() {
		if t.GetSetToServerValue() != pb.DocumentTransform_FieldTransform_REQUEST_TIME {
			return nil, status.Errorf(codes.Unimplemented, "fakefirestore: transform %v", t)
		}
		now := &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: result.GetUpdateTime()}}
		set(d.Fields, t.GetFieldPath(), now)
		result.TransformResults = append(result.TransformResults, now)
	}
	d.Name, d.CreateTime, d.UpdateTime = path, result.GetUpdateTime(), result.GetUpdateTime()
	if old != nil {
		d.CreateTime = old.GetCreateTime()
	}
	return d, nil
}
