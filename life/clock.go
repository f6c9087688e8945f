package life

import "time"

// Time decides: what a concern and its matches are shown as, and what may still be done,
// is computed here from what is stored and now, and nowhere else.

// Seoul is the zone of every date and hour that people see. It has had no summer time
// since 1988.
var Seoul = time.FixedZone("Asia/Seoul", 9*60*60)

// What a concern or a match is shown as beside its stored status.
const (
	Empty     = "empty"     // a concern that nobody offered on
	Unmatched = "unmatched" // a concern of which no offer was selected in time
	Closed    = "closed"    // a match that is not open to the willsoner any more
)

// The times of a realtime concern, each from its payment or from its timer on. The app's
// clocks run for five minutes twice.
const (
	offering = 300 * time.Second // from payment to timer: willsoners offer
	// shownToChoose is how long after the timer the asker is shown the offers. The app asks
	// again just before its second five minutes are over, and has to find them over.
	shownToChoose = 295 * time.Second
	// lateChoice is how long after the timer a select is accepted: the asker's phone may be
	// a minute slow.
	lateChoice = 360 * time.Second
	// heldFor is how long after the timer pots are held: longer than the latest select and
	// the clocks of two servers need.
	heldFor = 390 * time.Second
	// heldAfterWindows is the same for a reserved concern, after its later window.
	heldAfterWindows = 30 * time.Second
)

// unpaidFor is how long a concern is kept that nobody paid for, keptAfter how long a match
// that nobody offered on.
const (
	unpaidFor = 30 * 24 * time.Hour
	keptAfter = 30 * 24 * time.Hour
)

// WindowsEnd is when the later window ends.
func WindowsEnd(windows []Window) (end time.Time) {
	for _, w := range windows {
		if w.To.After(end) {
			end = w.To
		}
	}
	return end
}

// offersEnd is when nobody can offer any more.
func offersEnd(kind string, timer time.Time, windows []Window) time.Time {
	if kind == Reserve {
		return WindowsEnd(windows)
	}
	return timer
}

// TakesOffers reports whether willsoners may offer.
func (c *Concern) TakesOffers(now time.Time) bool {
	return c.Status == Init && now.Before(offersEnd(c.Type, c.Timer, c.Windows))
}

// DependsOnOffers reports whether Shown needs to know if anybody offered.
func (c *Concern) DependsOnOffers(now time.Time) bool {
	return c.Status == Init && c.Type == Realtime && !now.Before(c.Timer) && now.Before(c.Timer.Add(shownToChoose))
}

// Shown is what the concern is shown as: its stored status, Empty or Unmatched. offered
// tells whether anybody offered in this round; it matters only if DependsOnOffers.
func (c *Concern) Shown(offered bool, now time.Time) string {
	switch {
	case c.Status != Init:
		return c.Status
	case c.DependsOnOffers(now):
		if offered {
			return Init
		}
		return Empty
	case c.TakesOffers(now):
		return Init
	}
	return Unmatched
}

// IsPayable reports whether the concern can be paid for.
func (c *Concern) IsPayable(offered bool, now time.Time) bool {
	switch c.Shown(offered, now) {
	case Unpaid, Empty, Unmatched, Complete:
		return true
	}
	return false
}

// HasRoomFor reports whether a talk of so many minutes can still be: always for realtime,
// else in a window, or what is left of it.
func (c *Concern) HasRoomFor(minutes int64, now time.Time) bool {
	if c.Type == Realtime {
		return true
	}
	for _, w := range c.Windows {
		from := w.From
		if now.After(from) {
			from = now
		}
		if !from.Add(length(minutes)).After(w.To) {
			return true
		}
	}
	return false
}

// IsPaidWith reports whether the concern was just paid for with this ticket, so that
// another such payment is the repeat of one whose answer was lost.
func (c *Concern) IsPaidWith(ticketIdx int64, now time.Time) bool {
	end := c.Timer
	if c.Type == Reserve {
		end = c.OpenUntil
	}
	return c.Status == Init && c.TicketIdx == ticketIdx && now.Before(end)
}

