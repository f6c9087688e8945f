// Command floor is the least that the asker's list can cost while it asks
// Firestore: an HTTP handler that makes the two queries at the same time, reads
// the answers to their end, and answers fixed bytes. It checks no token, looks
// at no document and encodes nothing.
//
// With -bytes the documents are not even decoded: what is left is net/http and
// gRPC themselves.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

func main() {
	undecoded := flag.Bool("bytes", false, "leave the documents undecoded")
	flag.Parse()
	if err := run(*undecoded); err != nil {
		log.Fatal(err)
	}
}

func run(undecoded bool) error {
	conn, err := grpc.NewClient("passthrough:///"+os.Getenv("FIRESTORE_EMULATOR_HOST"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	f := floor{
		drain:   decoded{firestorepb.NewFirestoreClient(conn)}.drain,
		project: os.Getenv("GOOGLE_CLOUD_PROJECT"),
	}
	if undecoded {
		f.drain = raw{conn}.drain
	}
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), f)
}

type floor struct {
	drain   func(context.Context, *firestorepb.RunQueryRequest) error
	project string
}

// filler is what the answers are cut from: room for 300 rows in either list.
var filler = bytes.Repeat([]byte("x"), 1<<20)

// ServeHTTP answers a request for /n with n bytes, after asking Firestore for
// the sessions of the asker that the request names.
func (f floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || size > len(filler) {
		http.Error(w, "how many bytes?", http.StatusBadRequest)
		return
	}
	asker := r.Header.Get("X-Asker")
	ctx := metadata.AppendToOutgoingContext(r.Context(), "authorization", "Bearer owner",
		"google-cloud-resource-prefix", "projects/"+f.project+"/databases/(default)")
	reserved := make(chan error, 1)
	go func() { reserved <- f.drain(ctx, query(f.project, "reservations", asker, "reserved")) }()
	err = f.drain(ctx, query(f.project, "chatrooms", asker, "chat"))
	if err := errors.Join(err, <-reserved); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.Write(filler[:size])
}

// decoded reads the documents with the generated client.
type decoded struct{ client firestorepb.FirestoreClient }

func (d decoded) drain(ctx context.Context, req *firestorepb.RunQueryRequest) error {
	stream, err := d.client.RunQuery(ctx, req)
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return unlessEOF(err)
		}
	}
}

func unlessEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
