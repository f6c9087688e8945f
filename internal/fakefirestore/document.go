package fakefirestore

import (
	"path"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// A collection has documents by full name, which are never changed, but replaced; and in
// index those that have a value, by the value's key. Without that index a bench would
// measure our scans.
type collection struct {
	documents map[string]*pb.Document
	index     map[string]map[string]*pb.Document
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
	eachKey("", c.documents[name].GetFields(), func(key string) { delete(c.index[key], name) })
	delete(c.documents, name)
	if d == nil {
		return
	}
	c.documents[name] = d
	eachKey("", d.GetFields(), func(key string) {
		if c.index[key] == nil {
			c.index[key] = make(map[string]*pb.Document)
		}
		c.index[key][name] = d
	})
}

// eachKey calls do with the key of every value in these fields, in maps and arrays too.
func eachKey(parent string, fields map[string]*pb.Value, do func(key string)) {
	for name, v := range fields {
		do(key(parent+name, v))
		for _, element := range v.GetArrayValue().GetValues() {
			do(key(parent+name, element))
		}
		eachKey(parent+name+".", v.GetMapValue().GetFields(), do)
	}
}

// value is the value of a field, or nil. Dots lead into maps.
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