// Pay makes the concern paid for at now, with a ticket of so many minutes for so many pots,
// which are held from now on.
func (c *Concern) Pay(ticketIdx, minutes, pots int64, now time.Time) {
	c.Status, c.TicketIdx, c.Minutes, c.Held = Init, ticketIdx, minutes, pots
	c.MatchCnt++
	c.CreatedAt, c.UpdatedAt, c.ExpireAt = now, now, time.Time{}
	if c.Type == Reserve {
		c.OpenUntil = WindowsEnd(c.Windows).Add(heldAfterWindows)
		return
	}
	c.Timer = now.Add(offering)
	c.OpenUntil = c.Timer.Add(heldFor)
}

// Expires is when a concern that is written now may be deleted if nobody pays for it.
func Expires(written time.Time) time.Time { return written.Add(unpaidFor) }

// Sent is the match that a payment of the concern makes for one willsoner.
func (c *Concern) Sent(idx int64, to *Profile, now time.Time) Match {
	return Match{
		Idx:          idx,
		ConcernIdx:   c.Idx,
		WillsonerIdx: to.Idx,
		AskerUID:     c.AskerUID,
		WillsonerUID: to.UID,
		Status:       Init,
		Type:         c.Type,
		Round:        c.MatchCnt,
		CategoryIdx:  c.Subcategory.CategoryIdx,
		Timer:        c.Timer,
		OpenUntil:    c.OpenUntil,
		Windows:      c.Windows,
		ExpireAt:     c.OpenUntil.Add(keptAfter),
		Score:        Score(to, c),
		CreatedAt:    now,
		UpdatedAt:    now,
	}
}

// IsOf reports whether the match is of the concern's last payment. One without a round is
// older than rounds, and of any.
func (m *Match) IsOf(c *Concern) bool {
	return m.ConcernIdx == c.Idx && m.AskerUID == c.AskerUID && (m.Round == 0 || m.Round == c.MatchCnt)
}

// MayRun reports whether the match may be open, as far as can be told without its concern:
// its own time runs, that in which it can be offered on, and then that in which the offer
// can be selected. An older match has no end but its hour.
func (m *Match) MayRun(now time.Time) bool {
	switch {
	case m.Status == Init:
		return now.Before(offersEnd(m.Type, m.Timer, m.Windows))
	case m.Status != Waiting:
		return false
	case m.IsReservation():
		return !m.StartsAt.Before(now)
	}
	return m.Timer.IsZero() || now.Before(m.Timer.Add(lateChoice))
}

// OffersEnd is when the match cannot be offered on any more.
func (m *Match) OffersEnd() time.Time { return offersEnd(m.Type, m.Timer, m.Windows) }

// ChoiceEnds is when the asker is not shown an offer any more: realtime the second five
// minutes are over, else the hour offered has come.
func (m *Match) ChoiceEnds() time.Time {
	if m.IsReservation() {
		return m.StartsAt
	}
	return m.Timer.Add(shownToChoose)
}

// IsOpen reports whether the match, Init or Waiting, is still open: its own time runs, and
// the concern is paid for and waits for an offer of this round.
func (m *Match) IsOpen(c *Concern, now time.Time) bool {
	return m.MayRun(now) && c.Status == Init && m.IsOf(c)
}

// ShownToWillsoner is what the incoming list shows: Init, Waiting or Closed.
func (m *Match) ShownToWillsoner(c *Concern, now time.Time) string {
	if m.IsOpen(c, now) {
		return m.Status
	}
	return Closed
}

// Offer makes m its willsoner's offer at now, and copies what the asker and the session
// need. For a reserved concern starts is the hour offered, in the window of that number.
func (m *Match) Offer(brief Brief, card Card, starts time.Time, window int64, now time.Time) {
	m.Status, m.Brief, m.Card, m.UpdatedAt, m.ExpireAt = Waiting, brief, card, now, time.Time{}
	if m.Type == Reserve {
		m.StartsAt, m.DateIdx = starts, &window
	}
}

// WindowOf returns the number, from 1, of the window that holds a talk of so many minutes
// which begins then, or ErrOutsideWindows if none does or the hour is not ahead.
func (c *Concern) WindowOf(starts time.Time, now time.Time) (int64, error) {
	if !starts.After(now) {
		return 0, ErrOutsideWindows
	}
	for i, w := range c.Windows {
		if !starts.Before(w.From) && !starts.Add(length(c.Minutes)).After(w.To) {
			return int64(i + 1), nil
		}
	}
	return 0, ErrOutsideWindows
}

// Holds reports whether the concern holds pots.
func (c *Concern) Holds(now time.Time) bool { return c.Status == Init && now.Before(c.OpenUntil) }
