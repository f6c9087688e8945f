package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/internal/standin"
	"willson/store"
)

func fill(t testing.TB, server *standin.Server, rows int) {
	t.Helper()
	for idx := 1; idx <= rows; idx++ {
		give(t, server, "chatrooms", fmt.Sprint(idx), room(idx))
		give(t, server, "reservations", fmt.Sprint(idx), agreed(idx+1000))
	}
}

func give(t testing.TB, server *standin.Server, collection, id string, doc standin.Fields) {
	t.Helper()
	if err := server.Put(collection, id, doc); err != nil {
		t.Fatal(err)
	}
}

// TestDocumentsRead counts through the wire what a list costs.
func TestDocumentsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, unreadable, over, shown, sent int }{
		{rows: 0},
		{rows: 1, shown: 1, sent: 1},
		{rows: 10, shown: 10, sent: 10},
		{rows: 10, unreadable: 2, over: 3, shown: 5, sent: 10},
		{rows: 10, unreadable: 10, sent: 10},
		{rows: 100, shown: 100, sent: 100},
		{rows: 300, shown: 300, sent: 300},
		{rows: 301, shown: 300, sent: 301},
		{rows: 301, unreadable: 1, shown: 300, sent: 301},
		{rows: 500, shown: 300, sent: 301},
	} {
		t.Run(fmt.Sprintf("%+v", test), func(t *testing.T) {
			s, server := madeToOrder(t)
			fill(t, server, test.rows)
			for i := range test.unreadable + test.over {
				bad, past := test.rows-i, time.Now().Add(-time.Minute)
				field, value := "concern.minutes", any("50")
				if i >= test.unreadable {
					field, value = "ends_at", past
				}
				give(t, server, "chatrooms", fmt.Sprint(bad), with(room(bad), field, value))
				give(t, server, "reservations", fmt.Sprint(bad), with(agreed(bad+1000), field, value))
			}

			got, err := s.Sessions(within(t), asker)
			if (err == nil) != (test.shown > 0) {
				t.Fatal(err)
			}
			same(t, []int{len(got.UnderWay), len(got.Reserved)}, []int{test.shown, test.shown})
			same(t, []int{server.DocumentsSent(), server.Queries(), s.read(t)}, []int{2 * test.sent, 2, 2 * test.sent})
			same(t, []int{s.unreadable(t, "chatrooms"), s.unreadable(t, "reservations")}, []int{test.unreadable, test.unreadable})
			var asked []string
			for _, request := range server.Requests() {
				asked = append(asked, request.GetStructuredQuery().GetFrom()[0].GetCollectionId())
			}
			slices.Sort(asked)
			same(t, asked, []string{"chatrooms", "reservations"})
			logged := s.log.with("more sessions than a list shows")
			if want := test.rows > store.MaxRows; (len(logged) == 2) != want || !want && len(logged) > 0 {
				t.Errorf("logged %v", logged)
			}
		})
	}
}

