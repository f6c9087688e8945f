package life

import (
	"strconv"
	"time"
)

// Numbers of new documents are milliseconds since 1970 × 1,000 + 0 to 999, taken without
// asking anybody: below 2^53, and in the order of time to the second. Where the number is
// the document's id a collision is refused by the create, and another is drawn.

// perMilli is how many numbers a millisecond has.
const perMilli = 1000

// Number returns a number for now. draw returns a random number in [0, n).
func Number(now time.Time, draw func(n int64) int64) int64 {
	return now.UnixMilli()*perMilli + draw(perMilli)
}

// Numbers returns the first of n consecutive numbers, at most 1,000, of a millisecond of
// the second before now: from the present one, payments at the same time would collide.
func Numbers(now time.Time, n int64, draw func(n int64) int64) int64 {
	return (now.UnixMilli()-draw(1000))*perMilli + draw(perMilli-n+1)
}

// Decimal is a number as the id of a document.
func Decimal(idx int64) string { return strconv.FormatInt(idx, 10) }
