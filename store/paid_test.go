package store_test

import (
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/life"
)

// TestSelectPaid selects a match of a concern that was paid for at noon with 7 of 20 pots,
// some of it changed before, and looks at what is taken.
func TestSelectPaid(t *testing.T) {
	t.Parallel()
	type edits = map[string]any
	const concern, account = "concerns/1000001", "askers/" + asker
	timer := later(5)
	older := func(more edits) edits {
		all := edits{}
		for _, field := range []string{"round", "type", "timer", "open_until", "category_idx"} {
			all["matches/1 "+field] = firestore.Delete
		}
		for field, value := range more {
			all[field] = value
		}
		return all
	}
	for name, test := range map[string]struct {
		edits edits
		now   time.Time
		want  error
		plain bool // an error that is none of life's
		taken int64
		left  int64
	}{
		"while offers come":           {taken: 7, left: 13},
		"at the last moment":          {now: timer.Add(360*time.Second - time.Millisecond), taken: 7, left: 13},
		"when its time is over":       {now: timer.Add(360 * time.Second), want: life.ErrNotFound},
		"of an earlier round":         {edits: edits{concern + " match_cnt": 2}, want: life.ErrNotFound},
		"of a later round":            {edits: edits{"matches/1 round": 2}, want: life.ErrNotFound},
		"whose concern is taken":      {edits: edits{concern + " status": "matched"}, want: life.ErrAlreadyMatched},
		"... by an earlier round":     {edits: edits{concern + " status": "matched", concern + " match_cnt": 2}, want: life.ErrNotFound},
		"whose concern is complete":   {edits: edits{concern + " status": "complete"}, want: life.ErrNotFound},
		"whose concern is unpaid":     {edits: edits{concern + " status": "unpaid"}, want: life.ErrNotFound},
		"of another's concern":        {edits: edits{concern + " asker_uid": "another"}, want: life.ErrNotFound},
		"whose concern is gone":       {edits: edits{concern: nil}, want: life.ErrNotFound},
		"of an unreadable concern":    {edits: edits{concern + " nickname": 5}, plain: true},
		"with fewer pots than held":   {edits: edits{account + " pots": 3}, taken: 3},
		"without pots":                {edits: edits{account + " pots": 0}},
		"with a debt":                 {edits: edits{account + " pots": -3}, left: -3},
		"without an account":          {edits: edits{account: nil}},
		"of an unreadable account":    {edits: edits{account + " pots": "20"}, plain: true},
		"of a concern that held 20":   {edits: edits{concern + " held": 20}, taken: 20},
		"of a concern without a hold": {edits: edits{concern + " held": firestore.Delete}, left: 20},

		"an older one":                        {edits: older(nil), taken: 7, left: 13},
		"an older one of a later payment":     {edits: older(edits{concern + " match_cnt": 5}), taken: 7, left: 13},
		"an older one, long after":            {edits: older(nil), now: later(600), taken: 7, left: 13},
		"an older one without a concern":      {edits: older(edits{concern: nil}), left: 20},
		"an older one whose concern is taken": {edits: older(edits{concern + " status": "matched"}), want: life.ErrAlreadyMatched},
		"an older one of a complete concern":  {edits: older(edits{concern + " status": "complete"}), want: life.ErrNotFound},
		"an older one beside a session":       {edits: older(edits{"matches/2 status": "chat"}), want: life.ErrAlreadyMatched},
		"an older one beside a complete one":  {edits: older(edits{"matches/2 status": "complete"}), want: life.ErrNotFound},
		"one with a round beside a session":   {edits: edits{"matches/2 status": "chat"}, taken: 7, left: 13}, // which its concern does not know

		"reserved": {edits: edits{"matches/1 type": "reserve", concern + " type": "reserve", "matches/1 starts_at": later(60),
			concern + " windows": []life.Window{{From: later(60), To: later(180)}}}, now: later(59), taken: 7, left: 13},
		"reserved, the hour is past": {edits: edits{"matches/1 type": "reserve", concern + " type": "reserve", "matches/1 starts_at": later(60),
			concern + " windows": []life.Window{{From: later(60), To: later(180)}}}, now: later(61), want: life.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
			s.put(t, session("paid waiting"))
			s.change(t, test.edits)
			if !test.now.IsZero() {
				s.clock.set(test.now)
			}
			writes := server.Writes()
			_, err := s.Select(within(t), asker, 1)
			if test.plain {
				plain(t, err)
			} else if err != test.want {
				t.Errorf("%v, want %v", err, test.want)
			}
			if err != nil {
				same(t, server.Writes(), writes)
				return
			}
			if _, gone := test.edits[account]; !gone {
				same(t, read[life.Account](t, s, account).Pots, test.left)
			}
			if _, gone := test.edits[concern]; !gone {
				same(t, read[life.Concern](t, s, concern).Status, life.Matched)
			}
			line := s.fieldsOf(t, "askers/"+asker+"/transactions/1")
			if test.taken == 0 {
				same(t, line, fields(nil))
			} else {
				same(t, []any{line["amount"], line["total"]}, []any{test.taken, test.left})
			}
		})
	}
}

