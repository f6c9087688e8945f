package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"willson/internal/fakefirestore"
	"willson/internal/storetest"
	"willson/life"
	"willson/store"
)

// answering is a Firestore whose queries of a collection find what is under its name,
// whatever they ask for, and are noted.
type answering struct {
	pb.UnimplementedFirestoreServer
	documents map[string][][]byte

	mu    sync.Mutex
	asked []*pb.StructuredQuery
}

func (a *answering) RunQuery(query *pb.RunQueryRequest, stream pb.Firestore_RunQueryServer) error {
	a.mu.Lock()
	a.asked = append(a.asked, query.GetStructuredQuery())
	a.mu.Unlock()
	for _, doc := range a.documents[query.GetStructuredQuery().GetFrom()[0].GetCollectionId()] {
		response := &pb.RunQueryResponse{} // unknown fields are sent as they are
		response.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), doc))
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return nil
}

func (a *answering) open(t testing.TB) *subject {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterFirestoreServer(server, a)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	return open(t, l.Addr().String())
}

// encode is a document as it goes over the wire.
func encode(t testing.TB, path string, doc any) []byte {
	t.Helper()
	s, server := faked(t)
	s.put(t, docs{path: doc})
	for _, call := range server.Calls() {
		if commit, ok := call.Request.(*pb.CommitRequest); ok {
			b, err := proto.Marshal(commit.GetWrites()[0].GetUpdate())
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatal("nothing was written")
	return nil
}

// FuzzDocument has Firestore send any bytes at all as a document of either list: a list
// or none, never a panic or a failure, and never another's.
func FuzzDocument(f *testing.F) {
	for _, doc := range []any{room(1), reservation(2), fields{"asker_uid": asker, "status": "chat", "idx": 1}, fields{"asker_uid": 1, "idx": "x"}} {
		raw := encode(f, "chatrooms/a", doc)
		f.Add(raw)
		f.Add(raw[:len(raw)-3])
		f.Add(slices.Concat(raw, raw))
	}
	var server answering
	s := server.open(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		server.documents = map[string][][]byte{"chatrooms": {raw}, "reservations": {raw}}
		for _, caller := range []life.Caller{of(asker), counselled(willsoner)} {
			got, err := s.Sessions(context.Background(), caller)
			if (err == nil) != (len(got.UnderWay)+len(got.Reserved) > 0) || err != nil && err != life.ErrNotFound {
				t.Fatal(err)
			}
			for _, r := range got.UnderWay {
				if caller == of(r.AskerUID) == (caller == counselled(r.WillsonerUID)) || r.Status != life.Chat || r.Idx <= 0 {
					t.Errorf("%+v", r)
				}
			}
			for _, r := range got.Reserved {
				if caller == of(r.AskerUID) == (caller == counselled(r.WillsonerUID)) || r.Status != life.Reserved || r.Idx <= 0 {
					t.Errorf("%+v", r)
				}
			}
		}
		s.log.Reset()
		server.asked = nil
	})
}

// FuzzActions has three people do anything with the matches between them, at any time,
// now and then two at once or with a lost reply, and looks for broken invariants.
func FuzzActions(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		steps := make([]byte, 300)
		for i := range steps {
			steps[i] = byte(random.Uint32())
		}
		f.Add(steps)
	}
	people := []string{"a", "b", "c/d"}
	f.Fuzz(func(t *testing.T, steps []byte) {
		t.Parallel()
		s, server := faked(t)
		s.put(t, someMatches(people))
		do := func(what, who, idx byte) {
			uid, match := people[who%3], int64(idx%10)+1
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			var err error
			switch what % 6 {
			case 0:
				_, err = s.Select(ctx, uid, match)
			case 1:
				_, err = s.Join(ctx, of(uid), match)
			case 2:
				_, err = s.Join(ctx, counselled(uid), match)
			case 3:
				_, err = s.Complete(ctx, uid, match)
			case 4:
				_, err = s.Review(ctx, life.Review{MatchIdx: match, AskerUID: uid, Rating: float64(what%5) + 1, ImageIdx: 1, Content: fmt.Sprint(what)})
			case 5:
				// In a room, whose start is written before, and once.
				chats := s.client.Collection("chatrooms/" + read[life.Match](t, s, storetest.Path(match)).Roomkey + "/chats")
				if start, missing := chats.Doc("start").Get(ctx); missing == nil && start.Exists() {
					_, _ = chats.Doc("m").Create(ctx, fields{"uid": uid, "message": "집", "timeStamp": noon})
				}
				err = s.Report(ctx, uid, match, []string{"m"})
			}
			for _, known := range []error{nil, life.ErrNotFound, life.ErrAlreadyMatched, life.ErrTooEarly, life.ErrReviewExists, store.ErrUnavailable} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Errorf("action %d of %s on %d: %v", what%6, uid, match, err)
		}
		for len(steps) >= 3 {
			what, who, idx := steps[0], steps[1], steps[2]
			steps = steps[3:]
			s.clock.set(s.clock.Now().Add(time.Duration(who/16) * time.Minute))
			switch {
			case idx >= 0xf0:
				server.OnCall(fakefirestore.On("Commit", fakefirestore.First(1, fakefirestore.Fault{Lost: true, Err: status.Error(codes.Unavailable, "lost")})))
				do(what, who, idx)
				server.OnCall(nil)
			case idx >= 0xe0:
				together(2, func(i int) { do(what+byte(i), who+byte(i)*(idx&1), idx) })
			default:
				do(what, who, idx)
			}
		}
		s.consistent(t)
	})
}

// someMatches are ten matches: two of one concern, overlapping hours, one with oneself,
// an old reservation whose roomkey is that of another match's room, and two offers on a
// concern that was paid for, with the accounts.
func someMatches(people []string) docs {
	a, b, c := people[0], people[1], people[2]
	matches := []life.Match{
		storetest.Waiting(1, a, b),
		storetest.Waiting(2, a, c),
		storetest.Waiting(3, b, c, storetest.At(later(60))),
		storetest.Waiting(4, c, a, storetest.At(later(109))),
		storetest.Waiting(5, a, a),
		storetest.Waiting(6, c, b),
		storetest.Waiting(7, b, a, storetest.At(later(200))),
		storetest.Waiting(8, b, a),
	}
	matches[1].ConcernIdx = matches[0].ConcernIdx
	for i := range matches[6:] {
		matches[6+i].Status, matches[6+i].Roomkey = life.Chat, "shared"
	}
	all := docs{
		"reservations/old":             matches[6].Reservation(),
		"chatrooms/shared":             matches[7].Chatroom(later(-40)),
		"chatrooms/shared/chats/start": fields{"uid": "start", "message": "", "timeStamp": firestore.ServerTimestamp},
	}
	concern := storetest.Paid(5_000_000, a, later(600)) // so that its time lasts
	account, given := storetest.Account(a, 20, noon)
	all["concerns/5000000"], all["askers/a"], all["askers/a/transactions/welcome"] = concern, account, given
	all["willsoners/b"] = storetest.Profile(b, noon)
	matches = append(matches, storetest.Offered(9, concern, b, noon), storetest.Offered(10, concern, c, noon))
	for _, m := range matches {
		all[storetest.Path(m.Idx)] = m
	}
	return all
}
