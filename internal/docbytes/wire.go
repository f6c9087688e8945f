package docbytes

import (
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A kind is the number of a field of google.firestore.v1.Value, and so a value's type.
type kind = protowire.Number

const (
	kindBoolean   kind = 1
	kindInteger   kind = 2
	kindDouble    kind = 3
	kindMap       kind = 6
	kindArray     kind = 9
	kindTimestamp kind = 10
	kindNull      kind = 11
	kindString    kind = 17
)

// kinds are all types that a value can have. Numbers without a name are not in use.
var kinds = [...]struct {
	name string
	wire protowire.Type
}{
	0:             {"a value of unknown type", -1},
	kindBoolean:   {"boolean", protowire.VarintType},
	kindInteger:   {"integer", protowire.VarintType},
	kindDouble:    {"double", protowire.Fixed64Type},
	5:             {"reference", protowire.BytesType},
	kindMap:       {"map", protowire.BytesType},
	8:             {"geo point", protowire.BytesType},
	kindArray:     {"array", protowire.BytesType},
	kindTimestamp: {"timestamp", protowire.BytesType},
	kindNull:      {"null", protowire.VarintType},
	kindString:    {"string", protowire.BytesType},
	18:            {"bytes", protowire.BytesType},
}

var errMalformed = errors.New("malformed")

// errNotFinite is about a double that JSON has no number for.
var errNotFinite = errors.New("not a finite number")

// A scanner walks the fields of one protobuf message.
type scanner struct {
	rest []byte
	err  error

	// The field found. bytes or bits hold its content, by its wire type.
	number protowire.Number
	wire   protowire.Type
	bytes  []byte
	bits   uint64
}

func (s *scanner) next() bool {
	if len(s.rest) == 0 {
		return false
	}
	var n int
	s.number, s.wire, n = protowire.ConsumeTag(s.rest)
	if n > 0 {
		s.rest = s.rest[n:]
		switch s.wire {
		case protowire.BytesType:
			s.bytes, n = protowire.ConsumeBytes(s.rest)
		case protowire.VarintType:
			s.bits, n = protowire.ConsumeVarint(s.rest)
		case protowire.Fixed64Type:
			s.bits, n = protowire.ConsumeFixed64(s.rest)
		default:
			n = protowire.ConsumeFieldValue(s.number, s.wire, s.rest)
		}
	}
	if n < 0 {
		s.err = errMalformed
		return false
	}
	s.rest = s.rest[n:]
	return true
}

// is reports whether the field found is this one and holds bytes, as messages and
// strings do.
func (s *scanner) is(number protowire.Number) bool {
	return s.number == number && s.wire == protowire.BytesType
}

// only returns the content of a message's field, nil when the message lacks it. It is an
// error if it is there twice, which protobuf would merge.
func only(message []byte, number protowire.Number) (content []byte, err error) {
	s := scanner{rest: message}
	for s.next() {
		if s.is(number) && content != nil {
			return nil, errMalformed
		}
		if s.is(number) {
			content = s.bytes
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	return content, nil
}

// entry returns the name and the Value of an entry of a map, as two calls of only would.
func entry(message []byte) (name, value []byte, err error) {
	s := scanner{rest: message}
	for s.next() {
		var content *[]byte
		switch {
		case s.is(1):
			content = &name
		case s.is(2):
			content = &value
		default:
			continue
		}
		if *content != nil {
			return nil, nil, errMalformed
		}
		*content = s.bytes
	}
	return name, value, s.err
}

// A value is a google.firestore.v1.Value: its type, and its content in bytes or bits.
type value struct {
	kind  kind
	bytes []byte
	bits  uint64
}

func readValue(b []byte) (v value, err error) {
	s := scanner{rest: b}
	for s.next() {
		if int(s.number) >= len(kinds) || kinds[s.number].name == "" || kinds[s.number].wire != s.wire {
			continue // not a field of a Value that this package knows
		}
		if v.kind != 0 { // protobuf would take the last one or merge them
			return value{}, errMalformed
		}
		v = value{kind: s.number, bytes: s.bytes, bits: s.bits}
	}
	return v, s.err
}

// readTimestamp reads a google.protobuf.Timestamp.
func readTimestamp(b []byte) (time.Time, error) {
	var t timestamppb.Timestamp
	s := scanner{rest: b}
	for s.next() {
		switch {
		case s.wire != protowire.VarintType:
		case s.number == 1:
			t.Seconds = int64(s.bits)
		case s.number == 2:
			t.Nanos = int32(s.bits)
		}
	}
	if s.err != nil || !t.IsValid() {
		return time.Time{}, errMalformed
	}
	return t.AsTime(), nil
}
