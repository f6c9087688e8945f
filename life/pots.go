package life

import "time"

// Spendable is how many pots an account can spend: the balance less what open concerns
// hold, that of the one to be paid for not counted. It is never below zero.
func Spendable(pots int64, concerns []Concern, paidFor int64, now time.Time) int64 {
	for i := range concerns {
		if c := &concerns[i]; c.Idx != paidFor && c.Holds(now) {
			pots -= c.Held
		}
	}
	return max(pots, 0)
}

// Take takes the pots that a concern held from the account, or what there is, and returns
// the ledger's line, and false when there is nothing to write.
func (a *Account) Take(c *Concern, now time.Time) (LedgerLine, bool) {
	amount := min(c.Held, a.Pots)
	if amount <= 0 {
		return LedgerLine{}, false
	}
	a.Pots, a.UpdatedAt = a.Pots-amount, a.next(now)
	return LedgerLine{Action: Used, Amount: amount, Total: a.Pots, ConcernIdx: c.Idx, CreatedAt: a.UpdatedAt}, true
}

// Give gives pots to the account, or takes them for a negative amount, but not below zero,
// and returns the ledger's line, and false when nothing changes.
func (a *Account) Give(amount int64, now time.Time) (LedgerLine, bool) {
	amount = max(amount, min(-a.Pots, 0))
	if amount == 0 {
		return LedgerLine{}, false
	}
	a.Pots, a.UpdatedAt = a.Pots+amount, a.next(now)
	line := LedgerLine{Action: Given, Amount: amount, Total: a.Pots, CreatedAt: a.UpdatedAt}
	if amount < 0 {
		line.Action, line.Amount = Used, -amount
	}
	return line, true
}

// next is the time of a change at now: after the last change also where now was taken
// before that was made, so that the lines of a ledger follow each other.
func (a *Account) next(now time.Time) time.Time {
	if now.Before(a.UpdatedAt) {
		return a.UpdatedAt.Add(time.Microsecond)
	}
	return now
}
