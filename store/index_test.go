package store_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// An indexed is a field of a composite index.
type indexed struct {
	FieldPath string `json:"fieldPath"`
	Order     string `json:"order"`
}

// indexFile is firestore.indexes.json.
type indexFile struct {
	Indexes []struct {
		CollectionGroup string    `json:"collectionGroup"`
		QueryScope      string    `json:"queryScope"`
		Fields          []indexed `json:"fields"`
	} `json:"indexes"`
	FieldOverrides []struct {
		CollectionGroup string `json:"collectionGroup"`
		FieldPath       string `json:"fieldPath"`
		Indexes         *[]any `json:"indexes"`
	} `json:"fieldOverrides"`
}

func readIndexes(t *testing.T) (file indexFile) {
	t.Helper()
	content, err := os.ReadFile("../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestIndexes derives the composite index that each query sent needs, which production
// demands and the emulator does not, and finds it in firestore.indexes.json.
func TestIndexes(t *testing.T) {
	t.Parallel()
	s, server := madeToOrder(t)
	if err := s.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	fill(t, server, 1)
	if _, err := s.Sessions(within(t), asker); err != nil {
		t.Fatal(err)
	}
	requests := server.Requests()
	if len(requests) != 4 {
		t.Fatalf("%d queries, want 4", len(requests))
	}
	file := readIndexes(t)
	for _, request := range requests {
		query := request.GetStructuredQuery()
		equalities := equalFields(t, query.GetWhere())
		var orders []indexed
		for _, o := range query.GetOrderBy() {
			orders = append(orders, indexed{o.GetField().GetFieldPath(), o.GetDirection().String()})
		}
		if len(query.GetFrom()) != 1 || query.GetFrom()[0].GetAllDescendants() || len(equalities) == 0 || len(orders) == 0 {
			t.Fatalf("this test does not know which index is needed for %v", query)
		}
		found := false
		for _, index := range file.Indexes {
			if index.CollectionGroup != query.GetFrom()[0].GetCollectionId() || index.QueryScope != "COLLECTION" || len(index.Fields) < len(equalities) {
				continue
			}
			var first []string
			for _, field := range index.Fields[:len(equalities)] {
				first = append(first, field.FieldPath)
			}
			slices.Sort(first)
			found = found || slices.Equal(first, equalities) && slices.Equal(index.Fields[len(equalities):], orders)
		}
		if !found {
			t.Errorf("no index in firestore.indexes.json for %s where %v == ordered by %v", query.GetFrom()[0].GetCollectionId(), equalities, orders)
		}
	}
}

// equalFields returns the fields of a filter made of equalities, sorted.
func equalFields(t *testing.T, filter *pb.StructuredQuery_Filter) []string {
	t.Helper()
	if f := filter.GetFieldFilter(); f != nil && f.GetOp() == pb.StructuredQuery_FieldFilter_EQUAL {
		return []string{f.GetField().GetFieldPath()}
	}
	all := filter.GetCompositeFilter()
	if all.GetOp() != pb.StructuredQuery_CompositeFilter_AND {
		t.Fatalf("this test does not know which index is needed for %v", filter)
	}
	var fields []string
	for _, inner := range all.GetFilters() {
		fields = append(fields, equalFields(t, inner)...)
	}
	slices.Sort(fields)
	return fields
}

// TestExemptions finds the fields that grow with time, or are never queried alone,
// without a single-field index.
func TestExemptions(t *testing.T) {
	t.Parallel()
	file := readIndexes(t)
	for collection, fields := range map[string][]string{
		"chatrooms":    {"idx", "started_at", "ends_at", "concern", "willsoner"},
		"reservations": {"idx", "starts_at", "ends_at", "concern", "willsoner"},
	} {
		for _, field := range fields {
			exempt := false
			for _, o := range file.FieldOverrides {
				exempt = exempt || o.CollectionGroup == collection && o.FieldPath == field && o.Indexes != nil && len(*o.Indexes) == 0
			}
			if !exempt {
				t.Errorf("%s.%s has single-field indexes", collection, field)
			}
		}
	}
	for _, o := range file.FieldOverrides {
		if o.FieldPath == "asker_uid" || o.FieldPath == "willsoner_uid" {
			t.Errorf("%s.%s is exempt, yet the app lists by it", o.CollectionGroup, o.FieldPath)
		}
	}
}
