package handlers

import (
	"context"
	"strconv"

	"willson/life"
	"willson/store"
)

// A PageStore shows people their own.
type PageStore interface {
	// Home returns what my page shows, or life.ErrUserNotFound.
	Home(ctx context.Context, uid string) (store.Home, error)
	// Ledger returns the newest lines of the account's pots, the newest first, or
	// life.ErrUserNotFound.
	Ledger(ctx context.Context, uid string) ([]life.LedgerLine, error)
}

// An owner is what both my pages show.
type owner struct {
	Gender     string `json:"gender,omitempty"`
	Pic        string `json:"pic,omitempty"`
	Nickname   string `json:"nickname"`
	Email      string `json:"email"`
	AskerAlert struct {
		UnreadNotice int `json:"unread_notice"` // always 0
	} `json:"asker_alert"`
}

func (s *server) newOwner(account *life.Account) owner {
	pic := account.Pic
	if pic == "" {
		pic = s.Reference.Picture(account.Gender)
	}
	return owner{Gender: gender(account.Gender), Pic: pic, Nickname: account.Nickname, Email: account.Email}
}

// An askersPage is the data of an asker's page.
type askersPage struct {
	owner
	Point     point `json:"point"`
	Willsoner *struct {
		Status string `json:"status"`
	} `json:"willsoner,omitempty"` // of who registered
}

// askersPage serves GET /api/v1/asker/mypage/home.
func (s *server) askersPage(ctx context.Context, r request) (any, error) {
	home, err := s.Store.Home(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	page := askersPage{owner: s.newOwner(&home.Account), Point: newPoint(home.Spendable)}
	if home.HasProfile {
		page.Willsoner = &struct {
			Status string `json:"status"`
		}{home.Profile.Status}
	}
	return page, nil
}

// A willsonersPage is the data of a willsoner's page. The app tells by willsoner whether
// somebody registered.
type willsonersPage struct {
	owner
	Willsoner *ownProfile `json:"willsoner,omitempty"`
	Point     struct {
		Coin string `json:"coin"` // always 0 C
		point
	} `json:"point"`
	RefundStatus *string `json:"refund_status"` // always null
}

// An ownProfile is a willsoner's own card.
type ownProfile struct {
	AvgRating    string `json:"avg_rating"`
	Introduction string `json:"introduction"`
	Auth         int    `json:"auth"` // points for proofs, of which none is offered
	Image        struct {
		Pic string `json:"pic"`
	} `json:"image"`
	Keywords []name `json:"keywords"`
}

// willsonersPage serves GET /api/v1/willsoner/mypage/home, and the same of v2.
func (s *server) willsonersPage(ctx context.Context, r request) (any, error) {
	home, err := s.Store.Home(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	page := willsonersPage{owner: s.newOwner(&home.Account)}
	page.Point.Coin, page.Point.point = "0 C", newPoint(home.Spendable)
	if home.HasProfile {
		p := &home.Profile
		page.Willsoner = &ownProfile{
			AvgRating:    life.AvgRating(p.RatingSum, p.ReviewCount),
			Introduction: p.Introduction,
			Keywords:     namesOfNumbers(p.Keywords),
		}
		image, _ := s.Reference.WillsonerImage(p.ImageIdx)
		page.Willsoner.Image.Pic = image.Pic
	}
	return page, nil
}

// A ledgerRow is a line of a ledger.
type ledgerRow struct {
	Amount string `json:"amount"` // like 꿀단지 14개
	Total  string `json:"total"`  // like 남은 꿀단지 326개
	Action string `json:"action"` // 지급 or 사용
	Date   string `json:"date"`   // yy.MM.dd in Seoul
}

// ledger serves GET /api/v1/asker/mypage/offer/transaction.
func (s *server) ledger(ctx context.Context, r request) (any, error) {
	lines, err := s.Store.Ledger(ctx, r.caller.UID)
	if err != nil {
		return nil, err
	}
	rows := make([]ledgerRow, len(lines))
	for i, line := range lines {
		rows[i] = ledgerRow{
			Amount: "꿀단지 " + strconv.FormatInt(line.Amount, 10) + "개",
			Total:  "남은 꿀단지 " + strconv.FormatInt(line.Total, 10) + "개",
			Action: line.Action,
			Date:   shortDay(line.CreatedAt),
		}
	}
	return rows, nil
}
