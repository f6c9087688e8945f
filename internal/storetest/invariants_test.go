package storetest_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
)

// TestInvariants changes one thing at a time in a database that holds them all.
func TestInvariants(t *testing.T) {
	t.Parallel()
	server := fakefirestore.New(t)
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(context.Background(), "demo-willson", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })

	type fields = map[string]any
	hour := func(h int) time.Time { return time.Date(2026, 3, 19, h, 0, 0, 0, time.UTC) }
	match := func(idx int, willsoner, status, roomkey string, starts any) fields {
		return fields{"idx": idx, "concern_idx": 100 + idx, "willsoner_idx": 193, "asker_uid": "a", "willsoner_uid": willsoner,
			"status": status, "roomkey": roomkey, "starts_at": starts}
	}
	session := func(idx int, willsoner, status string, start time.Time) fields {
		return fields{"idx": idx, "asker_uid": "a", "willsoner_uid": willsoner, "status": status,
			"started_at": start, "starts_at": start, "concern": fields{"minutes": 60}}
	}
	with := func(f fields, name string, value any) fields { f[name] = value; return f }
	start := fields{"uid": "start", "timeStamp": hour(1)}
	paid := func(idx int, status string) fields {
		return fields{"idx": 100 + idx, "asker_uid": "a", "status": status, "held": 7, "match_cnt": 2}
	}
	line := func(action string, amount, total, concern int, at time.Time) fields {
		return fields{"action": action, "amount": amount, "total": total, "concern_idx": concern, "created_at": at}
	}
	whole := map[string]fields{
		// 1 under way, 2 complete, 3 reserved, 4 opened, 5 waiting, 6 reserved under an old id and a shared key.
		"matches/1": match(1, "w", "chat", "r1", nil), "chatrooms/r1": session(1, "w", "chat", hour(1)), "chatrooms/r1/chats/start": start,
		"matches/2": match(2, "w", "complete", "r2", nil), "chatrooms/r2": session(2, "w", "complete", hour(1)), "chatrooms/r2/chats/start": start,
		"matches/3": match(3, "w", "chat", "r3", hour(2)), "reservations/3": with(session(3, "w", "reserved", hour(2)), "roomkey", "r3"),
		"matches/4": match(4, "w", "chat", "r4", hour(3)), "reservations/4": with(session(4, "w", "opened", hour(3)), "roomkey", "r4"),
		"chatrooms/r4": session(4, "w", "chat", hour(3)), "chatrooms/r4/chats/start": start,
		"matches/5": match(5, "w", "waiting", "", nil),
		"matches/6": match(6, "w", "chat", "r4", hour(4)), "reservations/old": with(session(6, "w", "reserved", hour(4)), "roomkey", "r4"),
		"chatrooms/r2/chats/m": {"uid": "w", "message": "집", "timeStamp": hour(1)},
		"reports/2/messages/m": {"uid": "w", "message": "집", "timeStamp": hour(1), "reported_by": "a", "reported_at": hour(2)},
		"reviews/2":            {"match_idx": 2, "concern_idx": 102, "willsoner_idx": 193, "asker_uid": "a", "willsoner_uid": "w", "rating": 4.5, "created_at": hour(2)},
		// The concern of 2 was paid for twice and is complete, that of 7 is matched, that of 8 waits.
		"concerns/102": paid(2, "complete"), "concerns/107": paid(7, "matched"), "concerns/108": paid(8, "init"),
		"matches/7": with(match(7, "v", "chat", "r7", nil), "round", 2), "chatrooms/r7": session(7, "v", "chat", hour(8)), "chatrooms/r7/chats/start": start,
		"matches/8":                     with(match(8, "v", "waiting", "", nil), "round", 2),
		"askers/a":                      {"uid": "a", "pots": 3},
		"askers/a/transactions/welcome": line("지급", 15, 15, 0, hour(1)), "askers/a/transactions/hand": line("지급", 2, 10, 0, hour(2)),
		"askers/a/transactions/7": line("사용", 7, 3, 107, hour(2)), "askers/a/transactions/2": line("사용", 7, 8, 102, hour(2)),
		"willsoners/w":                {"uid": "w", "rating_sum": 4.5, "review_count": 1, "rating": 4.5, "created_at": hour(1)},
		"chatrooms/older":             session(99, "w", "chat", hour(5)),
		"chatrooms/older/chats/start": start,
	}
	restore := func() {
		err := client.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
			for path, f := range whole {
				if err := tx.Set(client.Doc(path), f); err != nil {
					return err
				}
			}
			if err := tx.Delete(client.Doc("matches/9")); err != nil {
				return err
			}
			return tx.Delete(client.Doc("reviews/3"))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func() string {
		broken, err := storetest.Invariants(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(broken, "\n")
	}
	if restore(); check() != "" {
		t.Fatalf("nothing is broken, but: %s", check())
	}
	put := func(path string, f fields) func() {
		return func() {
			if _, err := client.Doc(path).Set(t.Context(), f, firestore.MergeAll); err != nil {
				t.Fatal(err)
			}
		}
	}
	edit := func(path string, changes ...any) func() {
		f := fields{}
		for i := 0; i < len(changes); i += 2 {
			f[changes[i].(string)] = changes[i+1]
		}
		return put(path, f)
	}
	remove := func(path string) func() {
		return func() {
			if _, err := client.Doc(path).Delete(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		change func()
		want   string
	}{
		"a wrong type":                   {edit("matches/5", "idx", "5"), "matches/5: "},
		"two rooms":                      {edit("chatrooms/older", "idx", 1), "match 1 has two rooms"},
		"no start":                       {remove("chatrooms/r1/chats/start"), "chatrooms/r1 has no start"},
		"a start without its time":       {edit("chatrooms/r1/chats/start", "timeStamp", nil), "start has no timeStamp"},
		"no start in an older room":      {remove("chatrooms/older/chats/start"), "chatrooms/older has no start"},
		"complete match, open room":      {edit("matches/1", "status", "complete"), "match 1 is complete and its room chat"},
		"open match, complete room":      {edit("chatrooms/r1", "status", "complete"), "match 1 is chat and its room complete"},
		"waiting with a room":            {edit("matches/1", "status", "waiting"), "match 1 is waiting and has a room"},
		"another roomkey":                {edit("matches/1", "roomkey", "r9"), "match 1 has roomkey r9"},
		"other parties":                  {edit("chatrooms/r1", "willsoner_uid", "x"), "match 1 and its room have different parties"},
		"no room":                        {remove("chatrooms/r1"), "match 1 is chat and has no room"},
		"complete without a room":        {remove("chatrooms/r2"), "match 2 is complete and has no room"},
		"reserved with a room":           {edit("chatrooms/older", "idx", 3), "its reservation reserved, and its room \"older\""},
		"opened without a room":          {remove("chatrooms/r4"), "its reservation opened, and its room \"\""},
		"reserved after its room opened": {edit("reservations/4", "status", "reserved"), "its reservation reserved, and its room \"r4\""},
		"no reservation":                 {remove("reservations/3"), "its reservation none"},
		"an ended one, under way":        {edit("reservations/3", "status", "ended"), "match 3 is chat, its reservation ended"},
		"cancelled reservation":          {edit("reservations/3", "status", "cancelled"), "its reservation none"},
		"two reservations":               {edit("reservations/old", "idx", 3, "roomkey", "r3"), "match 3 has two reservations"},
		"reservation's roomkey":          {edit("reservations/3", "roomkey", "r9"), "match 3 has roomkey r3"},
		"reservation of a waiting match": {edit("matches/3", "status", "waiting"), "match 3 is waiting and has a reservation"},
		"reservation without an hour":    {edit("matches/3", "starts_at", nil), "match 3 has no hour and a reservation"},
		"a concern taken twice":          {edit("matches/3", "concern_idx", 101), "concern 101 has two selected matches"},
		"waiting and joined":             {edit("matches/5", "asker_join", true), "match 5 is waiting and joined"},
		"two rooms at a time":            {edit("chatrooms/older", "started_at", hour(3).Add(-time.Minute)), "in two sessions at once"},
		"a room and a reservation":       {edit("reservations/3", "starts_at", hour(1)), "in two sessions at once"},
		"in another role":                {edit("chatrooms/older", "asker_uid", "w", "willsoner_uid", "x", "started_at", hour(1)), "w is in two sessions at once"},
		"a review of nothing":            {edit("reviews/2", "match_idx", 3), "reviews/2 is not of a session"},
		"a review before the room":       {put("reviews/3", with(maps.Clone(whole["reviews/2"]), "match_idx", 3)), "reviews/3 is not of a session"},
		"another's review":               {edit("reviews/2", "willsoner_uid", "x"), "reviews/2 and its match disagree"},
		"half a review":                  {edit("reviews/2", "rating", 0.0), "reviews/2 is not complete"},
		"a forged report":                {edit("reports/2/messages/m", "message", "방"), "reports/2/messages/m is not what was written"},
		"a report of no message":         {remove("chatrooms/r2/chats/m"), "reports/2/messages/m is not what was written"},
		"a report without a room":        {remove("chatrooms/r2"), "reports/2/messages has messages of no room"},
		"a stranger's report":            {edit("reports/2/messages/m", "reported_by", "x"), "reports/2/messages/m is not what was written"},
		"matched without a session":      {edit("concerns/108", "status", "matched"), "concerns/108 is matched, with 0 matches"},
		"a session, not matched":         {edit("concerns/107", "status", "init"), "concerns/107 is init, and match 7 under way"},
		"a session of an earlier round":  {edit("matches/7", "round", 1), "concerns/107 is matched, with 1 matches"},
		"two sessions of a concern":      {put("matches/9", with(maps.Clone(whole["matches/7"]), "idx", 9)), "concerns/107 is matched, with 2 matches"},
		"complete without a session":     {edit("concerns/108", "status", "complete"), "concerns/108 is complete, with 0 such matches"},
		"a round that is not paid for":   {edit("matches/8", "round", 3), "match 8 is not of concerns/108"},
		"another's concern":              {edit("concerns/108", "asker_uid", "x"), "match 8 is not of concerns/108"},
		"a payment without its concern":  {remove("concerns/108"), "match 8 is of a payment, and has no concern"},
		"pots out of nowhere":            {edit("askers/a", "pots", 4), "askers/a has 4 pots, and 3 by its ledger"},
		"pots below zero":                {edit("askers/a/transactions/7", "amount", 11, "total", -1), "askers/a has 3 pots, and -1"},
		"totals that do not follow":      {edit("askers/a/transactions/2", "total", 9), "the ledger of askers/a does not add up"},
		"taken before the asker chose":   {put("matches/7", fields{"status": "waiting"}), "askers/a/transactions/7 is of no session"},
		"taken for another's session":    {edit("askers/a/transactions/7", "concern_idx", 108), "askers/a/transactions/7 is of no session"},
		"a session that cost nothing":    {edit("matches/1", "round", 1), "match 1 took no pots"},
		"a review that does not count":   {edit("willsoners/w", "rating_sum", 0.0, "review_count", 0, "rating", 0.0), "willsoners/w: 1 reviews"},
		"a rating that is no average":    {edit("willsoners/w", "rating", 4.0), "willsoners/w: 1 reviews"},
	} {
		test.change()
		if got := check(); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		restore()
	}
	if got := check(); got != "" {
		t.Errorf("at the end: %s", got)
	}
	if broken, err := storetest.Shown(t.Context(), client, 8); err != nil || len(broken) > 0 {
		t.Error(broken, err)
	}
	for _, idx := range []int64{7, 5, 1} {
		if broken, err := storetest.Shown(t.Context(), client, idx); err != nil || len(broken) != 1 {
			t.Errorf("%d: %v %v", idx, broken, err)
		}
	}
}
