package docbytes_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"willson/internal/docbytes"
)

type chatroom struct {
	Idx          int64     `firestore:"idx"`
	AskerUID     string    `firestore:"asker_uid"`
	WillsonerUID string    `firestore:"willsoner_uid"`
	Status       string    `firestore:"status"`
	StartedAt    time.Time `firestore:"started_at"`
	Concern      struct {
		Idx      int64  `firestore:"idx"`
		Minutes  int64  `firestore:"minutes"`
		Nickname string `firestore:"nickname"`
		AskerPic string `firestore:"asker_pic"`
	} `firestore:"concern"`
	Willsoner struct {
		Idx           int64    `firestore:"idx"`
		Introduction  string   `firestore:"introduction"`
		Experience    string   `firestore:"experience"`
		Nickname      string   `firestore:"nickname"`
		Gender        string   `firestore:"gender"`
		Pic           string   `firestore:"pic"`
		ImagePic      string   `firestore:"image_pic"`
		Keywords      []string `firestore:"keywords"`
		Subcategories []struct {
			Name     string `firestore:"name"`
			Category string `firestore:"category"`
		} `firestore:"subcategories"`
	} `firestore:"willsoner"`
}

// BenchmarkDecode decodes a chatroom's document from its bytes, and as one would with the
// library alone: into protobuf messages and from these with DataTo.
func BenchmarkDecode(b *testing.B) {
	doc := message("projects/willson/databases/(default)/documents/chatrooms/1205312339_SrIE0U2lHWcbtJvBFl3cXClRsY02_1605158334584", fields{
		"idx":           18236,
		"asker_uid":     "SrIE0U2lHWcbtJvBFl3cXClRsY02",
		"willsoner_uid": "1205312339",
		"status":        "chat",
		"started_at":    instant,
		"concern":       fields{"idx": 1513, "nickname": "잔나", "minutes": 50, "asker_pic": "https://example.com/a.png"},
		"willsoner": fields{
			"idx":           12,
			"introduction":  "안녕하세요",
			"experience":    "함께 이야기해요",
			"nickname":      "지수",
			"gender":        "F",
			"pic":           "https://example.com/w.png",
			"image_pic":     "https://example.com/willson_04.jpg",
			"subcategories": []any{fields{"name": "이별", "category": "연애"}, fields{"name": "진로", "category": "학업"}},
			"keywords":      []any{"위로", "공감", "집"},
		},
	})
	raw, snapshot, schema := encode(b, doc), newLibrary(b).snapshot(b, doc), docbytes.For[chatroom]()
	var got, want chatroom
	if err := errors.Join(schema.Decode(raw, &got), snapshot.DataTo(&want)); err != nil || !reflect.DeepEqual(got, want) {
		b.Fatalf("%v: got %+v\nwant %+v", err, got, want)
	}
	b.Run("docbytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got = chatroom{}
			if err := schema.Decode(raw, &got); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("messages and DataTo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got = chatroom{}
			if err := proto.Unmarshal(raw, &pb.Document{}); err != nil {
				b.Fatal(err)
			}
			if err := snapshot.DataTo(&got); err != nil {
				b.Fatal(err)
			}
		}
	})
}
