package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// newcomer is somebody who signs up.
func newcomer(uid string) life.Account {
	return life.Account{UID: uid, Social: "kakao", Email: "a@b.c", Gender: "F", BirthYear: 1997, Nickname: "지수카카오"}
}

// TestEnter signs up, signs in, and signs up again with another form.
func TestEnter(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	_, err := s.EnterKnown(within(t), "a")
	same(t, err, life.ErrUserNotFound)
	made, err := s.Enter(within(t), newcomer("a"), 15)
	if err != nil {
		t.Fatal(err)
	}
	same(t, made.Idx/1000, noon.UnixMilli())
	same(t, s.fieldsOf(t, "askers/a"), fields{
		"idx": made.Idx, "uid": "a", "social": "kakao", "email": "a@b.c", "gender": "F", "birth_year": int64(1997), "nickname": "지수카카오",
		"pots": int64(15), "login_at": noon, "created_at": noon, "updated_at": noon,
	})
	same(t, s.fieldsOf(t, "askers/a/transactions/welcome"), fields{"action": "지급", "amount": int64(15), "total": int64(15), "created_at": noon})

	// A repetition, and somebody who lies about the form, change nothing but the login.
	want := s.fieldsOf(t, "askers/a")
	other := newcomer("a")
	other.Social, other.Email, other.Gender, other.BirthYear, other.Nickname = "email", "x", "M", 1950, "x"
	for i, enter := range []func() (life.Account, error){
		func() (life.Account, error) { return s.Enter(within(t), newcomer("a"), 15) },
		func() (life.Account, error) { return s.Enter(within(t), other, 50) },
		func() (life.Account, error) { return s.EnterKnown(within(t), "a") },
	} {
		s.clock.set(later(i + 1))
		again, err := enter()
		if err != nil || again.Idx != made.Idx || !again.LoginAt.Equal(later(i+1)) || again.Nickname != "지수카카오" {
			t.Errorf("%d: %+v and %v", i, again, err)
		}
		same(t, s.fieldsOf(t, "askers/a"), with(want, "login_at", later(i+1)))
	}
	same(t, s.size(t, "askers/a/transactions"), 1)

	// Somebody without an hour of birth, made by a sign-in, is told who it is by a form, once.
	s.clock.set(noon)
	bare := life.Account{UID: "b", Social: "email", Nickname: "수줍은 휴이"}
	if _, err := s.Enter(within(t), bare, 0); err != nil {
		t.Fatal(err)
	}
	same(t, s.size(t, "askers/b/transactions"), 0) // no welcome pots, no line
	want = s.fieldsOf(t, "askers/b")
	s.clock.set(later(1))
	for range 2 {
		filled, err := s.Enter(within(t), newcomer("b"), 15)
		if err != nil || filled.Nickname != "지수카카오" || filled.Pots != 0 {
			t.Errorf("%+v and %v", filled, err)
		}
		same(t, s.fieldsOf(t, "askers/b"), with(want, "gender", "F", "birth_year", int64(1997), "nickname", "지수카카오", "login_at", later(1), "updated_at", later(1)))
	}
	s.consistent(t)
}

// TestEnterAtOnce has somebody sign up twenty times at once.
func TestEnterAtOnce(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.clock.step = time.Microsecond
	var idxs [20]int64
	together(len(idxs), func(i int) {
		account, err := s.Enter(within(t), newcomer("a"), 15)
		if err != nil {
			t.Error(err)
		}
		idxs[i] = account.Idx
	})
	kept := read[life.Account](t, s, "askers/a")
	for _, idx := range idxs {
		same(t, idx, kept.Idx)
	}
	same(t, []any{kept.Pots, s.size(t, "askers/a/transactions")}, []any{int64(15), 1})
	same(t, s.metric(t, "willson_changes_total", "enter", "done"), 1)
	s.consistent(t)
}