// TestSideBySide holds each query back until the other has arrived.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	s, server := madeToOrder(t)
	fill(t, server, 1)
	var both sync.WaitGroup
	both.Add(2)
	server.OnQuery(func(int, *pb.RunQueryRequest) standin.Fault {
		both.Done()
		both.Wait()
		return standin.Fault{}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.Sessions(ctx, asker); err != nil {
		t.Error(err)
		both.Add(-1) // lets the lonely one go
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	unavailable := standin.Code(codes.Unavailable)
	only := func(collection string, f standin.Fault) standin.Hook {
		return func(_ int, r *pb.RunQueryRequest) standin.Fault {
			if r.GetStructuredQuery().GetFrom()[0].GetCollectionId() == collection {
				return f
			}
			return standin.Fault{}
		}
	}
	for name, test := range map[string]struct {
		hook       standin.Hook
		want       error // nil: served, whole
		maxQueries int
	}{
		"none":                                 {standin.Always(standin.Fault{}), nil, 2},
		"unavailable once":                     {standin.First(1, unavailable), nil, 3},
		"both unavailable once":                {standin.First(2, unavailable), nil, 4},
		"unavailable for ever":                 {standin.Always(unavailable), store.ErrUnavailable, 6},
		"the rooms unavailable for ever":       {only("chatrooms", unavailable), store.ErrUnavailable, 4},
		"the reservations unavailable":         {only("reservations", unavailable), store.ErrUnavailable, 4},
		"breaks off once":                      {standin.First(1, standin.Fault{After: 2, Err: status.Error(codes.Unavailable, "")}), nil, 3},
		"breaks off for ever":                  {standin.Always(standin.Fault{After: 2, Err: status.Error(codes.Unavailable, "")}), store.ErrUnavailable, 6},
		"the connection is reset":              {standin.First(1, standin.Fault{Reset: true}), nil, 4},
		"the connection is reset in an answer": {standin.First(1, standin.Fault{After: 2, Reset: true}), nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := madeToOrder(t)
			fill(t, server, 3)
			server.OnQuery(test.hook)

			got, err := s.Sessions(within(t), asker)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			rooms, reservations := idxs(got)
			if err != nil {
				same(t, got, store.Sessions{})
			} else {
				same(t, [][]int64{rooms, reservations}, [][]int64{{1, 2, 3}, {1001, 1002, 1003}})
			}
			if n := server.Queries(); n > test.maxQueries {
				t.Errorf("%d queries, want at most %d", n, test.maxQueries)
			}

			server.OnQuery(nil)
			if _, err := s.Sessions(within(t), asker); err != nil {
				t.Errorf("after the fault: %v", err)
			}
		})
	}
}

// TestCodes fails either query, before and within its answer, with every code there is.
func TestCodes(t *testing.T) {
	t.Parallel()
	known := []error{store.ErrNotFound, store.ErrUnavailable, context.DeadlineExceeded, context.Canceled}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		for after, collection := range []string{"chatrooms", "reservations"} {
			t.Run(fmt.Sprint(code, " of ", collection), func(t *testing.T) {
				t.Parallel()
				s, server := madeToOrder(t)
				fill(t, server, 2)
				server.OnQuery(func(_ int, r *pb.RunQueryRequest) standin.Fault {
					if r.GetStructuredQuery().GetFrom()[0].GetCollectionId() != collection {
						return standin.Fault{}
					}
					return standin.Fault{After: after, Err: status.Error(code, "made to order")}
				})
				got, err := s.Sessions(within(t), asker)
				same(t, got, store.Sessions{})
				if err == nil {
					t.Fatal("no error")
				}
				want := map[codes.Code]error{codes.Unavailable: store.ErrUnavailable, codes.DeadlineExceeded: context.DeadlineExceeded}[code]
				for _, k := range known {
					if errors.Is(err, k) != (k == want) {
						t.Errorf("%q is %q: %t", err, k, errors.Is(err, k))
					}
				}
				advice := map[codes.Code]string{
					codes.FailedPrecondition: "firebase deploy --only firestore:indexes",
					codes.PermissionDenied:   "roles/datastore.viewer",
					codes.Unauthenticated:    "credentials",
				}[code]
				if !strings.Contains(err.Error(), advice) {
					t.Errorf("%q does not say what to do", err)
				}
				if n := server.Queries(); code != codes.Unavailable && n > 2 {
					t.Errorf("%d queries, want two at most", n)
				}
			})
		}
	}
}

