package main

import (
	"context"
	"errors"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// raw reads the documents as bytes and drops them.
type raw struct{ conn *grpc.ClientConn }

func (r raw) drain(ctx context.Context, req *firestorepb.RunQueryRequest) error {
	stream, err := r.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true},
		firestorepb.Firestore_RunQuery_FullMethodName, grpc.ForceCodecV2(dropping{}))
	if err != nil {
		return err
	}
	if err := errors.Join(stream.SendMsg(req), stream.CloseSend()); err != nil {
		return err
	}
	for {
		if err := stream.RecvMsg(nil); err != nil {
			return unlessEOF(err)
		}
	}
}

// dropping encodes protobuf and decodes nothing.
type dropping struct{}

func (dropping) Name() string { return "proto" }

func (dropping) Marshal(v any) (mem.BufferSlice, error) {
	b, err := proto.Marshal(v.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

func (dropping) Unmarshal(mem.BufferSlice, any) error { return nil }
