package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// attempts is how often a query is sent while Firestore is unavailable.
const attempts = 3

// listQuery asks for an asker's sessions of one status, the highest idx first, and for
// one more than is shown, so that more can be told from exactly as many. Its composite
// index is in firestore.indexes.json.
func listQuery(collection, status, askerUID string) *pb.StructuredQuery {
	return &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: collection}},
		Where: &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_CompositeFilter{
			CompositeFilter: &pb.StructuredQuery_CompositeFilter{
				Op:      pb.StructuredQuery_CompositeFilter_AND,
				Filters: []*pb.StructuredQuery_Filter{equal("asker_uid", askerUID), equal("status", status)},
			},
		}},
		OrderBy: []*pb.StructuredQuery_Order{{
			Field:     &pb.StructuredQuery_FieldReference{FieldPath: "idx"},
			Direction: pb.StructuredQuery_DESCENDING,
		}},
		Limit: wrapperspb.Int32(MaxRows + 1),
	}
}

func equal(field, value string) *pb.StructuredQuery_Filter {
	return &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{
		FieldFilter: &pb.StructuredQuery_FieldFilter{
			Field: &pb.StructuredQuery_FieldReference{FieldPath: field},
			Op:    pb.StructuredQuery_FieldFilter_EQUAL,
			Value: &pb.Value{ValueType: &pb.Value_StringValue{StringValue: value}},
		},
	}}
}

// A question is a query under way: sent, its answer not yet read. Two questions asked
// one after the other are answered at the same time.
type question struct {
	store  *Store
	query  *pb.StructuredQuery
	stream grpc.ClientStream
	err    error // of sending
}

func (s *Store) ask(ctx context.Context, query *pb.StructuredQuery) question {
	q := question{store: s, query: query}
	q.stream, q.err = s.client.RunQuery(ctx, &pb.RunQueryRequest{
		Parent:    s.parent,
		QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: query},
	})
	return q
}

// answer waits for all documents found, each as its bytes, or returns an error and none. While Firestore is
// unavailable it asks again, a few times and within ctx, which is the one of ask.
func (q question) answer(ctx context.Context) ([][]byte, error) {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: 500 * time.Millisecond, Multiplier: 3}
	for attempt := 1; ; attempt++ {
		found, err := q.read()
		if err == nil {
			q.store.reached.Store(true)
			return found, nil
		}
		err = explain(ctx, err)
		if !errors.Is(err, ErrUnavailable) || attempt == attempts || gax.Sleep(ctx, pause.Pause()) != nil {
			if !errors.Is(err, context.Canceled) { // a client that left says nothing of Firestore
				q.store.reached.Store(false)
			}
			return nil, err
		}
		q = q.store.ask(ctx, q.query)
	}
}

func (q question) read() ([][]byte, error) {
	if q.err != nil {
		return nil, q.err
	}
	var found [][]byte
	for {
		var response []byte
		if err := q.stream.RecvMsg(&response); err == io.EOF {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		doc, err := answeredDocument(response)
		if err != nil {
			return nil, err
		}
		if doc != nil {
			q.store.read.Inc()
			found = append(found, doc)
		}
	}
}

// explain turns an error of the library into one of ours. Every call goes through it.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil { // in whichever of its two shapes the library says it
		return fmt.Errorf("store: %w", ctx.Err())
	}
	switch status.Code(err) {
	case codes.Unavailable:
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	case codes.DeadlineExceeded: // Firestore's own
		return fmt.Errorf("store: %w: %v", context.DeadlineExceeded, err)
	case codes.FailedPrecondition:
		return fmt.Errorf("store: a query needs an index, deploy them with `firebase deploy --only firestore:indexes`: %w", err)
	case codes.Unauthenticated:
		return fmt.Errorf("store: Firestore does not know this server, give it a service account's credentials: %w", err)
	case codes.PermissionDenied:
		return fmt.Errorf("store: this server's service account may not read Firestore, give it roles/datastore.viewer: %w", err)
	}
	return fmt.Errorf("store: %w", err)
}
