package fakefirestore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
)

type fields = map[string]any

// start gives a server and the real client library, which talks to it.
func start(t *testing.T) (*fakefirestore.Server, *firestore.Client) {
	t.Helper()
	s, err := fakefirestore.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s, dial(t, s.Addr())
}

func dial(t *testing.T, addr string) *firestore.Client {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	c, err := firestore.NewClient(context.Background(), "demo-willson", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func put(t *testing.T, c *firestore.Client, docs map[string]fields) {
	t.Helper()
	for path, f := range docs {
		if _, err := c.Doc(path).Set(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(docs []*firestore.DocumentSnapshot) (all []string) {
	for _, d := range docs {
		all = append(all, d.Ref.ID)
	}
	return all
}

func TestQueries(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	put(t, c, map[string]fields{
		"rooms/a":         {"asker": "me", "status": "chat", "idx": 9, "concern": fields{"n": 1}},
		"rooms/b":         {"asker": "me", "status": "chat", "idx": 10},
		"rooms/c":         {"asker": "me", "status": "done", "idx": 11},
		"rooms/d":         {"asker": "you", "willsoner": "me", "status": "chat", "idx": 10},
		"rooms/no idx":    {"asker": "me", "status": "chat"},
		"rooms/e":         {"status": "chat"},
		"rooms/f":         {"status": "chat"},
		"rooms/a/chats/x": {"asker": "me", "status": "chat", "idx": 1},
	})
	rooms := c.Collection("rooms")
	if docs, err := rooms.Where("status", "==", "chat").Documents(t.Context()).GetAll(); err != nil || len(docs) != 6 {
		t.Fatalf("%v %v", ids(docs), err)
	}
	// What was found before must not be found again.
	if _, err := c.Doc("rooms/e").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, c, map[string]fields{"rooms/f": {"status": "gone"}})

	mine := rooms.Where("asker", "==", "me").Where("status", "==", "chat")
	either := firestore.OrFilter{Filters: []firestore.EntityFilter{
		firestore.PropertyFilter{Path: "asker", Operator: "==", Value: "you"},
		firestore.PropertyFilter{Path: "idx", Operator: "in", Value: []int{9, 11, 99}},
	}}
	for name, test := range map[string]struct {
		query firestore.Query
		want  []string
		code  codes.Code
	}{
		"all":                     {query: rooms.Query, want: []string{"a", "b", "c", "d", "f", "no idx"}},
		"what was changed":        {query: rooms.Where("status", "==", "chat"), want: []string{"a", "b", "d", "no idx"}},
		"limit":                   {query: mine.OrderBy("idx", firestore.Desc).Limit(1), want: []string{"b"}},
		"names order equals":      {query: rooms.Where("status", "==", "chat").OrderBy("idx", firestore.Desc), want: []string{"d", "b", "a"}},
		"or within and":           {query: rooms.Where("status", "==", "chat").WhereEntity(either).OrderBy("idx", firestore.Asc), want: []string{"a", "d"}},
		"a collection below":      {query: c.Collection("rooms/a/chats").Where("asker", "==", "me"), want: []string{"x"}},
		"none":                    {query: rooms.Where("asker", "==", "nobody").Where("status", "==", "chat")},
		"a comparison is refused": {query: rooms.Where("idx", ">", 2), code: codes.Unimplemented},
		"a null is refused":       {query: rooms.Where("idx", "==", nil), code: codes.Unimplemented},
		"a cursor is refused":     {query: rooms.OrderBy("idx", firestore.Asc).StartAt(2), code: codes.Unimplemented},
		"a projection is refused": {query: rooms.Select("idx"), code: codes.Unimplemented},
		"a group is refused":      {query: c.CollectionGroup("rooms").Query, code: codes.Unimplemented},
		"two orders are refused":  {query: rooms.OrderBy("idx", firestore.Asc).OrderBy("asker", firestore.Asc), code: codes.Unimplemented},
	} {
		for range 2 { // the second answer comes from the cache
			reads := s.Reads()
			docs, err := test.query.Documents(t.Context()).GetAll()
			if got := ids(docs); status.Code(err) != test.code || !slices.Equal(got, test.want) {
				t.Errorf("%s: %q and %v, want %q and %v", name, got, err, test.want, test.code)
			}
			if n := s.Reads() - reads; n != len(test.want) {
				t.Errorf("%s: %d reads, want %d", name, n, len(test.want))
			}
		}
	}
}

func TestWrites(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	ctx := t.Context()
	doc := c.Doc("matches/1")
	want := func(what string, err error, code codes.Code, f fields) {
		t.Helper()
		snapshot, _ := doc.Get(ctx)
		got := snapshot.Data()
		if at, ok := got["at"].(time.Time); ok && time.Since(at).Abs() < time.Minute {
			got["at"] = "now"
		}
		if status.Code(err) != code || fmt.Sprint(got) != fmt.Sprint(f) {
			t.Fatalf("%s: %v and %v, want %v and %v", what, err, got, code, f)
		}
	}
	_, err := doc.Update(ctx, []firestore.Update{{Path: "status", Value: "chat"}})
	want("update of nothing", err, codes.NotFound, nil)
	created := fields{"status": "waiting", "concern": fields{"minutes": 50, "n": 1}, "at": "now"}
	_, err = doc.Create(ctx, fields{"status": "waiting", "concern": fields{"minutes": 50, "n": 1}, "at": firestore.ServerTimestamp})
	want("create", err, codes.OK, created)
	_, err = doc.Create(ctx, fields{})
	want("create again", err, codes.AlreadyExists, created)
	_, err = doc.Update(ctx, []firestore.Update{
		{Path: "status", Value: "chat"}, {Path: "at", Value: firestore.Delete}, {Path: "new.at", Value: true}, {Path: "concern.n", Value: firestore.Delete},
	})
	updated := fields{"status": "chat", "concern": fields{"minutes": 50}, "new": fields{"at": true}}
	want("update", err, codes.OK, updated)
	_, err = doc.Update(ctx, []firestore.Update{{Path: "n", Value: firestore.Increment(1)}})
	want("a transform that is not known", err, codes.Unimplemented, updated)
	err = c.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return errors.Join(tx.Set(c.Doc("matches/2"), fields{}), tx.Delete(doc), tx.Create(doc, fields{}), tx.Create(doc, fields{}))
	})
	want("all or nothing", err, codes.AlreadyExists, updated)
	_, err = doc.Set(ctx, fields{"a": nil, "b": []any{1.5}})
	want("set", err, codes.OK, fields{"a": nil, "b": []any{1.5}})
	_, err = doc.Delete(ctx)
	want("delete", err, codes.OK, nil)
	if s.Writes() != 4 {
		t.Errorf("%d writes", s.Writes())
	}
}

// TestConflicts has a transaction read, and somebody else write before it commits.
func TestConflicts(t *testing.T) {
	t.Parallel()
	chats := func(c *firestore.Client, tx *firestore.Transaction) error {
		_, err := tx.Documents(c.Collection("rooms").Where("status", "==", "chat")).GetAll()
		return err
	}
	get := func(c *firestore.Client, tx *firestore.Transaction) error {
		_, err := tx.GetAll([]*firestore.DocumentRef{c.Doc("rooms/a"), c.Doc("rooms/none")})
		return err
	}
	for name, test := range map[string]struct {
		read     func(*firestore.Client, *firestore.Transaction) error
		path     string // what is written
		status   string
		attempts int
	}{
		"a document read":        {get, "rooms/a", "done", 2},
		"a document not there":   {get, "rooms/none", "done", 2},
		"another":                {get, "rooms/b", "done", 1},
		"a document found":       {chats, "rooms/a", "chat", 2},
		"one that is found next": {chats, "rooms/new", "chat", 2},
		"one that is not found":  {chats, "rooms/new", "done", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := start(t)
			put(t, c, map[string]fields{"rooms/a": {"status": "chat"}})
			attempts := 0
			err := c.RunTransaction(t.Context(), func(ctx context.Context, tx *firestore.Transaction) error {
				attempts++
				if err := test.read(c, tx); err != nil {
					return err
				}
				if attempts == 1 {
					put(t, c, map[string]fields{test.path: {"status": test.status}})
				}
				return tx.Set(c.Doc("rooms/mine"), fields{})
			})
			if _, missing := c.Doc("rooms/mine").Get(t.Context()); err != nil || attempts != test.attempts || missing != nil {
				t.Errorf("%v after %d attempts, want %d", err, attempts, test.attempts)
			}
		})
	}
}

// TestLookUpThatBeginsATransaction sends what the libraries of other languages do.
func TestLookUpThatBeginsATransaction(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	conn, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client := pb.NewFirestoreClient(conn)
	for changed, want := range map[bool]codes.Code{false: codes.OK, true: codes.Aborted} {
		put(t, c, map[string]fields{"rooms/a": {"status": "chat"}})
		stream, err := client.BatchGetDocuments(t.Context(), &pb.BatchGetDocumentsRequest{
			Documents:           []string{c.Doc("rooms/a").Path},
			ConsistencySelector: &pb.BatchGetDocumentsRequest_NewTransaction{NewTransaction: &pb.TransactionOptions{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		first, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if changed {
			put(t, c, map[string]fields{"rooms/a": {"status": "complete"}})
		}
		_, err = client.Commit(t.Context(), &pb.CommitRequest{Transaction: first.GetTransaction()})
		if status.Code(err) != want || len(first.GetTransaction()) == 0 {
			t.Errorf("changed %t: transaction %q ended with %v, want %v", changed, first.GetTransaction(), err, want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	query := func(ctx context.Context, c *firestore.Client) (int, error) {
		it := c.Collection("rooms").Documents(ctx)
		defer it.Stop()
		for n := 0; ; n++ {
			if _, err := it.Next(); err != nil {
				return n, err
			}
		}
	}
	const done = codes.Unknown // the iterator's end carries no status
	unavailable := status.Error(codes.Unavailable, "")
	for name, test := range map[string]struct {
		hook      fakefirestore.Hook
		documents int
		code      codes.Code
		again     codes.Code
	}{
		"none":                {nil, 3, done, done},
		"once":                {fakefirestore.First(1, fakefirestore.Code(codes.DataLoss)), 0, codes.DataLoss, done},
		"for ever":            {fakefirestore.Always(fakefirestore.Code(codes.DataLoss)), 0, codes.DataLoss, codes.DataLoss},
		"of another method":   {fakefirestore.On("Commit", fakefirestore.Always(fakefirestore.Code(codes.DataLoss))), 3, done, done},
		"hangs":               {fakefirestore.First(1, fakefirestore.Fault{Hang: true}), 0, codes.DeadlineExceeded, done},
		"hangs in the answer": {fakefirestore.First(1, fakefirestore.Fault{Documents: 2, Hang: true}), 2, codes.DeadlineExceeded, done},
		"hangs after it":      {fakefirestore.First(1, fakefirestore.Fault{Lost: true, Hang: true}), 3, codes.DeadlineExceeded, done},
		"breaks off":          {fakefirestore.First(1, fakefirestore.Fault{Documents: 2, Err: unavailable}), 2, codes.Unavailable, done},
		"is reset":            {fakefirestore.First(1, fakefirestore.Fault{Documents: 2, Reset: true}), 2, codes.Unavailable, done},
		"fails at the end":    {fakefirestore.First(1, fakefirestore.Fault{Lost: true, Err: unavailable}), 3, codes.Unavailable, done},
		"is slow":             {fakefirestore.First(1, fakefirestore.Fault{Delay: 4 * time.Second}), 0, codes.DeadlineExceeded, done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t)
			put(t, c, map[string]fields{"rooms/a": {}, "rooms/b": {}, "rooms/c": {}})
			s.OnCall(test.hook)
			wait := 30 * time.Second
			if test.code == codes.DeadlineExceeded {
				wait = 2 * time.Second // enough to connect and to read two documents
			}
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			if n, err := query(ctx, c); n != test.documents || status.Code(err) != test.code {
				t.Errorf("%d documents and %v, want %d and %v", n, err, test.documents, test.code)
			}
			if _, err := query(t.Context(), c); status.Code(err) != test.again {
				t.Errorf("the second time %v, want %v", err, test.again)
			}
			calls := s.Calls()
			if _, ok := calls[len(calls)-1].Request.(*pb.RunQueryRequest); s.Count("RunQuery") != 2 || !ok {
				t.Errorf("%d queries recorded, the last %v", s.Count("RunQuery"), calls[len(calls)-1])
			}
		})
	}
}

// TestLostReplies loses the reply of a commit that was stored. The library asks again
// after UNAVAILABLE, and its transaction is closed by then.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	for lost, want := range map[codes.Code]codes.Code{codes.Unavailable: codes.InvalidArgument, codes.DeadlineExceeded: codes.DeadlineExceeded} {
		s, c := start(t)
		s.OnCall(fakefirestore.On("Commit", fakefirestore.First(1, fakefirestore.Fault{Lost: true, Err: status.Error(lost, "")})))
		err := c.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
			return tx.Create(c.Doc("rooms/a"), fields{"a": 1})
		})
		if _, missing := c.Doc("rooms/a").Get(t.Context()); status.Code(err) != want || missing != nil {
			t.Errorf("%v, want %v and a document: %v", err, want, missing)
		}
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	put(t, c, map[string]fields{"rooms/a": {}})
	ask := func(wait time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		_, err := c.Collection("rooms").Documents(ctx).GetAll()
		return err
	}
	fails := func(when string) {
		t.Helper()
		if ask(300*time.Millisecond) == nil {
			t.Error("answered while", when)
		}
	}
	recovers := func() {
		t.Helper()
		for end := time.Now().Add(time.Minute); ask(10*time.Second) != nil; {
			if time.Now().After(end) {
				t.Fatal("no answer after the outage")
			}
		}
		if n := s.Connections(); n != 1 {
			t.Errorf("%d connections", n)
		}
	}
	recovers()
	s.Kill()
	fails("killed")
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	recovers()
	s.Freeze()
	s.Freeze()
	fails("frozen")
	s.Thaw()
	s.Thaw()
	recovers()
}
