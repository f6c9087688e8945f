package main

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"willson/internal/storetest"
	"willson/life"
)

// A town is what lies in Firestore for the way from a concern to a review: who pays, who is
// sent what, and who counsels. The first error is kept, and then nothing more is done.
type town struct {
	ctx    context.Context
	client *firestore.Client
	now    time.Time
	err    error
}

// put stores a document.
func (t *town) put(path string, doc any) {
	if t.err == nil {
		_, t.err = t.client.Doc(path).Set(t.ctx, doc)
	}
}

// get reads a document.
func (t *town) get(path string, doc any) {
	if t.err != nil {
		return
	}
	snapshot, err := t.client.Doc(path).Get(t.ctx)
	if err == nil {
		err = snapshot.DataTo(doc)
	}
	t.err = err
}

// must notes what should hold and does not.
func (t *town) must(holds bool, format string, args ...any) {
	if t.err == nil && !holds {
		t.err = fmt.Errorf(format, args...)
	}
}

const (
	candidates = 60 // who may fit a concern to be paid for
	sentTo     = 50 // of them, by a payment
	pots       = 1000
	ticket     = 2 // 50 minutes
	cost       = 10
)

// The categories keep those apart who are sent concerns by a payment, and all others.
var (
	paidFor = life.Subcategory{Idx: 2, Name: "갈등", CategoryIdx: 1, Category: "연애"}
	others  = life.Subcategory{Idx: 11, Name: "취업", CategoryIdx: 2, Category: "진로"}
)

// concern is one that is not paid for.
func (t *town) concern(idx int64, asker user, about life.Subcategory) life.Concern {
	c := storetest.Paid(idx, asker.uid, t.now)
	c.Status, c.Minutes, c.TicketIdx, c.Held, c.MatchCnt = life.Unpaid, 0, 0, 0, 0
	c.Timer, c.OpenUntil, c.ExpireAt = time.Time{}, time.Time{}, life.Expires(t.now)
	c.Subcategory = about
	c.Content = "남자친구와 자꾸 같은 일로 다투게 됩니다. 어떻게 이야기를 꺼내면 좋을까요?"
	c.Feelings = []life.NamedNumber{{Idx: 10, Name: "불쾌한"}, {Idx: 12, Name: "우울한"}}
	return c
}

// openConcern is one that is paid for, and open for longer than a payment's five minutes,
// until the bench is over.
func (t *town) openConcern(idx int64, asker user) life.Concern {
	c := t.concern(idx, asker, others)
	c.Pay(ticket, 50, cost, t.now)
	c.Timer, c.OpenUntil = c.Timer.Add(time.Hour), c.OpenUntil.Add(time.Hour)
	return c
}

func (t *town) profile(idx int64, uid string, counsels life.Subcategory) life.Profile {
	p := storetest.Profile(uid, t.now)
	p.Idx, p.AskerIdx = idx, idx
	p.CategoryIdxs, p.SubcategoryIdxs = []int64{counsels.CategoryIdx}, []int64{counsels.Idx, counsels.Idx + 1}
	p.Experience = "저는 집이 잘 살다 한 순간에 무너져 고물을 줍고 다녔습니다"
	p.Keywords = []life.NamedNumber{{Idx: 1, Name: "줍줍"}, {Idx: 2, Name: "무너짐"}, {Idx: 3, Name: "집"}}
	p.BirthYear = 1993
	return p
}

func willsonerPath(uid string) string { return "willsoners/" + uid }
func concernPath(idx int64) string    { return "concerns/" + life.Decimal(idx) }

// addCandidates stores who is looked at for a payment, everywhere in the ring.
func (t *town) addCandidates() {
	for i := range candidates {
		p := t.profile(int64(100+i), fmt.Sprintf("fits%04dAbCdEfGhIjKlMnOpQrS", i), paidFor)
		p.Place = float64(i) / candidates
		for range i % 10 {
			p.Rate(float64(i%5 + 1))
		}
		t.put(willsonerPath(p.UID), p)
	}
}

// addPayers stores accounts with pots, each with a concern for each round.
func (t *town) addPayers(target string, rounds int, payers []user) {
	for i, u := range payers {
		account, _ := storetest.Account(u.uid, pots, t.now)
		t.put("askers/"+u.uid, account)
		for round := range rounds {
			c := t.concern(number(target, round, i), u, paidFor)
			t.put(concernPath(c.Idx), c)
		}
	}
}

