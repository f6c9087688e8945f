package main

import (
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// maxRows is the limit of the server's own queries.
const maxRows = 301

// query is one of the two queries of the asker's list.
func query(project, collection, asker, status string) *firestorepb.RunQueryRequest {
	return &firestorepb.RunQueryRequest{
		Parent: "projects/" + project + "/databases/(default)/documents",
		QueryType: &firestorepb.RunQueryRequest_StructuredQuery{StructuredQuery: &firestorepb.StructuredQuery{
			From: []*firestorepb.StructuredQuery_CollectionSelector{{CollectionId: collection}},
			Where: &firestorepb.StructuredQuery_Filter{FilterType: &firestorepb.StructuredQuery_Filter_CompositeFilter{
				CompositeFilter: &firestorepb.StructuredQuery_CompositeFilter{
					Op:      firestorepb.StructuredQuery_CompositeFilter_AND,
					Filters: []*firestorepb.StructuredQuery_Filter{equal("asker_uid", asker), equal("status", status)},
				},
			}},
			OrderBy: []*firestorepb.StructuredQuery_Order{{
				Field:     &firestorepb.StructuredQuery_FieldReference{FieldPath: "idx"},
				Direction: firestorepb.StructuredQuery_DESCENDING,
			}},
			Limit: wrapperspb.Int32(maxRows),
		}},
	}
}

func equal(field, value string) *firestorepb.StructuredQuery_Filter {
	return &firestorepb.StructuredQuery_Filter{FilterType: &firestorepb.StructuredQuery_Filter_FieldFilter{
		FieldFilter: &firestorepb.StructuredQuery_FieldFilter{
			Field: &firestorepb.StructuredQuery_FieldReference{FieldPath: field},
			Op:    firestorepb.StructuredQuery_FieldFilter_EQUAL,
			Value: &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: value}},
		},
	}}
}
