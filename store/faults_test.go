package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
	"willson/life"
	"willson/store"
)

// transient are the codes after which the same request may succeed.
var transient = []codes.Code{
	codes.Canceled, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Internal, codes.Unavailable, codes.Unknown, codes.Unauthenticated,
}

// plain fails the test unless err is an error that only an operator can do something about.
func plain(t testing.TB, err error) {
	t.Helper()
	for _, known := range []error{nil, life.ErrNotFound, life.ErrAlreadyMatched, life.ErrTooEarly, life.ErrReviewExists, store.ErrUnavailable, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			t.Errorf("%v is %v", err, known)
		}
	}
}

// TestCodes answers a call of a select, or a list's query, with an error, once or for ever.
func TestCodes(t *testing.T) {
	t.Parallel()
	type row struct {
		method string // and what stands in the request
		err    error
		times  int64
	}
	of := func(code codes.Code) error { return status.Error(code, "made to order") }
	var rows []row
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		rows = append(rows, row{"RunQuery chatrooms", of(code), 1}, row{"Commit", of(code), 1}, row{"Commit", of(code), 1000}, row{"a list", of(code), 1}, row{"a list", of(code), 1000})
	}
	for _, method := range []string{"BeginTransaction", "BatchGetDocuments", "BatchGetDocuments transaction", "RunQuery reservations", "RunQuery matches"} {
		rows = append(rows, row{method, of(codes.Unavailable), 1}, row{method, of(codes.Unavailable), 1000}, row{method, of(codes.DataLoss), 1})
	}
	for _, says := range []string{"The referenced transaction has expired or is no longer valid.", "Transaction is invalid or closed."} {
		over := status.Error(codes.InvalidArgument, says)
		rows = append(rows, row{"BatchGetDocuments transaction", over, 1}, row{"Commit", over, 1}, row{"Commit", over, 1000})
	}
	for _, test := range rows {
		t.Run(fmt.Sprint(test.method, " ", test.err, " ", test.times), func(t *testing.T) {
			t.Parallel()
			s, server := faked(t)
			s.put(t, session("waiting"))
			ask, isList := func() error { _, err := s.Select(within(t), asker, 1); return err }, test.method == "a list"
			if isList {
				s.put(t, session("chat"))
				ask, test.method = func() error { return list(t, s) }, "RunQuery chatrooms"
			}
			method, part, _ := strings.Cut(test.method, " ")
			var count atomic.Int64
			server.OnCall(fakefirestore.On(method, func(call fakefirestore.Call) fakefirestore.Fault {
				if !strings.Contains(fmt.Sprint(call.Request), part) || count.Add(1) > test.times {
					return fakefirestore.Fault{}
				}
				return fakefirestore.Fault{Err: test.err}
			}))
			err := ask()
			attempts := s.metric(t, "willson_change_retries_total", "select") + 1
			code := status.Code(test.err)
			passes := slices.Contains(transient, code) || strings.Contains(test.err.Error(), "ransaction") || code == codes.AlreadyExists && !isList
			switch {
			case !passes:
				plain(t, err)
				same(t, attempts, 1)
			case test.times == 1 && err != nil:
				t.Error(err)
			case test.times == 1 && isList:
				same(t, int(count.Load()), 2)
			case test.times == 1 && test.method != "BatchGetDocuments": // the first look is a read by itself
				same(t, attempts, 2)
			case code == codes.AlreadyExists && test.times > 1:
				plain(t, err) // no race: something else wrote what select creates
				same(t, attempts, 5)
			case test.times > 1 && !errors.Is(err, store.ErrUnavailable):
				t.Error(err)
			case test.times > 1 && isList:
				same(t, int(count.Load()), 3)
			case test.times > 1 && test.method != "BatchGetDocuments":
				same(t, attempts, 5)
			}
			if !isList {
				same(t, s.metric(t, "willson_changes_total", "select", map[bool]string{true: "done", false: "failed"}[err == nil]), 1)
			}
			server.OnCall(nil)
			if wrote := read[life.Match](t, s, "matches/1").Status == life.Chat; wrote != (err == nil || isList) {
				t.Errorf("written: %t", wrote)
			}
			if err := ask(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			s.consistent(t)
		})
	}
}

