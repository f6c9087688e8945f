package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/reference"
	"willson/store"
)

// The first and the second ticket.
var (
	half  = reference.Ticket{Idx: 1, Minutes: 30, Pots: 7}
	whole = reference.Ticket{Idx: 2, Minutes: 50, Pots: 10}
)

// merged are all documents together; of two with one path the later one counts.
func merged(all ...docs) docs {
	together := docs{}
	for _, some := range all {
		maps.Copy(together, some)
	}
	return together
}

// wealthy is an account with so many pots.
func wealthy(uid string, pots int64) docs {
	account, given := storetest.Account(uid, pots, noon)
	all := docs{"askers/" + uid: account}
	if pots > 0 {
		all["askers/"+uid+"/transactions/welcome"] = given
	}
	return all
}

// counselling are so many willsoners, w1 and so on, evenly around the ring. Each counsels in
// the category of the concerns of these tests, and has as its number what its uid says.
func counselling(n int, edits ...func(i int, p *life.Profile)) docs {
	all := docs{}
	for i := 1; i <= n; i++ {
		p := storetest.Profile(fmt.Sprint("w", i), noon)
		p.Idx, p.Place = int64(i), float64(i-1)/float64(n)
		for _, edit := range edits {
			edit(i, &p)
		}
		all["willsoners/"+p.UID] = p
	}
	return all
}

// unpaid is a concern that was written at noon, of subcategory 3 in category 1.
func unpaid(idx int64, uid string, edits ...func(*life.Concern)) docs {
	c := storetest.Paid(idx, uid, noon)
	c.Status, c.TicketIdx, c.Minutes, c.Held, c.MatchCnt = life.Unpaid, 0, 0, 0, 0
	c.Timer, c.OpenUntil, c.ExpireAt = time.Time{}, time.Time{}, life.Expires(noon)
	for _, edit := range edits {
		edit(&c)
	}
	return docs{"concerns/" + life.Decimal(idx): c}
}

// reserved makes a concern a reserved one, for these minutes after noon.
func reserved(fromTo ...int) func(*life.Concern) {
	return func(c *life.Concern) {
		c.Type = life.Reserve
		for i := 0; i < len(fromTo); i += 2 {
			c.Windows = append(c.Windows, life.Window{From: later(fromTo[i]), To: later(fromTo[i+1])})
		}
	}
}

// town is what most of these tests begin with: asker a with 15 pots and concern 1, and three
// willsoners.
func town(edits ...func(*life.Concern)) docs {
	return merged(wealthy("a", 15), counselling(3), unpaid(1, "a", edits...))
}

// pay pays for a concern with the first ticket.
func (s *subject) pay(t testing.TB, uid string, concern int64) []life.Match {
	t.Helper()
	_, sent, err := s.Pay(within(t), uid, concern, half, store.Everybody)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// offer makes a willsoner's offer of a realtime match.
func (s *subject) offer(t testing.TB, uid string, idx int64) life.Match {
	t.Helper()
	m, done, err := s.Offer(within(t), uid, life.Realtime, idx, time.Time{})
	if err != nil || !done {
		t.Fatal(done, err)
	}
	return m
}

// after sets the clock to so many seconds after noon.
func (s *subject) after(seconds float64) {
	s.clock.set(noon.Add(time.Duration(seconds * float64(time.Second))))
}

// lost has the replies of the next commits not arrive, though they are done.
func lost(n int64) fakefirestore.Hook {
	return fakefirestore.On("Commit", fakefirestore.First(n, fakefirestore.Fault{Lost: true, Err: status.Error(codes.Unavailable, "lost")}))
}

// size is how many documents a collection has.
func (s *subject) size(t testing.TB, collection string) int {
	t.Helper()
	all, err := s.client.Collection(collection).Documents(within(t)).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// covered fails the test when an account has held more pots than it has.
func (s *subject) covered(t testing.TB) {
	t.Helper()
	concerns, err := s.client.Collection("concerns").Documents(within(t)).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]int64{}
	for _, snapshot := range concerns {
		var c life.Concern
		if err := snapshot.DataTo(&c); err != nil {
			t.Fatal(err)
		}
		if c.Holds(s.clock.Now()) {
			held[c.AskerUID] += c.Held
		}
	}
	for uid, pots := range held {
		if a := read[life.Account](t, s, "askers/"+uid); pots > a.Pots {
			t.Errorf("%s has %d pots, and %d of them are held", uid, a.Pots, pots)
		}
	}
}

// beforeEach does the first again and again over a database of its own, each time with the
// second done as a whole before the first's nth call, and has check look at both errors. The
// last time the first has no such call, and the second is not done.
func beforeEach(t *testing.T, begin func(*subject), first, second func(context.Context, *subject) error, check func(s *subject, nth int64, first, second error)) {
	t.Helper()
	for nth, reached := int64(1), true; reached; nth++ {
		s, server := faked(t)
		begin(s)
		s.clock.step = time.Microsecond
		var calls atomic.Int64
		var other error
		reached = false
		server.OnCall(func(fakefirestore.Call) fakefirestore.Fault {
			if calls.Add(1) == nth {
				reached = true
				other = second(within(t), s)
			}
			return fakefirestore.Fault{}
		})
		err := first(within(t), s)
		server.OnCall(nil)
		if reached {
			check(s, nth, err, other)
			s.consistent(t)
			s.covered(t)
		} else if err != nil || nth < 3 {
			t.Errorf("alone: %v after %d calls", err, nth-1)
		}
	}
}

// idsOf are the numbers of concerns or matches, and what they are shown as.
func shownOf[T any](all []T, of func(T) (int64, string)) string {
	var texts []string
	for _, one := range all {
		idx, shown := of(one)
		texts = append(texts, fmt.Sprintf("%d %s", idx, shown))
	}
	return strings.Join(texts, ", ")
}

func storetestPaid(idx int64, uid string) life.Concern { return storetest.Paid(idx, uid, noon) }

func profileOf(uid string) life.Profile { return storetest.Profile(uid, noon) }

// isUnavailable reports whether the client is told to come back.
func isUnavailable(err error) bool { return errors.Is(err, store.ErrUnavailable) }

// lastWritten is the path of the last document that a commit writes.
func lastWritten(call fakefirestore.Call) string {
	writes := call.Request.(*pb.CommitRequest).GetWrites()
	_, path, _ := strings.Cut(writes[len(writes)-1].GetUpdate().GetName(), "/documents/")
	return path
}

// written is a concern as it is given to be kept.
func written(uid string) life.Concern {
	c := unpaid(1, uid)["concerns/1"].(life.Concern)
	c.Idx, c.AskerIdx, c.Status, c.CreatedAt, c.UpdatedAt, c.ExpireAt = 0, 0, "", time.Time{}, time.Time{}, time.Time{}
	return c
}

// town6 are two concerns that were paid for with what was sent to w1 and offered by it: match
// 5 was sent for the second of them, 6 and 7 are offers on the first. b waits for approval.
func town6(first, second life.Concern) docs {
	w1, waits := profileOf("w1"), profileOf("b")
	waits.Status = life.Waiting
	return docs{
		"concerns/" + life.Decimal(first.Idx): first, "concerns/" + life.Decimal(second.Idx): second, "willsoners/b": waits,
		"matches/5": second.Sent(5, &w1, noon), "matches/6": storetest.Offered(6, first, "w1", noon), "matches/7": storetest.Offered(7, first, "w2", noon),
	}
}
