package docbytes

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Schema reads and writes documents of type T. It may be used by several goroutines at
// once.
type Schema[T any] struct{ document plan }

// For returns the schema of T, a struct. Its fields are bools, int64s, float64s, strings,
// time.Times, structs, pointers to one of these, or slices of one of these that is no
// pointer. Their firestore tags name them, as the library has it, and know the option
// omitempty alone; names are letters, digits and underscores, so that a field path holds
// them as they are. For panics when T is anything else.
func For[T any]() *Schema[T] {
	t := reflect.TypeFor[T]()
	p := newPlan(t, "")
	if p.want != kindMap || p.pointer {
		panic(fmt.Sprintf("docbytes: %v is not a struct", t))
	}
	return &Schema[T]{document: p}
}

// Names returns the names of the fields of a document, in T's order.
func (s *Schema[T]) Names() []string {
	var names []string
	for i := range s.document.fields {
		names = append(names, s.document.fields[i].name)
	}
	return names
}

// A plan says how a Go value of one type is read and written.
type plan struct {
	path    string // of the value within the document, for errors
	want    kind
	pointer bool   // to what is wanted
	elem    *plan  // of a slice
	fields  []plan // of a struct

	// Of a struct's field:
	name      string // in the document
	index     int    // in the struct
	omitEmpty bool
}

func newPlan(t reflect.Type, path string) plan {
	p := plan{path: path}
	switch {
	case t.Kind() == reflect.Bool:
		p.want = kindBoolean
	case t.Kind() == reflect.Int64:
		p.want = kindInteger
	case t.Kind() == reflect.Float64:
		p.want = kindDouble
	case t.Kind() == reflect.String:
		p.want = kindString
	case t == reflect.TypeFor[time.Time]():
		p.want = kindTimestamp
	case t.Kind() == reflect.Struct:
		p.want, p.fields = kindMap, newFields(t, path)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Slice && t.Elem().Kind() != reflect.Pointer:
		elem := newPlan(t.Elem(), path)
		p.want, p.elem = kindArray, &elem
	case t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Slice && t.Elem().Kind() != reflect.Pointer:
		p = newPlan(t.Elem(), path)
		p.pointer = true
	default:
		panic(fmt.Sprintf("docbytes: %s: no document holds a %v", path, t))
	}
	return p
}

func newFields(t reflect.Type, path string) []plan {
	var fields []plan
	unquoted := regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("firestore"), ",")
		switch {
		case f.Anonymous:
			panic(fmt.Sprintf("docbytes: %v embeds %v", t, f.Type))
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		switch {
		case !unquoted.MatchString(name):
			panic(fmt.Sprintf("docbytes: %v has a field %q", t, name))
		case option != "" && option != "omitempty":
			panic(fmt.Sprintf("docbytes: %v has the option %q", t, option))
		case slices.ContainsFunc(fields, func(other plan) bool { return other.name == name }):
			panic(fmt.Sprintf("docbytes: %v has two fields %q", t, name))
		}
		p := newPlan(f.Type, strings.TrimPrefix(path+"."+name, "."))
		p.name, p.index, p.omitEmpty = name, i, option != ""
		fields = append(fields, p)
	}
	return fields
}

// field returns the plan of a struct's field, or nil.
func (p *plan) field(name []byte) *plan {
	for i := range p.fields {
		if p.fields[i].name == string(name) {
			return &p.fields[i]
		}
	}
	return nil
}

// fail returns an error, if it is one, with the path of the value.
func (p *plan) fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", cmp.Or(p.path, "docbytes"), err)
}