// list asks for a list that has one room.
func list(t testing.TB, s *subject) error {
	got, err := s.Sessions(within(t), life.Caller{Party: life.Asker, UID: asker})
	if err == nil && len(got.UnderWay) != 1 || err != nil && len(got.UnderWay)+len(got.Reserved) > 0 {
		t.Errorf("%d rooms and %v", len(got.UnderWay), err)
	}
	return err
}

// TestBrokenOff ends an answer after its first document.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakefirestore.Fault{
		"a status":           {Documents: 1, Err: status.Error(codes.Unavailable, "made to order")},
		"a reset connection": {Documents: 1, Reset: true},
	} {
		for _, times := range []int64{1, 1000} {
			s, server := faked(t)
			s.put(t, session("chat"))
			server.OnCall(fakefirestore.First(times, fault))
			if err := list(t, s); times == 1 && err != nil || times > 1 && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s, %d times: %v", name, times, err)
			}
		}
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code          codes.Code
		says, advises string
	}{
		{codes.FailedPrecondition, "The query requires an index. You can create it here: …", "deploy the indexes: `firebase deploy --only firestore:indexes`"},
		{codes.FailedPrecondition, "The query requires an index. That index is currently building and cannot be used yet.", "firebase deploy --only firestore:indexes"},
		{codes.FailedPrecondition, "The Cloud Firestore API is not available for Firestore in Datastore Mode database …", "needs one in Native mode"},
		{codes.FailedPrecondition, "something else", ""},
		{codes.PermissionDenied, "Missing or insufficient permissions.", "roles/datastore.user"},
		{codes.PermissionDenied, "Cloud Firestore API has not been used in project 1 before or it is disabled.", "gcloud services enable firestore.googleapis.com"},
		{codes.PermissionDenied, "App Check token is invalid.", "App Check is enforced"},
		{codes.PermissionDenied, "something else", ""},
		{codes.Unauthenticated, "Request had invalid authentication credentials.", "credentials of a service account"},
		{codes.NotFound, "The database (default) does not exist for project demo", "gcloud firestore databases create"},
		{codes.NotFound, "something else", ""},
		{codes.InvalidArgument, "requires an index", ""},
	} {
		s, server := faked(t)
		s.put(t, session("chat"))
		server.OnCall(fakefirestore.Always(fakefirestore.Fault{Err: status.Error(test.code, test.says)}))
		_, err := s.Complete(within(t), asker, 1)
		for _, err := range []error{err, list(t, s)} {
			if test.code != codes.Unauthenticated { // which passes now and then
				plain(t, err)
			} else if !errors.Is(err, store.ErrUnavailable) {
				t.Error(err)
			}
			if text := err.Error(); !strings.Contains(text, test.says) || !strings.Contains(text, test.advises) ||
				test.advises == "" && !strings.HasSuffix(text, test.says) {
				t.Errorf("%v: %q, want the advice %q", test.code, text, test.advises)
			}
		}
	}
}

// TestLostReplies has the commit stored, and its reply lost in several ways.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	for name, call := range calls() {
		for _, fault := range []fakefirestore.Fault{
			{Lost: true, Err: status.Error(codes.Unavailable, "made to order")},
			{Lost: true, Err: status.Error(codes.DeadlineExceeded, "made to order")},
			{Lost: true, Hang: true},
		} {
			t.Run(fmt.Sprintf("%s %v", name, fault.Err), func(t *testing.T) {
				t.Parallel()
				s, server := faked(t)
				switch call.action {
				case life.Selects:
					s.put(t, session("waiting"))
				case life.Joins:
					s.put(t, session("reserved"))
					s.clock.set(later(60))
				default:
					s.put(t, session("chat"))
				}
				writes := server.Writes()
				ctx, cancel := context.WithCancel(within(t))
				defer cancel()
				server.OnCall(fakefirestore.On("Commit", fakefirestore.First(1, fault)))
				if fault.Hang { // the caller leaves when it is stored
					go func() {
						for server.Writes() == writes {
							time.Sleep(time.Millisecond)
						}
						cancel()
					}()
				}
				answer, err := call.do(ctx, s, call.caller(), 1)
				done := server.Writes()
				if done == writes {
					t.Error("nothing was written")
				}
				lines := s.log.with("session changed")
				if fault.Hang {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				} else if err != nil || len(lines) != 1 || lines[0]["action"] != string(call.action) || s.metric(t, "willson_changes_total", string(call.action), "done") != 1 {
					t.Errorf("%v; logged %v", err, lines)
				}
				s.clock.set(later(61))
				again, err := call.do(within(t), s, call.caller(), 1)
				if want := map[bool]error{true: life.ErrReviewExists}[call.action == life.Reviews]; err != want {
					t.Errorf("the next: %v", err)
				} else if err == nil && !fault.Hang {
					same(t, again, answer)
				}
				same(t, server.Writes(), done)
				s.consistent(t)
			})
		}
	}
}

