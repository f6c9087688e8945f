// Package docbytes reads and writes Firestore documents by the firestore tags of structs.
//
// It works on the bytes that go over the wire, where the library makes protobuf messages
// in between, and documents of those with DataTo. BenchmarkDecode shows the difference.
package docbytes

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Codec is gRPC's protobuf codec, except that what is received stays bytes: a *[]byte.
type Codec struct{}

// Name makes the content type that of protobuf.
func (Codec) Name() string { return "proto" }

// Marshal encodes a proto.Message.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("docbytes: cannot send a %T", v)
	}
	b, err := proto.Marshal(m)
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

// Unmarshal copies what was received to v, a *[]byte.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("docbytes: cannot receive into a %T", v)
	}
	*b = data.Materialize()
	return nil
}

// A Document is a google.firestore.v1.Document as it came over the wire.
type Document []byte

// FromAnswer returns the document of a google.firestore.v1.RunQueryResponse, nil when it
// carries none. The document shares the response's memory.
func FromAnswer(response []byte) (Document, error) { return only(response, 1) }

// FromBatch returns what a google.firestore.v1.BatchGetDocumentsResponse carries: a
// document that was found, or the full resource name of one that is missing, or neither,
// when it tells of its transaction alone. The document shares the response's memory.
func FromBatch(response []byte) (doc Document, missing string, err error) {
	doc, err = only(response, 1)
	if err != nil {
		return nil, "", err
	}
	name, err := only(response, 2)
	switch {
	case err != nil:
		return nil, "", err
	case doc != nil && name != nil, !utf8.Valid(name):
		return nil, "", errMalformed
	}
	return doc, string(name), nil
}

// Name returns the document's full resource name, "" when it has no valid one.
func (d Document) Name() string { return string(d.name()) }

// ID returns the last part of the document's name.
func (d Document) ID() string {
	name := d.name()
	return string(name[bytes.LastIndexByte(name, '/')+1:])
}

func (d Document) name() []byte {
	name, err := only(d, 1)
	if err != nil || !utf8.Valid(name) {
		return nil
	}
	return name
}

// UpdateTime returns when the document was last changed, for the precondition that it has
// not been since. It is nil when the document does not tell, as one that was not read from
// Firestore; no document fulfils a precondition of that.
func (d Document) UpdateTime() *timestamppb.Timestamp {
	raw, err := only(d, 4)
	t := new(timestamppb.Timestamp)
	if err != nil || raw == nil || proto.Unmarshal(raw, t) != nil {
		return nil
	}
	return t
}