// TestAccountsLostReplies has each change of an account stored, and its answer lost.
func TestAccountsLostReplies(t *testing.T) {
	t.Parallel()
	registration := store.Registration{CategoryIdxs: []int64{1}, SubcategoryIdxs: []int64{3}, Experience: "고물", Introduction: "안녕", ImageIdx: 1, KeywordNames: []string{"줍줍"}}
	s, server := faked(t)
	s.clock.step = time.Microsecond
	for _, step := range []struct {
		name string
		do   func() error
		want map[string]int
	}{
		{"enter", func() error { _, err := s.Enter(within(t), newcomer("a"), 15); return err }, map[string]int{"askers": 1, "askers/a/transactions": 1}},
		{"keywords", func() error {
			kept, err := s.KeepKeywords(within(t), "a", 1, []string{"집", "줍줍"})
			if err == nil && read[life.Keyword](t, s, "keywords/"+life.Decimal(kept[1].Idx)).Name != "줍줍" {
				t.Error(kept)
			}
			return err
		}, map[string]int{"keywords": 2}},
		{"register", func() error { _, err := s.Register(within(t), "a", registration); return err }, map[string]int{"willsoners": 1, "keywords": 3}},
		{"invite", func() error {
			p, err := s.Invite(within(t), "a")
			same(t, p.Status, life.Approved)
			return err
		}, nil},
		{"write", func() error { _, err := s.Write(within(t), written("a")); return err }, map[string]int{"concerns": 1}},
		{"give", func() error { _, err := s.Give(within(t), "a", 5); return err }, map[string]int{"askers/a/transactions": 2}},
		{"judge", func() error { _, err := s.Judge(within(t), "a", "rejected"); return err }, nil},
	} {
		server.OnCall(lost(2))
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		server.OnCall(nil)
		for collection, n := range step.want {
			if got := s.size(t, collection); got != n {
				t.Errorf("%s: %d %s, want %d", step.name, got, collection, n)
			}
		}
	}
	same(t, read[life.Account](t, s, "askers/a").Pots, int64(20))
	s.consistent(t)
}

// TestCollisions has the numbers that are drawn belong to somebody else's documents, which
// are made just before the commit. Others are drawn.
func TestCollisions(t *testing.T) {
	t.Parallel()
	for name, anothers := range map[string]any{
		"write":    unpaid(1, "b")["concerns/1"],
		"keywords": life.Keyword{Idx: 1, Name: "방", CategoryIdx: 1, UID: "b", CreatedAt: noon},
		"pay":      storetest.Waiting(1, "b", "x"),
	} {
		s, server := faked(t)
		s.clock.step = time.Microsecond
		s.put(t, town())
		taken, first := "", true
		server.OnCall(fakefirestore.OnBareCommit(func(call fakefirestore.Call) fakefirestore.Fault {
			if first {
				first = false
				taken = lastWritten(call)
				s.put(t, docs{taken: anothers})
			}
			return fakefirestore.Fault{}
		}))
		var err error
		switch name {
		case "write":
			_, err = s.Write(within(t), written("a"))
		case "keywords":
			_, err = s.KeepKeywords(within(t), "a", 1, []string{"집"})
		case "pay":
			var sent []life.Match
			_, sent, err = s.Pay(within(t), "a", 1, half, store.Everybody)
			same(t, len(sent), 3)
			same(t, s.size(t, "matches"), 4)
		}
		if err != nil || taken == "" {
			t.Errorf("%s: %v", name, err)
		}
		same(t, s.fieldsOf(t, taken)["idx"], int64(1)) // it is as it was

		server.OnCall(fakefirestore.OnBareCommit(fakefirestore.Always(fakefirestore.Code(codes.AlreadyExists))))
		if _, err := s.Write(within(t), written("a")); !isUnavailable(err) {
			t.Errorf("all taken: %v", err)
		}
	}
}