// addSent stores accounts with pots, for each round a concern of each, and the match by
// which it was sent to one willsoner.
func (t *town) addSent(target string, rounds int, askers, willsoners []user) {
	for i, u := range askers {
		account, _ := storetest.Account(u.uid, pots, t.now)
		t.put("askers/"+u.uid, account)
		p := t.profile(int64(10_000+i), willsoners[i].uid, others)
		t.put(willsonerPath(p.UID), p)
		for round := range rounds {
			idx := number(target, round, i)
			c := t.openConcern(sentConcern(idx), u)
			t.put(concernPath(c.Idx), c)
			t.put(storetest.Path(idx), c.Sent(idx, &p, t.now))
		}
	}
}

// sentConcern is the concern of a match of addSent.
func sentConcern(match int64) int64 { return 10_000_000 + match }

// addIncoming stores what willsoners find in their incoming lists. Each concern was sent
// to several.
func (t *town) addIncoming(willsoners []user) {
	const first = 30_000
	var all []life.Concern
	for i := range len(willsoners) + sentRows {
		c := t.openConcern(first+int64(i), user{uid: fmt.Sprintf("else%04dAbCdEfGhIjKlMnOpQrS", i)})
		all = append(all, c)
		t.put(concernPath(c.Idx), c)
	}
	for i, u := range willsoners {
		p := t.profile(int64(20_000+i), u.uid, others)
		for row := range sentRows {
			m := all[i+row].Sent(first+int64(i*sentRows+row), &p, t.now.Add(time.Duration(-row)*time.Second))
			t.put(storetest.Path(m.Idx), m)
		}
	}
}

// mustBeDone makes sure that a round's concerns were paid for, and its matches offered on,
// selected, joined and completed. It clears the payments away, whose pots would be held in
// the next round.
func (l *lab) mustBeDone(ctx context.Context, round int) error {
	client, err := firestore.NewClient(ctx, l.issuer.Project)
	if err != nil {
		return err
	}
	defer client.Close()
	t := &town{ctx: ctx, client: client}
	for _, target := range []string{willson, node} {
		for i, u := range l.users.askers[target] {
			t.mustBeComplete(number(target, round, i), u)
		}
		for i := range l.users.payers[target] {
			t.clearPayment(number(target, round, i))
		}
		if t.err != nil {
			return fmt.Errorf("round %d, %s: %w", round, target, t.err)
		}
	}
	return nil
}

func (t *town) mustBeComplete(match int64, asker user) {
	var m life.Match
	var c life.Concern
	var room life.Chatroom
	var account life.Account
	var line life.LedgerLine
	t.get(storetest.Path(match), &m)
	t.get(concernPath(m.ConcernIdx), &c)
	t.get("chatrooms/"+m.Roomkey, &room)
	t.get("chatrooms/"+m.Roomkey+"/chats/start", &map[string]any{})
	t.get("askers/"+asker.uid, &account)
	t.get("askers/"+asker.uid+"/transactions/"+life.Decimal(match), &line)
	t.must(m.Status == life.Complete && m.AskerJoined && m.Brief.Minutes == 50 && m.Card.Nickname != "" &&
		room.Status == life.Complete && c.Status == life.Complete && line.Amount == cost && line.Total == account.Pots,
		"match %d is %s, its room %s, its concern %s, and of the %d pots of its asker it took %d",
		match, m.Status, room.Status, c.Status, account.Pots, line.Amount)
}

func (t *town) clearPayment(concern int64) {
	var c life.Concern
	t.get(concernPath(concern), &c)
	if t.err != nil {
		return
	}
	sent := t.client.Collection("matches").Where("concern_idx", "==", concern)
	t.err = t.client.RunTransaction(t.ctx, func(_ context.Context, tx *firestore.Transaction) error {
		matches, err := tx.Documents(sent).GetAll()
		if err != nil {
			return err
		}
		if c.Status != life.Init || c.Held != cost || len(matches) != sentTo {
			return fmt.Errorf("concern %d is %s and was sent to %d", concern, c.Status, len(matches))
		}
		for _, m := range matches {
			if err := tx.Delete(m.Ref); err != nil {
				return err
			}
		}
		return tx.Delete(t.client.Doc(concernPath(concern)))
	})
}
