package store_test

import (
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"willson/internal/fakefirestore"
	"willson/life"
)

// A cost is what an action sends, and how many documents it reads and writes.
type cost struct{ begins, gets, queries, commits, reads, writes int }

func costOf(server *fakefirestore.Server, from int) (c cost) {
	for _, call := range server.Calls()[from:] {
		switch r := call.Request.(type) {
		case *pb.BeginTransactionRequest:
			c.begins++
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

// TestCost counts on the wire what each action costs, and what its repetition does.
func TestCost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state, call  string
		first, again cost
	}{
		{"waiting", "select", cost{1, 1, 3, 1, 1, 3}, cost{1, 1, 0, 1, 1, 0}},
		{"agreed", "select", cost{1, 1, 3, 1, 1, 2}, cost{1, 1, 0, 1, 1, 0}},
		{"chat", "join as asker", cost{1, 1, 0, 1, 1, 1}, cost{1, 1, 0, 1, 1, 0}},
		{"reserved", "join as willsoner", cost{1, 4, 0, 1, 4, 4}, cost{1, 2, 0, 1, 2, 0}},
		{"opened", "join as asker", cost{1, 2, 0, 1, 2, 1}, cost{1, 2, 0, 1, 2, 0}},
		{"old", "join as asker", cost{1, 4, 1, 1, 5, 4}, cost{1, 2, 0, 1, 2, 0}},
		{"chat", "complete", cost{1, 2, 0, 1, 2, 2}, cost{1, 1, 0, 1, 1, 0}},
		{"chat", "review", cost{1, 3, 0, 1, 3, 1}, cost{1, 3, 0, 0, 3, 0}},
		{"chat", "report", cost{1, 4, 0, 1, 6, 2}, cost{1, 4, 0, 1, 6, 0}},
	} {
		s, server := faked(t)
		s.clock.set(later(60))
		all := session(test.state)
		if test.state == "old" {
			all = session("reserved")
			all["reservations/an old id"] = all["reservations/1"]
			delete(all, "reservations/1")
		}
		if test.state == "agreed" {
			s.clock.set(noon)
		}
		s.put(t, all)
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
		}
	}
}
