package standin

import (
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxCached bounds the answers kept encoded: more than the askers of a bench,
// few enough to stay in memory at 300 rows.
const maxCached = 4096

// description is the one call that is served; gRPC itself answers UNIMPLEMENTED
// to the others.
var description = grpc.ServiceDesc{
	ServiceName: firestorepb.Firestore_ServiceDesc.ServiceName,
	HandlerType: (*any)(nil),
	Streams: []grpc.StreamDesc{{
		StreamName:    "RunQuery",
		ServerStreams: true,
		Handler:       func(s any, stream grpc.ServerStream) error { return s.(*Server).runQuery(stream) },
	}},
}

func (s *Server) runQuery(stream grpc.ServerStream) error {
	var raw encoded
	if err := stream.RecvMsg(&raw); err != nil {
		return err
	}
	s.queries.Add(1)
	a, err := s.answer(raw)
	if a.request == nil {
		return err
	}
	fault := s.fault(a.request)
	ctx := stream.Context()
	if err := sleep(ctx, time.Duration(s.latency.Load())+fault.Delay); err != nil {
		return err
	}
	if fault.breaks() {
		if err := s.send(stream, a.upTo(fault.After)); err != nil {
			return err
		}
		return s.strike(ctx, fault)
	}
	if err != nil {
		return err
	}
	return s.send(stream, a)
}

// An answer is what one query gets: a response for each document, or a single
// response without one.
type answer struct {
	request   *firestorepb.RunQueryRequest
	responses []encoded
	empty     bool
}

// upTo is the first n documents of a, without the response of an empty result.
func (a answer) upTo(n int) answer {
	if a.empty {
		return answer{}
	}
	return answer{responses: a.responses[:min(n, len(a.responses))]}
}

func (s *Server) send(stream grpc.ServerStream, a answer) error {
	for _, r := range a.responses {
		if err := stream.SendMsg(r); err != nil {
			return err
		}
	}
	if !a.empty {
		s.sent.Add(int64(len(a.responses)))
	}
	return nil
}

// answer runs the query, or finds what the same query was answered before; any
// change of the documents empties the cache. The answer has its request even if
// the query fails, unless that cannot be read at all.
func (s *Server) answer(raw encoded) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.cache[string(raw)]; ok {
		s.record(a.request)
		return a, nil
	}
	req := &firestorepb.RunQueryRequest{}
	if err := proto.Unmarshal(raw, req); err != nil {
		return answer{}, status.Error(codes.InvalidArgument, err.Error())
	}
	s.record(req)
	a := answer{request: req}
	docs, err := s.run(req.GetParent(), req.GetStructuredQuery())
	if err != nil {
		return a, err
	}
	if err := a.encode(docs, timestamppb.Now()); err != nil {
		return a, status.Error(codes.Internal, err.Error())
	}
	if s.cache == nil || len(s.cache) >= maxCached {
		s.cache = make(map[string]answer)
	}
	s.cache[string(raw)] = a
	return a, nil
}

// record keeps a request for Requests. The caller holds the lock.
func (s *Server) record(req *firestorepb.RunQueryRequest) {
	if len(s.requests) < maxRecorded {
		s.requests = append(s.requests, req)
	}
}

func (a *answer) encode(docs []document, readTime *timestamppb.Timestamp) error {
	if len(docs) == 0 {
		b, err := proto.Marshal(&firestorepb.RunQueryResponse{ReadTime: readTime})
		a.responses, a.empty = []encoded{b}, true
		return err
	}
	for _, d := range docs {
		b, err := proto.Marshal(&firestorepb.RunQueryResponse{Document: d.Document, ReadTime: readTime})
		if err != nil {
			return err
		}
		a.responses = append(a.responses, b)
	}
	return nil
}
