// Command floor is the least that the asker's list can cost while it asks Firestore: an
// HTTP handler that makes the two queries at the same time by bare gRPC, reads the answers
// to their end as bytes, and answers fixed bytes. It checks no token, looks at no document,
// decodes and encodes nothing.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"willson/internal/docbytes"
)

func main() {
	debug.SetGCPercent(250) // as Willson
	conn, err := grpc.NewClient("passthrough:///"+os.Getenv("FIRESTORE_EMULATOR_HOST"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	database := "projects/" + os.Getenv("GOOGLE_CLOUD_PROJECT") + "/databases/(default)"
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), floor{
		conn:         conn,
		database:     database,
		rooms:        query(database, "chatrooms", "chat"),
		reservations: query(database, "reservations", "reserved"),
	}))
}

type floor struct {
	conn                *grpc.ClientConn
	database            string
	rooms, reservations *firestorepb.RunQueryRequest
}

// query is one of the two queries of the list, for no asker yet.
func query(database, collection, status string) *firestorepb.RunQueryRequest {
	req := &firestorepb.RunQueryRequest{}
	err := prototext.Unmarshal(fmt.Appendf(nil, `
		parent: %q
		structured_query {
			from { collection_id: %q }
			where { composite_filter {
				op: AND
				filters { field_filter { field { field_path: "asker_uid" } op: EQUAL value { string_value: "" } } }
				filters { field_filter { field { field_path: "status" } op: EQUAL value { string_value: %q } } }
			} }
			order_by { field { field_path: "idx" } direction: DESCENDING }
			limit { value: 301 }
		}`, database+"/documents", collection, status), req)
	if err != nil {
		log.Fatal(err)
	}
	return req
}

// filler is what the answers are cut from.
var filler = bytes.Repeat([]byte("x"), 1<<20)

// ServeHTTP asks Firestore for the sessions of the asker that the request names, and
// answers as many bytes as it says.
func (f floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.Atoi(r.Header.Get("X-Size"))
	if err != nil || size > len(filler) {
		http.Error(w, "how many bytes?", http.StatusBadRequest)
		return
	}
	asker := r.Header.Get("X-Asker")
	ctx := metadata.AppendToOutgoingContext(r.Context(),
		"authorization", "Bearer owner", "google-cloud-resource-prefix", f.database)
	reserved := make(chan error, 1)
	go func() { reserved <- f.drain(ctx, f.reservations, asker) }()
	err = f.drain(ctx, f.rooms, asker)
	if err := errors.Join(err, <-reserved); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.Write(filler[:size])
}

func (f floor) drain(ctx context.Context, query *firestorepb.RunQueryRequest, asker string) error {
	req := proto.CloneOf(query)
	filters := req.GetStructuredQuery().GetWhere().GetCompositeFilter().GetFilters()
	filters[0].GetFieldFilter().Value = &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: asker}}
	stream, err := f.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, firestorepb.Firestore_RunQuery_FullMethodName,
		grpc.ForceCodecV2(docbytes.Codec{}))
	if err == nil {
		err = errors.Join(stream.SendMsg(req), stream.CloseSend())
	}
	for err == nil {
		var answer []byte
		err = stream.RecvMsg(&answer)
	}
	if err == io.EOF {
		return nil
	}
	return err
}
