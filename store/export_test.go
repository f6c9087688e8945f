package store

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

// Read reads documents as Sessions does, but that they are given: FuzzDocument would
// lose itself in the goroutines of a connection.
func (s *Store) Read(ctx context.Context, askerUID string, rooms, agreed [][]byte) (Sessions, error) {
	underWay, err := list(ctx, question{store: s, stream: &stream{docs: rooms}}, chatrooms, underWay, askerUID, chatroom)
	if err != nil {
		return Sessions{}, err
	}
	reserved, err := list(ctx, question{store: s, stream: &stream{docs: agreed}}, reservations, reserved, askerUID, reservation)
	if err != nil {
		return Sessions{}, err
	}
	if len(underWay)+len(reserved) == 0 {
		return Sessions{}, ErrNotFound
	}
	return Sessions{UnderWay: underWay, Reserved: reserved}, nil
}

// A stream answers a query with docs.
type stream struct {
	grpc.ClientStream
	docs [][]byte
}

func (s *stream) RecvMsg(m any) error {
	if len(s.docs) == 0 {
		return io.EOF
	}
	*m.(*[]byte) = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), s.docs[0])
	s.docs = s.docs[1:]
	return nil
}
