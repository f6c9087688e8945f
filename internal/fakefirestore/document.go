package fakefirestore

import (
	"path"
	"strconv"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// A collection has documents by full name, which are never changed, but replaced; and for
// each key those that have it. Without that index a bench would measure our scans.
type collection struct {
	documents map[string]*pb.Document
	equal     map[string]map[string]*pb.Document
}

// key stands for a field's value, if that is a string or an integer.
func key(field string, v *pb.Value) string {
	switch t := v.GetValueType().(type) {
	case *pb.Value_StringValue:
		return field + " string " + t.StringValue
	case *pb.Value_IntegerValue:
		return field + " integer " + strconv.FormatInt(t.IntegerValue, 10)
	}
	return ""
}

func (s *Server) in(name string) *collection {
	if s.collections[name] == nil {
		s.collections[name] = &collection{make(map[string]*pb.Document), make(map[string]map[string]*pb.Document)}
	}
	return s.collections[name]
}

// document returns a document by its full name, or nil.
func (s *Server) document(name string) *pb.Document { return s.in(path.Dir(name)).documents[name] }

// store puts a document under its full name, or nothing if d is nil.
func (s *Server) store(name string, d *pb.Document) {
	clear(s.cache)
	c := s.in(path.Dir(name))
	for field, v := range c.documents[name].GetFields() {
		delete(c.equal[key(field, v)], name)
	}
	delete(c.documents, name)
	if d == nil {
		return
	}
	c.documents[name] = d
	for field, v := range d.GetFields() {
		k := key(field, v)
		if c.equal[k] == nil {
			c.equal[k] = make(map[string]*pb.Document)
		}
		c.equal[k][name] = d
	}
}

// value is the value of a field, or nil. Dots lead into maps; names in backquotes are
// not known.
func value(fields map[string]*pb.Value, field string) *pb.Value {
	name, rest, within := strings.Cut(field, ".")
	if within {
		return value(fields[name].GetMapValue().GetFields(), rest)
	}
	return fields[name]
}

// set changes the value of a field and makes the maps that lead there. A nil value
// removes the field.
func set(fields map[string]*pb.Value, field string, v *pb.Value) {
	name, rest, within := strings.Cut(field, ".")
	switch {
	case within:
		m := &pb.MapValue{Fields: fields[name].GetMapValue().GetFields()}
		if m.Fields == nil {
			m.Fields = make(map[string]*pb.Value)
		}
		fields[name] = &pb.Value{ValueType: &pb.Value_MapValue{MapValue: m}}
		set(m.Fields, rest, v)
	case v == nil:
		delete(fields, name)
	default:
		fields[name] = v
	}
}
