package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"willson/handlers"
	"willson/internal/fakefirestore"
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
		Store:    s, Reference: fixed(t), InvitationCodes: []string{"SPRING-2026"}, Deadline: 10 * time.Second, MaxInFlight: 1, Project: "demo-willson",
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

// A shownStore shows everybody the same documents, and has no others.
type shownStore struct {
	handlers.Store
	match   store.Incoming
	concern store.ShownConcern
	home    store.Home
	card    life.Card
	review  life.Review
}

func (s shownStore) Incoming(context.Context, string, string, int64) ([]store.Incoming, error) {
	return []store.Incoming{s.match}, nil
}

func (s shownStore) IncomingMatch(context.Context, string, string, int64) (store.Incoming, error) {
	return s.match, nil
}

func (s shownStore) Concerns(context.Context, string) (open, completed []store.ShownConcern, err error) {
	if s.concern.Shown == life.Complete {
		return nil, []store.ShownConcern{s.concern}, nil
	}
	return []store.ShownConcern{s.concern}, nil, nil
}

func (s shownStore) OffersOn(context.Context, string, string, int64) (life.Concern, []life.Match, error) {
	return s.concern.Concern, []life.Match{s.match.Match}, nil
}

func (s shownStore) Offered(context.Context, string, string, int64) (life.Match, store.Reviews, error) {
	return s.match.Match, store.Reviews{Rows: []life.Review{s.review}, Avg: s.card.AvgRating}, nil
}

func (s shownStore) ReviewsOf(context.Context, int64) ([]life.Review, error) {
	return []life.Review{s.review}, nil
}

func (s shownStore) Willsoners(context.Context, int64) ([]life.Card, error) {
	return []life.Card{s.card}, nil
}

func (s shownStore) Estimate(context.Context, string, int64, store.Whom) (store.Estimate, error) {
	return store.Estimate{Concern: s.concern.Concern, Account: s.home.Account, Spendable: s.home.Spendable, Willsoners: []life.Card{s.card}}, nil
}

func (s shownStore) Home(context.Context, string) (store.Home, error) { return s.home, nil }

func (s shownStore) Ledger(context.Context, string) ([]life.LedgerLine, error) {
	line, _ := s.home.Account.Give(s.home.Spendable, s.review.CreatedAt)
	return []life.LedgerLine{line}, nil
}

// FuzzRoadDocuments is FuzzDocuments for the road: whatever the documents hold that are
// readable and not of the other type, every answer of them is described.
func FuzzRoadDocuments(f *testing.F) {
	for shown := range byte(5) {
		f.Add(int64(1), int64(30), int64(1605077440300), "잔나", "F", shown, true, shown%2 == 0)
		f.Add(int64(1<<62), int64(1<<40), int64(-1), "<\u2028\x00", "여", shown, false, shown%2 == 1)
	}
	firestore := fakefirestore.New(f)
	var others atomic.Bool // are asked for
	firestore.OnCall(func(call fakefirestore.Call) fakefirestore.Fault {
		if call.Method == "BatchGetDocuments" || call.Method == "RunQuery" { // a transaction may begin after the answer
			others.Store(true)
		}
		return fakefirestore.Code(codes.PermissionDenied)
	})
	empty := openStore(f, firestore, store.Config{Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, idx, minutes, millis int64, text, gender string, shown byte, full, reserved bool) {
		if idx < 1 || minutes < 1 || text == "" || !utf8.ValidString(text+gender) || millis < -30_000_000_000_000 || millis > 200_000_000_000_000 {
			t.Skip()
		}
		at := time.UnixMilli(millis)
		number := life.NamedNumber{Idx: idx, Name: text}
		c := life.Concern{
			Idx: idx, AskerUID: asker, AskerIdx: idx, Type: life.Realtime, Status: life.Init, Content: text, Nickname: text, WilGender: life.AnyGender,
			Subcategory: life.Subcategory{Idx: idx, Name: text, CategoryIdx: idx, Category: text}, Direction: number, Minutes: minutes, Timer: at, OpenUntil: at,
			MatchCnt: 1, CreatedAt: at, UpdatedAt: at,
		}
		card := life.Card{Idx: idx, AvgRating: life.AvgRating(4.96*float64(minutes%9), minutes%9)}
		m := life.Match{Idx: idx, ConcernIdx: idx, WillsonerIdx: idx, AskerUID: asker, WillsonerUID: "w", Type: life.Realtime, Status: life.Waiting, Timer: at, CreatedAt: at, UpdatedAt: at}
		s := shownStore{
			card:    card,
			concern: store.ShownConcern{Shown: []string{life.Init, life.Unmatched, life.Matched, life.Complete, life.Empty}[shown%5]},
			match:   store.Incoming{Shown: []string{life.Init, life.Waiting, life.Closed}[shown%3]},
			home:    store.Home{Account: life.Account{Idx: idx, UID: asker, Social: "email", Nickname: text, CreatedAt: at, UpdatedAt: at}, Spendable: minutes},
			review:  life.Review{MatchIdx: idx, ConcernIdx: idx, Rating: 0.5, CreatedAt: at},
		}
		if reserved {
			c.Type, m.Type, m.Windows, m.StartsAt = life.Reserve, life.Reserve, []life.Window{{From: at, To: at}, {From: at, To: at}}, at
			c.Windows, c.Timer, m.Timer = m.Windows, time.Time{}, time.Time{}
			if s.concern.Shown == life.Empty { // a reserved one never is
				s.concern.Shown = life.Unmatched
			}
		}
		if full {
			c.Feelings, c.Personalities, c.AskerGender, c.AskerBirthYear = []life.NamedNumber{number}, []life.NamedNumber{number}, gender, millis%2000
			s.card = life.Card{
				Idx: idx, Introduction: text, Experience: text, Nickname: text, Gender: gender, Age: text, AvgRating: card.AvgRating, Pic: text, ImagePic: text,
				Image: &life.CardType{Idx: idx, Name: text}, Subcategories: []life.Topic{{Name: text}, {}}, Keywords: []string{text, ""},
			}
			s.review.Title, s.review.Content, s.review.Nickname, s.review.Category = text, text, text, text
			s.home.Account.Gender, s.home.Account.Email = gender, text
			s.home.Profile, s.home.HasProfile = life.Profile{Status: life.Approved, Introduction: text, ImageIdx: idx, Keywords: []life.NamedNumber{number}}, true
		}
		if full || s.match.Shown != life.Closed {
			m.Brief = c.Brief(text, at)
		}
		m.Card, s.concern.Concern, s.match.Match = s.card, c, m
		s.Store = empty
		handler := newHandler(t, s)
		for _, route := range handlers.Routes() {
			isOther := strings.Contains(route.Path, "/realtime") && reserved || strings.Contains(route.Path, "/reserve") && !reserved
			isDetail := strings.HasPrefix(route.Path, incoming+"/") || strings.HasPrefix(route.Path, later+"/")
			if route.Party == "" || isOther || isDetail && s.match.Shown == life.Closed {
				continue
			}
			w := httptest.NewRecorder()
			others.Store(false)
			handler.ServeHTTP(w, httptest.NewRequest(route.Method, pathOf(route), strings.NewReader(goodBody(t, route))))
			if others.Load() {
				continue
			}
			if w.Code != http.StatusOK && w.Code != http.StatusNotImplemented {
				t.Errorf("%s: %d %s", route.Path, w.Code, w.Body)
			}
			if err := described(t).CheckAnswer(route.Method, pathOf(route), w.Code, w.Result().Header, w.Body.Bytes()); err != nil {
				t.Error(err)
			}
		}
	})
}

