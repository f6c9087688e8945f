package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
)

// A cost is how many calls of each kind a request sends, and how many documents it reads
// and writes.
type cost struct{ gets, queries, commits, reads, writes int }

func costOf(server *fakefirestore.Server, from int) (c cost) {
	for _, call := range server.Calls()[from:] {
		switch r := call.Request.(type) {
		case *pb.BatchGetDocumentsRequest:
			c.gets++
		case *pb.RunQueryRequest:
			c.queries++
		case *pb.CommitRequest:
			c.commits++
			c.writes += len(r.GetWrites())
		}
	}
	return c
}

// inTrips holds calls back until as many have arrived as one trip has: with more than the
// trips given, one after the other, the test fails.
func inTrips(t *testing.T, sizes ...int) fakefirestore.Hook {
	var mu sync.Mutex
	left, full := slices.Clone(sizes), make([]chan struct{}, len(sizes))
	for i := range full {
		full[i] = make(chan struct{})
	}
	return func(call fakefirestore.Call) fakefirestore.Fault {
		mu.Lock()
		i := slices.IndexFunc(left, func(n int) bool { return n > 0 })
		if i >= 0 {
			if left[i]--; left[i] == 0 {
				close(full[i])
			}
		}
		mu.Unlock()
		if i < 0 {
			t.Errorf("%s is one call too many for the trips %v", call.Method, sizes)
			return fakefirestore.Fault{}
		}
		select {
		case <-full[i]:
		case <-time.After(5 * time.Second):
			t.Errorf("%s waits in vain for the others of trip %d of %v", call.Method, i+1, sizes)
		}
		return fakefirestore.Fault{}
	}
}

// TestCost counts on the wire what each action costs, in how many trips, and what its
// repetition does. The first trip is the begin of the transaction and a look at the match.
func TestCost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state, call  string
		trips        []int
		first, again cost
	}{
		{"waiting", "select", []int{2, 5, 1}, cost{2, 4, 1, 4, 3}, cost{1, 0, 0, 1, 0}},
		{"agreed", "select", []int{2, 5, 1}, cost{2, 4, 1, 4, 2}, cost{2, 0, 0, 2, 0}},
		{"paid waiting", "select", []int{2, 4, 1}, cost{2, 3, 1, 4, 6}, cost{1, 0, 0, 1, 0}},
		{"beside", "select", []int{2, 5, 1}, cost{2, 4, 1, 6, 3}, cost{1, 0, 0, 1, 0}},
		{"chat", "join as asker", []int{2, 1, 1}, cost{2, 0, 1, 2, 1}, cost{1, 0, 0, 1, 0}},
		{"reserved", "join as willsoner", []int{2, 1, 1, 1}, cost{3, 0, 1, 5, 4}, cost{2, 0, 1, 3, 0}},
		{"opened", "join as asker", []int{2, 1, 1}, cost{2, 0, 1, 3, 1}, cost{2, 0, 1, 3, 0}},
		{"old", "join as asker", []int{2, 1, 1, 1, 1}, cost{3, 1, 1, 6, 4}, cost{2, 0, 1, 3, 0}},
		{"chat", "complete", []int{2, 1, 1}, cost{2, 0, 1, 4, 2}, cost{1, 0, 0, 1, 0}},
		{"chat", "review", []int{2, 1, 1}, cost{2, 0, 1, 6, 1}, cost{2, 0, 1, 6, 0}},
		{"paid chat", "complete", []int{2, 1, 1}, cost{2, 0, 1, 4, 3}, cost{1, 0, 0, 1, 0}},
		{"paid chat", "review", []int{2, 1, 1}, cost{2, 0, 1, 6, 2}, cost{2, 0, 1, 6, 0}},
		{"chat", "report", []int{2, 1, 1}, cost{2, 0, 1, 7, 2}, cost{2, 0, 1, 7, 0}},
	} {
		s, server := faked(t)
		s.clock.set(later(60))
		all := session(test.state)
		if test.state == "beside" { // the willsoner's reservation, which names the willsoner
			beside := storetest.Waiting(2, "another", willsoner, storetest.At(later(120)))
			beside.Status, beside.Roomkey = life.Chat, "beside"
			all = session("waiting")
			all["matches/2"], all["reservations/2"] = beside, beside.Reservation()
		}
		if test.state == "old" {
			all = session("reserved")
			all["reservations/an old id"] = all["reservations/1"]
			delete(all, "reservations/1")
		}
		if test.call == "select" {
			s.clock.set(noon)
		}
		s.put(t, all)
		server.OnCall(inTrips(t, test.trips...))
		for _, want := range []cost{test.first, test.again} {
			from, reads, call := len(server.Calls()), server.Reads(), calls()[test.call]
			if _, err := call.do(within(t), s, call.caller(), 1); err != nil && err != life.ErrReviewExists {
				t.Errorf("%s %s: %v", test.state, test.call, err)
			}
			got := costOf(server, from)
			got.reads = server.Reads() - reads
			if got != want {
				t.Errorf("%s %s: %+v, want %+v", test.state, test.call, got, want)
			}
			server.OnCall(nil)
		}
	}
}