// TestContextEnds has a request run out of time, or its client leave, in every state of
// a query: before it, on a dead connection, unanswered, half answered, between attempts.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	nobody := freeAddr(t)
	for name, hook := range map[string]standin.Hook{
		"before it is sent":  nil,
		"nobody listens":     nil,
		"unanswered":         standin.Always(standin.Fault{Hang: true}),
		"slow":               standin.Always(standin.Fault{Delay: time.Minute}),
		"half answered":      standin.Always(standin.Fault{After: 1, Hang: true}),
		"one is unanswered":  func(n int, _ *pb.RunQueryRequest) standin.Fault { return standin.Fault{Hang: n == 2} },
		"frozen":             nil,
		"frozen from before": nil,
	} {
		for _, want := range []error{context.DeadlineExceeded, context.Canceled} {
			t.Run(name+": "+want.Error(), func(t *testing.T) {
				t.Parallel()
				s, server := madeToOrder(t)
				fill(t, server, 2)
				server.OnQuery(hook)
				wait := 300 * time.Millisecond
				switch name {
				case "before it is sent":
					wait = 0
				case "nobody listens":
					s = open(t, nobody)
				case "frozen":
					if _, err := s.Sessions(within(t), asker); err != nil {
						t.Fatal(err)
					}
					fallthrough
				case "frozen from before":
					server.Freeze()
					t.Cleanup(server.Thaw)
				}
				ctx, end := context.WithTimeout(t.Context(), wait)
				if want == context.Canceled {
					ctx, end = context.WithCancel(t.Context())
					time.AfterFunc(wait, end)
				}
				defer end()
				if wait == 0 {
					<-ctx.Done()
				}

				begin := time.Now()
				got, err := s.Sessions(ctx, asker)
				same(t, got, store.Sessions{})
				if !errors.Is(err, want) && !(name == "nobody listens" && errors.Is(err, store.ErrUnavailable)) {
					t.Errorf("error %v, want %v", err, want)
				}
				if errors.Is(err, store.ErrNotFound) {
					t.Error("an outage is not an empty list")
				}
				if took := time.Since(begin); took > wait+2*time.Second {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestReady(t *testing.T) {
	t.Parallel()
	s, server := madeToOrder(t)
	fill(t, server, 3)
	ready := func(queries int, want error) {
		t.Helper()
		before := server.Queries()
		if err := s.Ready(within(t)); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
		if n := server.Queries() - before; n != queries {
			t.Errorf("%d queries, want %d", n, queries)
		}
	}
	ready(2, nil)
	ready(0, nil)
	if n := server.DocumentsSent(); n > 2 {
		t.Errorf("%d documents read, want two at most", n)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sessions(ctx, asker); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ready(0, nil) // a client that left says nothing of Firestore

	server.OnQuery(standin.Always(standin.Code(codes.Unavailable)))
	if _, err := s.Sessions(within(t), asker); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	ready(3, store.ErrUnavailable)
	server.OnQuery(nil)
	ready(2, nil)

	server.OnQuery(standin.Always(standin.Code(codes.FailedPrecondition)))
	if _, err := s.Sessions(within(t), asker); err == nil {
		t.Error("no error")
	}
	if err := s.Ready(within(t)); err == nil {
		t.Error("ready without an index")
	}
	server.OnQuery(nil)
	if _, err := s.Sessions(within(t), asker); err != nil {
		t.Error(err)
	}
	ready(0, nil)
}

func TestBackAfterAnOutage(t *testing.T) {
	t.Parallel()
	s, server := madeToOrder(t)
	fill(t, server, 1)
	if _, err := s.Sessions(within(t), asker); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if _, err := s.Sessions(within(t), asker); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	restarted := time.Now()
	for {
		_, err := s.Sessions(within(t), asker)
		if err == nil {
			return
		}
		if !errors.Is(err, store.ErrUnavailable) || time.Since(restarted) > 5*time.Second {
			t.Fatal(err)
		}
	}
}

// anything answers every query of a collection with the same documents, whatever it
// asks; they are bytes, and need not be documents.
type anything struct {
	mu   sync.Mutex
	docs map[string][][]byte
}

func startAnything(t testing.TB) (*subject, *anything) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, server := &anything{}, grpc.NewServer(grpc.ForceServerCodecV2(bytesOut{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: pb.Firestore_ServiceDesc.ServiceName,
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName:    "RunQuery",
			ServerStreams: true,
			Handler:       func(_ any, stream grpc.ServerStream) error { return a.runQuery(stream) },
		}},
	}, a)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	return open(t, l.Addr().String()), a
}

func (a *anything) answer(docs map[string][][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.docs = docs
}

func (a *anything) runQuery(stream grpc.ServerStream) error {
	r := &pb.RunQueryRequest{}
	if err := stream.RecvMsg(r); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, doc := range a.docs[r.GetStructuredQuery().GetFrom()[0].GetCollectionId()] {
		response := protowire.AppendTag(nil, 1, protowire.BytesType)
		if err := stream.SendMsg(protowire.AppendBytes(response, doc)); err != nil {
			return err
		}
	}
	return nil
}

// bytesOut is gRPC's protobuf codec, but that what is sent is bytes already.
type bytesOut struct{}

func (bytesOut) Name() string { return "proto" }

func (bytesOut) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesOut) Unmarshal(data mem.BufferSlice, v any) error {
	return proto.Unmarshal(data.Materialize(), v.(proto.Message))
}

// encode is a document as it goes over the wire.
func encode(path string, fields standin.Fields) []byte {
	b, err := proto.Marshal(&pb.Document{
		Name:   "projects/demo/databases/(default)/documents/" + path,
		Fields: value(fields).GetMapValue().GetFields(),
	})
	if err != nil {
		panic(err) // the tests' own fields
	}
	return b
}

func value(v any) *pb.Value {
	switch v := v.(type) {
	case *pb.Value:
		return v
	case string:
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: v}}
	case int:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: int64(v)}}
	case time.Time:
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: timestamppb.New(v)}}
	case []any:
		all := &pb.ArrayValue{}
		for _, inner := range v {
			all.Values = append(all.Values, value(inner))
		}
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: all}}
	case standin.Fields:
		inner := &pb.MapValue{Fields: map[string]*pb.Value{}}
		for name, field := range v {
			inner.Fields[name] = value(field)
		}
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: inner}}
	}
	return &pb.Value{ValueType: &pb.Value_NullValue{}}
}

