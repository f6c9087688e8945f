package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"willson/internal/storetest"
	"willson/life"
)

// TestFind looks people up by uid and by address.
func TestFind(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, merged(wealthy("a", 15), wealthy("w1", 0), counselling(1), docs{"concerns/1": storetestPaid(1, "a")}))
	s.edit(t, "askers/a", "email", "a@b.c")
	for who, want := range map[string]error{"a": nil, "a@b.c": nil, "w1": nil, "A@b.c": life.ErrUserNotFound, "b": life.ErrUserNotFound, "a/b": life.ErrUserNotFound} {
		home, err := s.Find(within(t), who)
		if err != want || err == nil && (home.HasProfile != (who == "w1") || who != "w1" && (home.Account.UID != "a" || home.Spendable != 8)) {
			t.Errorf("%q: %+v, %v", who, home, err)
		}
	}
	s.edit(t, "askers/w1", "email", "a@b.c")
	if _, err := s.Find(within(t), "a@b.c"); err == nil || !strings.Contains(err.Error(), `"a" and "w1"`) {
		t.Errorf("the address of two: %v", err)
	}
}

// TestGive gives pots and takes them, also when an answer is lost and something else has
// changed the account since, and many times at once.
func TestGive(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.clock.step = time.Microsecond
	s.put(t, wealthy("a", 15))
	for _, test := range []struct{ pots, want, lines int64 }{{5, 20, 2}, {-3, 17, 3}, {-100, 0, 4}, {-1, 0, 4}, {0, 0, 4}, {7, 7, 5}} {
		account, err := s.Give(within(t), "a", test.pots)
		if err != nil || account.Pots != test.want {
			t.Errorf("%+v: %d, %v", test, account.Pots, err)
		}
		same(t, []any{read[life.Account](t, s, "askers/a").Pots, s.size(t, "askers/a/transactions")}, []any{test.want, int(test.lines)})
	}
	if _, err := s.Give(within(t), "nobody", 5); err != life.ErrUserNotFound {
		t.Error(err)
	}
	beforeEach(t, func(s *subject) { s.put(t, wealthy("a", 15)) }, func(ctx context.Context, s *subject) error {
		_, err := s.Give(ctx, "a", 5)
		return err
	}, func(ctx context.Context, s *subject) error {
		_, err := s.Give(ctx, "a", 1)
		return err
	}, func(s *subject, nth int64, first, second error) {
		if pots := read[life.Account](t, s, "askers/a").Pots; first != nil || second != nil || pots != 21 {
			t.Errorf("before call %d: %v and %v, %d pots", nth, first, second, pots)
		}
	})
	server.OnCall(lost(1))
	together(3, func(int) {
		if _, err := s.Give(within(t), "a", 1); err != nil {
			t.Error(err)
		}
	})
	same(t, read[life.Account](t, s, "askers/a").Pots, int64(10))
	s.consistent(t)
}

// TestJudge sets statuses, whatever they were.
func TestJudge(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, counselling(1))
	for i, status := range []string{life.Approved, "rejected", "reregister", life.Waiting, life.Approved} {
		before := s.fieldsOf(t, "willsoners/w1")
		s.clock.set(later(i))
		if p, err := s.Judge(within(t), "w1", status); err != nil || p.Status != status {
			t.Error(p, err)
		}
		same(t, s.fieldsOf(t, "willsoners/w1"), with(before, "status", status, "updated_at", later(i)))
	}
	if _, err := s.Judge(within(t), "w2", life.Approved); err != life.ErrNotFound {
		t.Error(err)
	}
}

// TestEnd ends a session in every state: no list shows it, both parties are free, and its
// concern is complete. Again, it changes nothing.
func TestEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state                      string
		id                         string // of the reservation
		room, reservation, concern string // afterwards
		want                       error
	}{
		{"waiting", "", "", "", "", life.ErrNotFound},
		{"nothing", "", "", "", "", life.ErrNotFound},
		{"chat", "", "complete", "", "", nil},
		{"complete", "", "complete", "", "", nil},
		{"reserved", "1", "", "ended", "", nil},
		{"reserved", "old", "", "ended", "", nil},
		{"opened", "1", "complete", "opened", "", nil},
		{"paid chat", "", "complete", "", "complete", nil},
		{"paid complete", "", "complete", "", "complete", nil},
	} {
		t.Run(fmt.Sprint(test.state, test.id), func(t *testing.T) {
			t.Parallel()
			s := emulated(t)
			if test.state != "nothing" {
				all := session(test.state)
				if test.id == "old" {
					all["reservations/old"] = all["reservations/1"]
					delete(all, "reservations/1")
				}
				s.put(t, all)
			}
			for i := range 2 {
				s.clock.set(later(i + 1))
				got, err := s.End(within(t), 1)
				if err != test.want {
					t.Fatal(err)
				}
				if err != nil {
					continue
				}
				kept := map[string]any{}
				for what, path := range map[string]string{"room": "chatrooms/room", "reservation": "reservations/" + test.id, "concern": "concerns/1000001"} {
					if what != "reservation" || test.id != "" {
						kept[what] = s.fieldsOf(t, path)["status"]
					}
				}
				for what, want := range map[string]string{"room": test.room, "reservation": test.reservation, "concern": test.concern} {
					if status, _ := kept[what].(string); status != want {
						t.Errorf("the %s is %q, want %q", what, status, want)
					}
				}
				same(t, []string{got.Match.Status, got.Room, got.Concern}, []string{life.Complete, test.room, test.concern})
				same(t, read[life.Match](t, s, "matches/1"), got.Match)
				again, err := s.SessionOf(within(t), 1)
				same(t, []any{again.Match.Status, again.Room, err}, []any{life.Complete, test.room, nil})
			}
			for _, caller := range []life.Caller{of(asker), counselled(willsoner)} {
				if _, err := s.Sessions(within(t), caller); err != life.ErrNotFound && test.want == nil {
					t.Errorf("the %s's list: %v", caller.Party, err)
				}
			}
			if test.want == nil { // both are free
				s.put(t, docs{"matches/9": storetest.Waiting(9, asker, willsoner)})
				s.clock.set(later(1))
				if _, err := s.Select(within(t), asker, 9); err != nil {
					t.Error(err)
				}
			}
			s.consistent(t)
		})
	}
}
