package store

import (
	"errors"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Firestore's answers are read here from the bytes that came over the wire, a field when
// it is asked for. Decoding them into the library's messages first, each field a map
// entry, a wrapper and a message of its own, took over a third of a request's CPU
// (bench/README.md).

// rawAnswers is gRPC's protobuf codec, but that what is received stays bytes: a *[]byte.
type rawAnswers struct{}

func (rawAnswers) Name() string { return "proto" }

func (rawAnswers) Marshal(v any) (mem.BufferSlice, error) {
	b, err := proto.Marshal(v.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

func (rawAnswers) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// A kind is the number of a field of google.firestore.v1.Value, and so a value's type.
type kind = protowire.Number

const (
	kindInteger   kind = 2
	kindMap       kind = 6
	kindArray     kind = 9
	kindTimestamp kind = 10
	kindNull      kind = 11
	kindString    kind = 17
)

// kindNames name all types of a value, for the log.
var kindNames = map[kind]string{
	1: "boolean", kindInteger: "integer", 3: "double", 5: "reference", kindMap: "map", 8: "geo point", kindArray: "array",
	kindTimestamp: "timestamp", kindNull: "null", kindString: "string", 18: "bytes",
}

// A value is a google.firestore.v1.Value: its type, and its content in bytes or number.
type value struct {
	kind   kind
	bytes  []byte
	number uint64
}

var errMalformed = errors.New("malformed")

// A scanner walks the fields of one protobuf message.
type scanner struct {
	rest []byte
	err  error

	number protowire.Number // of the field found, with its content in bytes or varint
	wire   protowire.Type
	bytes  []byte
	varint uint64
}

func (s *scanner) next() bool {
	if len(s.rest) == 0 || s.err != nil {
		return false
	}
	number, wire, n := protowire.ConsumeTag(s.rest)
	if n > 0 {
		s.rest = s.rest[n:]
		s.number, s.wire = number, wire
		s.bytes, s.varint = nil, 0
		switch wire {
		case protowire.BytesType:
			s.bytes, n = protowire.ConsumeBytes(s.rest)
		case protowire.VarintType:
			s.varint, n = protowire.ConsumeVarint(s.rest)
		default:
			n = protowire.ConsumeFieldValue(number, wire, s.rest)
		}
	}
	if n < 0 {
		s.err = errMalformed
		return false
	}
	s.rest = s.rest[n:]
	return true
}

// is reports whether the field found is this one and holds bytes, as messages,
// strings and maps do.
func (s *scanner) is(number protowire.Number) bool {
	return s.number == number && s.wire == protowire.BytesType
}

// answeredDocument returns the google.firestore.v1.Document of a RunQueryResponse, nil
// when there is none.
func answeredDocument(response []byte) (doc []byte, err error) {
	s := scanner{rest: response}
	for s.next() {
		if s.is(1) {
			doc = s.bytes
		}
	}
	return doc, s.err
}

// The entries of a map are messages in its field of this number.
const (
	documentEntries protowire.Number = 2 // google.firestore.v1.Document
	mapEntries      protowire.Number = 1 // google.firestore.v1.MapValue
)

// documentName returns a Document's full name.
func documentName(doc []byte) string {
	s := scanner{rest: doc}
	for s.next() {
		if s.is(1) {
			return string(s.bytes)
		}
	}
	return ""
}

// readEntry returns the value of a map's entry if it is the one of that name.
func readEntry(entry []byte, name string) (v value, found bool, err error) {
	s := scanner{rest: entry}
	var content []byte
	for s.next() {
		switch {
		case s.is(1):
			found = string(s.bytes) == name
		case s.is(2):
			content = s.bytes
		}
	}
	if !found || s.err != nil {
		return value{}, false, s.err
	}
	v, err = readValue(content)
	return v, true, err
}

// readArray returns the values of an ArrayValue.
func readArray(b []byte) (values []value, err error) {
	s := scanner{rest: b}
	for s.next() {
		if s.is(1) {
			var v value
			if v, s.err = readValue(s.bytes); s.err == nil {
				values = append(values, v)
			}
		}
	}
	return values, s.err
}

func readValue(b []byte) (v value, err error) {
	s := scanner{rest: b}
	for s.next() {
		v = value{kind: s.number, bytes: s.bytes, number: s.varint}
		switch v.kind {
		case kindString:
			if !utf8.Valid(v.bytes) {
				s.err = errMalformed
			}
			fallthrough
		case kindMap, kindArray, kindTimestamp:
			if s.wire != protowire.BytesType {
				s.err = errMalformed
			}
		case kindInteger, kindNull:
			if s.wire != protowire.VarintType {
				s.err = errMalformed
			}
		}
	}
	return v, s.err
}

// readTimestamp reads a google.protobuf.Timestamp.
func readTimestamp(b []byte) (time.Time, error) {
	var seconds, nanos int64
	s := scanner{rest: b}
	for s.next() {
		switch s.number {
		case 1:
			seconds = int64(s.varint)
		case 2:
			nanos = int64(int32(s.varint))
		}
	}
	return time.Unix(seconds, nanos).UTC(), s.err
}
