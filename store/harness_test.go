package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/internal/telemetrytest"
	"willson/life"
	"willson/reference"
	"willson/store"
)

const (
	asker     = "SrIE0U2lHWcbtJvBFl3cXClRsY02"
	willsoner = "1205312339"
)

// noon is when the tests' clocks begin.
var noon = time.Date(2026, 3, 19, 3, 0, 0, 0, time.UTC)

// A subject is a store under test, its clock, what it says of its work, and a client of
// its own to the same database.
type subject struct {
	*store.Store
	client  *firestore.Client
	clock   *clock
	log     *logLines
	metrics *prometheus.Registry
	did     atomic.Int64 // calls of Select and Join that changed something
}

func (s *subject) Select(ctx context.Context, askerUID string, idx int64) (life.Match, error) {
	return s.tally(s.Store.Select(ctx, askerUID, idx))
}

func (s *subject) Join(ctx context.Context, caller life.Caller, idx int64) (life.Match, error) {
	return s.tally(s.Store.Join(ctx, caller, idx))
}

func (s *subject) tally(m life.Match, done bool, err error) (life.Match, error) {
	if done {
		s.did.Add(1)
	}
	return m, err
}

// A clock stands until it is set, or goes a step on whenever it is looked at.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	step time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// open opens the store of a project of its own, on a Firestore at host.
func open(t testing.TB, host string) *subject {
	t.Helper()
	project := "demo-" + strings.ToLower(rand.Text())
	s := &subject{clock: &clock{now: noon}, log: &logLines{}, metrics: prometheus.NewRegistry()}
	data, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	s.Store, err = store.Open(context.Background(), store.Config{
		Project:      project,
		EmulatorHost: host,
		Reference:    data,
		Now:          s.clock.Now,
		Log:          slog.New(slog.NewJSONHandler(s.log, nil)),
		Metrics:      s.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(owner{}))
	if err != nil {
		t.Fatal(err)
	}
	if s.client, err = firestore.NewClient(context.Background(), project, option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s.client.Close()
	})
	return s
}

// owner bypasses the emulator's security rules.
type owner struct{}

func (owner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (owner) RequireTransportSecurity() bool { return false }

// emulated opens a store over an empty database of the emulator.
func emulated(t testing.TB) *subject {
	t.Helper()
	return open(t, emulator(t))
}

// emulator is the host:port of the emulator.
func emulator(t testing.TB) string {
	t.Helper()
	host := os.Getenv("FIRESTORE_EMULATOR_HOST")
	if host == "" {
		t.Fatal("FIRESTORE_EMULATOR_HOST is not set: run `make test`, or `.cache/local exec -- go test ./store/`")
	}
	return host
}

// faked opens a store over a Firestore that fails as it is told to.
func faked(t testing.TB) (*subject, *fakefirestore.Server) {
	t.Helper()
	server := fakefirestore.New(t)
	return open(t, server.Addr()), server
}

// within is a context that no test of a good answer should reach the end of.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// docs are documents by their paths: structs of life, or maps.
type docs map[string]any

func (s *subject) put(t testing.TB, all docs) {
	t.Helper()
	for paths := range slices.Chunk(slices.Collect(maps.Keys(all)), 400) {
		err := s.client.RunTransaction(within(t), func(_ context.Context, tx *firestore.Transaction) error {
			for _, path := range paths {
				if err := tx.Set(s.client.Doc(path), all[path]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// edit changes one field of a document; the value firestore.Delete removes it.
func (s *subject) edit(t testing.TB, path, field string, value any) {
	t.Helper()
	if _, err := s.client.Doc(path).Update(within(t), []firestore.Update{{Path: field, Value: value}}); err != nil {
		t.Fatal(err)
	}
}

// change edits documents: a path and a field with a blank between them have a new value,
// and a path alone names a document to be deleted.
func (s *subject) change(t testing.TB, edits map[string]any) {
	t.Helper()
	for what, value := range edits {
		if path, field, ok := strings.Cut(what, " "); ok {
			s.edit(t, path, field, value)
		} else if _, err := s.client.Doc(path).Delete(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// A fields is what is in a document, and a map in one.
type fields = map[string]any

// with is a copy of a map with some of its fields set anew: a name, its value, and so on.
func with(m any, changes ...any) fields {
	changed := maps.Clone(m.(fields))
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i].(string)] = changes[i+1]
	}
	return changed
}

// all reads the whole database of the emulator: the documents, and when each was written.
func (s *subject) all(t testing.TB) (map[string]fields, map[string]time.Time) {
	t.Helper()
	collections, err := s.client.Collections(within(t)).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{"chats", "messages", "transactions"}
	for _, c := range collections {
		ids = append(ids, c.ID)
	}
	found, written := map[string]fields{}, map[string]time.Time{}
	for _, id := range ids {
		snapshots, err := s.client.CollectionGroup(id).Documents(within(t)).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, snapshot := range snapshots {
			_, path, _ := strings.Cut(snapshot.Ref.Path, "/documents/")
			found[path], written[path] = snapshot.Data(), snapshot.UpdateTime
		}
	}
	return found, written
}

// read reads one document as the library does.
func read[T any](t testing.TB, s *subject, path string) (doc T) {
	t.Helper()
	snapshot, err := s.client.Doc(path).Get(within(t))
	if err == nil {
		err = snapshot.DataTo(&doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// fieldsOf returns what is in a document, nil if there is none.
func (s *subject) fieldsOf(t testing.TB, path string) fields {
	t.Helper()
	snapshot, err := s.client.Doc(path).Get(within(t))
	if err != nil && status.Code(err) != codes.NotFound {
		t.Fatal(err)
	}
	return snapshot.Data()
}

// consistent fails the test when the database breaks an invariant.
func (s *subject) consistent(t testing.TB) {
	t.Helper()
	broken, err := storetest.Invariants(within(t), s.client)
	if err != nil || len(broken) > 0 {
		t.Errorf("%v: %s", err, strings.Join(broken, "; "))
	}
}

func (s *subject) metric(t testing.TB, name string, labels ...string) int {
	t.Helper()
	return int(telemetrytest.Metric(t, s.metrics, name, labels...))
}

// logLines is the store's log.
type logLines struct{ telemetrytest.Log }

// with returns the lines with this message, and forgets all.
func (l *logLines) with(message string) []fields {
	var found []fields
	for line := range strings.Lines(l.String()) {
		var parsed fields
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			panic(err)
		}
		if parsed["msg"] == message {
			found = append(found, parsed)
		}
	}
	l.Reset()
	return found
}

// same compares two values by what is in them.
func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", asJSON(got), asJSON(want))
	}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