// TestRegister registers willsoners, or is told why not.
func TestRegister(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	s.put(t, merged(wealthy("a", 0), wealthy("b", 0)))
	own, err := s.KeepKeywords(within(t), "a", 1, []string{"줍줍", "집"})
	if err != nil || len(own) != 2 || own[1].Idx != own[0].Idx+1 {
		t.Fatal(own, err)
	}
	same(t, s.fieldsOf(t, "keywords/"+life.Decimal(own[1].Idx)), fields{"idx": own[1].Idx, "name": "집", "category_idx": int64(1), "uid": "a", "created_at": noon})
	of := store.Registration{CategoryIdxs: []int64{1, 2}, SubcategoryIdxs: []int64{3, 11}, Experience: "고물", Introduction: "안녕", ImageIdx: 2}
	registered := func(uid string, idxs []int64, names ...string) error {
		of.KeywordIdx, of.KeywordNames = idxs, names
		_, err := s.Register(within(t), uid, of)
		return err
	}
	kept := func(uid string, words ...string) error {
		_, err := s.KeepKeywords(within(t), uid, 1, words)
		return err
	}
	invited := func(uid string) error { _, err := s.Invite(within(t), uid); return err }
	for _, step := range []struct {
		name string
		err  error
		want error
	}{
		{"keywords of nobody", kept("nobody", "집"), life.ErrUserNotFound},
		{"nobody", registered("nobody", nil), life.ErrUserNotFound},
		{"an invitation before", invited("a"), life.ErrNotFound},
		{"another's keyword", registered("b", []int64{own[0].Idx}), life.ErrUnknownKeyword},
		{"no keyword", registered("b", []int64{7}), life.ErrUnknownKeyword},
		{"", registered("a", []int64{own[1].Idx}, "방"), nil},
		{"again", registered("a", nil), life.ErrAlreadyRegistered},
		{"without keywords", registered("b", nil), nil},
	} {
		same(t, fmt.Sprint(step.name, step.err), fmt.Sprint(step.name, step.want))
	}
	profile := s.fieldsOf(t, "willsoners/a")
	words := profile["keywords"].([]any)
	same(t, words[0], fields{"idx": own[1].Idx, "name": "집"})
	same(t, words[1].(fields)["name"], "방")
	same(t, s.size(t, "keywords"), 3)
	if place := profile["place"].(float64); place < 0 || place >= 1 {
		t.Error(place)
	}
	same(t, profile, with(profile, "uid", "a", "asker_idx", int64(1), "status", "waiting", "category_idxs", []any{int64(1), int64(2)},
		"subcategory_idxs", []any{int64(3), int64(11)}, "experience", "고물", "introduction", "안녕", "image_idx", int64(2), "nickname", "지수카카오",
		"gender", "", "birth_year", int64(0), "rating_sum", 0.0, "review_count", int64(0), "rating", 0.0, "created_at", noon, "updated_at", noon))
	same(t, []any{len(profile), s.fieldsOf(t, "willsoners/b")["keywords"]}, []any{19, []any{}})

	s.clock.step = time.Microsecond
	outcomes := map[error]int{}
	errs := make([]error, 20)
	together(len(errs), func(i int) { errs[i] = invited("a") })
	for _, err := range errs {
		outcomes[err]++
	}
	same(t, []int{outcomes[nil], outcomes[life.ErrNotFound]}, []int{1, 19})
	for _, status := range []string{"approved", "complete", "rejected", "reregister"} {
		s.edit(t, "willsoners/b", "status", status)
		same(t, []error{invited("b"), registered("b", nil)}, []error{life.ErrNotFound, life.ErrAlreadyRegistered})
	}

	// Twenty at once are one registration.
	s.put(t, wealthy("c", 0))
	together(len(errs), func(i int) {
		_, errs[i] = s.Register(within(t), "c", store.Registration{CategoryIdxs: []int64{1}, ImageIdx: 1, KeywordNames: []string{"집"}})
	})
	clear(outcomes)
	for _, err := range errs {
		outcomes[err]++
	}
	same(t, []int{outcomes[nil], outcomes[life.ErrAlreadyRegistered], s.size(t, "keywords")}, []int{1, 19, 4})
}

