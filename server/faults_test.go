package server_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"willson/internal/fakefirestore"
	"willson/internal/issuer"
	"willson/internal/storetest"
	"willson/life"
)

const (
	list   = "/api/v1/asker/chat/chatrooms"
	choose = "/api/v1/asker/list/matches/7/select"
)

// slack is what a busy machine may add to a bound on time.
const slack = 3 * time.Second

// A phone asks as one user, on connections of its own.
type phone struct {
	client *http.Client
	base   string
	token  string
}

func newPhone(t testing.TB, base, token string) *phone {
	transport := &http.Transport{MaxIdleConnsPerHost: 600}
	t.Cleanup(transport.CloseIdleConnections)
	return &phone{client: &http.Client{Transport: transport, Timeout: time.Minute}, base: base, token: token}
}

// ask asks for the list; it returns the answer's status, and how long it took.
func (p *phone) ask() (status int, took time.Duration, err error) {
	return p.send(http.MethodGet, list, "")
}

func (p *phone) send(method, path, body string) (status int, took time.Duration, err error) {
	req, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("x-token", p.token)
	start := time.Now()
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, time.Since(start), err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, time.Since(start), err
}

// A faulty is a server over a Firestore and a Google made to order, in which "asker" has
// one session under way, three reserved ones and a match 7 to accept, and a phone of
// that asker.
type faulty struct {
	*phone
	firestore *fakefirestore.Server
	google    *issuer.Issuer
	server    *serverUnderTest
}

// startFaulty returns when the server serves.
func startFaulty(t *testing.T, env map[string]string) faulty {
	t.Helper()
	f := faulty{google: startGoogle(t), firestore: fakefirestore.New(t)}
	putFour(t, f.firestore, "asker")
	full := map[string]string{"FIRESTORE_EMULATOR_HOST": f.firestore.Addr(), "REQUEST_DEADLINE": "1s", "LOG_LEVEL": "error"}
	maps.Copy(full, env)
	f.server = startServer(t, full)
	f.phone = newPhone(t, f.server.base, f.google.Token("asker"))
	waitServed(t, f.phone)
	return f
}

// putFour stores one session under way, three reserved ones and a match to accept.
func putFour(t testing.TB, fake *fakefirestore.Server, asker string) {
	t.Helper()
	client := firestoreClient(t, testProject, fake.Addr())
	m := storetest.Waiting(7, asker, "1205312339")
	concern, card := m.Brief, m.Card
	concern.Idx, card.Idx, card.Nickname = m.ConcernIdx, m.WillsonerIdx, "with "+asker
	docs := map[string]any{
		storetest.Path(7): m,
		"chatrooms/" + asker + "_1205312339_1": life.Chatroom{
			Idx: 1, AskerUID: asker, WillsonerUID: "1205312339", Status: life.Chat, StartedAt: m.CreatedAt, Brief: concern, Card: card,
		},
	}
	for idx := int64(2); idx < 5; idx++ {
		docs[fmt.Sprintf("reservations/%s-%d", asker, idx)] = life.Reservation{
			Idx: idx, Roomkey: asker + "_x", AskerUID: asker, Status: life.Reserved, StartsAt: m.CreatedAt, Brief: concern, Card: card,
		}
	}
	putAll(t, client, docs)
}

