package store

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/internal/docbytes"
)

// A collection holds documents of one type: it reads and writes them by the type's tags.
type collection[T any] struct {
	path   string // "matches", or below a document: "chatrooms/room/chats"
	schema *docbytes.Schema[T]
	check  func(doc *T, id string) error
}

// documentOf is *T, where that can take its id and say which required field is missing.
type documentOf[T any] interface {
	*T
	Check(id string) error
}

func newCollection[T any, P documentOf[T]](path string) collection[T] {
	return collection[T]{path, docbytes.For[T](), func(doc *T, id string) error { return P(doc).Check(id) }}
}

// below is the same kind of collection below a document.
func (c collection[T]) below(document string) collection[T] {
	c.path = document + "/" + c.path
	return c
}

// doc is the path of a document.
func (c collection[T]) doc(id string) string { return c.path + "/" + id }

// A raw is a document as it came, or one that does not exist.
type raw struct {
	docbytes.Document
	id     string
	exists bool
}

// A found document is one that was read, and exists unless said otherwise.
type found[T any] struct {
	doc     T
	id      string
	exists  bool
	updated *timestamppb.Timestamp // nil if it does not exist
}

// docsOf takes the documents of what was found.
func docsOf[T any](all []found[T]) []T {
	docs := make([]T, len(all))
	for i, f := range all {
		docs[i] = f.doc
	}
	return docs
}

// decode turns a document into its type. The error of one that does not follow the schema
// wraps errUnreadable, and was logged.
func decode[T any](r *reader, c collection[T], doc raw) (found[T], error) {
	f := found[T]{id: doc.id, exists: doc.exists}
	if !doc.exists {
		return f, nil
	}
	f.updated = doc.UpdateTime()
	if err := decodeInto(r, c, doc, &f.doc); err != nil {
		return found[T]{}, err
	}
	return f, nil
}

// decodeInto is decode of a document that exists, to where it is wanted.
func decodeInto[T any](r *reader, c collection[T], doc raw, to *T) error {
	err := c.schema.Decode(doc.Document, to)
	if err == nil {
		err = c.check(to, doc.id)
	}
	if err == nil {
		return nil
	}
	kind := path.Base(c.path)
	r.store.unreadable(r.ctx, kind, doc.Name(), err)
	return fmt.Errorf("%w: %s: %w", errUnreadable, kind, err)
}

// isID reports whether s can be the id of a document:
// https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
func isID(s string) bool {
	return s != "" && len(s) <= 1500 && utf8.ValidString(s) && !strings.Contains(s, "/") &&
		s != "." && s != ".." && !(strings.HasPrefix(s, "__") && strings.HasSuffix(s, "__"))
}

var uidEscapes = strings.NewReplacer("%", "%25", "/", "%2F")

// uidID is a uid as the id of a document: no two uids have the same.
func uidID(uid string) string {
	id := uidEscapes.Replace(uid)
	if !isID(id) {
		id = "%00" + id
	}
	return id
}
