package push

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// maxRecorded is how many notices a Record keeps, the newest.
const maxRecorded = 200

// A Record stands for a Sender in local mode, where no message is sent: it logs who would
// be told what kind of thing, and serves that to the console. It asks nobody whether they
// have a phone.
type Record struct {
	log *slog.Logger

	mu   sync.Mutex
	told []told
	last int64
}

// told is what of a notice is kept.
type told struct {
	Idx  int64  `json:"idx"` // from 1, in the order in which they came
	At   int64  `json:"at"`  // epoch milliseconds
	Kind Kind   `json:"kind"`
	UID  string `json:"uid"` // who would be told
}

// NewRecord returns an empty one.
func NewRecord(log *slog.Logger) *Record { return &Record{log: log, told: []told{}} }

// Tell logs and keeps the notices' kinds and receivers.
func (r *Record) Tell(ctx context.Context, notices ...Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range notices {
		r.log.InfoContext(ctx, "push: somebody would be told", "kind", n.Kind, "to", n.UID)
		r.last++
		r.told = append(r.told, told{r.last, time.Now().UnixMilli(), n.Kind, n.UID})
	}
	r.told = r.told[max(0, len(r.told)-maxRecorded):]
}

// ServeHTTP answers any request with {"told":[{"idx","at","kind","uid"}]}: the newest 200
// notices of this process, the oldest first.
func (r *Record) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	body, err := json.Marshal(map[string]any{"told": r.told})
	r.mu.Unlock()
	if err != nil { // numbers and strings always encode
		http.Error(w, "the notices cannot be written", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	w.Write(body)
}
