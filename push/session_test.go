package push_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"willson/internal/fakefirestore"
	"willson/life"
	"willson/push"
)

// TestSession: in whole sessions of both types each party is told what the other did, on
// all phones, once, and nobody else is told anything.
func TestSession(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{life.Realtime, life.Reserve} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, emulator(t))
			asker, second, first, other := phone("asker"), phone("second"), phone("willsoner"), phone("other")
			w.signIn(t, "asker", asker, second)
			w.counsel(t, "willsoner", first)
			w.counsel(t, "other", other)
			w.signIn(t, "stranger", phone("stranger"))
			w.counsel(t, "without")
			concern := w.write(t, "asker", kind)
			is(t, "before", w.fcm.told())

			for range 2 {
				w.pay(t, "asker", concern)
			}
			match, others := w.sent(t, "willsoner", kind), w.sent(t, "other", kind)
			is(t, "paid", w.fcm.told(), fmt.Sprint("requested ", first, " ", match), fmt.Sprint("requested ", other, " ", others))

			offer := func(uid string, match int64, code string) {
				t.Helper()
				day := time.Now().Add(24 * time.Hour).In(life.Seoul).Format(time.DateOnly)
				w.ask(t, uid, http.MethodPatch, fmt.Sprintf("willsoner/list/%s/matches/%d/select", kind, match),
					map[string]any{"date": day, "from_time": "10:30"}, code)
			}
			for range 2 {
				offer("willsoner", match, "success")
			}
			offered := []string{fmt.Sprint("offered ", asker, " ", concern), fmt.Sprint("offered ", second, " ", concern)}
			is(t, "offered", w.fcm.told(), offered...)
			offer("other", others, "success")
			is(t, "offered too", w.fcm.told(), offered...)

			selects := fmt.Sprintf("asker/list/matches/%d/select", match)
			w.ask(t, "asker", http.MethodPatch, selects, nil, "success")
			is(t, "selected", w.fcm.told(), fmt.Sprint("selected ", first, " ", match))

			w.pay(t, "asker", w.write(t, "asker", kind)) // another one
			w.fcm.take()

			// What is done already, or cannot be done, tells nobody.
			w.ask(t, "asker", http.MethodPatch, selects, nil, "success")
			w.ask(t, "asker", http.MethodPost, fmt.Sprintf("asker/payment/%d", concern), map[string]any{"ticket_idx": 1}, "concern_in_process")
			w.ask(t, "asker", http.MethodPatch, fmt.Sprintf("asker/list/matches/%d/select", others), nil, "already_matched")
			w.ask(t, "stranger", http.MethodPatch, selects, nil, "not_found")
			offer("other", others, "not_found")
			is(t, "nothing new", w.fcm.told())
			if kind == life.Reserve {
				w.ask(t, "asker", http.MethodPatch, fmt.Sprintf("asker/chat/join/%d", match), nil, "too_early")
				is(t, "too early", w.fcm.told())
				return
			}

			for range 2 {
				w.ask(t, "asker", http.MethodPatch, fmt.Sprintf("asker/chat/join/%d", match), nil, "success")
			}
			is(t, "asker joined", w.fcm.told(), fmt.Sprint("joined ", first, " ", match))
			for range 2 {
				w.ask(t, "willsoner", http.MethodPatch, fmt.Sprintf("willsoner/chat/join/%d", match), nil, "success")
			}
			is(t, "willsoner joined", w.fcm.told(), fmt.Sprint("joined ", asker, " ", match), fmt.Sprint("joined ", second, " ", match))

			review := map[string]any{"match_idx": match, "rating": 4.5, "content": secret, "image_idx": 1}
			w.ask(t, "asker", http.MethodPost, "asker/chat/review/complete", review, "success")
			is(t, "reviewed", w.fcm.told(), fmt.Sprint("reviewed ", first, " ", match))
			w.ask(t, "asker", http.MethodPost, "asker/chat/review", review, "review_already_exists")
			w.ask(t, "asker", http.MethodPatch, fmt.Sprintf("asker/chat/complete/%d", match), nil, "success")
			is(t, "complete", w.fcm.told())

			if got := w.counted(t, push.Requested, "no_phone"); got != 2 {
				t.Errorf("%v willsoners without a phone, want 2: one, of two payments", got)
			}
			if text := w.log.String(); strings.Contains(text, secret) || strings.Contains(text, "APA91b") {
				t.Errorf("the log has a concern or a token: %s", text)
			}
		})
	}
}

// TestFiftyWillsoners: all whom a payment sends a concern to are told, each on their phones.
func TestFiftyWillsoners(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakefirestore.New(t).Addr())
	w.signIn(t, "asker", phone("asker"))
	var want []string
	for i := range 50 {
		uid := fmt.Sprint("willsoner", i)
		want = append(want, phone(uid), phone(uid+"b"))
		w.counsel(t, uid, phone(uid), phone(uid+"b"))
	}
	w.pay(t, "asker", w.write(t, "asker", life.Realtime))
	var got []string
	for _, m := range w.fcm.take() {
		got = append(got, m.Token)
	}
	slices.Sort(got)
	is(t, "all", got, want...)
}

