// Package docbytes decodes Firestore documents into structs, by their firestore tags,
// straight from the bytes that came over the wire. The library decodes twice, first into
// protobuf messages and from those with DataTo. BenchmarkDecode shows the difference.
package docbytes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
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
func FromAnswer(response []byte) (doc Document, err error) {
	s := scanner{rest: response}
	for s.next() {
		if !s.is(1) {
			continue
		}
		if doc != nil {
			return nil, errMalformed
		}
		doc = s.bytes
	}
	if s.err != nil {
		return nil, s.err
	}
	return doc, nil
}

// Name returns the document's full resource name, "" when it has no valid one.
func (d Document) Name() string {
	var name []byte
	s := scanner{rest: d}
	for s.next() {
		if s.is(1) {
			name = s.bytes
		}
	}
	if !utf8.Valid(name) {
		return ""
	}
	return string(name)
}

// ID returns the last part of the document's name.
func (d Document) ID() string {
	name := d.Name()
	return name[strings.LastIndexByte(name, '/')+1:]
}
