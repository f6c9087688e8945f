package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"willson/life"
)

// phone is a token of the phone of that name.
func phone(name string) string { return name + ":APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx" }

// phonesOf are the names of the phones on which accounts are told things.
func phonesOf(t testing.TB, s *subject, uids ...string) []string {
	t.Helper()
	tokens, err := s.PushTokens(within(t), uids...)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, token := range tokens {
		name, _, _ := strings.Cut(token.Token, ":")
		names = append(names, name)
	}
	return names
}

func keep(t testing.TB, s *subject, uid, token string) {
	t.Helper()
	s.clock.set(s.clock.Now().Add(time.Second))
	if err := s.KeepPushToken(within(t), uid, token); err != nil {
		t.Fatal(err)
	}
}

// TestPushTokens: an account's ten newest phones are kept, each of the account that signed
// in there last.
func TestPushTokens(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	var newest []string
	for i := range 12 {
		keep(t, s, asker, phone(fmt.Sprint("phone", i)))
		newest = slices.Insert(newest, 0, fmt.Sprint("phone", i))
	}
	if got := phonesOf(t, s, asker); !slices.Equal(got, newest[:10]) {
		t.Errorf("kept %v, want the ten newest", got)
	}
	if all, err := s.client.Collection("push_tokens").Documents(within(t)).GetAll(); err != nil || len(all) != 10 {
		t.Errorf("%d documents, want 10: %v", len(all), err)
	}
	keep(t, s, asker, phone("phone2"))
	keep(t, s, asker, phone("phone12"))
	if got := phonesOf(t, s, asker); got[0] != "phone12" || got[1] != "phone2" || len(got) != 10 || slices.Contains(got, "phone3") {
		t.Errorf("kept %v: phone2 signed in again, phone3 is the oldest", got)
	}

	keep(t, s, willsoner, phone("phone12"))
	if got := phonesOf(t, s, willsoner); !slices.Equal(got, []string{"phone12"}) {
		t.Errorf("the willsoner has %v", got)
	}
	if got := phonesOf(t, s, asker); slices.Contains(got, "phone12") {
		t.Errorf("the asker still has %v", got)
	}
	token := life.PushToken{Token: phone("phone12"), UID: asker}
	if err := s.RemovePushTokens(within(t), token, life.PushToken{Token: phone("phone2"), UID: asker}, life.PushToken{Token: phone("unknown"), UID: asker}); err != nil {
		t.Fatal(err)
	}
	if got := phonesOf(t, s, asker, willsoner); !slices.Contains(got, "phone12") || slices.Contains(got, "phone2") {
		t.Errorf("kept %v: phone12 is the willsoner's, phone2 was the asker's", got)
	}
}

// TestNoPushToken: what cannot be a token is not kept.
func TestNoPushToken(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	for _, token := range []string{
		"asdfasdfasdf", "", "short", phone("with space "), phone("한국"), phone("a/b"), phone("\n"), strings.Repeat("a", 4097),
	} {
		keep(t, s, asker, token)
	}
	if got := phonesOf(t, s, asker); len(got) != 0 {
		t.Errorf("kept %v", got)
	}
	keep(t, s, asker, strings.Repeat("a", 4096))
	if got := phonesOf(t, s, asker); len(got) != 1 {
		t.Errorf("kept %d, want the longest", len(got))
	}
}

// TestPushTokensOfMany: more accounts than one query asks for, each of at most ten phones
// though more were kept by sign-ins at once, and an unreadable one does not hide the others.
func TestPushTokensOfMany(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	var uids []string
	batch := s.client.BulkWriter(within(t))
	write := func(id string, doc any) {
		if _, err := batch.Set(s.client.Doc("push_tokens/"+id), doc); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 70 {
		uids = append(uids, fmt.Sprint("uid", i))
		phones := 1
		if i == 0 {
			phones = 12
		}
		for n := range phones {
			id := fmt.Sprint(i, "-", n)
			write(id, life.PushToken{Token: phone(id), UID: fmt.Sprint("uid", i), UpdatedAt: noon.Add(time.Duration(n) * time.Second)})
		}
	}
	write("broken", map[string]any{"uid": "uid1", "token": 7, "updated_at": noon})
	batch.End()
	got := phonesOf(t, s, append(uids, uids...)...)
	if len(got) != 79 || !slices.Contains(got, "0-11") || slices.Contains(got, "0-1") || !slices.Contains(got, "1-0") || !slices.Contains(got, "69-0") {
		t.Errorf("%d phones: %v, want the ten newest of the first of 70 and one of each other", len(got), got)
	}
	keep(t, s, "uid1", phone("another"))
	if got := phonesOf(t, s, "uid1"); !slices.Equal(got, []string{"another", "1-0"}) {
		t.Errorf("uid1 has %v", got)
	}
}

// TestPushTokensAtOnce: sign-ins at once on one phone leave it to one of them, and those of
// one account keep the phones of all.
func TestPushTokensAtOnce(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := s.KeepPushToken(within(t), fmt.Sprint("uid", i), phone("shared")); err != nil {
				t.Error(err)
			}
			if err := s.KeepPushToken(within(t), "one", phone(fmt.Sprint("own", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var docs []*firestore.DocumentSnapshot
	docs, err := s.client.Collection("push_tokens").Where("token", "==", phone("shared")).Documents(within(t)).GetAll()
	if err != nil || len(docs) != 1 {
		t.Errorf("the shared phone is kept %d times: %v", len(docs), err)
	}
	if got := phonesOf(t, s, "one"); len(got) != 8 {
		t.Errorf("one account has %v, want 8 phones", got)
	}
	if _, err := s.PushTokens(within(t)); err != nil {
		t.Errorf("of nobody: %v", err)
	}
}
