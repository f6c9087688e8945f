package store_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"willson/internal/storetest"
	"willson/life"
)

// An indexed is a field of a composite index, or an index of a single field.
type indexed struct {
	FieldPath   string
	QueryScope  string
	Order       string
	ArrayConfig string
}

// indexFile is firestore.indexes.json.
type indexFile struct {
	Indexes []struct {
		CollectionGroup, QueryScope string
		Fields                      []indexed
	}
	FieldOverrides []struct {
		CollectionGroup, FieldPath string
		TTL                        bool
		Indexes                    []indexed
	}
}

func readIndexes(t *testing.T) (file indexFile) {
	t.Helper()
	content, err := os.ReadFile("../firestore.indexes.json")
	if err == nil {
		err = json.Unmarshal(content, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// single returns the orders in which one field is indexed.
func (f indexFile) single(collection, field string) []string {
	for _, o := range f.FieldOverrides {
		if o.CollectionGroup == collection && o.FieldPath == field {
			var orders []string
			for _, index := range o.Indexes {
				if index.QueryScope == "COLLECTION" {
					orders = append(orders, index.Order)
				}
			}
			return orders
		}
	}
	return []string{"ASCENDING", "DESCENDING"}
}

// A need is an index that a query needs: its collection, what it compares for equality,
// sorted, and the orders of the rest, with the elements of an array as an order.
type need struct {
	collection string
	equal      []string
	orders     []indexed
}

// serves reports whether the file has the index.
func (f indexFile) serves(n need) bool {
	if len(n.equal)+len(n.orders) == 1 {
		if len(n.equal) == 1 {
			return len(f.single(n.collection, n.equal[0])) > 0
		}
		return slices.Contains(f.single(n.collection, n.orders[0].FieldPath), n.orders[0].Order)
	}
	for _, index := range f.Indexes {
		if index.CollectionGroup != n.collection || index.QueryScope != "COLLECTION" || len(index.Fields) != len(n.equal)+len(n.orders) {
			continue
		}
		var first []string
		for _, field := range index.Fields[:len(n.equal)] {
			first = append(first, field.FieldPath+field.ArrayConfig)
		}
		if slices.Sort(first); slices.Equal(first, n.equal) && slices.Equal(index.Fields[len(n.equal):], n.orders) {
			return true
		}
	}
	return false
}

// needs derives the indexes of a query: one for each of the queries without OR that
// Firestore makes of it.
func needs(t *testing.T, q *pb.StructuredQuery) (all []need) {
	t.Helper()
	for _, d := range disjuncts(t, q.GetWhere()) {
		n := need{collection: q.GetFrom()[0].GetCollectionId(), equal: d.equal}
		for _, o := range q.GetOrderBy() {
			n.orders = append(n.orders, indexed{FieldPath: o.GetField().GetFieldPath(), Order: o.GetDirection().String()})
		}
		if d.ranged != "" && len(n.orders) == 0 { // an order that is implied
			n.orders = []indexed{{FieldPath: d.ranged, Order: "ASCENDING"}}
		}
		if d.ranged != "" && n.orders[0].FieldPath != d.ranged {
			t.Errorf("ordered by %v and not by what is compared, %s", n.orders, d.ranged)
		}
		all = append(all, n)
	}
	return all
}

// A disjunct is what a query without OR compares: fields for equality, sorted, an array's
// marked, and at most one with more or less.
type disjunct struct {
	equal  []string
	ranged string
}

func disjuncts(t *testing.T, filter *pb.StructuredQuery_Filter) []disjunct {
	t.Helper()
	if filter == nil {
		return []disjunct{{}}
	}
	if f := filter.GetFieldFilter(); f != nil {
		field := f.GetField().GetFieldPath()
		switch f.GetOp() {
		case pb.StructuredQuery_FieldFilter_EQUAL, pb.StructuredQuery_FieldFilter_IN:
			return []disjunct{{equal: []string{field}}}
		case pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS:
			return []disjunct{{equal: []string{field + "CONTAINS"}}}
		}
		return []disjunct{{ranged: field}}
	}
	var all []disjunct
	for i, inner := range filter.GetCompositeFilter().GetFilters() {
		one := disjuncts(t, inner)
		if i == 0 || filter.GetCompositeFilter().GetOp() == pb.StructuredQuery_CompositeFilter_OR {
			all = append(all, one...)
			continue
		}
		var both []disjunct
		for _, a := range all {
			for _, b := range one {
				both = append(both, disjunct{slices.Sorted(slices.Values(slices.Concat(a.equal, b.equal))), a.ranged + b.ranged})
			}
		}
		all = both
	}
	return all
}

// TestIndexes derives the indexes that every query needs, which production demands and the
// emulator does not, and finds them in firestore.indexes.json, and no other. Ready asks
// every query, and so whatever an action or a list of sessions asks.
func TestIndexes(t *testing.T) {
	t.Parallel()
	var server answering
	if err := server.open(t).Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	file, needed := readIndexes(t), map[string]bool{}
	for _, query := range server.asked {
		for _, n := range needs(t, query) {
			if needed[fmt.Sprint(n)] = true; !file.serves(n) {
				t.Errorf("no index for %+v", n)
			}
		}
	}
	for i, index := range file.Indexes {
		rest := file
		rest.Indexes = slices.Delete(slices.Clone(file.Indexes), i, i+1)
		if !slices.ContainsFunc(server.asked, func(q *pb.StructuredQuery) bool {
			return slices.ContainsFunc(needs(t, q), func(n need) bool { return !rest.serves(n) })
		}) {
			t.Errorf("no query needs %+v", index)
		}
	}

	for _, state := range []string{"waiting", "agreed", "chat", "reserved", "opened", "complete"} {
		for _, call := range calls() {
			s, fake := faked(t)
			all := session(state)
			delete(all, "reservations/1") // so that an old one is looked for
			s.put(t, all)
			_, _ = call.do(within(t), s, call.caller(), 1)
			_, _ = s.ReviewImages(within(t))
			for _, party := range []life.Party{life.Asker, life.Willsoner} {
				_, _ = s.Sessions(within(t), life.Caller{Party: party, UID: asker})
			}
			for _, made := range fake.Calls() {
				if request, ok := made.Request.(*pb.RunQueryRequest); ok {
					for _, n := range needs(t, request.GetStructuredQuery()) {
						if !needed[fmt.Sprint(n)] {
							t.Errorf("Ready does not ask for %+v", n)
						}
					}
				}
			}
		}
	}
}

// declared has the fields of every collection, by the types with which they are declared.
// That is read in the code: of a new collection nobody has to think here.
func declared(t *testing.T) map[string][]string {
	t.Helper()
	types, code, all := storetest.Source(t, "../life/*.go"), storetest.Source(t, "*.go"), map[string][]string{}
	field, tag := regexp.MustCompile(`(?m)^\t[A-Z]`), regexp.MustCompile("`firestore:\"([\\w-]+)[\",]")
	collections := regexp.MustCompile(`newCollection\[life\.(\w+)\]\("(\w+)"\)`).FindAllStringSubmatch(code, -1)
	if used := strings.Count(code, "= newCollection["); used != len(collections) {
		t.Errorf("%d collections, of which %d are understood here", used, len(collections))
	}
	for _, c := range collections {
		_, fields, _ := strings.Cut(types, "\ntype "+c[1]+" struct {\n")
		fields, _, _ = strings.Cut(fields, "\n}")
		tags := tag.FindAllStringSubmatch(fields, -1)
		if named := len(field.FindAllString(fields, -1)); len(tags) == 0 || len(tags) != named {
			t.Errorf("%s has %d fields, of which %d are understood here", c[1], named, len(tags))
		}
		for _, f := range tags {
			if f[1] != "-" {
				all[c[2]] = append(all[c[2]], f[1])
			}
		}
	}
	return all
}

// TestExemptions finds no single-field index but those that a query needs: the others
// cost storage, and those of fields that grow with time bound the writes per second.
func TestExemptions(t *testing.T) {
	t.Parallel()
	file := readIndexes(t)
	schema := declared(t)
	schema["chats"] = append(schema["chats"], "readUser") // the app's
	kept := []string{
		"chatrooms asker_uid", "chatrooms willsoner_uid", "reservations asker_uid", "reservations willsoner_uid", // the app lists by its own uid
		"chats timeStamp",                                                                // the app reads in this order, and the last one
		"review_images idx", "willsoners idx", "transactions created_at", "askers email", // this server's
		"matches asker_uid", "matches willsoner_uid", "matches concern_idx", // an operator finds them by these
	}
	for collection, names := range schema {
		for _, name := range names {
			want := 0
			if slices.Contains(kept, collection+" "+name) {
				want = 2
			}
			if orders := file.single(collection, name); len(orders) != want {
				t.Errorf("%s.%s is indexed %v", collection, name, orders)
			}
		}
	}
	var expiring []string
	for _, o := range file.FieldOverrides {
		if !slices.Contains(schema[o.CollectionGroup], o.FieldPath) {
			t.Errorf("%s.%s is not in the schema", o.CollectionGroup, o.FieldPath)
		}
		if o.TTL {
			expiring = append(expiring, o.CollectionGroup+"."+o.FieldPath)
		}
	}
	same(t, slices.Sorted(slices.Values(expiring)), []string{"concerns.expire_at", "matches.expire_at"})
}
