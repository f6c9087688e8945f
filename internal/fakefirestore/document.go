package fakefirestore

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// A collection has documents by path. A document's Name is its path; once stored it is
// never changed, but replaced. An index has the paths by the value of a field; there is
// one for each field that a query has compared with a value.
type collection struct {
	documents map[string]*pb.Document
	indexes   map[string]map[rank]map[string]bool
}

func (s *Server) collection(path string) *collection {
	if s.collections[path] == nil {
		s.collections[path] = &collection{make(map[string]*pb.Document), make(map[string]map[rank]map[string]bool)}
	}
	return s.collections[path]
}

func (s *Server) document(at string) *pb.Document {
	return s.collection(path.Dir(at)).documents[at]
}

// store puts a document under a path, or nothing if d is nil.
func (s *Server) store(at string, d *pb.Document) {
	clear(s.cache)
	c := s.collection(path.Dir(at))
	for field, index := range c.indexes {
		if old := c.documents[at]; old != nil {
			delete(index[rankOf(value(old, field))], at)
		}
		if d != nil {
			add(index, field, d)
		}
	}
	if d == nil {
		delete(c.documents, at)
	} else {
		c.documents[at] = d
	}
}

func (c *collection) index(field string) map[rank]map[string]bool {
	if c.indexes[field] == nil {
		c.indexes[field] = make(map[rank]map[string]bool)
		for _, d := range c.documents {
			add(c.indexes[field], field, d)
		}
	}
	return c.indexes[field]
}

func add(index map[rank]map[string]bool, field string, d *pb.Document) {
	r := rankOf(value(d, field))
	if index[r] == nil {
		index[r] = make(map[string]bool)
	}
	index[r][d.GetName()] = true
}

// Put stores a document under a path like "chatrooms/a/chats/start". A value is a string,
// bool, int, int64, float64, time.Time, nil, map[string]any or []any; a
// *firestorepb.Value is stored as it is.
func (s *Server) Put(path string, fields map[string]any) error {
	if strings.Count(path, "/")%2 == 0 {
		return fmt.Errorf("fakefirestore: %q is not the path of a document", path)
	}
	v, err := encode(fields)
	if err != nil {
		return fmt.Errorf("fakefirestore: %s: %w", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.store(path, &pb.Document{Name: path, Fields: v.GetMapValue().GetFields(), CreateTime: now, UpdateTime: now})
	return nil
}

// Delete removes a document, if there is one.
func (s *Server) Delete(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(path, nil)
}

// Document returns the fields of a document, integers as int64, or nil without one.
func (s *Server) Document(path string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.document(path)
	if d == nil {
		return nil
	}
	return decodeMap(d.GetFields())
}

// Documents returns the paths of all documents, sorted.
func (s *Server) Documents() (paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.collections {
		paths = slices.AppendSeq(paths, maps.Keys(c.documents))
	}
	slices.Sort(paths)
	return paths
}

// split parts a name from a request into "projects/…/documents/" and a path.
func split(name string) (database, path string) {
	database, path, _ = strings.Cut(name+"/", "/documents/")
	return database + "/documents/", strings.TrimSuffix(path, "/")
}

// named is d under its full name in a database.
func named(database string, d *pb.Document) *pb.Document {
	return &pb.Document{Name: database + d.GetName(), Fields: d.GetFields(), CreateTime: d.GetCreateTime(), UpdateTime: d.GetUpdateTime()}
}

// value is the value of a field, or nil. The field __name__ is the document's name.
func value(d *pb.Document, field string) *pb.Value {
	if field == "__name__" {
		return &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: "/documents/" + d.GetName()}}
	}
	return at(d.GetFields(), field)
}

func at(fields map[string]*pb.Value, field string) *pb.Value {
	name, rest := cut(field)
	if rest == "" {
		return fields[name]
	}
	return at(fields[name].GetMapValue().GetFields(), rest)
}

// set changes the value of a field and makes the maps that lead there. A nil value
// removes the field.
func set(fields map[string]*pb.Value, field string, v *pb.Value) {
	name, rest := cut(field)
	m := fields[name].GetMapValue()
	switch {
	case rest == "" && v == nil:
		delete(fields, name)
	case rest == "":
		fields[name] = v
	default:
		if m.GetFields() == nil {
			m = &pb.MapValue{Fields: make(map[string]*pb.Value)}
			fields[name] = &pb.Value{ValueType: &pb.Value_MapValue{MapValue: m}}
		}
		set(m.GetFields(), rest, v)
	}
}

// cut takes the first name off a field path. Backquotes are around a special one.
func cut(field string) (name, rest string) {
	if quoted, ok := strings.CutPrefix(field, "`"); ok {
		name, rest, _ = strings.Cut(quoted, "`")
		return name, strings.TrimPrefix(rest, ".")
	}
	name, rest, _ = strings.Cut(field, ".")
	return name, rest
}
