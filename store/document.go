package store

import (
	"fmt"
	"path"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A document is read field by field; err keeps the first thing found that does not
// follow the schema. The library's DataTo could not serve: to it a missing field is a
// zero one, a null fits any type, and names match without regard to case.
type document struct {
	node
	name string
	err  error
}

// A node is a document's fields, or those of a map within it.
type node struct {
	doc     *document
	within  string // the map's path, "" for the document itself
	raw     []byte
	entries protowire.Number // where raw holds the fields
}

func newDocument(raw []byte) *document {
	doc := &document{name: documentName(raw)}
	doc.node = node{doc: doc, raw: raw, entries: documentEntries}
	return doc
}

// id is the last part of the document's name.
func (d *document) id() string { return path.Base(d.name) }

// mustEqual refuses a document that the query should not have found: the owner of what
// is shown is checked here once more.
func (d *document) mustEqual(name, want string) {
	if d.string(name) != want {
		d.fail(name, "not what the query asked for")
	}
}

// over reports whether the session has passed its end.
func (d *document) over() bool {
	ends, ok := d.time("ends_at")
	return ok && !time.Now().Before(ends)
}

func (n node) fail(name, problem string) {
	if n.doc.err == nil {
		n.doc.err = fmt.Errorf("%s: %s", n.path(name), problem)
	}
}

// path is a field's name within the document.
func (n node) path(name string) string {
	if n.within == "" {
		return name
	}
	return n.within + "." + name
}

// lookup returns the field of that name and whether it is there; null counts as absent.
func (n node) lookup(name string, want kind) (value, bool) {
	s := scanner{rest: n.raw}
	for s.next() {
		if !s.is(n.entries) {
			continue
		}
		v, found, err := readEntry(s.bytes, name)
		if err != nil {
			s.err = err
		} else if found && v.kind != kindNull && v.kind != 0 {
			return v, n.check(name, v, want)
		}
	}
	if s.err != nil {
		n.fail(name, s.err.Error())
	}
	return value{}, false
}

// check reports whether a value found under name is of the kind wanted.
func (n node) check(name string, v value, want kind) bool {
	if v.kind != want {
		n.fail(name, fmt.Sprintf("%s where %s belongs", kindNames[v.kind], kindNames[want]))
	}
	return v.kind == want
}

func (n node) string(name string) string {
	v, _ := n.lookup(name, kindString)
	return string(v.bytes)
}

func (n node) mustString(name string) string {
	s := n.string(name)
	if s == "" {
		n.fail(name, "missing")
	}
	return s
}

// int returns nil when the field is absent.
func (n node) int(name string) *int64 {
	v, ok := n.lookup(name, kindInteger)
	if !ok {
		return nil
	}
	i := int64(v.number)
	return &i
}

func (n node) mustInt(name string) int64 {
	i := n.int(name)
	if i == nil {
		n.fail(name, "missing")
		return 0
	}
	return *i
}

func (n node) time(name string) (time.Time, bool) {
	v, ok := n.lookup(name, kindTimestamp)
	if !ok {
		return time.Time{}, false
	}
	t, err := readTimestamp(v.bytes)
	if err != nil {
		n.fail(name, err.Error())
	}
	return t, true
}

func (n node) mustTime(name string) time.Time {
	t, ok := n.time(name)
	if !ok {
		n.fail(name, "missing")
	}
	return t
}

// object returns the fields of a map, none when it is absent.
func (n node) object(name string) node {
	v, _ := n.lookup(name, kindMap)
	return node{doc: n.doc, within: n.path(name), raw: v.bytes, entries: mapEntries}
}

// strings returns the strings of an array but for blank ones, none when it is absent.
func (n node) strings(name string) []string {
	var all []string
	for _, v := range n.array(name) {
		if n.check(name, v, kindString) && len(v.bytes) > 0 {
			all = append(all, string(v.bytes))
		}
	}
	return all
}

// objects returns the maps of an array, none when it is absent.
func (n node) objects(name string) []node {
	var all []node
	for _, v := range n.array(name) {
		if n.check(name, v, kindMap) {
			all = append(all, node{doc: n.doc, within: n.path(name), raw: v.bytes, entries: mapEntries})
		}
	}
	return all
}

func (n node) array(name string) []value {
	v, _ := n.lookup(name, kindArray)
	values, err := readArray(v.bytes)
	if err != nil {
		n.fail(name, err.Error())
	}
	return values
}
