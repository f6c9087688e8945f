package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/telemetrytest"
	"willson/store"
)

const (
	asker     = "SrIE0U2lHWcbtJvBFl3cXClRsY02"
	willsoner = "1205312339"
)

// noon is when the tests' clocks begin.
var noon = time.Date(2026, 3, 19, 3, 0, 0, 0, time.UTC)

// A subject is a store under test, its clock, and what it says of its work.
type subject struct {
	*store.Store
	project string
	clock   *clock
	log     *logLines
	metrics *prometheus.Registry
}

// A clock stands until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
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
	s := &subject{
		project: "demo-" + strings.ToLower(rand.Text()),
		clock:   &clock{now: noon},
		log:     &logLines{},
		metrics: prometheus.NewRegistry(),
	}
	var err error
	s.Store, err = store.Open(context.Background(), store.Config{
		Project:      s.project,
		EmulatorHost: host,
		Now:          s.clock.Now,
		Log:          slog.New(slog.NewJSONHandler(s.log, nil)),
		Metrics:      s.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// emulated opens a store over an empty database of the emulator, and a client to fill it.
func emulated(t testing.TB) (*subject, *firestore.Client) {
	t.Helper()
	host := os.Getenv("FIRESTORE_EMULATOR_HOST")
	if host == "" {
		t.Fatal("FIRESTORE_EMULATOR_HOST is not set: run `make test`, or `.cache/local exec -- go test ./store/`")
	}
	s := open(t, host)
	client, err := firestore.NewClient(context.Background(), s.project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return s, client
}

// within is a context that no test of a good answer should reach the end of.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// put writes documents, by their paths, into the emulator.
func put(t testing.TB, client *firestore.Client, docs map[string]any) {
	t.Helper()
	for paths := range slices.Chunk(slices.Collect(maps.Keys(docs)), 400) {
		err := client.RunTransaction(within(t), func(_ context.Context, tx *firestore.Transaction) error {
			for _, path := range paths {
				if err := tx.Set(client.Doc(path), docs[path]); err != nil {
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

func (s *subject) metric(t testing.TB, name string, labels ...string) int {
	t.Helper()
	return int(telemetrytest.Metric(t, s.metrics, name, labels...))
}

// logLines is the store's log.
type logLines struct{ telemetrytest.Log }

// with returns the lines with this message, and forgets all.
func (l *logLines) with(message string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			panic(err)
		}
		if fields["msg"] == message {
			found = append(found, fields)
		}
	}
	l.Reset()
	return found
}

// same compares two values by what is in them.
func same(t testing.TB, got, want any) {
	t.Helper()
	if got, want := asJSON(got), asJSON(want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
