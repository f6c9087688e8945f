package main

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
)

// TestRun has an operator at a terminal over documents: an asker with pots, a willsoner, and
// a session between them. Each command is asked back before it changes something.
func TestRun(t *testing.T) {
	server := fakefirestore.New(t)
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(t.Context(), "demo-operate", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	at := time.Date(2026, 3, 19, 3, 0, 0, 0, time.UTC)
	account, given := storetest.Account("a", 15, at)
	account.Email = "a@b.c"
	other, _ := storetest.Account("w", 0, at)
	concern := storetest.Paid(100, "a", time.Now())
	match := storetest.Offered(1, concern, "w", at)
	match.Select(at)
	concern.Status = life.Matched
	for path, doc := range map[string]any{
		"askers/a": account, "askers/a/transactions/welcome": given, "askers/w": other, "willsoners/w": storetest.Profile("w", at),
		"concerns/100": concern, "matches/1": match, "chatrooms/" + match.Roomkey: match.Chatroom(at), "matches/2": storetest.Waiting(2, "a", "w"),
	} {
		if _, err := client.Doc(path).Set(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ args, typed, says, fails, path, want string }{
		{"account a@b.c", "", "uid a, email, a@b.c, made 2026-03-19 12:00:00\n15 pots, of which 15 can be spent\n", "", "", ""},
		{"account A@b.C", "", "uid a, email, a@b.c,", "", "", ""},
		{"account w", "", "willsoner 193, approved, 0 reviews, 0\n", "", "", ""},
		{"account nobody", "", "", `nobody has the uid or the address "nobody"`, "", ""},
		{"give a 5", "n\n", "Give 5 pots? [y/N] ", errLeft.Error(), "askers/a pots", "15"},
		{"give a 5", "", "", errLeft.Error(), "askers/a pots", "15"},
		{"give a 5", "Y\n", "20 pots now\n", "", "askers/a pots", "20"},
		{"give a@b.c -100", " y \n", "0 pots now\n", "", "askers/a pots", "0"},
		{"-yes give a 7", "", "7 pots now\n", "", "askers/a pots", "7"},
		{"give a many", "", "", `"many" is no number of pots`, "", ""},
		{"give a 0", "", "", `"0" is no number of pots`, "", ""},
		{"give nobody 5", "y\n", "", "nobody", "", ""},
		{"judge w rejected", "no\n", "", errLeft.Error(), "willsoners/w status", "approved"},
		{"judge w rejected", "y\n", "willsoner 193 is rejected now\n", "", "willsoners/w status", "rejected"},
		{"judge w complete", "y\n", "", "none of", "willsoners/w status", "rejected"},
		{"judge a approved", "y\n", "", "not registered", "", ""},
		{"end 2", "y\n", "", "was not selected", "", ""},
		{"end x", "y\n", "", "no match's number", "", ""},
		{"end 1", "\n", "match: chat, chatroom: chat, concern: matched\n", errLeft.Error(), "concerns/100 status", "matched"},
		{"end 1", "y\n", "match: complete, chatroom: complete, concern: complete\n", "", "concerns/100 status", "complete"},
		{"", "", "", usage, "", ""},
		{"give a", "", "", usage, "", ""},
		{"remove a", "y\n", "", usage, "", ""},
		{"-unknown account a", "", "", usage, "", ""},
	} {
		var out strings.Builder
		args := append([]string{"-project", "demo-operate"}, strings.Fields(test.args)...)
		err := run(t.Context(), args, server.Addr(), strings.NewReader(test.typed), &out)
		if said := out.String(); !strings.Contains(said, test.says) || test.says != "" && !strings.HasPrefix(said, "project demo-operate, the emulator at "+server.Addr()) {
			t.Errorf("%s: says %q, want %q", test.args, said, test.says)
		}
		if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v, want %q", test.args, err, test.fails)
		}
		if path, field, ok := strings.Cut(test.path, " "); ok {
			doc, err := client.Doc(path).Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := text(doc.Data()[field]); got != test.want {
				t.Errorf("%s: %s is %s, want %s", test.args, test.path, got, test.want)
			}
		}
	}
	if err := run(t.Context(), []string{"account", "a"}, server.Addr(), nil, nil); err == nil || err.Error() != usage {
		t.Errorf("without a project: %v", err)
	}
}

// text is a stored number or string.
func text(v any) string {
	if n, ok := v.(int64); ok {
		return life.Decimal(n)
	}
	s, _ := v.(string)
	return s
}
