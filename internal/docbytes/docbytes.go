// Package docbytes reads and writes Firestore documents by the firestore tags of structs.
//
// It reads straight from the bytes that came over the wire, where the library decodes
// twice, first into protobuf messages and from those with DataTo; BenchmarkDecode shows
// the difference. It writes the messages that a commit carries.
package docbytes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
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
func FromAnswer(response []byte) (Document, error) {
	doc, _, err := readResponse(response, 0)
	return doc, err
}

// FromBatch returns what a google.firestore.v1.BatchGetDocumentsResponse carries: a
// document that was found, or the full resource name of one that is missing, or neither,
// when it tells but of its transaction. The document shares the response's memory.
func FromBatch(response []byte) (doc Document, missing string, err error) {
	doc, name, err := readResponse(response, 2)
	switch {
	case err != nil:
		return nil, "", err
	case doc != nil && name != nil, !utf8.Valid(name):
		return nil, "", errMalformed
	}
	return doc, string(name), nil
}

// readResponse returns the document of a response, its field 1, and the name in another
// field.
func readResponse(response []byte, other protowire.Number) (doc, name []byte, err error) {
	s := scanner{rest: response}
	for s.next() {
		switch {
		case s.is(1) && doc == nil:
			doc = s.bytes
		case s.is(1): // protobuf would merge the two
			return nil, nil, errMalformed
		case s.is(other):
			name = s.bytes
		}
	}
	if s.err != nil {
		return nil, nil, s.err
	}
	return doc, name, nil
}

// Name returns the document's full resource name, "" when it has no valid one.
func (d Document) Name() string {
	name := d.last(1)
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

// UpdateTime returns when the document was last changed, for the precondition that it has
// not been since. It is nil when the document does not tell, as one that was not read from
// Firestore; no document fulfils a precondition of that.
func (d Document) UpdateTime() *timestamppb.Timestamp {
	raw := d.last(4)
	t := new(timestamppb.Timestamp)
	if raw == nil || proto.Unmarshal(raw, t) != nil {
		return nil
	}
	return t
}

// last returns the content of the last field of this number.
func (d Document) last(number protowire.Number) (content []byte) {
	s := scanner{rest: d}
	for s.next() {
		if s.is(number) {
			content = s.bytes
		}
	}
	return content
}
