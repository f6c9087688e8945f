package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"

	"willson/internal/issuer"
	"willson/internal/standin"
)

const list = "/api/v1/asker/chat/chatrooms"

// slack is what a busy machine may add to a bound on time.
const slack = 3 * time.Second

// A phone asks for one asker's list, on connections of its own.
type phone struct {
	client *http.Client
	url    string
	token  string
}

func newPhone(t testing.TB, base, token string) *phone {
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return &phone{client: &http.Client{Transport: transport, Timeout: time.Minute}, url: base + list, token: token}
}

// ask returns the answer's status, and how long it took.
func (p *phone) ask() (status int, took time.Duration, err error) {
	req, err := http.NewRequest(http.MethodGet, p.url, nil)
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
// one session under way and three reserved ones, and a phone of that asker.
type faulty struct {
	*phone
	firestore *standin.Server
	google    *issuer.Issuer
	server    *serverUnderTest
}

// startFaulty returns when the server serves.
func startFaulty(t *testing.T, env map[string]string) faulty {
	t.Helper()
	f := faulty{google: startGoogle(t)}
	var err error
	if f.firestore, err = standin.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.firestore.Close)
	for idx := 1; idx < 5; idx++ {
		collection := "reservations"
		id, fields := standin.Reservation("asker", idx, time.Now().Add(time.Hour))
		if idx == 1 {
			collection = "chatrooms"
			id, fields = standin.Chatroom("asker", idx, time.Now())
		}
		if err := f.firestore.Put(collection, id, fields); err != nil {
			t.Fatal(err)
		}
	}
	full := map[string]string{"FIRESTORE_EMULATOR_HOST": f.firestore.Addr(), "REQUEST_DEADLINE": "1s", "LOG_LEVEL": "error"}
	maps.Copy(full, env)
	f.server = startServer(t, full)
	f.phone = newPhone(t, f.server.base, f.google.Token("asker"))
	waitServed(t, f.phone)
	return f
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

func startLoad(p *phone, phones int) *load {
	l := &load{seen: map[int]int{}}
	var stopping atomic.Bool
	var running sync.WaitGroup
	for range phones {
		running.Go(func() {
			for !stopping.Load() {
				status, took, err := p.ask()
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
// is back by itself.
func TestFirestoreFaults(t *testing.T) {
	f := startFaulty(t, nil)
	p, firestore := f.phone, f.firestore
	const deadline = time.Second
	always := func(f standin.Fault) func() {
		return func() { firestore.OnQuery(standin.Always(f)) }
	}
	code := func(c codes.Code) func() { return always(standin.Code(c)) }
	for _, row := range []struct {
		name   string
		fault  func()
		mend   func()
		status int
		within time.Duration
	}{
		{"slow", always(standin.Fault{Delay: deadline / 5}), nil, 200, deadline},
		{"slower than the deadline", always(standin.Fault{Delay: 2 * deadline}), nil, 504, deadline},
		{"hangs", always(standin.Fault{Hang: true}), nil, 504, deadline},
		{"hangs after a document", always(standin.Fault{After: 1, Hang: true}), nil, 504, deadline},
		{"frozen", firestore.Freeze, firestore.Thaw, 504, deadline},
		{"reset", always(standin.Fault{Reset: true}), nil, 503, deadline},
		{"reset after a document", always(standin.Fault{After: 1, Reset: true}), nil, 503, deadline},
		{"killed", firestore.Kill, func() {
			if err := firestore.Restart(); err != nil {
				t.Fatal(err)
			}
		}, 503, deadline},
		{"UNAVAILABLE once", func() { firestore.OnQuery(standin.First(1, standin.Code(codes.Unavailable))) }, nil, 200, deadline},
		{"UNAVAILABLE once, after a document", func() {
			firestore.OnQuery(standin.First(1, standin.Fault{After: 1, Err: standin.Code(codes.Unavailable).Err}))
		}, nil, 200, deadline},
		{"UNAVAILABLE", code(codes.Unavailable), nil, 503, deadline},
		{"DEADLINE_EXCEEDED", code(codes.DeadlineExceeded), nil, 504, deadline},
		{"CANCELLED", code(codes.Canceled), nil, 500, deadline},
		{"UNKNOWN", code(codes.Unknown), nil, 500, deadline},
		{"INVALID_ARGUMENT", code(codes.InvalidArgument), nil, 500, deadline},
		{"NOT_FOUND", code(codes.NotFound), nil, 500, deadline},
		{"ALREADY_EXISTS", code(codes.AlreadyExists), nil, 500, deadline},
		{"PERMISSION_DENIED", code(codes.PermissionDenied), nil, 500, deadline},
		{"RESOURCE_EXHAUSTED", code(codes.ResourceExhausted), nil, 500, deadline},
		{"FAILED_PRECONDITION", code(codes.FailedPrecondition), nil, 500, deadline},
		{"ABORTED", code(codes.Aborted), nil, 500, deadline},
		{"OUT_OF_RANGE", code(codes.OutOfRange), nil, 500, deadline},
		{"UNIMPLEMENTED", code(codes.Unimplemented), nil, 500, deadline},
		{"INTERNAL", code(codes.Internal), nil, 500, deadline},
		{"DATA_LOSS", code(codes.DataLoss), nil, 500, deadline},
		{"UNAUTHENTICATED", code(codes.Unauthenticated), nil, 500, deadline},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.fault()
			status, took, err := p.ask()
			if status != row.status || took > row.within+slack {
				t.Errorf("%d %v after %s, want %d within %s", status, err, took, row.status, row.within)
			}
			firestore.OnQuery(nil)
			if row.mend != nil {
				row.mend()
			}
			waitServed(t, p)
		})
	}
}

// TestKilledMidRequest: requests that wait for Firestore when it dies get an answer, not
// their deadline's end.
func TestKilledMidRequest(t *testing.T) {
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "20s"})
	asked := make(chan struct{}, 100)
	f.firestore.OnQuery(func(int, *firestorepb.RunQueryRequest) standin.Fault {
		asked <- struct{}{}
		return standin.Fault{Hang: true}
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

// TestFirestoreKilledUnderLoad kills the real emulator for ten seconds while phones ask.
func TestFirestoreKilledUnderLoad(t *testing.T) {
	google := startGoogle(t)
	emulator := startEmulator(t)
	emulator.put(t, "asker")
	const deadline = 2 * time.Second
	server := startServer(t, map[string]string{
		"FIRESTORE_EMULATOR_HOST": emulator.addr,
		"REQUEST_DEADLINE":        deadline.String(),
		"LOG_LEVEL":               "error",
	})
	p := newPhone(t, server.base, google.Token("asker"))
	waitFor(t, "a first answer", func() bool { status, _, _ := p.ask(); return status == http.StatusOK })

	load := startLoad(p, 8)
	load.waitFor(t, 200, 50)
	emulator.kill()
	load.waitFor(t, 503, 50)
	time.Sleep(10 * time.Second) // the outage is the point
	emulator.start(t)
	waitServed(t, p)
	load.stop()
	load.only(t, deadline, 200, 503, 504)

	emulator.signal(syscall.SIGSTOP)
	if status, took, err := p.ask(); status != http.StatusGatewayTimeout || took > deadline+slack {
		t.Errorf("frozen: %d %v after %s, want 504 at the deadline", status, err, took)
	}
	emulator.signal(syscall.SIGCONT)
	waitServed(t, p)
}

// TestStopUnderLoad: a server that is told to stop answers every request that it took.
func TestStopUnderLoad(t *testing.T) {
	f := startFaulty(t, nil)
	f.firestore.SetLatency(20 * time.Millisecond)
	load := startLoad(f.phone, 16)
	load.waitFor(t, 200, 200)
	start := time.Now()
	if err := f.server.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	load.stop()
	load.only(t, time.Second, 200)
}

// TestTooManyInFlight: beyond the bound a request is turned away at once, and the
// process still says that it lives.
func TestTooManyInFlight(t *testing.T) {
	const bound = 8
	f := startFaulty(t, map[string]string{"MAX_IN_FLIGHT": "8", "REQUEST_DEADLINE": "30s"})
	asked := make(chan struct{}, 2*bound)
	release := make(chan struct{})
	f.firestore.OnQuery(func(int, *firestorepb.RunQueryRequest) standin.Fault {
		asked <- struct{}{}
		<-release
		return standin.Fault{}
	})
	var served sync.WaitGroup
	for range bound {
		served.Go(func() {
			if status, _, err := f.ask(); status != http.StatusOK {
				t.Errorf("within the bound: %d %v", status, err)
			}
		})
	}
	for range 2 * bound {
		<-asked
	}
	if status, took, err := f.ask(); status != http.StatusServiceUnavailable || took > slack {
		t.Errorf("beyond the bound: %d %v after %s, want 503 at once", status, err, took)
	}
	if resp, err := f.client.Get(f.server.base + "/healthz"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("healthz: %v %v", resp, err)
	}
	close(release)
	served.Wait()
}

// TestSlowClients: connections that send a byte now and then are cut off, and phones
// beside them do not notice.
func TestSlowClients(t *testing.T) {
	f := startFaulty(t, nil)
	const slow = 200
	closed := make(chan time.Duration, slow)
	for range slow {
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.server.base, "http://"))
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
			io.WriteString(conn, "GET "+list+" HTTP/1.1\r\nHost: x\r\nx-token: ")
			for tick := time.NewTicker(250 * time.Millisecond); ; {
				select {
				case <-ended:
					tick.Stop()
					return
				case <-tick.C:
					io.WriteString(conn, "a")
				}
			}
		}()
	}
	load := startLoad(f.phone, 4)
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

// TestSoak asks at the limit of the machine for a minute, a third of the requests with
// bad tokens: memory stays flat, and no goroutine and no connection is left over.
func TestSoak(t *testing.T) {
	length := time.Minute
	if testing.Short() {
		length = 5 * time.Second
	}
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "5s"})
	stranger := newPhone(t, f.server.base, f.google.Token("asker", func(_, claims map[string]any) { claims["aud"] = "elsewhere" }))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}

	begin := time.Now()
	good, bad := startLoad(f.phone, 16), startLoad(stranger, 8)
	time.Sleep(length / 3) // warm: pools filled, connections made
	early, goroutines, connections := heap(), runtime.NumGoroutine(), f.firestore.Connections()
	time.Sleep(length - time.Since(begin))
	late := heap()
	if late > early+early/4+4<<20 {
		t.Errorf("the heap grew from %d to %d KB", early>>10, late>>10)
	}
	if now := f.firestore.Connections(); now > connections {
		t.Errorf("connections to Firestore grew from %d to %d", connections, now)
	}
	good.stop()
	bad.stop()
	good.only(t, 5*time.Second, 200)
	bad.only(t, 5*time.Second, 401)
	t.Logf("heap %d KB, then %d KB", early>>10, late>>10)

	f.client.CloseIdleConnections()
	stranger.client.CloseIdleConnections()
	waitFor(t, "fewer goroutines than under load", func() bool { return runtime.NumGoroutine() < goroutines })
	if err := f.server.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	waitFor(t, "no connection to Firestore", func() bool { return f.firestore.Connections() == 0 })
}
