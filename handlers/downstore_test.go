package handlers_test

import (
	"context"
	"time"

	"willson/life"
	"willson/reference"
	"willson/store"
)

// A downStore is a handlers.Store of which every method does as the function says, which is
// given its name, and returns nothing but its error.
type downStore func(ctx context.Context, method string) error

func (f downStore) Ready(ctx context.Context) error { return f(ctx, "Ready") }

func (f downStore) Sessions(ctx context.Context, _ life.Caller) (s store.Sessions, err error) {
	return s, f(ctx, "Sessions")
}

func (f downStore) Select(ctx context.Context, _ string, _ int64) (m life.Match, done bool, err error) {
	return m, false, f(ctx, "Select")
}

func (f downStore) Join(ctx context.Context, _ life.Caller, _ int64) (m life.Match, done bool, err error) {
	return m, false, f(ctx, "Join")
}

func (f downStore) Complete(ctx context.Context, _ string, _ int64) (m life.Match, err error) {
	return m, f(ctx, "Complete")
}

func (f downStore) ReviewImages(ctx context.Context) ([]life.ReviewImage, error) {
	return nil, f(ctx, "ReviewImages")
}

func (f downStore) Review(ctx context.Context, r life.Review) (life.Review, error) {
	return r, f(ctx, "Review")
}

func (f downStore) Report(ctx context.Context, _ string, _ int64, _ []string) error {
	return f(ctx, "Report")
}

func (f downStore) Enter(ctx context.Context, who life.Account, _ int64) (life.Account, error) {
	return who, f(ctx, "Enter")
}

func (f downStore) EnterKnown(ctx context.Context, _ string) (a life.Account, err error) {
	return a, f(ctx, "EnterKnown")
}

func (f downStore) KeepPushToken(ctx context.Context, _, _ string) error {
	return f(ctx, "KeepPushToken")
}

func (f downStore) Write(ctx context.Context, c life.Concern) (life.Concern, error) {
	return c, f(ctx, "Write")
}

func (f downStore) Estimate(ctx context.Context, _ string, _ int64, _ store.Whom) (e store.Estimate, err error) {
	return e, f(ctx, "Estimate")
}

func (f downStore) Pay(ctx context.Context, _ string, _ int64, _ reference.Ticket, _ store.Whom) (c life.Concern, sent []life.Match, err error) {
	return c, nil, f(ctx, "Pay")
}

func (f downStore) Spendable(ctx context.Context, _ string) (int64, error) {
	return 0, f(ctx, "Spendable")
}

func (f downStore) Willsoners(ctx context.Context, _ int64) ([]life.Card, error) {
	return nil, f(ctx, "Willsoners")
}

func (f downStore) Incoming(ctx context.Context, _, _ string, _ int64) ([]store.Incoming, error) {
	return nil, f(ctx, "Incoming")
}

func (f downStore) IncomingMatch(ctx context.Context, _, _ string, _ int64) (m store.Incoming, err error) {
	return m, f(ctx, "IncomingMatch")
}

func (f downStore) Offer(ctx context.Context, _, _ string, _ int64, _ time.Time) (m life.Match, done bool, err error) {
	return m, false, f(ctx, "Offer")
}

func (f downStore) Concerns(ctx context.Context, _ string) (open, completed []store.ShownConcern, err error) {
	return nil, nil, f(ctx, "Concerns")
}

func (f downStore) OffersOn(ctx context.Context, _, _ string, _ int64) (c life.Concern, offers []life.Match, err error) {
	return c, nil, f(ctx, "OffersOn")
}

func (f downStore) Offered(ctx context.Context, _, _ string, _ int64) (m life.Match, r store.Reviews, err error) {
	return m, r, f(ctx, "Offered")
}

func (f downStore) ReviewsOf(ctx context.Context, _ int64) ([]life.Review, error) {
	return nil, f(ctx, "ReviewsOf")
}

func (f downStore) KeepKeywords(ctx context.Context, _ string, _ int64, _ []string) ([]life.Keyword, error) {
	return nil, f(ctx, "KeepKeywords")
}

func (f downStore) Register(ctx context.Context, _ string, _ store.Registration) (p life.Profile, err error) {
	return p, f(ctx, "Register")
}

func (f downStore) Invite(ctx context.Context, _ string) (p life.Profile, err error) {
	return p, f(ctx, "Invite")
}

func (f downStore) Home(ctx context.Context, _ string) (h store.Home, err error) {
	return h, f(ctx, "Home")
}

func (f downStore) Ledger(ctx context.Context, _ string) ([]life.LedgerLine, error) {
	return nil, f(ctx, "Ledger")
}
