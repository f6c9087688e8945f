package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"willson/handlers"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
	"willson/telemetry"
)

// newHandler is the router over this store, without a network.
func newHandler(t testing.TB, s handlers.Store) http.Handler {
	t.Helper()
	handler, err := handlers.New(handlers.Config{
		Verifier: verifier(func(values []string) (string, error) { return asker, nil }),
		Store:    s, Reference: fixed(t), Deadline: 10 * time.Second, MaxInFlight: 1, Project: "demo-willson",
		Log: telemetry.NewLogger(new(bytes.Buffer), 12, false), Metrics: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// FuzzBodies: whatever a body holds, the store is given what the contract allows or
// nothing, and the answer is one that is described.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{"match_idx":671,"title":"고마워요","content":"좋았어요","rating":4.5,"image_idx":2}`,
		`{"match_idx":[1],"content":null,"rating":5,"image_idx":2,"keyword_idx":[1,2],"keywords":null}`,
		`{"reports":["a","b"]}`, `{"reports":["start"]}`, `{"match_idx":1e3}`, "{\"a\":\"\xff\"}", `{"content":"\ud83d"}`, `[[[[`, ``, `null`,
	} {
		f.Add([]byte(body))
	}
	const path = "/api/v1/asker/chat/"
	f.Fuzz(func(t *testing.T, body []byte) {
		reached := 0
		handler := newHandler(t, fakeStore{
			review: func(r life.Review) (life.Review, error) {
				reached++
				if r.AskerUID != asker || r.MatchIdx < 1 || !(r.Rating > 0 && r.Rating <= 5) || r.ImageIdx < 1 || len(r.KeywordIdx) > 20 ||
					utf8.RuneCountInString(r.Content) > 1000 || utf8.RuneCountInString(r.Title) > 100 || !utf8.ValidString(r.Content+r.Title) {
					t.Errorf("the store is given %+v", r)
				}
				r.CreatedAt = time.UnixMilli(1)
				return r, nil
			},
			report: func(uid string, idx int64, ids []string) error {
				reached++
				if uid != asker || idx != 7 || len(ids) < 1 || len(ids) > 100 || !utf8.ValidString(strings.Join(ids, "")) {
					t.Errorf("the store is given %q %d %q", uid, idx, ids)
				}
				return nil
			},
		})
		for _, path := range []string{path + "review", path + "review/complete", path + "report/7"} {
			before := reached
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
			switch {
			case w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge:
				t.Errorf("%s: %d", path, w.Code)
			case (w.Code == http.StatusOK) != (reached == before+1):
				t.Errorf("%s: %d, the store was asked %d times", path, w.Code, reached-before)
			}
			if err := described(t).CheckAnswer(http.MethodPost, path, w.Code, w.Result().Header, w.Body.Bytes()); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzDocuments: whatever readable documents hold, every answer of them is described.
func FuzzDocuments(f *testing.F) {
	f.Add(int64(1), int64(50), int64(1605077440300), "잔나", "F", true)
	f.Add(int64(1<<62), int64(1<<40), int64(-1), "", "", false)
	f.Add(int64(7), int64(1), int64(1<<41), "<\u2028\x00", "여", true)
	f.Fuzz(func(t *testing.T, idx, minutes, millis int64, text, gender string, full bool) {
		// What the store hands over: positive integers, UTF-8, times from year 1 to 9999, of
		// which the contract's form of a date can show those with four digits.
		if idx < 1 || minutes < 1 || !utf8.ValidString(text+gender) || millis < -30_000_000_000_000 || millis > 200_000_000_000_000 {
			t.Skip()
		}
		at := time.UnixMilli(millis)
		m := storetest.Waiting(idx, asker, "w", func(m *life.Match) {
			m.ConcernIdx, m.Status, m.Roomkey, m.StartsAt, m.CreatedAt, m.UpdatedAt = idx, life.Chat, "key", at, at, at
			m.Brief.Minutes, m.Brief.Nickname, m.Brief.AskerGender, m.Brief.Feelings = minutes, text, gender, []string{text}
			m.Brief.Subcategory = &life.Topic{Name: text}
			m.Card = life.Card{Introduction: text, Gender: gender, AvgRating: text, Keywords: []string{text, text}, Subcategories: []life.Topic{{Category: text}}}
			if !full {
				m.Card, m.Brief, m.DateIdx, m.StartsAt = life.Card{}, life.Brief{Minutes: minutes}, nil, time.Time{}
			}
		})
		concern, card := m.Brief, m.Card
		concern.Idx, card.Idx = idx, idx
		sessions := store.Sessions{
			UnderWay: []life.Chatroom{{Idx: idx, Roomkey: "r", AskerUID: asker, WillsonerUID: "w", StartedAt: at, Brief: concern, Card: card}},
			Reserved: []life.Reservation{{Idx: idx, Roomkey: "r", AskerUID: asker, WillsonerUID: "w", StartsAt: at, Brief: concern, Card: card}},
		}
		handler := newHandler(t, fakeStore{
			sessions: func(context.Context, life.Caller) (store.Sessions, error) { return sessions, nil },
			change:   func(context.Context, string, life.Caller, int64) (life.Match, error) { return m, nil },
		})
		for _, route := range handlers.Routes() {
			if route.Method == http.MethodPost || !strings.Contains(route.Path, "/chat/") && pathOf(route) != selects {
				continue // the road's: see FuzzRoadDocuments
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(route.Method, pathOf(route), nil))
			if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %s", route.Path, w.Code, w.Body)
			}
			if err := described(t).CheckAnswer(route.Method, pathOf(route), w.Code, w.Result().Header, w.Body.Bytes()); err != nil {
				t.Error(err)
			}
		}
	})
}