// TestMoved: who signs in last with a phone is told there, and nobody else is. A phone that
// is gone is forgotten, unless it is another account's by now.
func TestMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, emulator(t))
	w.signIn(t, "asker")
	shared := phone("shared")
	w.counsel(t, "before", shared)
	w.counsel(t, "after", shared)
	w.pay(t, "asker", w.write(t, "asker", life.Realtime))
	match := w.sent(t, "after", life.Realtime)
	is(t, "moved", w.fcm.told(), fmt.Sprint("requested ", shared, " ", match))

	w.fcm.will(func(answer http.ResponseWriter, _ *http.Request, _ string) {
		if err := w.KeepPushToken(t.Context(), "before", shared); err != nil {
			t.Error(err)
		}
		refuse(answer, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "gone")
	})
	w.pay(t, "asker", w.write(t, "asker", life.Realtime))
	if kept := w.phones(t, "before"); len(kept) != 1 {
		t.Errorf("the token that moved while it was told is not kept: %v", kept)
	}
	w.fcm.will(func(answer http.ResponseWriter, _ *http.Request, _ string) {
		refuse(answer, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "gone")
	})
	w.pay(t, "asker", w.write(t, "asker", life.Realtime))
	if kept := append(w.phones(t, "before"), w.phones(t, "after")...); len(kept) != 0 {
		t.Errorf("the token that is gone is kept: %v", kept)
	}
	w.fcm.take()
	w.pay(t, "asker", w.write(t, "asker", life.Realtime))
	is(t, "gone", w.fcm.told())
}

// TestMessages: what a phone is sent of each kind lives as long as it is of use, is urgent
// where minutes matter, shows once for a concern, and says nothing of it.
func TestMessages(t *testing.T) {
	t.Parallel()
	now := time.Now()
	brief := life.Brief{Minutes: 30, Nickname: "수줍은 휴이", Content: secret}
	realtime := life.Match{Idx: 1605158334584999, ConcernIdx: 1605158334584123, AskerUID: "asker", WillsonerUID: "willsoner",
		Type: life.Realtime, Timer: now.Add(300 * time.Second), Brief: brief}
	window := life.Window{From: now.Add(time.Hour), To: now.Add(5 * time.Hour)}
	requested, agreed := realtime, realtime
	requested.Type, requested.Timer, requested.Windows = life.Reserve, time.Time{}, []life.Window{window}
	agreed.Type, agreed.Timer, agreed.StartsAt = life.Reserve, time.Time{}, now.Add(2*time.Hour)
	far := requested
	far.Windows = []life.Window{{From: now, To: now.Add(60 * 24 * time.Hour)}}
	review := life.Review{MatchIdx: realtime.Idx, ConcernIdx: realtime.ConcernIdx, WillsonerUID: "willsoner", CreatedAt: now, Content: secret}
	byMatch, byConcern := "match_idx 1605158334584999", "concern_idx 1605158334584123"

	for name, test := range map[string]struct {
		notice push.Notice
		to     string
		data   string
		urgent bool
		lives  time.Duration
	}{
		"requested":           {push.RequestedBy(&realtime), "willsoner", byMatch, true, 300 * time.Second},
		"requested, reserve":  {push.RequestedBy(&requested), "willsoner", byMatch, false, 5 * time.Hour},
		"requested, far":      {push.RequestedBy(&far), "willsoner", byMatch, false, 28 * 24 * time.Hour}, // FCM's longest
		"offered":             {push.OfferedBy(&realtime), "asker", byConcern, true, 595 * time.Second},
		"offered, reserve":    {push.OfferedBy(&agreed), "asker", byConcern, false, 2 * time.Hour},
		"selected":            {push.SelectedAt(&realtime, now), "willsoner", byMatch, true, 30 * time.Minute},
		"selected, reserve":   {push.SelectedAt(&agreed, now), "willsoner", byMatch, false, 150 * time.Minute},
		"joined by asker":     {push.JoinedAt(&realtime, life.Asker, now), "willsoner", byMatch, true, 30 * time.Minute},
		"joined by willsoner": {push.JoinedAt(&agreed, life.Willsoner, now), "asker", byMatch, true, 30 * time.Minute},
		"reviewed":            {push.ReviewedBy(&review), "willsoner", byMatch, false, 7 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, tokensOf("asker", "willsoner"))
			s.Tell(t.Context(), test.notice)
			got := s.fcm.take()
			if len(got) != 1 {
				t.Fatalf("sent %v", got)
			}
			m, kind, key := got[0], string(test.notice.Kind), string(test.notice.Kind)+"-1605158334584123"
			for what, pair := range map[string][2]string{
				"receiver":      {m.Token, phone(test.to)},
				"data":          {fmt.Sprint(m.Data), fmt.Sprint(map[string]string{"kind": kind, test.data[:len(test.data)-17]: test.data[len(test.data)-16:]})},
				"collapse key":  {m.Android.CollapseKey, key},
				"tag":           {m.Android.Notification.Tag, key},
				"collapse id":   {m.APNS.Headers["apns-collapse-id"], key},
				"priority":      {m.Android.Priority, map[bool]string{true: "high", false: "normal"}[test.urgent]},
				"apns-priority": {m.APNS.Headers["apns-priority"], map[bool]string{true: "10", false: "5"}[test.urgent]},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s %q, want %q", what, pair[0], pair[1])
				}
			}
			if len(key) > 64 {
				t.Errorf("APNs does not take a collapse id of %d bytes", len(key))
			}
			lives, err := time.ParseDuration(m.Android.TTL)
			if err != nil || lives > test.lives || lives < test.lives-3*time.Second {
				t.Errorf("lives for %s, want %s: %v", lives, test.lives, err)
			}
			expires, err := strconv.ParseInt(m.APNS.Headers["apns-expiration"], 10, 64)
			if off := time.Unix(expires, 0).Sub(now.Add(test.lives)).Abs(); err != nil || off > 3*time.Second {
				t.Errorf("expires %s away from %s: %v", off, test.lives, err)
			}
			text := m.Notification.Title + m.Notification.Body
			if m.Notification.Title == "" || m.Notification.Body == "" || strings.ContainsAny(text, "0123456789") || strings.Contains(text, brief.Nickname) || strings.Contains(text, secret) {
				t.Errorf("says %q", text)
			}
		})
	}
}
