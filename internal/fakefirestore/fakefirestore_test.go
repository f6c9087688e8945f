package fakefirestore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"willson/internal/fakefirestore"
)

type fields = map[string]any

// start gives a server and the real client library, which talks to it.
func start(t *testing.T) (*fakefirestore.Server, *firestore.Client) {
	t.Helper()
	s := fakefirestore.New(t)
	return s, dial(t, s.Addr())
}

func dial(t *testing.T, addr string) *firestore.Client {
	t.Helper()
	c, err := firestore.NewClient(context.Background(), "demo-"+strings.ToLower(rand.Text()), option.WithGRPCConn(connect(t, addr)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func connect(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(owner{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// owner bypasses the emulator's security rules.
type owner struct{}

func (owner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (owner) RequireTransportSecurity() bool { return false }

// both runs a test over this package's server and over the emulator: what the one
// promises, the other does.
func both(t *testing.T, test func(*testing.T, *firestore.Client, pb.FirestoreClient)) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		s, c := start(t)
		test(t, c, pb.NewFirestoreClient(connect(t, s.Addr())))
	})
	t.Run("emulator", func(t *testing.T) {
		t.Parallel()
		host := os.Getenv("FIRESTORE_EMULATOR_HOST")
		if host == "" {
			t.Fatal("FIRESTORE_EMULATOR_HOST is not set: run `make test`, or `.cache/local exec -- go test ./internal/fakefirestore/`")
		}
		test(t, dial(t, host), pb.NewFirestoreClient(connect(t, host)))
	})
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
	at := func(second int) time.Time { return time.Date(2026, 3, 19, 3, 0, second, 0, time.UTC) }
	or := func(filters ...firestore.EntityFilter) firestore.OrFilter {
		return firestore.OrFilter{Filters: filters}
	}
	where := func(path, op string, v any) firestore.PropertyFilter {
		return firestore.PropertyFilter{Path: path, Operator: op, Value: v}
	}
	both(t, func(t *testing.T, c *firestore.Client, _ pb.FirestoreClient) {
		put(t, c, map[string]fields{
			"rooms/a":         {"asker": "me", "status": "chat", "idx": 9, "concern": fields{"n": 1}, "tags": []int{1, 2}, "at": at(3), "rate": 4.5},
			"rooms/b":         {"asker": "me", "status": "chat", "idx": 10, "concern": fields{"n": 2}, "tags": []int{2}, "at": at(1), "rate": 4},
			"rooms/c":         {"asker": "me", "status": "done", "idx": 11, "tags": []string{"2"}, "at": at(2), "rate": 4.5, "open": true},
			"rooms/d":         {"asker": "you", "willsoner": "me", "status": "chat", "idx": 10, "tags": 2, "at": at(1), "rate": 0.5, "open": false},
			"rooms/no idx":    {"asker": "me", "status": "chat", "at": "noon"},
			"rooms/null":      {"asker": nil, "idx": nil, "rate": nil},
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
		for name, test := range map[string]struct {
			query firestore.Query
			want  []string
		}{
			"all":                       {rooms.Query, []string{"a", "b", "c", "d", "f", "no idx", "null"}},
			"what was changed":          {rooms.Where("status", "==", "chat"), []string{"a", "b", "d", "no idx"}},
			"limit":                     {mine.OrderBy("idx", firestore.Desc).Limit(1), []string{"b"}},
			"names order equals":        {rooms.Where("status", "==", "chat").OrderBy("idx", firestore.Desc), []string{"d", "b", "a"}},
			"or within and":             {rooms.Where("status", "==", "chat").WhereEntity(or(where("asker", "==", "you"), where("idx", "in", []int{9, 11, 99}))).OrderBy("idx", firestore.Asc), []string{"a", "d"}},
			"or of ands":                {rooms.WhereEntity(or(firestore.AndFilter{Filters: []firestore.EntityFilter{where("asker", "==", "me"), where("idx", "==", 11)}}, where("rate", "<", 1))), []string{"d", "c"}},
			"or of what is compared":    {rooms.WhereEntity(or(where("idx", ">", 10), where("asker", "==", "me"))), []string{"a", "b", "c"}},
			"a collection below":        {c.Collection("rooms/a/chats").Where("asker", "==", "me"), []string{"x"}},
			"none":                      {rooms.Where("asker", "==", "nobody").Where("status", "==", "chat"), nil},
			"a field of a map":          {rooms.Where("concern.n", "==", 2), []string{"b"}},
			"a boolean":                 {rooms.Where("open", "==", false), []string{"d"}},
			"a time":                    {rooms.Where("at", "==", at(1)), []string{"b", "d"}},
			"a double for an integer":   {rooms.Where("rate", "==", 4.0), []string{"b"}},
			"an integer for a double":   {rooms.Where("idx", "==", 10.0), []string{"b", "d"}},
			"array contains":            {rooms.Where("tags", "array-contains", 2), []string{"a", "b"}},
			"contains and in":           {rooms.Where("tags", "array-contains", 2).Where("status", "in", []string{"done", "chat"}).Where("rate", ">=", 4.2), []string{"a"}},
			"less":                      {rooms.Where("idx", "<", 10), []string{"a"}},
			"less or equal":             {rooms.Where("rate", "<=", 4), []string{"d", "b"}},
			"greater":                   {rooms.Where("asker", ">", "me"), []string{"d"}},
			"greater or equal":          {rooms.Where("at", ">=", at(2)), []string{"c", "a"}},
			"a range of one field":      {rooms.Where("idx", ">", 9).Where("idx", "<", 11.5).OrderBy("idx", firestore.Desc), []string{"c", "d", "b"}},
			"ranges of two":             {rooms.Where("rate", ">", 0).Where("idx", ">=", 9), []string{"a", "d", "b", "c"}},
			"compared and ordered":      {rooms.Where("idx", ">", 9).OrderBy("rate", firestore.Desc), []string{"c", "b", "d"}},
			"two orders":                {rooms.Where("rate", ">", 0).OrderBy("rate", firestore.Desc).OrderBy("idx", firestore.Asc), []string{"a", "c", "b", "d"}},
			"types in order":            {rooms.OrderBy("at", firestore.Desc), []string{"no idx", "a", "c", "d", "b"}},
			"null has an order":         {rooms.OrderBy("rate", firestore.Asc), []string{"null", "d", "b", "a", "c"}},
			"order by text":             {rooms.OrderBy("asker", firestore.Desc), []string{"d", "no idx", "c", "b", "a", "null"}},
			"order by booleans":         {rooms.OrderBy("open", firestore.Asc), []string{"d", "c"}},
			"names":                     {mine.OrderBy(firestore.DocumentID, firestore.Desc), []string{"no idx", "b", "a"}},
			"start":                     {rooms.OrderBy("idx", firestore.Asc).StartAt(10), []string{"b", "d", "c"}},
			"start after and end":       {rooms.OrderBy("rate", firestore.Desc).OrderBy("idx", firestore.Asc).StartAfter(4.5, 9).EndAt(4, 10), []string{"c", "b"}},
			"end before, by a document": {rooms.OrderBy("idx", firestore.Asc).StartAt(9).EndBefore(10), []string{"a"}},
		} {
			for range 2 { // the second answer comes from a cache
				docs, err := test.query.Documents(t.Context()).GetAll()
				if got := ids(docs); err != nil || !slices.Equal(got, test.want) {
					t.Errorf("%s: %q and %v, want %q", name, got, err, test.want)
				}
			}
		}
		docs, err := rooms.Where("idx", "==", 9).Select("concern.n", "idx", "nothing").Documents(t.Context()).GetAll()
		if err != nil || len(docs) != 1 || fmt.Sprint(docs[0].Data()) != "map[concern:map[n:1] idx:9]" {
			t.Errorf("%v and %v, want two fields", err, docs)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	put(t, c, map[string]fields{"rooms/a": {"status": "chat", "list": []int{1}, "most": math.MaxInt64, "least": math.MinInt64}})
	rooms := c.Collection("rooms")
	for name, query := range map[string]firestore.Query{
		"another operator":   rooms.Where("status", "!=", "chat"),
		"one of null":        rooms.Where("status", "==", nil),
		"null among others":  rooms.Where("status", "in", []any{"chat", nil}),
		"an array":           rooms.Where("list", "==", []int{1}),
		"a quoted name":      rooms.WherePath([]string{"a.b"}, "==", 1),
		"a document's name":  rooms.Where(firestore.DocumentID, "==", rooms.Doc("a")),
		"order by arrays":    rooms.OrderBy("list", firestore.Asc),
		"order by quotes":    rooms.OrderByPath([]string{"a.b"}, firestore.Asc),
		"an offset":          rooms.Offset(1),
		"a collection group": c.CollectionGroup("rooms").Query,
	} {
		if docs, err := query.Documents(t.Context()).GetAll(); status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %q and %v", name, ids(docs), err)
		}
	}
	for name, update := range map[string]firestore.Update{
		"a transform": {Path: "list", Value: firestore.ArrayUnion(2)},
		"a maximum":   {Path: "n", Value: firestore.FieldTransformMaximum(2)},
		"quotes":      {FieldPath: []string{"a.b"}, Value: 1},
		"more quotes": {FieldPath: []string{"a.b"}, Value: firestore.Increment(1)},
		"an overflow": {Path: "most", Value: firestore.Increment(1)},
		"one below":   {Path: "least", Value: firestore.Increment(-1)},
	} {
		if _, err := c.Doc("rooms/a").Update(t.Context(), []firestore.Update{update}); status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := pb.NewFirestoreClient(connect(t, s.Addr())).BeginTransaction(t.Context(), &pb.BeginTransactionRequest{Options: &pb.TransactionOptions{
		Mode: &pb.TransactionOptions_ReadOnly_{ReadOnly: &pb.TransactionOptions_ReadOnly{ConsistencySelector: &pb.TransactionOptions_ReadOnly_ReadTime{ReadTime: timestamppb.Now()}}}}})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("what was at another time: %v", err)
	}
	if s.Reads() != 0 || s.Writes() != 1 {
		t.Errorf("%d reads and %d writes, want 0 and 1", s.Reads(), s.Writes())
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	put(t, c, map[string]fields{"rooms/a": {}, "rooms/b": {}})
	for range 2 {
		if _, err := c.Collection("rooms").Documents(t.Context()).GetAll(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.GetAll(t.Context(), []*firestore.DocumentRef{c.Doc("rooms/a"), c.Doc("rooms/none")}); err != nil {
		t.Fatal(err)
	}
	if s.Reads() != 6 || s.Writes() != 2 || s.Count("RunQuery") != 2 || s.Count("Commit") != 2 || len(s.Calls()) != 5 {
		t.Errorf("%d reads, %d writes, %d queries, %d commits, %d calls", s.Reads(), s.Writes(), s.Count("RunQuery"), s.Count("Commit"), len(s.Calls()))
	}
}

func TestWrites(t *testing.T) {
	both(t, func(t *testing.T, c *firestore.Client, _ pb.FirestoreClient) {
		ctx := t.Context()
		doc := c.Doc("matches/1")
		want := func(what string, err error, code codes.Code, f fields) {
			t.Helper()
			snapshot, _ := doc.Get(ctx)
			got := snapshot.Data()
			if at, ok := got["at"].(time.Time); ok && time.Since(at).Abs() < time.Minute {
				got["at"] = "now"
			}
			if status.Code(err) != code || !reflect.DeepEqual(got, f) {
				t.Fatalf("%s: %v and %v, want %v and %v", what, err, got, code, f)
			}
		}
		_, err := doc.Update(ctx, []firestore.Update{{Path: "status", Value: "chat"}})
		want("update of nothing", err, codes.NotFound, nil)
		created := fields{"status": "waiting", "concern": fields{"minutes": int64(50), "n": int64(1)}, "at": "now"}
		_, err = doc.Create(ctx, fields{"status": "waiting", "concern": fields{"minutes": int64(50), "n": int64(1)}, "at": firestore.ServerTimestamp})
		want("create", err, codes.OK, created)
		_, err = doc.Create(ctx, fields{})
		want("create again", err, codes.AlreadyExists, created)
		_, err = doc.Update(ctx, []firestore.Update{
			{Path: "status", Value: "chat"}, {Path: "at", Value: firestore.Delete}, {Path: "new.at", Value: true}, {Path: "concern.n", Value: firestore.Delete},
		})
		updated := fields{"status": "chat", "concern": fields{"minutes": int64(50)}, "new": fields{"at": true}}
		want("update", err, codes.OK, updated)
		err = c.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			return errors.Join(tx.Set(c.Doc("matches/2"), fields{}), tx.Create(doc, fields{}))
		})
		want("all or nothing", err, codes.AlreadyExists, updated)
		if _, err := c.Doc("matches/2").Get(ctx); status.Code(err) != codes.NotFound {
			t.Errorf("the other document of a commit that was refused: %v", err)
		}
		_, err = doc.Set(ctx, fields{"a": nil, "b": []any{1.5}, "n": int64(math.MaxInt64 - 1), "c": int64(1), "f": 1.5})
		want("set", err, codes.OK, fields{"a": nil, "b": []any{1.5}, "n": int64(math.MaxInt64 - 1), "c": int64(1), "f": 1.5})
		_, err = doc.Update(ctx, []firestore.Update{
			{Path: "a", Value: firestore.Increment(2)}, {Path: "b", Value: firestore.Increment(0.5)}, {Path: "c", Value: firestore.Increment(0.5)},
			{Path: "d.e", Value: firestore.Increment(-1)}, {Path: "f", Value: firestore.Increment(1)}, {Path: "n", Value: firestore.Increment(1)},
		})
		want("increments", err, codes.OK, fields{"a": int64(2), "b": 0.5, "c": 1.5, "d": fields{"e": int64(-1)}, "f": 2.5, "n": int64(math.MaxInt64)})
		_, err = doc.Delete(ctx)
		want("delete", err, codes.OK, nil)
	})
}

// TestPreconditions commits without a transaction, each write with what must hold before.
func TestPreconditions(t *testing.T) {
	both(t, func(t *testing.T, c *firestore.Client, client pb.FirestoreClient) {
		ctx := t.Context()
		database, _, _ := strings.Cut(c.Doc("rooms/a").Path, "/documents/")
		commit := func(id string, text string, must *pb.Precondition) (*timestamppb.Timestamp, error) {
			w := &pb.Write{CurrentDocument: must, Operation: &pb.Write_Delete{Delete: c.Doc("rooms/" + id).Path}}
			if text != "" {
				w.Operation = &pb.Write_Update{Update: &pb.Document{Name: c.Doc("rooms/" + id).Path, Fields: map[string]*pb.Value{
					"text": {ValueType: &pb.Value_StringValue{StringValue: text}}, "n": {ValueType: &pb.Value_IntegerValue{IntegerValue: 1}},
				}}}
				w.UpdateMask = &pb.DocumentMask{FieldPaths: []string{"text", "n"}}
			}
			resp, err := client.Commit(ctx, &pb.CommitRequest{Database: database, Writes: []*pb.Write{w}})
			if err != nil {
				return nil, err
			}
			return resp.GetWriteResults()[0].GetUpdateTime(), nil
		}
		exists := func(b bool) *pb.Precondition {
			return &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: b}}
		}
		since := func(t *timestamppb.Timestamp) *pb.Precondition {
			return &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: t}}
		}
		first, err := commit("a", "a", exists(false))
		if err != nil {
			t.Fatal(err)
		}
		// What changes nothing leaves the update time alone, and is no bar to the next.
		if same, err := commit("a", "a", since(first)); err != nil || !proto.Equal(same, first) {
			t.Fatalf("%v and %v, want %v", same, err, first)
		}
		second, err := commit("a", "b", since(first))
		if err != nil || !second.AsTime().After(first.AsTime()) {
			t.Fatalf("%v and %v, want a time after %v", second, err, first)
		}
		if got, err := c.Doc("rooms/a").Get(ctx); err != nil || !got.UpdateTime.Equal(second.AsTime()) || !got.CreateTime.Equal(first.AsTime()) {
			t.Fatalf("%v: created at %v, updated at %v", err, got.CreateTime, got.UpdateTime)
		}
		for name, test := range map[string]struct {
			id, text string
			must     *pb.Precondition
			want     codes.Code
		}{
			"changed since":           {"a", "c", since(first), codes.FailedPrecondition},
			"deleted although so":     {"a", "", since(first), codes.FailedPrecondition},
			"no time":                 {"a", "c", since(nil), codes.FailedPrecondition},
			"gone since":              {"none", "c", since(first), codes.FailedPrecondition},
			"there is one":            {"a", "c", exists(false), codes.AlreadyExists},
			"there is none":           {"none", "c", exists(true), codes.NotFound},
			"there is none to delete": {"none", "", exists(true), codes.NotFound},
			"whatever":                {"b", "c", nil, codes.OK},
			"a delete of nothing":     {"none", "", nil, codes.OK},
		} {
			if _, err := commit(test.id, test.text, test.must); status.Code(err) != test.want {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
		if _, err := commit("a", "", since(second)); err != nil {
			t.Errorf("delete: %v", err)
		}
	})
}

// TestModes commits a write in transactions that were begun in every way.
func TestModes(t *testing.T) {
	both(t, func(t *testing.T, c *firestore.Client, client pb.FirestoreClient) {
		ctx := t.Context()
		database, _, _ := strings.Cut(c.Doc("rooms/a").Path, "/documents/")
		begin := func(options *pb.TransactionOptions) ([]byte, error) {
			resp, err := client.BeginTransaction(ctx, &pb.BeginTransactionRequest{Database: database, Options: options})
			return resp.GetTransaction(), err
		}
		lookUp := func(options *pb.TransactionOptions) ([]byte, error) {
			stream, err := client.BatchGetDocuments(ctx, &pb.BatchGetDocumentsRequest{Database: database, Documents: []string{c.Doc("rooms/a").Path},
				ConsistencySelector: &pb.BatchGetDocumentsRequest_NewTransaction{NewTransaction: options}})
			if err != nil {
				return nil, err
			}
			first, err := stream.Recv()
			return first.GetTransaction(), err
		}
		earlier, err := begin(nil)
		if err != nil {
			t.Fatal(err)
		}
		write := &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: c.Doc("rooms/b").Path}}}
		readWrite := &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{}}}
		retry := &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{RetryTransaction: earlier}}}
		readOnly := &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadOnly_{ReadOnly: &pb.TransactionOptions_ReadOnly{}}}
		for name, test := range map[string]struct {
			begin   func(*pb.TransactionOptions) ([]byte, error)
			options *pb.TransactionOptions
			want    codes.Code
		}{
			"begun without options":       {begin, nil, codes.OK},
			"begun without a mode":        {begin, &pb.TransactionOptions{}, codes.OK},
			"begun to write":              {begin, readWrite, codes.OK},
			"begun again":                 {begin, retry, codes.OK},
			"begun to read":               {begin, readOnly, codes.InvalidArgument},
			"by a look-up":                {lookUp, readWrite, codes.OK},
			"by a look-up without a mode": {lookUp, &pb.TransactionOptions{}, codes.InvalidArgument},
			"by a look-up, to read":       {lookUp, readOnly, codes.InvalidArgument},
		} {
			id, err := test.begin(test.options)
			if err != nil || len(id) == 0 {
				t.Errorf("%s: transaction %q and %v", name, id, err)
			}
			_, err = client.Commit(ctx, &pb.CommitRequest{Database: database, Transaction: id, Writes: []*pb.Write{write}})
			if status.Code(err) != test.want {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
	})
}

func TestLookUps(t *testing.T) {
	both(t, func(t *testing.T, c *firestore.Client, client pb.FirestoreClient) {
		put(t, c, map[string]fields{"rooms/a": {"n": 1}, "rooms/b": {}})
		a, b, none := c.Doc("rooms/a").Path, c.Doc("rooms/b").Path, c.Doc("rooms/none").Path
		database, _, _ := strings.Cut(a, "/documents/")
		stream, err := client.BatchGetDocuments(t.Context(), &pb.BatchGetDocumentsRequest{Database: database, Documents: []string{a, none, b, a, none}})
		if err != nil {
			t.Fatal(err)
		}
		var found, missing []string
		for {
			resp, err := stream.Recv()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := resp.GetFound(); d != nil {
				found = append(found, d.GetName())
			} else {
				missing = append(missing, resp.GetMissing())
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, []string{a, b}) || !slices.Equal(missing, []string{none}) {
			t.Errorf("found %q, missing %q", found, missing)
		}
	})
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
					put(t, c, map[string]fields{test.path: {"status": test.status, "changed": true}})
				}
				return tx.Set(c.Doc("rooms/mine"), fields{})
			})
			if _, missing := c.Doc("rooms/mine").Get(t.Context()); err != nil || attempts != test.attempts || missing != nil {
				t.Errorf("%v after %d attempts, want %d", err, attempts, test.attempts)
			}
		})
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

func TestBareCommits(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.OnCall(fakefirestore.OnBareCommit(fakefirestore.Always(fakefirestore.Code(codes.DataLoss))))
	_, err := c.Doc("rooms/a").Set(t.Context(), fields{})
	inTransaction := c.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
		return tx.Create(c.Doc("rooms/a"), fields{})
	})
	if status.Code(err) != codes.DataLoss || inTransaction != nil {
		t.Errorf("%v, and %v in a transaction", err, inTransaction)
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
