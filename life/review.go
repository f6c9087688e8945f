package life

import "time"

// A Review is what the asker says of a session, once: reviews/{match_idx}.
type Review struct {
	MatchIdx       int64     `firestore:"match_idx"`
	ConcernIdx     int64     `firestore:"concern_idx"`
	WillsonerIdx   int64     `firestore:"willsoner_idx"`
	AskerUID       string    `firestore:"asker_uid"`
	WillsonerUID   string    `firestore:"willsoner_uid"`
	Rating         float64   `firestore:"rating"` // above 0, at most 5
	ImageIdx       int64     `firestore:"image_idx"`
	KeywordIdx     []int64   `firestore:"keyword_idx"`
	Content        string    `firestore:"content,omitempty"` // optional, as the next four
	Title          string    `firestore:"title,omitempty"`
	Nickname       string    `firestore:"nickname,omitempty"` // the concern's, as the next two
	Category       string    `firestore:"category,omitempty"`
	SubcategoryIdx int64     `firestore:"subcategory_idx,omitempty"`
	CreatedAt      time.Time `firestore:"created_at"`
}

// Check returns an error that names a required field which is not there.
func (r *Review) Check(string) error {
	return missing(
		field{"match_idx", r.MatchIdx > 0},
		field{"concern_idx", r.ConcernIdx > 0},
		field{"willsoner_idx", r.WillsonerIdx > 0},
		field{"asker_uid", r.AskerUID != ""},
		field{"willsoner_uid", r.WillsonerUID != ""},
		field{"rating", r.Rating > 0},
		field{"image_idx", r.ImageIdx > 0},
		field{"created_at", !r.CreatedAt.IsZero()},
	)
}

// A ReviewImage is one of the pictures that a review is given under: review_images/{id}.
type ReviewImage struct {
	Idx    int64  `firestore:"idx"`
	Name   string `firestore:"name"`
	Detail string `firestore:"detail"`
	Pic    string `firestore:"pic"`
}

// Check returns an error that names a required field which is not there.
func (i *ReviewImage) Check(string) error {
	return missing(
		field{"idx", i.Idx > 0},
		field{"name", i.Name != ""},
		field{"detail", i.Detail != ""},
		field{"pic", i.Pic != ""},
	)
}
