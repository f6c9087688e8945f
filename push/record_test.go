package push_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"willson/internal/telemetrytest"
	"willson/push"
)

// TestRecord: local mode shows the kinds and receivers of the newest 200 notices, and logs
// them.
func TestRecord(t *testing.T) {
	t.Parallel()
	log := &telemetrytest.Log{}
	r := push.NewRecord(slog.New(slog.NewTextHandler(log, nil)))
	told := func() (rows []map[string]any) {
		t.Helper()
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/console/told", nil))
		var body struct{ Told []map[string]any }
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || body.Told == nil {
			t.Fatalf("%s: %v", answer.Body, err)
		}
		return body.Told
	}
	if rows := told(); len(rows) != 0 {
		t.Errorf("told %v before anything", rows)
	}
	for i := range 201 {
		r.Tell(t.Context(), reviewed(fmt.Sprint("willsoner", i)))
	}
	rows := told()
	if len(rows) != 200 || len(rows[0]) != 4 || rows[0]["idx"] != 2.0 || rows[199]["uid"] != "willsoner200" || rows[199]["kind"] != "reviewed" {
		t.Errorf("told %d: %v … %v", len(rows), rows[0], rows[len(rows)-1])
	}
	if text := log.String(); !strings.Contains(text, "kind=reviewed to=willsoner200") {
		t.Errorf("logged %s", text)
	}
}
