package docbytes_test

import (
	"context"
	"io"
	"testing"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A library is Firestore's client without a server: it gets any document that it is told,
// and tells what it would write.
type library struct{ *firestore.Client }

func newLibrary(t testing.TB) library {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///nowhere",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStreamInterceptor(func(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ grpc.Streamer, _ ...grpc.CallOption) (grpc.ClientStream, error) {
			return &reply{doc: ctx.Value(docKey{}).(*pb.Document)}, nil
		}),
		grpc.WithUnaryInterceptor(func(ctx context.Context, _ string, req, resp any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
			proto.Merge(ctx.Value(docKey{}).(*pb.Document), req.(*pb.CommitRequest).GetWrites()[0].GetUpdate())
			proto.Merge(resp.(proto.Message), &pb.CommitResponse{WriteResults: []*pb.WriteResult{{UpdateTime: timestamppb.Now()}}})
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(t.Context(), "demo", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return library{client}
}

// docKey is the context key of the document that the library is to get, or that is to hold
// what it writes.
type docKey struct{}

// snapshot returns the library's snapshot of a document with the fields of doc.
func (l library) snapshot(t testing.TB, doc *pb.Document) *firestore.DocumentSnapshot {
	t.Helper()
	ref := l.Doc("c/d")
	now := timestamppb.Now()
	doc = &pb.Document{Name: ref.Path, Fields: doc.Fields, CreateTime: now, UpdateTime: now}
	snapshot, err := ref.Get(context.WithValue(t.Context(), docKey{}, doc))
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// written returns the fields that the library writes to create a document.
func (l library) written(t testing.TB, data any) map[string]*pb.Value {
	t.Helper()
	var doc pb.Document
	if _, err := l.Doc("c/d").Create(context.WithValue(t.Context(), docKey{}, &doc), data); err != nil {
		t.Fatal(err)
	}
	return doc.Fields
}

// A reply is the stream of an answer to BatchGetDocuments with one document.
type reply struct {
	grpc.ClientStream
	doc *pb.Document
}

func (r *reply) SendMsg(any) error { return nil }
func (r *reply) CloseSend() error  { return nil }

func (r *reply) RecvMsg(m any) error {
	if r.doc == nil {
		return io.EOF
	}
	proto.Merge(m.(proto.Message), &pb.BatchGetDocumentsResponse{Result: &pb.BatchGetDocumentsResponse_Found{Found: r.doc}})
	r.doc = nil
	return nil
}
