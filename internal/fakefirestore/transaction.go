package fakefirestore

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A transaction has one function for each of its reads, which tells whether it would
// find the same now.
type transaction struct {
	readOnly  bool
	unchanged []func() bool
}

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

// BeginTransaction implements the gRPC service. Without a mode it begins one that writes.
func (s *Server) BeginTransaction(ctx context.Context, req *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	return unary(ctx, s, "BeginTransaction", req, func() (*pb.BeginTransactionResponse, error) {
		if req.GetOptions().GetReadOnly().GetReadTime() != nil {
			return nil, unknown(req)
		}
		return &pb.BeginTransactionResponse{Transaction: s.begin(req.GetOptions().GetReadOnly() != nil)}, nil
	})
}

func (s *Server) begin(readOnly bool) (id []byte) {
	id = []byte(rand.Text())
	s.transactions[string(id)] = &transaction{readOnly: readOnly}
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

// BatchGetDocuments implements the gRPC service. It answers in an order that nobody asked
// for, as Firestore may. A transaction that begins with it, without a mode, only reads.
func (s *Server) BatchGetDocuments(req *pb.BatchGetDocumentsRequest, stream pb.Firestore_BatchGetDocumentsServer) error {
	return streamed(s, stream, "BatchGetDocuments", req, func() (answer, error) {
		id, begun := req.GetTransaction(), []byte(nil)
		if options := req.GetNewTransaction(); options != nil {
			id = s.begin(options.GetReadWrite() == nil)
			begun = id
		}
		tx, err := s.transaction(id)
		if err != nil || req.GetMask() != nil || req.GetReadTime() != nil {
			return answer{}, cmp.Or(err, unknown(req))
		}
		var a answer
		names := slices.Sorted(slices.Values(req.GetDocuments()))
		for _, name := range slices.Backward(slices.Compact(names)) {
			d := s.document(name)
			m := &pb.BatchGetDocumentsResponse{ReadTime: timestamppb.Now(), Result: &pb.BatchGetDocumentsResponse_Missing{Missing: name}}
			if d != nil {
				m.Result = &pb.BatchGetDocumentsResponse_Found{Found: d}
			}
			m.Transaction, begun = begun, nil // the first message names it
			a.messages = append(a.messages, m)
			tx.unchanged = append(tx.unchanged, func() bool { return s.document(name) == d })
		}
		a.documents = len(a.messages)
		return a, nil
	})
}
