package standin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/standin"
)

// start gives a stand-in and the real client library talking to it.
func start(t *testing.T) (*standin.Server, *firestore.Client) {
	t.Helper()
	s, err := standin.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Setenv("FIRESTORE_EMULATOR_HOST", s.Addr())
	c, err := firestore.NewClient(context.Background(), "demo-willson")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return s, c
}

func put(t *testing.T, s *standin.Server, asker, status string, idx int) {
	t.Helper()
	id, fields := standin.Chatroom(asker, idx, time.UnixMilli(1605077440300+int64(idx)))
	fields["status"] = status
	if err := s.Put("chatrooms", id, fields); err != nil {
		t.Fatal(err)
	}
}

func chats(c *firestore.Client, asker string) firestore.Query {
	return c.Collection("chatrooms").Where("asker_uid", "==", asker).Where("status", "==", "chat").
		OrderBy("idx", firestore.Desc)
}

func idxs(t *testing.T, docs []*firestore.DocumentSnapshot) []int64 {
	t.Helper()
	var got []int64
	for _, d := range docs {
		v, err := d.DataAt("idx")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v.(int64))
	}
	return got
}

func TestQueries(t *testing.T) {
	s, c := start(t)
	for _, idx := range []int{9, 10, 2} {
		put(t, s, "me", "chat", idx)
	}
	put(t, s, "me", "complete", 11)
	put(t, s, "other", "chat", 12)
	if err := s.Put("chatrooms", "no idx", standin.Fields{"asker_uid": "me", "status": "chat"}); err != nil {
		t.Fatal(err)
	}

	rooms := c.Collection("chatrooms")
	for _, test := range []struct {
		name  string
		query firestore.Query
		want  []int64
		code  codes.Code
	}{
		{name: "filters and order", query: chats(c, "me"), want: []int64{10, 9, 2}},
		{name: "limit", query: chats(c, "me").Limit(2), want: []int64{10, 9}},
		{name: "ascending", query: rooms.Where("asker_uid", "==", "me").OrderBy("idx", firestore.Asc), want: []int64{2, 9, 10, 11}},
		{name: "a missing filter shows", query: rooms.Where("status", "==", "chat").OrderBy("idx", firestore.Desc), want: []int64{12, 10, 9, 2}},
		{name: "a field within a map", query: rooms.Where("concern.minutes", "==", 50).OrderBy("idx", firestore.Desc).Limit(1), want: []int64{12}},
		{name: "empty", query: chats(c, "nobody")},
		{name: "not understood", query: rooms.Where("idx", ">", 2), code: codes.Unimplemented},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent := s.DocumentsSent()
			docs, err := test.query.Documents(t.Context()).GetAll()
			if status.Code(err) != test.code {
				t.Fatalf("error %v, want %v", err, test.code)
			}
			if got := idxs(t, docs); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if n := s.DocumentsSent() - sent; n != len(test.want) {
				t.Errorf("counted %d documents, want %d", n, len(test.want))
			}
		})
	}
	if n := len(s.Requests()); n != s.Queries() {
		t.Errorf("%d requests recorded of %d", n, s.Queries())
	}
}

func TestGenerated(t *testing.T) {
	s, c := start(t)
	s.Generate(func(collection, asker string) []standin.Generated {
		id, fields := standin.Chatroom(asker, 7, time.UnixMilli(1605077440300))
		return []standin.Generated{{ID: id, Fields: fields}}
	})
	for range 2 {
		docs, err := chats(c, "me").Documents(t.Context()).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) != 1 || docs[0].Ref.ID != "me_1205312339_1605077440300" {
			t.Errorf("got %v", docs)
		}
	}
}

func TestFaults(t *testing.T) {
	s, c := start(t)
	for idx := range 3 {
		put(t, s, "me", "chat", idx)
	}
	ask := func() (int, codes.Code) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		it := chats(c, "me").Documents(ctx)
		defer it.Stop()
		for n := 0; ; n++ {
			if _, err := it.Next(); err != nil {
				return n, status.Code(err)
			}
		}
	}
	// A finished iterator answers with an error that carries no status.
	const done = codes.Unknown

	for _, test := range []struct {
		name  string
		hook  standin.Hook
		docs  int
		code  codes.Code
		again codes.Code
	}{
		{"none", nil, 3, done, done},
		{"unavailable once", standin.First(1, standin.Code(codes.Unavailable)), 0, codes.Unavailable, done},
		{"denied for ever", standin.Always(standin.Code(codes.PermissionDenied)), 0, codes.PermissionDenied, codes.PermissionDenied},
		{"hangs", standin.First(1, standin.Fault{Hang: true}), 0, codes.DeadlineExceeded, done},
		{"breaks off", standin.First(1, standin.Fault{After: 2, Err: status.Error(codes.Aborted, "")}), 2, codes.Aborted, done},
		{"reset in mid-stream", standin.First(1, standin.Fault{After: 2, Reset: true}), 2, codes.Unavailable, done},
		{"slow", standin.First(1, standin.Fault{Delay: time.Second}), 0, codes.DeadlineExceeded, done},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.OnQuery(test.hook)
			if n, code := ask(); n != test.docs || code != test.code {
				t.Errorf("got %d documents and %v, want %d and %v", n, code, test.docs, test.code)
			}
			if _, code := ask(); code != test.again {
				t.Errorf("the second time %v, want %v", code, test.again)
			}
		})
	}
}

func TestOutage(t *testing.T) {
	s, c := start(t)
	put(t, s, "me", "chat", 1)
	ask := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := chats(c, "me").Documents(ctx).GetAll()
		return err
	}
	recovers := func() {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); ask() != nil; {
			if time.Now().After(end) {
				t.Fatal("no answer 5 s after the outage")
			}
		}
	}
	recovers()

	s.Kill()
	if ask() == nil {
		t.Error("answered after Kill")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	recovers()

	s.Freeze()
	if ask() == nil {
		t.Error("answered while frozen")
	}
	s.Thaw()
	recovers()

	s.SetLatency(50 * time.Millisecond)
	begin := time.Now()
	if err := ask(); err != nil || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("error %v after %v, want an answer after 50 ms", err, time.Since(begin))
	}
}