// TestUids has accounts whose uids cannot be the ids of documents, or look like the ids of
// each other's: each has its own.
func TestUids(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	uids := []string{".", "..", "...", "%", "%25", "%2F", "/", "a/b", "a%2Fb", "__x__", "%00__x__", "__%__", "%00.", "1205312339", "한글", "a b", "__"}
	for _, uid := range uids {
		if _, err := s.Enter(within(t), newcomer(uid), 1); err != nil {
			t.Errorf("%q: %v", uid, err)
		}
		if _, err := s.Register(within(t), uid, store.Registration{CategoryIdxs: []int64{1}, ImageIdx: 1}); err != nil {
			t.Errorf("%q: %v", uid, err)
		}
	}
	for _, uid := range uids {
		home, err := s.Home(within(t), uid)
		if err != nil || home.Account.UID != uid || home.Profile.UID != uid || home.Account.Pots != 1 {
			t.Errorf("%q: %+v and %v", uid, home, err)
		}
		lines, err := s.Ledger(within(t), uid)
		if err != nil || len(lines) != 1 {
			t.Errorf("%q: %v and %v", uid, lines, err)
		}
	}
	same(t, []int{s.size(t, "askers"), s.size(t, "willsoners")}, []int{len(uids), len(uids)})
	for path, uid := range map[string]string{"%00.": ".", "a%2Fb": "a/b", "%25": "%", "%00__x__": "__x__", "%2500.": "%00."} {
		same(t, read[life.Account](t, s, "askers/"+path).UID, uid)
	}
}

// TestMyPage looks at what can be spent while concerns hold pots, and at the ledger.
func TestMyPage(t *testing.T) {
	t.Parallel()
	s := emulated(t)
	hold := func(idx int64, edit func(*life.Concern)) docs {
		c := storetestPaid(idx, "a")
		edit(&c)
		return docs{"concerns/" + life.Decimal(idx): c}
	}
	s.put(t, merged(wealthy("a", 30), wealthy("b", 3),
		hold(1, func(*life.Concern) {}),
		hold(2, func(c *life.Concern) { c.Held = 5 }),
		hold(3, func(c *life.Concern) { c.Status = life.Matched }),
		hold(4, func(c *life.Concern) { c.OpenUntil = later(-1) }),
		hold(5, func(c *life.Concern) { c.AskerUID = "b" })))
	s.put(t, docs{"willsoners/b": profileOf("b")})
	for i := range 103 {
		line := life.LedgerLine{Action: life.Given, Amount: int64(i + 1), CreatedAt: later(i)}
		s.put(t, docs{"askers/b/transactions/" + fmt.Sprint(i): line})
	}
	s.edit(t, "askers/b/transactions/100", "amount", "many")
	for _, test := range []struct {
		uid   string
		after float64
		want  int64
	}{{"a", 0, 18}, {"a", 690 - 1e-6, 18}, {"a", 690, 30}, {"b", 0, 0}, {"b", 690, 3}} {
		s.after(test.after)
		home, err := s.Home(within(t), test.uid)
		spendable, also := s.Spendable(within(t), test.uid)
		if err != nil || also != nil || home.Spendable != test.want || spendable != test.want || home.HasProfile != (test.uid == "b") {
			t.Errorf("%v: %d and %d, %v", test, home.Spendable, spendable, err)
		}
	}
	lines, err := s.Ledger(within(t), "b")
	if err != nil || len(lines) != 99 || lines[0].Amount != 103 || lines[2].Amount != 100 || lines[98].Amount != 4 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	same(t, len(s.log.with("unreadable document")), 1)
	for name, ask := range map[string]func(context.Context, string) error{
		"home":      func(ctx context.Context, uid string) error { _, err := s.Home(ctx, uid); return err },
		"spendable": func(ctx context.Context, uid string) error { _, err := s.Spendable(ctx, uid); return err },
		"ledger":    func(ctx context.Context, uid string) error { _, err := s.Ledger(ctx, uid); return err },
	} {
		for _, uid := range []string{"", "nobody", "w1", "a/transactions/welcome"} {
			if err := ask(within(t), uid); err != life.ErrUserNotFound {
				t.Errorf("%s of %q: %v", name, uid, err)
			}
		}
	}
}
