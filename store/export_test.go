package store

import (
	"context"
	"io"
	"time"

	apiv1 "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
)

// A Change is a change with its fields exported.
type Change struct {
	Match       Match
	Changed     bool
	Opens       *Chatroom
	Reserves    *Reservation
	Reservation string
	Completes   *Chatroom
}

func exported(c change, err error) (Change, error) {
	return Change{c.match, c.changed, c.opens, c.reserves, c.reservation, c.completes}, err
}

// RuleFor is ruleFor in words.
func RuleFor(a, status string) string { return string(ruleFor(action(a), status)) }

// Selected is selected, with the other sessions as pairs of start and end.
func Selected(m Match, open [][2]time.Time, taken bool, now time.Time) (Change, error) {
	var spans []span
	for _, s := range open {
		spans = append(spans, span{s[0], s[1]})
	}
	return exported(selected(m, spans, taken, now))
}

// Joined is joined; a nil agreed is none, and id is the reservation's.
func Joined(m Match, party Party, room *Chatroom, agreed *Reservation, id string, now time.Time) (Change, error) {
	if agreed == nil {
		return exported(joined(m, party, room, nil, now))
	}
	return exported(joined(m, party, room, &found[Reservation]{*agreed, id}, now))
}

// Completed is completed.
func Completed(m Match, room *Chatroom, now time.Time) (Change, error) {
	return exported(completed(m, room, now))
}

// ChatroomOf and ReservationOf are what a selected match opens or reserves.
func ChatroomOf(m Match, started time.Time) *Chatroom { return m.chatroom(started) }

// ReservationOf is the reservation of a selected match.
func ReservationOf(m Match) *Reservation { return m.reservation() }

// Explain is explain.
func Explain(ctx context.Context, err error) error { return explain(ctx, err) }

// OpenAnswering opens a Store whose lists find these documents, as bytes and by
// collection, whatever they ask for. No connection is made.
func OpenAnswering(ctx context.Context, cfg Config, documents func(collection string) [][]byte) (*Store, error) {
	s, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(cfg.EmulatorHost, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStreamInterceptor(func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
			return &answered{documents: documents}, nil
		}))
	if err != nil {
		return nil, err
	}
	options := s.lists.CallOptions
	if s.lists.Client, err = apiv1.NewClient(ctx, option.WithGRPCConn(conn)); err != nil {
		return nil, err
	}
	s.lists.CallOptions = options
	return s, nil
}

// An answered stream is one query and its answer.
type answered struct {
	grpc.ClientStream
	documents func(string) [][]byte
	rest      [][]byte
}

func (a *answered) CloseSend() error { return nil }

func (a *answered) SendMsg(request any) error {
	a.rest = a.documents(request.(*firestorepb.RunQueryRequest).GetStructuredQuery().GetFrom()[0].GetCollectionId())
	return nil
}

func (a *answered) RecvMsg(m any) error {
	if len(a.rest) == 0 {
		return io.EOF
	}
	*m.(*[]byte) = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), a.rest[0])
	a.rest = a.rest[1:]
	return nil
}
