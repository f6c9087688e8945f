package store_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"willson/life"
)

// An indexed is a field of a composite index, or an index of a single field.
type indexed struct {
	FieldPath  string
	QueryScope string
	Order      string
}

// indexFile is firestore.indexes.json.
type indexFile struct {
	Indexes []struct {
		CollectionGroup, QueryScope string
		Fields                      []indexed
	}
	FieldOverrides []struct {
		CollectionGroup, FieldPath string
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

// serves reports whether a query that compares these fields for equality, in these
// orders, has its index.
func (f indexFile) serves(collection string, equal []string, orders []indexed) bool {
	if len(orders) == 0 && len(equal) == 1 {
		return len(f.single(collection, equal[0])) > 0
	}
	if len(equal) == 0 && len(orders) == 1 {
		return slices.Contains(f.single(collection, orders[0].FieldPath), orders[0].Order)
	}
	for _, index := range f.Indexes {
		if index.CollectionGroup != collection || index.QueryScope != "COLLECTION" || len(index.Fields) != len(equal)+len(orders) {
			continue
		}
		var first []string
		for _, field := range index.Fields[:len(equal)] {
			first = append(first, field.FieldPath)
		}
		if slices.Sort(first); slices.Equal(first, equal) && slices.Equal(index.Fields[len(equal):], orders) {
			return true
		}
	}
	return false
}

// disjuncts returns what a filter compares for equality, for each of the queries that
// Firestore makes of it, sorted.
func disjuncts(t *testing.T, filter *pb.StructuredQuery_Filter) [][]string {
	t.Helper()
	if filter == nil {
		return [][]string{nil}
	}
	if f := filter.GetFieldFilter(); f != nil {
		if op := f.GetOp(); op != pb.StructuredQuery_FieldFilter_EQUAL && op != pb.StructuredQuery_FieldFilter_IN {
			t.Fatalf("this test does not know which index is needed for %v", filter)
		}
		return [][]string{{f.GetField().GetFieldPath()}}
	}
	all := [][]string{nil}
	for i, inner := range filter.GetCompositeFilter().GetFilters() {
		one := disjuncts(t, inner)
		if filter.GetCompositeFilter().GetOp() == pb.StructuredQuery_CompositeFilter_OR {
			if all = append(all, one...); i == 0 {
				all = one
			}
			continue
		}
		var both [][]string
		for _, a := range all {
			for _, b := range one {
				both = append(both, slices.Sorted(slices.Values(slices.Concat(a, b))))
			}
		}
		all = both
	}
	return all
}

// TestIndexes derives the indexes that every query sent needs, which production demands
// and the emulator does not, and finds them in firestore.indexes.json.
func TestIndexes(t *testing.T) {
	t.Parallel()
	file, sent := readIndexes(t), map[string]bool{}
	for _, state := range []string{"waiting", "agreed", "chat", "reserved", "opened", "complete"} {
		for _, call := range calls() {
			s, server := faked(t)
			all := session(state)
			delete(all, "reservations/1") // so that an old one is looked for
			s.put(t, all)
			_, _ = call.do(within(t), s, call.caller(), 1)
			_ = s.Ready(within(t))
			_, _ = s.ReviewImages(within(t))
			for _, party := range []life.Party{life.Asker, life.Willsoner} {
				_, _ = s.Sessions(within(t), life.Caller{Party: party, UID: asker})
			}
			for _, made := range server.Calls() {
				request, ok := made.Request.(*pb.RunQueryRequest)
				if !ok {
					continue
				}
				query := request.GetStructuredQuery()
				collection := query.GetFrom()[0].GetCollectionId()
				var orders []indexed
				for _, o := range query.GetOrderBy() {
					orders = append(orders, indexed{FieldPath: o.GetField().GetFieldPath(), Order: o.GetDirection().String()})
				}
				for _, equal := range disjuncts(t, query.GetWhere()) {
					needed := fmt.Sprint(collection, equal, orders)
					if !sent[needed] && !file.serves(collection, equal, orders) {
						t.Errorf("no index for %s", needed)
					}
					sent[needed] = true
				}
			}
		}
	}
	// Four of the lists, which openSessions shares, matches of a concern, an old reservation, images.
	if len(sent) != 7 {
		t.Errorf("queries of %d kinds, want 7: %v", len(sent), sent)
	}
}

// TestExemptions finds no single-field index but those that a query needs: the others
// cost storage, and those of fields that grow with time bound the writes per second.
func TestExemptions(t *testing.T) {
	t.Parallel()
	file := readIndexes(t)
	schema := map[string][]string{
		"chats":    {"uid", "message", "timeStamp", "readUser"},
		"messages": {"uid", "message", "timeStamp", "reported_by", "reported_at"},
	}
	for collection, doc := range map[string]any{
		"matches": life.Match{}, "chatrooms": life.Chatroom{}, "reservations": life.Reservation{}, "reviews": life.Review{}, "review_images": life.ReviewImage{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(doc)) {
			if name, _, _ := strings.Cut(f.Tag.Get("firestore"), ","); name != "-" {
				schema[collection] = append(schema[collection], name)
			}
		}
	}
	kept := []string{
		"chatrooms asker_uid", "chatrooms willsoner_uid", "reservations asker_uid", "reservations willsoner_uid", // the app lists by its own uid
		"chats timeStamp",                                                   // the app reads in this order, and the last one
		"review_images idx",                                                 // this server's
		"matches asker_uid", "matches willsoner_uid", "matches concern_idx", // the matching service finds its own by them
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
	for _, o := range file.FieldOverrides {
		if !slices.Contains(schema[o.CollectionGroup], o.FieldPath) {
			t.Errorf("%s.%s is not in the schema", o.CollectionGroup, o.FieldPath)
		}
	}
}