// waitServed waits for a 200, as long as a server may take to be back after an outage.
func waitServed(t *testing.T, p *phone) {
	t.Helper()
	const back = 5 * time.Second
	for start := time.Now(); ; {
		status, _, err := p.ask()
		if status == http.StatusOK {
			return
		}
		if time.Since(start) > back+slack {
			t.Fatalf("not back after %s: %d %v", time.Since(start), status, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A load is phones that ask without a pause until it is stopped.
type load struct {
	stop func()

	mu      sync.Mutex
	seen    map[int]int // answers by status
	slowest time.Duration
	dropped []error // connections that broke; not those that were never taken
}

func startLoad(phones int, ask func() (status int, took time.Duration, err error)) *load {
	l := &load{seen: map[int]int{}}
	var stopping atomic.Bool
	var running sync.WaitGroup
	for range phones {
		running.Go(func() {
			for !stopping.Load() {
				status, took, err := ask()
				l.mu.Lock()
				l.slowest = max(l.slowest, took)
				if err == nil {
					l.seen[status]++
				} else if !errors.Is(err, syscall.ECONNREFUSED) {
					l.dropped = append(l.dropped, err)
				}
				l.mu.Unlock()
			}
		})
	}
	l.stop = func() {
		stopping.Store(true)
		running.Wait()
	}
	return l
}

// waitFor waits until n more answers with that status were seen.
func (l *load) waitFor(t *testing.T, status, n int) {
	t.Helper()
	count := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.seen[status]
	}
	before := count()
	waitFor(t, fmt.Sprintf("%d answers with %d", n, status), func() bool { return count() >= before+n })
}

// only fails the test unless every request was answered, within a time and with one of
// these statuses.
func (l *load) only(t *testing.T, within time.Duration, statuses ...int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("answers by status: %v, the slowest after %s", l.seen, l.slowest)
	for status := range l.seen {
		if !slices.Contains(statuses, status) {
			t.Errorf("%d answers with %d", l.seen[status], status)
		}
	}
	if l.slowest > within+slack {
		t.Errorf("an answer took %s, more than %s", l.slowest, within)
	}
	if len(l.dropped) > 0 {
		t.Errorf("%d requests were dropped, the first with: %v", len(l.dropped), l.dropped[0])
	}
}

// TestFirestoreFaults: what the client sees of each fault, how fast, and that the server
// is back by itself. What each code comes to is in store's tests.
func TestFirestoreFaults(t *testing.T) {
	f := startFaulty(t, nil)
	const deadline = time.Second
	always := func(fault fakefirestore.Fault) func() {
		return func() { f.firestore.OnCall(fakefirestore.Always(fault)) }
	}
	for _, row := range []struct {
		name   string
		fault  func()
		mend   func()
		status int
	}{
		{"slow", always(fakefirestore.Fault{Delay: deadline / 20}), nil, 200},
		{"slower than the deadline", always(fakefirestore.Fault{Delay: 2 * deadline}), nil, 504},
		{"hangs", always(fakefirestore.Fault{Hang: true}), nil, 504},
		{"hangs after a document", always(fakefirestore.Fault{Documents: 1, Hang: true}), nil, 504},
		{"frozen", f.firestore.Freeze, f.firestore.Thaw, 504},
		{"reset", always(fakefirestore.Fault{Reset: true}), nil, 503},
		{"killed", f.firestore.Kill, func() {
			if err := f.firestore.Restart(); err != nil {
				t.Fatal(err)
			}
		}, 503},
		{"unavailable once", func() { f.firestore.OnCall(fakefirestore.First(1, fakefirestore.Code(codes.Unavailable))) }, nil, 200},
		{"unavailable", always(fakefirestore.Code(codes.Unavailable)), nil, 503},
		{"overloaded", always(fakefirestore.Code(codes.ResourceExhausted)), nil, 503},
		{"refuses us", always(fakefirestore.Code(codes.PermissionDenied)), nil, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, request := range [][]string{{http.MethodGet, list}, {http.MethodPatch, choose}} {
				row.fault()
				status, took, err := f.send(request[0], request[1], "")
				if status != row.status || took > deadline+slack {
					t.Errorf("%s: %d %v after %s, want %d", request[0], status, err, took, row.status)
				}
				f.firestore.OnCall(nil)
				if row.mend != nil {
					row.mend()
				}
				waitServed(t, f.phone)
				waitFor(t, "a change is served, over a connection of its own", func() bool {
					status, _, _ := f.send(http.MethodPatch, choose, "")
					return status == http.StatusOK
				})
			}
		})
	}
}

// TestKilledMidRequest: requests that wait for Firestore when it dies get an answer, not
// their deadline's end.
func TestKilledMidRequest(t *testing.T) {
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "20s"})
	asked := make(chan struct{}, 100)
	f.firestore.OnCall(func(fakefirestore.Call) fakefirestore.Fault {
		asked <- struct{}{}
		return fakefirestore.Fault{Hang: true}
	})
	type answer struct {
		status int
		took   time.Duration
	}
	answered := make(chan answer)
	for range 10 {
		go func() {
			status, took, _ := f.ask()
			answered <- answer{status, took}
		}()
	}
	for range 20 { // two queries each
		<-asked
	}
	f.firestore.Kill()
	for range 10 {
		if a := <-answered; a.status != http.StatusServiceUnavailable || a.took > 10*time.Second {
			t.Errorf("%d after %s, want 503 long before the deadline", a.status, a.took)
		}
	}
}

// TestStopUnderLoad: a server that is told to stop answers every request that it took,
// also one that takes longer than it still reads new ones, and ends in time.
func TestStopUnderLoad(t *testing.T) {
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "5s"})
	var calls atomic.Int64
	f.firestore.OnCall(func(fakefirestore.Call) fakefirestore.Fault {
		if calls.Add(1)%100 == 0 {
			return fakefirestore.Fault{Delay: 2 * time.Second}
		}
		return fakefirestore.Fault{Delay: 20 * time.Millisecond}
	})
	load := startLoad(16, f.ask)
	load.waitFor(t, 200, 200)
	start := time.Now()
	if err := f.server.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	if took := time.Since(start); took > 9*time.Second { // Cloud Run kills after ten
		t.Errorf("stopping took %s", took)
	}
	load.stop()
	load.only(t, 5*time.Second, 200)
	if _, _, err := f.ask(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("still listening: %v", err)
	}
}

// TestSlowClients: connections that send a byte now and then, of their headers, of a body
// or of the headers of their second request, are cut off, and phones beside them do not
// notice.
func TestSlowClients(t *testing.T) {
	f := startFaulty(t, map[string]string{"MAX_IN_FLIGHT": "16"})
	const slow = 200
	closed := make(chan time.Duration, slow)
	for n := range slow {
		begin := "GET " + list + " HTTP/1.1\r\nHost: x\r\nx-token: "
		switch n % 3 {
		case 1:
			begin = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n" + begin
		case 2:
			begin = "POST /api/v1/asker/chat/review HTTP/1.1\r\nHost: x\r\nx-token: " + f.token + "\r\nContent-Length: 60000\r\n\r\n{"
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			start := time.Now()
			ended := make(chan struct{})
			go func() {
				io.Copy(io.Discard, conn)
				close(ended)
				closed <- time.Since(start)
			}()
			io.WriteString(conn, begin)
			for tick := time.NewTicker(250 * time.Millisecond); ; {
				select {
				case <-ended:
					tick.Stop()
					return
				case <-tick.C:
					io.WriteString(conn, " ")
				}
			}
		}()
	}
	load := startLoad(4, f.ask)
	for range slow {
		select {
		case after := <-closed:
			if after > 10*time.Second+slack {
				t.Errorf("a slow client was cut off after %s", after)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a slow client was not cut off")
		}
	}
	load.stop()
	load.only(t, time.Second, 200)
}
