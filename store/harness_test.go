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
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"

	"willson/internal/standin"
	"willson/internal/telemetrytest"
	"willson/store"
)

const asker = "SrIE0U2lHWcbtJvBFl3cXClRsY02"

// A subject is a store and what it says of its work.
type subject struct {
	*store.Store
	project string
	log     *logLines
	metrics *prometheus.Registry
}

// open opens the store of a project of its own, on a Firestore at host.
func open(t testing.TB, host string) *subject {
	t.Helper()
	s := &subject{project: "demo-" + strings.ToLower(rand.Text()), log: &logLines{}, metrics: prometheus.NewRegistry()}
	var err error
	s.Store, err = store.Open(context.Background(), store.Config{
		Project:      s.project,
		EmulatorHost: host,
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

// madeToOrder opens a store over an empty stand-in.
func madeToOrder(t testing.TB) (*subject, *standin.Server) {
	t.Helper()
	server, err := standin.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return open(t, server.Addr()), server
}

// within is a context that no test of a good answer should reach the end of.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (s *subject) metric(t testing.TB, name string, labels ...string) int {
	t.Helper()
	return int(telemetrytest.Metric(t, s.metrics, name, labels...))
}

func (s *subject) read(t testing.TB) int {
	return s.metric(t, "willson_firestore_documents_read_total")
}

func (s *subject) unreadable(t testing.TB, collection string) int {
	return s.metric(t, "willson_firestore_unreadable_documents_total", collection)
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

// Times as Firestore keeps them, to the microsecond.
var (
	started = time.Date(2020, 11, 11, 6, 50, 40, 300_000_000, time.UTC)
	starts  = time.Date(2021, 3, 19, 13, 0, 0, 0, time.UTC)
)

// room is a document of chatrooms with every field of the schema but ends_at.
func room(idx int) standin.Fields {
	return standin.Fields{
		"idx":           idx,
		"asker_uid":     asker,
		"willsoner_uid": "1205312339",
		"status":        "chat",
		"started_at":    started,
		"concern":       standin.Fields{"idx": 1513, "nickname": "잔나", "minutes": 50, "asker_pic": "https://example.com/a.png"},
		"willsoner": standin.Fields{
			"idx":           12,
			"introduction":  "안녕하슈",
			"experience":    "고물을 줍고 다녔습니다",
			"nickname":      "지수카카오",
			"gender":        "F",
			"pic":           "https://example.com/w.png",
			"image_pic":     "https://example.com/willson_04.jpg",
			"subcategories": []any{standin.Fields{"name": "이별", "category": "연애"}, standin.Fields{"name": "진로", "category": "학업"}},
			"keywords":      []any{"줍줍", "무너짐", "집"},
		},
	}
}

// read is how the store reads room under the id "room".
func read(idx int64) store.Chatroom {
	return store.Chatroom{
		Idx:       idx,
		Roomkey:   "room",
		AskerUID:  asker,
		StartedAt: started,
		Concern:   store.Concern{Idx: new(int64(1513)), Minutes: 50, Nickname: "잔나", AskerPic: "https://example.com/a.png"},
		Willsoner: store.Willsoner{
			Idx:           new(int64(12)),
			Introduction:  "안녕하슈",
			Experience:    "고물을 줍고 다녔습니다",
			Nickname:      "지수카카오",
			Gender:        "F",
			Pic:           "https://example.com/w.png",
			ImagePic:      "https://example.com/willson_04.jpg",
			Subcategories: []store.Subcategory{{Name: "이별", Category: "연애"}, {Name: "진로", Category: "학업"}},
			Keywords:      []string{"줍줍", "무너짐", "집"},
		},
	}
}

// agreed is a document of reservations with every field of the schema but ends_at.
func agreed(idx int) standin.Fields {
	return standin.Fields{
		"idx":           idx,
		"roomkey":       asker + "_nKYHjlI9yneHWlhbyAObhPvXDw43",
		"asker_uid":     asker,
		"willsoner_uid": "xMKS6tTX55OmOevsm2mD4lfNztw1",
		"status":        "reserved",
		"starts_at":     starts,
		"concern":       standin.Fields{"minutes": 60},
		"willsoner":     standin.Fields{"idx": 68, "nickname": "하이하이", "image_pic": "https://example.com/willson_02.jpg"},
	}
}

// readAgreed is how the store reads agreed.
func readAgreed(idx int64) store.Reservation {
	return store.Reservation{
		Idx:          idx,
		Roomkey:      asker + "_nKYHjlI9yneHWlhbyAObhPvXDw43",
		WillsonerUID: "xMKS6tTX55OmOevsm2mD4lfNztw1",
		StartsAt:     starts,
		Minutes:      60,
		Willsoner:    store.Willsoner{Idx: new(int64(68)), Nickname: "하이하이", ImagePic: "https://example.com/willson_02.jpg"},
	}
}

// absent, as the value of a field, removes it.
type absent struct{}

// with returns the document with one field changed; dots in the name lead into maps.
func with(doc standin.Fields, name string, value any) standin.Fields {
	inner := doc
	for outer, rest, nested := strings.Cut(name, "."); nested; outer, rest, nested = strings.Cut(rest, ".") {
		inner, name = inner[outer].(standin.Fields), rest
	}
	if inner[name] = value; value == (absent{}) {
		delete(inner, name)
	}
	return doc
}

// put writes documents, by their paths, into the emulator.
func put(t testing.TB, client *firestore.Client, docs map[string]standin.Fields) {
	t.Helper()
	for paths := range slices.Chunk(slices.Collect(maps.Keys(docs)), 400) {
		err := client.RunTransaction(within(t), func(_ context.Context, tx *firestore.Transaction) error {
			for _, path := range paths {
				if err := tx.Set(client.Doc(path), map[string]any(docs[path])); err != nil {
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

func idxs(s store.Sessions) (rooms, reservations []int64) {
	for _, room := range s.UnderWay {
		rooms = append(rooms, room.Idx)
	}
	for _, reservation := range s.Reserved {
		reservations = append(reservations, reservation.Idx)
	}
	return rooms, reservations
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