// A checkedStore keeps nothing, and wants to be given nothing but what the contract allows.
type checkedStore struct {
	handlers.Store
	testing.TB
}

func (s checkedStore) want(ok bool, given any) {
	if !ok {
		s.Errorf("the store is given %+v", given)
	}
}

// isText reports whether a text has from 1 to so many characters and no blanks around it.
func isText(s string, most int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.TrimSpace(s) == s
}

func (s checkedStore) Enter(_ context.Context, who life.Account, _ int64) (life.Account, error) {
	s.want(isText(who.Nickname, 20) && who.UID == asker && who.Social != "" && len(who.Gender) < 2 && (who.BirthYear == 0 || who.BirthYear >= 1900), who)
	return who, store.ErrUnavailable
}

func (s checkedStore) Write(_ context.Context, c life.Concern) (life.Concern, error) {
	s.want(isText(c.Content, 4000) && c.AskerUID == asker && c.Subcategory.Name != "" && c.Subcategory.Category != "" && c.Direction.Name != "" && c.WilGender != "" &&
		len(c.Feelings) >= 1 && len(c.Feelings) <= 10 && len(c.Personalities) <= 10 && len(c.Windows) == map[string]int{life.Realtime: 0, life.Reserve: 2}[c.Type], c)
	for _, w := range c.Windows {
		s.want(w.To.After(w.From) && w.To.Sub(w.From) < 24*time.Hour && time.Until(w.To) <= 60*24*time.Hour, c)
	}
	return c, store.ErrUnavailable
}

func (s checkedStore) KeepKeywords(_ context.Context, uid string, category int64, words []string) ([]life.Keyword, error) {
	isNone := func(word string) bool { return !isText(word, 20) }
	s.want(uid == asker && category > 0 && category < 7 && len(words) >= 1 && len(words) <= 10 && !slices.ContainsFunc(words, isNone), words)
	return nil, store.ErrUnavailable
}

func (s checkedStore) Register(_ context.Context, uid string, of store.Registration) (life.Profile, error) {
	s.want(uid == asker && isText(of.Experience, 1000) && isText(of.Introduction, 200) && len(of.CategoryIdxs) >= 1 && len(of.SubcategoryIdxs) <= 10 &&
		len(of.KeywordIdx) <= 10 && len(of.KeywordNames) <= 10, of)
	return life.Profile{}, store.ErrUnavailable
}

// FuzzRoadBodies is FuzzBodies for all requests.
func FuzzRoadBodies(f *testing.F) {
	for _, route := range handlers.Routes() {
		if route.Body {
			f.Add([]byte(goodBody(f, route)))
		}
	}
	tomorrow := time.Now().In(life.Seoul).AddDate(0, 0, 1).Format(time.DateOnly)
	f.Add([]byte(strings.NewReplacer("2026-03-20", tomorrow, "2026-03-21", tomorrow).Replace(reserve)))
	empty := openStore(f, fakefirestore.New(f), store.Config{Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, body []byte) {
		handler := newHandler(t, checkedStore{empty, t})
		for _, route := range handlers.Routes() {
			if !route.Body {
				continue
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(route.Method, pathOf(route), bytes.NewReader(body)))
			if err := described(t).CheckAnswer(route.Method, pathOf(route), w.Code, w.Result().Header, w.Body.Bytes()); err != nil || w.Code == http.StatusInternalServerError {
				t.Errorf("%s: %d %v", route.Path, w.Code, err)
			}
		}
	})
}
