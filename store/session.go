package store

// chatroom reads a document of chatrooms; false means that the session is over.
func chatroom(d *document) (Chatroom, bool) {
	concern, card := d.object("concern"), d.object("willsoner")
	d.string("willsoner_uid") // not shown, yet of the schema
	room := Chatroom{
		Idx:       d.mustInt("idx"),
		Roomkey:   d.id(),
		AskerUID:  d.mustString("asker_uid"),
		StartedAt: d.mustTime("started_at"),
		Concern: Concern{
			Idx:      concern.int("idx"),
			Minutes:  concern.mustInt("minutes"),
			Nickname: concern.string("nickname"),
			AskerPic: concern.string("asker_pic"),
		},
		Willsoner: Willsoner{
			Idx:          card.int("idx"),
			Introduction: card.string("introduction"),
			Experience:   card.string("experience"),
			Nickname:     card.string("nickname"),
			Gender:       card.string("gender"),
			Pic:          card.string("pic"),
			ImagePic:     card.string("image_pic"),
			Keywords:     card.strings("keywords"),
		},
	}
	for _, topic := range card.objects("subcategories") {
		room.Willsoner.Subcategories = append(room.Willsoner.Subcategories, Subcategory{
			Name:     topic.string("name"),
			Category: topic.string("category"),
		})
	}
	return room, !d.over()
}

// reservation reads a document of reservations; false means that the session is over.
func reservation(d *document) (Reservation, bool) {
	concern, card := d.object("concern"), d.object("willsoner")
	return Reservation{
		Idx:          d.mustInt("idx"),
		Roomkey:      d.mustString("roomkey"),
		WillsonerUID: d.string("willsoner_uid"),
		StartsAt:     d.mustTime("starts_at"),
		Minutes:      concern.mustInt("minutes"),
		Willsoner: Willsoner{
			Idx:      card.int("idx"),
			Nickname: card.string("nickname"),
			ImagePic: card.string("image_pic"),
		},
	}, !d.over()
}