// TestLostCommit has a commit not arrive. The next attempt does not wait for the locks
// of the first, which the emulator keeps for a minute.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	var left atomic.Int64
	proxy, err := fakefirestore.ResetProxy(emulator(t), func(called string) (http2.ErrCode, bool) {
		return http2.ErrCodeInternal, called == "Commit" && left.Add(-1) >= 0
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	s := open(t, proxy.Addr().String())
	s.put(t, session("waiting"))
	left.Store(1)
	if _, err = s.Select(within(t), asker, 1); err != nil {
		t.Error(err)
	}
	same(t, s.metric(t, "willson_change_retries_total", "select"), 1)
}

// TestRollback has a transaction's end fail so often.
func TestRollback(t *testing.T) {
	t.Parallel()
	for fails, want := range map[int64]int{0: 1, 1: 2, 2: 3, 1000: 3} {
		var server *fakefirestore.Server
		t.Run(fmt.Sprint(fails), func(t *testing.T) { // its end waits for what goes on in the background
			var s *subject
			s, server = faked(t)
			s.put(t, session("chat"))
			s.edit(t, "chatrooms/room", "started_at", "noon")
			server.OnCall(fakefirestore.On("Rollback", fakefirestore.First(fails, fakefirestore.Code(codes.Unavailable))))
			_, err := s.Complete(within(t), asker, 1)
			plain(t, err)
		})
		same(t, server.Count("Rollback"), want)
	}
}

// TestLateReview has the commit of a review's first attempt stored after the second
// attempt has looked for it.
func TestLateReview(t *testing.T) {
	t.Parallel()
	s, server := faked(t)
	s.put(t, session("chat"))
	var commits atomic.Int64
	server.OnCall(fakefirestore.On("Commit", func(fakefirestore.Call) fakefirestore.Fault {
		n := commits.Add(1)
		s.clock.set(noon.Add(time.Duration(n) * time.Millisecond))
		switch n {
		case 1:
			return fakefirestore.Code(codes.Unavailable)
		case 2:
			s.put(t, docs{"reviews/1": fields{
				"match_idx": 1, "concern_idx": 1, "willsoner_idx": 1, "asker_uid": asker, "willsoner_uid": willsoner,
				"rating": 4.5, "image_idx": 2, "content": "좋아요", "created_at": noon,
			}})
		}
		return fakefirestore.Fault{}
	}))
	if _, err := calls()["review"].do(within(t), s, asker, 1); err != nil {
		t.Error(err)
	}
}

// TestNobodyListens has no server at all, and one that is gone and comes back.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	nobody := open(t, l.Addr().String())
	gone, server := faked(t)
	gone.put(t, session("chat"))
	if err := list(t, gone); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for _, s := range []*subject{nobody, gone} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := s.Complete(ctx, asker, 1)
		for _, err := range []error{err, list(t, s)} {
			if !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
				t.Error(err)
			}
		}
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := patiently(t, func(ctx context.Context) (life.Match, error) { return gone.Complete(ctx, asker, 1) }); err != nil {
		t.Error(err)
	}
}