// TestSentByMistake has Firestore answer with what was not asked for.
func TestSentByMistake(t *testing.T) {
	t.Parallel()
	s, server := startAnything(t)
	for name, edit := range map[string]struct {
		field string
		value any
	}{
		"another asker's":  {"asker_uid", "somebody"},
		"nobody's":         {"asker_uid", absent{}},
		"null's":           {"asker_uid", nil},
		"a number's":       {"asker_uid", 1205312339},
		"another status":   {"status", "complete"},
		"without a status": {"status", absent{}},
		"a status of 1":    {"status", 1},
		"without an idx":   {"idx", absent{}},
	} {
		t.Run(name, func(t *testing.T) {
			mine := map[string][][]byte{
				"chatrooms":    {encode("chatrooms/mine", room(1))},
				"reservations": {encode("reservations/mine", agreed(2))},
			}
			wrong := map[string][]byte{
				"chatrooms":    encode("chatrooms/wrong", with(room(3), edit.field, edit.value)),
				"reservations": encode("reservations/wrong", with(agreed(4), edit.field, edit.value)),
			}
			server.answer(map[string][][]byte{
				"chatrooms":    append(mine["chatrooms"], wrong["chatrooms"]),
				"reservations": append(mine["reservations"], wrong["reservations"]),
			})
			got, err := s.Sessions(within(t), asker)
			if err != nil {
				t.Fatal(err)
			}
			rooms, reservations := idxs(got)
			same(t, [][]int64{rooms, reservations}, [][]int64{{1}, {2}})
			if lines := s.log.with("unreadable document left out"); len(lines) != 2 {
				t.Errorf("logged %v", lines)
			}

			server.answer(map[string][][]byte{"chatrooms": {wrong["chatrooms"]}, "reservations": {wrong["reservations"]}})
			if got, err := s.Sessions(within(t), asker); err != store.ErrNotFound {
				t.Errorf("got %v, %v, want ErrNotFound", got, err)
			}
			s.log.with("")
		})
	}
}
