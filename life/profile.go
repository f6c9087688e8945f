package life

import (
	"strconv"
	"time"
)

// The statuses of a profile besides Waiting, for approval, and Complete, which is approved
// too: what else stands there keeps it from being sent concerns.
const Approved = "approved"

// A Profile is a willsoner as registered: willsoners/{uid}.
type Profile struct {
	Idx             int64         `firestore:"idx"`
	UID             string        `firestore:"uid"`
	AskerIdx        int64         `firestore:"asker_idx"` // the account's idx
	Status          string        `firestore:"status"`
	CategoryIdxs    []int64       `firestore:"category_idxs"`
	SubcategoryIdxs []int64       `firestore:"subcategory_idxs"`
	Experience      string        `firestore:"experience"`
	Introduction    string        `firestore:"introduction"`
	ImageIdx        int64         `firestore:"image_idx"`
	Keywords        []NamedNumber `firestore:"keywords"`
	Nickname        string        `firestore:"nickname"`
	Gender          string        `firestore:"gender"` // F, M or "": unknown
	BirthYear       int64         `firestore:"birth_year"`
	Pic             string        `firestore:"pic,omitempty"` // optional
	RatingSum       float64       `firestore:"rating_sum"`
	ReviewCount     int64         `firestore:"review_count"`
	Rating          float64       `firestore:"rating"` // RatingSum / ReviewCount, 0 without reviews
	Place           float64       `firestore:"place"`  // random, in [0, 1): where in the ring
	CreatedAt       time.Time     `firestore:"created_at"`
	UpdatedAt       time.Time     `firestore:"updated_at"`
}

// A NamedNumber is something of the reference data, or a keyword, as it is copied into
// documents.
type NamedNumber struct {
	Idx  int64  `firestore:"idx"`
	Name string `firestore:"name"`
}

// Check returns an error that names a required field which is not there.
func (p *Profile) Check(string) error {
	return missing(
		field{"idx", p.Idx > 0},
		field{"uid", p.UID != ""},
		field{"asker_idx", p.AskerIdx > 0},
		field{"status", p.Status != ""},
		field{"image_idx", p.ImageIdx > 0},
		field{"created_at", !p.CreatedAt.IsZero()},
		field{"updated_at", !p.UpdatedAt.IsZero()},
	)
}

// Counsels reports whether the willsoner is sent concerns and may offer.
func (p *Profile) Counsels() bool { return Counsels(p.Status) }

// Counsels reports whether a willsoner of that status is sent concerns and may offer.
func Counsels(status string) bool { return status == Approved || status == Complete }

// Rate adds a review's rating.
func (p *Profile) Rate(rating float64) {
	p.RatingSum += rating
	p.ReviewCount++
	p.Rating = p.RatingSum / float64(p.ReviewCount)
}

// AvgRating is the average of so many ratings with one decimal, "0" without any.
func AvgRating(sum float64, count int64) string {
	if count == 0 {
		return "0"
	}
	return strconv.FormatFloat(sum/float64(count), 'f', 1, 64)
}

// Card is the copy of the profile that matches and sessions hold. kind and imagePic are
// those of its image, topics its subcategories by name, pic its picture.
func (p *Profile) Card(kind CardType, imagePic, pic string, topics []Topic, now time.Time) Card {
	return Card{
		Introduction:  p.Introduction,
		Experience:    p.Experience,
		Nickname:      p.Nickname,
		Gender:        p.Gender,
		Age:           Age(p.BirthYear, now),
		AvgRating:     AvgRating(p.RatingSum, p.ReviewCount),
		Pic:           pic,
		ImagePic:      imagePic,
		Image:         &kind,
		Subcategories: topics,
		Keywords:      names(p.Keywords),
	}
}
