//go:build soak

package server_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"willson/internal/storetest"
)

// TestSoak asks at the limit of the machine for a minute, for lists, changes of a match
// that are refused or repeated, and with bad tokens: memory stays flat, and no goroutine
// and no connection is left over.
func TestSoak(t *testing.T) {
	const length = time.Minute
	f := startFaulty(t, map[string]string{"REQUEST_DEADLINE": "5s"})
	stranger := newPhone(t, f.base, f.google.Token("asker", func(_, claims map[string]any) { claims["aud"] = "elsewhere" }))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	if status, _, err := f.send(http.MethodPatch, choose, ""); status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}

	begin := time.Now()
	good, bad := startLoad(8, f.ask), startLoad(4, stranger.ask)
	again := startLoad(4, func() (int, time.Duration, error) { return f.send(http.MethodPatch, choose, "") })
	broken := startLoad(4, func() (int, time.Duration, error) {
		return f.send(http.MethodPost, "/api/v1/asker/chat/review", strings.Repeat(`{"a":`, 10_000))
	})
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
	for load, status := range map[*load]int{good: 200, bad: 401, again: 200, broken: 400} {
		load.stop()
		load.only(t, 5*time.Second, status)
	}
	t.Logf("heap %d KB, then %d KB", early>>10, late>>10)

	f.client.CloseIdleConnections()
	stranger.client.CloseIdleConnections()
	waitFor(t, "fewer goroutines than under load", func() bool { return runtime.NumGoroutine() < goroutines })
	if err := f.server.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	// What stays is the test's own, and one that the library's client makes for FIRESTORE_EMULATOR_HOST and never closes.
	waitFor(t, "no connection to Firestore", func() bool { return f.firestore.Connections() <= 2 })
}

// TestSoakFirestoreKilled kills the real emulator for ten seconds while phones ask.
func TestSoakFirestoreKilled(t *testing.T) {
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

	load := startLoad(8, p.ask)
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

// TestSoakServerKilled kills the process in the middle of thirty selects, a few times:
// nothing is done by half, and what was asked is done when it is asked again.
func TestSoakServerKilled(t *testing.T) {
	needEmulators(t)
	const rounds, matches = 4, 30
	google := startGoogle(t)
	google.Project = fmt.Sprintf("demo-%d", time.Now().UnixNano()) // of which nobody else knows
	client := firestoreClient(t, google.Project, firestoreEmulator)
	for round := range rounds {
		type asking struct{ path, token string }
		var all []asking
		for n := range int64(matches) {
			asker := fmt.Sprintf("asker %d of round %d", n, round)
			m := storetest.Waiting(int64(round+1)*100+n, asker, "willsoner of "+asker)
			if n%2 == 0 {
				m.StartsAt = time.Now().Add(time.Hour)
			}
			if _, err := client.Doc(storetest.Path(m.Idx)).Set(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			all = append(all, asking{fmt.Sprintf("/api/v1/asker/list/matches/%d/select", m.Idx), google.Token(asker)})
		}
		env := append(google.Env(), "GOOGLE_CLOUD_PROJECT="+google.Project, "FIREBASE_AUTH_EMULATOR_HOST=", "HOST=127.0.0.1",
			"FIRESTORE_EMULATOR_HOST="+firestoreEmulator)
		server := startProcess(t, env...)
		var asked sync.WaitGroup
		answered := make(chan int, matches)
		for _, a := range all {
			asked.Go(func() {
				status, _, _ := newPhone(t, "http://"+server.addr, a.token).send(http.MethodPatch, a.path, "")
				answered <- status
			})
		}
		for range 5 * (round + 1) {
			<-answered
		}
		server.cmd.Process.Kill()
		asked.Wait()
		holds := func() {
			t.Helper()
			if broken, err := storetest.Invariants(t.Context(), client); err != nil || len(broken) > 0 {
				t.Fatalf("%v %q", err, broken)
			}
		}
		holds()

		// The emulator keeps a dead transaction's locks for up to a minute: a client asks again.
		server = startProcess(t, env...)
		for _, a := range all {
			p := newPhone(t, "http://"+server.addr, a.token)
			for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
				status, _, err := p.send(http.MethodPatch, a.path, "")
				if status == http.StatusOK {
					break
				}
				if status != http.StatusServiceUnavailable && status != http.StatusGatewayTimeout || time.Since(begin) > 2*time.Minute {
					t.Fatalf("asked again: %d %v", status, err)
				}
			}
		}
		server.cmd.Process.Kill()
		holds()
	}
}
