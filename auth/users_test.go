package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/auth"
)

// A directory stands for Google's list of users.
type directory struct {
	mu      sync.Mutex
	users   map[string]map[string]any
	fault   http.HandlerFunc // instead of an answer
	lookups int
}

// put sets a user, with these fields beside those that every user has.
func (d *directory) put(uid string, fields map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[uid] = map[string]any{"localId": uid, "validSince": "946684800", "createdAt": "946684800000"}
	maps.Copy(d.users[uid], fields)
}

func (d *directory) fail(fault http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// asked fails the test unless there were so many look-ups since it was last called.
func (d *directory) asked(t *testing.T, when string, want int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lookups != want {
		t.Errorf("%s: %d users were looked up, want %d", when, d.lookups, want)
	}
	d.lookups = 0
}

func (d *directory) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Host {
	case "oauth2.googleapis.com":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token": "access", "expires_in": 3600, "token_type": "Bearer"}`)
	case "identitytoolkit.googleapis.com":
		d.lookup(w, r)
	default:
		google.Serve(w, r)
	}
}

func (d *directory) lookup(w http.ResponseWriter, r *http.Request) {
	var query struct {
		LocalID []string `json:"localId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&query); err != nil || r.Header.Get("Authorization") != "Bearer access" ||
		!strings.HasSuffix(r.URL.Path, "/projects/"+project+"/accounts:lookup") {
		http.Error(w, "not a look-up", http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	d.lookups++
	fault := d.fault
	found := []any{}
	for _, uid := range query.LocalID {
		if user, ok := d.users[uid]; ok {
			found = append(found, user)
		}
	}
	d.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"users": found})
}

// withUsers runs a test in a bubble whose verifier looks users up. There is one, "asker".
func withUsers(t *testing.T, test func(t *testing.T, v *verifier, d *directory)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(file, []byte(`{"type": "authorized_user", "client_id": "1", "client_secret": "1", "refresh_token": "1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	inBubble(t, func(t *testing.T, n *network) {
		d := &directory{users: map[string]map[string]any{}}
		d.put("asker", nil)
		google.Handle(d.serve)
		test(t, newVerifier(t, checkRevoked), d)
	})
}

// another changes a token without changing what it says.
var another = head(map[string]any{"n": 2})

func TestUsersThatMayNotAsk(t *testing.T) {
	seconds := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	withUsers(t, func(t *testing.T, v *verifier, d *directory) {
		time.Sleep(24 * time.Hour)
		for _, test := range []struct {
			uid     string
			fields  map[string]any
			refused bool
		}{
			{uid: "signed out before this token", fields: map[string]any{"validSince": seconds(-time.Second)}},
			{uid: "signed out in this second", fields: map[string]any{"validSince": seconds(0)}},
			{uid: "signed out since", fields: map[string]any{"validSince": seconds(time.Second)}, refused: true},
			{uid: "disabled", fields: map[string]any{"disabled": true}, refused: true},
		} {
			d.put(test.uid, test.fields)
			token := google.Token(test.uid)
			for range 3 {
				if test.refused {
					v.refused(t, "revoked", token)
					continue
				}
				v.good(t, token, test.uid)
			}
			d.asked(t, test.uid, 1)
		}
		v.refused(t, "revoked", google.Token("deleted"))
		d.asked(t, "deleted", 1)
		v.refused(t, "tenant", google.Token("asker", with(map[string]any{"firebase": map[string]any{"tenant": "tenant-1"}})))
		d.asked(t, "of a tenant", 0)
		for _, uid := range uids {
			d.put(uid, nil)
			v.good(t, google.Token(uid), uid)
		}
	})
}

func TestUsersAreLookedUpEveryFiveMinutes(t *testing.T) {
	withUsers(t, func(t *testing.T, v *verifier, d *directory) {
		first, second := google.Token("asker"), google.Token("asker", another)
		v.good(t, first, "asker")
		d.put("asker", map[string]any{"disabled": true})
		v.refused(t, "revoked", second)
		d.asked(t, "for two tokens", 2)
		for range 29 {
			time.Sleep(10 * time.Second)
			v.good(t, first, "asker")
			v.refused(t, "revoked", second)
		}
		d.asked(t, "within five minutes", 0)
		time.Sleep(11 * time.Second)
		v.refused(t, "revoked", first)
		d.put("asker", nil)
		v.good(t, second, "asker")
		d.asked(t, "after five minutes", 2)
	})
}

func TestUsersAreLookedUpOnceAtATime(t *testing.T) {
	withUsers(t, func(t *testing.T, v *verifier, d *directory) {
		token := google.Token("asker")
		d.fail(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			io.WriteString(w, `{"users": [{"localId": "asker"}]}`)
		})
		hungUp, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, hangUp)
		var requests sync.WaitGroup
		requests.Go(func() { v.Verify(hungUp, []string{token}) }) // the first, whose client hangs up
		time.Sleep(50 * time.Millisecond)
		for range 50 {
			requests.Go(func() { v.good(t, token, "asker") })
		}
		requests.Wait()
		d.asked(t, "by 51 requests", 1)
	})
}

func TestUsersThatCannotBeLookedUp(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"hanging":           hang,
		"reset":             func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"503":               answer(http.StatusServiceUnavailable, "", "{}"),
		"too many requests": answer(http.StatusTooManyRequests, "", `{"error": {"message": "QUOTA_EXCEEDED"}}`),
		"a page":            answer(http.StatusOK, "", "<!doctype html>"),
	} {
		t.Run(name, func(t *testing.T) {
			withUsers(t, func(t *testing.T, v *verifier, d *directory) {
				seen, token := google.Token("asker"), google.Token("asker", another)
				v.good(t, seen, "asker")
				d.fail(fault)
				v.unavailable(t, token, 3*time.Second)
				v.goodAtOnce(t, seen, "asker")

				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				start := time.Now()
				if _, err := v.Verify(ctx, []string{token}); !errors.Is(err, auth.ErrUnavailable) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("a request that had 500 ms took %v", took)
				}
				d.fail(nil)
				v.good(t, token, "asker")
			})
		})
	}
}

// That this server may not look users up is its operator's fault, not the user's.
func TestServerThatMayNotLookUsersUp(t *testing.T) {
	for status, name := range map[int]string{http.StatusForbidden: "PERMISSION_DENIED", http.StatusUnauthorized: "UNAUTHENTICATED"} {
		t.Run(name, func(t *testing.T) {
			withUsers(t, func(t *testing.T, v *verifier, d *directory) {
				d.fail(answer(status, "", `{"error": {"message": "`+name+`", "status": "`+name+`"}}`))
				_, err := v.verify(google.Token("asker"))
				for _, known := range []error{nil, auth.ErrMissing, auth.ErrExpired, auth.ErrInvalid, auth.ErrUnavailable} {
					if errors.Is(err, known) {
						t.Errorf("got %v", err)
					}
				}
				if failed := v.verdicts(t, "failed"); failed != 1 {
					t.Errorf("counted %d times as failed", failed)
				}
			})
		})
	}
}