// TestTheContextEnds has a request run out of time, or its client leave, at each call
// that a select makes and in a list.
func TestTheContextEnds(t *testing.T) {
	t.Parallel()
	hang, after := fakefirestore.Fault{Hang: true}, fakefirestore.Fault{Lost: true, Hang: true}
	for _, where := range []string{"before", "frozen", "BeginTransaction", "BatchGetDocuments", "RunQuery", "Commit", "after Commit", "between attempts", "a list", "a list, frozen"} {
		for _, want := range []error{context.DeadlineExceeded, context.Canceled} {
			t.Run(fmt.Sprint(where, " ", want), func(t *testing.T) {
				t.Parallel()
				s, server := faked(t)
				s.put(t, session("waiting"))
				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				if want == context.Canceled {
					ctx, cancel = context.WithCancel(context.Background())
				}
				defer cancel()
				reached := make(chan struct{}, 100)
				fault := func(f fakefirestore.Fault) fakefirestore.Hook {
					return func(fakefirestore.Call) fakefirestore.Fault { reached <- struct{}{}; return f }
				}
				switch where {
				case "before":
					if want == context.Canceled {
						cancel()
					}
					<-ctx.Done()
				case "frozen", "a list, frozen":
					if _, err := s.Complete(within(t), "connects", 1); err != life.ErrNotFound {
						t.Fatal(err)
					}
					server.Freeze()
					t.Cleanup(server.Thaw)
					reached <- struct{}{}
				case "after Commit":
					server.OnCall(fakefirestore.On("Commit", fault(after)))
				case "between attempts":
					server.OnCall(fault(fakefirestore.Code(codes.Unavailable)))
				case "a list":
					server.OnCall(fault(hang))
				default:
					server.OnCall(func(call fakefirestore.Call) fakefirestore.Fault {
						if call.Method == where || call.Method == "Rollback" {
							return fault(hang)(call)
						}
						return fakefirestore.Fault{}
					})
				}
				if want == context.Canceled {
					go func() { <-reached; cancel() }()
				}
				var err error
				if strings.HasPrefix(where, "a list") {
					_, err = s.Sessions(ctx, life.Caller{Party: life.Asker, UID: asker})
				} else {
					_, err = s.Select(ctx, asker, 1)
				}
				end := time.Now()
				<-ctx.Done() // a pause that would not end in time is not begun
				if !errors.Is(err, want) && !(where == "between attempts" && errors.Is(err, store.ErrUnavailable)) {
					t.Errorf("%v, want %v", err, want)
				}
				if ended, ok := ctx.Deadline(); ok && end.Sub(ended) > 4*time.Second { // the library waits 5 s for a rollback
					t.Errorf("%v late", end.Sub(ended))
				}
				server.Thaw()
				server.OnCall(nil)
				s.consistent(t)
				if _, err := patiently(t, func(ctx context.Context) (life.Match, error) { return s.Select(ctx, asker, 1) }); err != nil {
					t.Errorf("afterwards: %v", err)
				}
				s.consistent(t)
			})
		}
	}
}

// overdue is a context whose timer has not run yet.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Microsecond), true }

// TestOverdue has gRPC know that the deadline is over before the context does.
func TestOverdue(t *testing.T) {
	t.Parallel()
	lost := status.Error(codes.DeadlineExceeded, "stream terminated by RST_STREAM with error code: CANCEL")
	for ctx, want := range map[context.Context]error{overdue{context.Background()}: context.DeadlineExceeded, context.Background(): store.ErrUnavailable} {
		if err := store.Explain(ctx, lost); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// TestStreamResets sends RST_STREAM frames, with each code of HTTP/2, or to each call.
func TestStreamResets(t *testing.T) {
	t.Parallel()
	type row struct {
		method string
		code   http2.ErrCode
		times  int64
	}
	rows := []row{{"a list", http2.ErrCodeProtocol, 1000}, {"Commit", http2.ErrCodeProtocol, 1000}}
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		rows = append(rows, row{"a list", code, 1}, row{"Commit", code, 1})
	}
	for _, method := range []string{"RunQuery", "BeginTransaction", "BatchGetDocuments"} {
		rows = append(rows, row{method, http2.ErrCodeEnhanceYourCalm, 1}) // which gRPC makes a refused permission
	}
	for _, test := range rows {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			_, server := faked(t)
			var left atomic.Int64
			proxy, err := fakefirestore.ResetProxy(server.Addr(), func(called string) (http2.ErrCode, bool) {
				return test.code, called == strings.Replace(test.method, "a list", "RunQuery", 1) && left.Add(-1) >= 0
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { proxy.Close() })
			s := open(t, proxy.Addr().String())
			s.put(t, session(map[bool]string{true: "chat", false: "waiting"}[test.method == "a list"]))
			left.Store(test.times)
			if test.method == "a list" {
				err = list(t, s)
			} else {
				_, err = s.Select(within(t), asker, 1)
			}
			if test.times == 1 && err != nil || test.times > 1 && !errors.Is(err, store.ErrUnavailable) || left.Load() == test.times {
				t.Error(err)
			}
		})
	}
}