// TestCompletePaid completes a session whose concern is not as it should be: it stays as it
// is, and the session is closed.
func TestCompletePaid(t *testing.T) {
	t.Parallel()
	const concern = "concerns/1000001"
	for name, test := range map[string]struct {
		edits map[string]any
		want  string // the concern's status
	}{
		"as it should be":   {nil, life.Complete},
		"of an older match": {map[string]any{"matches/1 round": firestore.Delete}, life.Complete},
		"paid for anew":     {map[string]any{concern + " match_cnt": 2, concern + " status": "init"}, life.Init},
		"another's":         {map[string]any{concern + " asker_uid": "another"}, life.Matched},
		"gone":              {map[string]any{concern: nil}, ""},
	} {
		s, _ := faked(t)
		s.put(t, session("paid chat"))
		s.change(t, test.edits)
		if m, err := s.Complete(within(t), asker, 1); err != nil || m.Status != life.Complete {
			t.Errorf("%s: %v", name, err)
		}
		status, _ := s.fieldsOf(t, concern)["status"].(string)
		same(t, status, test.want)
	}
}

// TestReviewPaid reviews sessions of a willsoner who has other reviews, or of whom or of
// whose concern little is known.
func TestReviewPaid(t *testing.T) {
	t.Parallel()
	const profile = "willsoners/" + willsoner
	for name, test := range map[string]struct {
		edits   map[string]any
		rating  []any // sum, count and average
		concern []any // nickname, category, subcategory
	}{
		"the third": {map[string]any{profile + " rating_sum": 3.5, profile + " review_count": 2, profile + " rating": 1.75},
			[]any{8.0, int64(3), 8.0 / 3}, []any{"수줍은 휴이", "연애", int64(3)}},
		"of nobody registered":        {map[string]any{profile: nil}, []any{nil, nil, nil}, []any{"수줍은 휴이", "연애", int64(3)}},
		"of a concern that is gone":   {map[string]any{"concerns/1000001": nil}, []any{4.5, int64(1), 4.5}, []any{"수줍은 휴이", "연애", nil}},
		"of a room that knows little": {map[string]any{"chatrooms/room concern": fields{"idx": 1, "minutes": 50}}, []any{4.5, int64(1), 4.5}, []any{nil, nil, int64(3)}},
	} {
		s, _ := faked(t)
		s.put(t, session("paid chat"))
		s.change(t, test.edits)
		if _, err := calls()["review"].do(within(t), s, asker, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p, review := s.fieldsOf(t, profile), s.fieldsOf(t, "reviews/1")
		same(t, []any{p["rating_sum"], p["review_count"], p["rating"]}, test.rating)
		same(t, []any{review["nickname"], review["category"], review["subcategory_idx"]}, test.concern)
	}
}
