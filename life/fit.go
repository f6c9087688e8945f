package life

import (
	"math"
	"slices"
)

// Fits reports whether the concern may be sent to the willsoner: one who counsels in its
// category, of the gender wished for, and not its own asker.
func Fits(p *Profile, c *Concern) bool {
	return p.Counsels() && p.UID != c.AskerUID &&
		slices.Contains(p.CategoryIdxs, c.Subcategory.CategoryIdx) &&
		(c.WilGender == AnyGender || c.WilGender == p.Gender)
}

// Score tells how well the willsoner fits, from 0 to 100: 50 for the same subcategory, 6
// for each star of the average rating, 2 for each review up to 20.
func Score(p *Profile, c *Concern) int64 {
	score := 6*p.Rating + min(2*float64(p.ReviewCount), 20)
	if slices.Contains(p.SubcategoryIdxs, c.Subcategory.Idx) {
		score += 50
	}
	return int64(math.Round(min(max(score, 0), 100)))
}
