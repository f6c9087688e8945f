package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"willson/auth"
	"willson/handlers"
	"willson/life"
	"willson/store"
)

// TestIncomingErrors: the app crashes on an answer to the two incoming lists that it cannot
// decode, so that every error of theirs has data, whoever comes upon it. wantError knows.
func TestIncomingErrors(t *testing.T) {
	t.Parallel()
	const good = `{"category_idx":0}`
	paths := 0
	for _, route := range handlers.Routes() {
		if !route.DataInErrors {
			continue
		}
		paths++
		bad := serve(t, unreached)
		bad.send(t, "POST", route.Path, good, "x-token", "").wantError(t, 401, "token_not_found", "Token not found")
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			bad.ask(t, method, route.Path).wantError(t, 405, "method_not_allowed", "Method not allowed")
		}
		bad.send(t, "POST", route.Path, good+strings.Repeat(" ", 70_000)).wantError(t, 413, "request_too_large", "Request too large")
		bad.send(t, "POST", route.Path, good, "Content-Type", "text/plain").wantError(t, 415, "unsupported_media_type", "Unsupported media type")
		for _, body := range []string{"", "[]", "{"} {
			bad.send(t, "POST", route.Path, body).wantError(t, 400, "invalid_request", "Invalid request")
		}
		wantRefused(t, "POST", route.Path, map[string]string{}, map[string][]string{"category_idx": {"", "null", "-1", `"0"`, "[0]", "0.5", "true", "9223372036854775808"}})

		for _, test := range []struct {
			status        int
			code, message string
			token, answer error
		}{
			{401, "access_token_expired", "Access token expired", auth.ErrExpired, nil},
			{401, "access_token_invalid", "Access token invalid", auth.ErrInvalid, nil},
			{503, "service_unavailable", "Service unavailable", auth.ErrUnavailable, nil},
			{503, "service_unavailable", "Service unavailable", nil, store.ErrUnavailable},
			{504, "deadline_exceeded", "Deadline exceeded", nil, context.DeadlineExceeded},
			{500, "internal_error", "Internal error", nil, errors.New("boom")},
		} {
			failing(t, test.answer, func(cfg *handlers.Config) {
				cfg.Verifier = verifier(func(values []string) (string, error) { return "u", test.token })
			}).send(t, "POST", route.Path, good).wantError(t, test.status, test.code, test.message)
		}
		bad.send(t, "POST", route.Path, good).wantError(t, 500, "internal_error", "Internal error")
		full := serve(t, func(cfg *handlers.Config) { cfg.MaxInFlight = 0 })
		full.send(t, "POST", route.Path, good).wantError(t, 503, "service_unavailable", "Service unavailable")
	}
	if paths != 2 {
		t.Errorf("%d such paths", paths)
	}
}

// An hourStore takes every offer but those of the year 2027, and notes the hour.
type hourStore struct {
	handlers.Store
	starts time.Time
}

func (s *hourStore) Offer(_ context.Context, _, _ string, idx int64, starts time.Time) (life.Match, bool, error) {
	if s.starts = starts; starts.Year() == 2027 {
		return life.Match{}, false, life.ErrOutsideWindows
	}
	return life.Match{Idx: idx, Status: life.Waiting, ConcernIdx: 1, WillsonerIdx: 1, DateIdx: new(int64(1)), Brief: life.Brief{Minutes: 50}}, true, nil
}

// TestOfferedHours: the hour's form is looked at before the store is asked, and its place
// by the store.
func TestOfferedHours(t *testing.T) {
	t.Parallel()
	const path = later + "/7/select"
	kept := &hourStore{}
	api := serve(t, func(cfg *handlers.Config) { cfg.Store = kept })
	if got := api.send(t, "PATCH", path, `{"date":"2026-03-14","from_time":"00:30"}`); got.StatusCode != http.StatusOK || !kept.starts.Equal(time.Date(2026, 3, 13, 15, 30, 0, 0, time.UTC)) {
		t.Errorf("%s, the store was given %v", got.Status, kept.starts)
	}
	api.send(t, "PATCH", path, `{"date":"2027-03-14","from_time":"00:30"}`).wantError(t, 400, "invalid_request", "Invalid request", "from_time")
	wantRefused(t, "PATCH", path, map[string]string{"date": `"2026-03-14"`, "from_time": `"15:00"`}, map[string][]string{
		"date":      {"", "null", `""`, `"2026-3-14"`, `"2026-02-29"`, `"2026-03-14T15:00:00+09:00"`, "7"},
		"from_time": {"", "null", `""`, `"9:00"`, `"24:00"`, `"15:00:00"`, `"15:00+09:00"`, `"3PM"`, "15"},
	})
	for _, body := range []string{"", "[]", "{"} {
		serve(t, unreached).send(t, "PATCH", path, body).wantError(t, 400, "invalid_request", "Invalid request")
	}
}
