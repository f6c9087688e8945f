package store_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/handlers"
	"willson/internal/standin"
	"willson/store"
)

// everybody is a verifier to which every request is the asker's.
type everybody struct{}

func (everybody) Verify(context.Context, []string) (string, error) { return asker, nil }
func (everybody) Ready() error                                     { return nil }

// sent is a store that finds the same document, whatever it is, in both collections.
type sent struct {
	*store.Store
	room, reservation []byte
}

func (s *sent) Sessions(ctx context.Context, askerUID string) (store.Sessions, error) {
	return s.Read(ctx, askerUID, [][]byte{s.room}, [][]byte{s.reservation})
}

// FuzzDocument has Firestore send any bytes at all as a document of either list, after
// the fields that the query asked for when fits is set, and asks the real router for
// the answer: a list or none, never a failure, never another's, never a null or a blank.
func FuzzDocument(f *testing.F) {
	documents := &sent{Store: open(f, "127.0.0.1:0").Store}
	router, err := handlers.New(handlers.Config{
		Verifier:    everybody{},
		Store:       documents,
		Deadline:    10 * time.Second,
		MaxInFlight: 1,
		Log:         slog.New(slog.DiscardHandler),
		Metrics:     prometheus.NewRegistry(),
	})
	if err != nil {
		f.Fatal(err)
	}
	at := func(seconds int64, nanos int32) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: &timestamppb.Timestamp{Seconds: seconds, Nanos: nanos}}}
	}
	for _, doc := range []standin.Fields{
		{},
		room(1),
		agreed(2),
		with(room(3), "concern.minutes", "50"),
		with(room(4), "started_at", at(1<<62, -1)),
		with(agreed(5), "starts_at", at(-1<<63, 1<<30)),
		with(room(6), "willsoner.keywords", []any{"", nil, standin.Fields{}}),
		with(room(7), "willsoner.keywords", []any{"", "\u2028<&>\x00"}),
		with(room(8), "willsoner.subcategories", []any{standin.Fields{}, standin.Fields{"name": "", "category": ""}}),
		with(room(9), "willsoner", &pb.Value{}),
		with(room(10), "concern", &pb.Value{ValueType: &pb.Value_MapValue{}}),
		with(room(11), "willsoner.keywords", &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: []*pb.Value{{}}}}}),
		with(agreed(12), "willsoner_uid", &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: "///"}}),
		with(agreed(13), "asker_uid", "somebody"),
		with(room(14), "asker_uid", "somebody"),
	} {
		raw := encode("chatrooms/a", doc)
		f.Add(raw, true)
		f.Add(raw, false)
		f.Add(raw[:len(raw)-3], true)
		f.Add(slices.Concat(raw, raw), true)
	}
	f.Add([]byte("\x12\x05\x0a\x03idx\x12\x0a\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), true)

	fitting := map[string][]byte{}
	for _, status := range []string{"chat", "reserved"} {
		fitting[status], err = proto.Marshal(&pb.Document{Fields: map[string]*pb.Value{"asker_uid": value(asker), "status": value(status)}})
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, fits bool) {
		documents.room, documents.reservation = raw, raw
		if fits {
			documents.room, documents.reservation = slices.Concat(fitting["chat"], raw), slices.Concat(fitting["reserved"], raw)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/asker/chat/chatrooms", nil))
		var got struct {
			Code string
			Data struct {
				Count int
				Ing   []struct {
					Concern struct{ Asker struct{ ID string } }
				}
				Reserve []any
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		switch {
		case w.Code == http.StatusNotFound && got.Code == "not_found":
			return
		case w.Code != http.StatusOK:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if got.Data.Count != len(got.Data.Ing)+len(got.Data.Reserve) || got.Data.Count == 0 {
			t.Errorf("the count is wrong: %s", w.Body)
		}
		for _, row := range got.Data.Ing {
			if row.Concern.Asker.ID != asker {
				t.Errorf("another's document: %s", w.Body)
			}
		}
		var all any
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || blank(all) {
			t.Errorf("a null or a blank in %s", w.Body)
		}
	})
}

// blank reports whether there is a null or an empty string anywhere in v.
func blank(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, blank)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), blank)
	}
	return v == nil || v == ""
}
