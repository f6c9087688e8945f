package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"willson/auth"
)

// A directory is Google's list of users, which tells who is still welcome.
type directory struct {
	mu      sync.Mutex
	users   map[string]map[string]any
	fault   http.HandlerFunc // instead of an answer
	lookups int
}

func (d *directory) put(uid string, user map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[uid] = user
}

func (d *directory) fail(fault http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// asked returns how many look-ups there were since it was last called.
func (d *directory) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.lookups
	d.lookups = 0
	return n
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

// withCredentials gives the process a service account for the test.
func withCredentials(t *testing.T) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{
		"type":           "service_account",
		"project_id":     project,
		"private_key_id": "1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   "server@" + project + ".iam.gserviceaccount.com",
		"client_id":      "1",
		"token_uri":      "https://oauth2.googleapis.com/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(file, account, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
}

// inCheckedWorld runs a test in a world whose verifier asks after users. The directory
// knows one, "asker".
func inCheckedWorld(t *testing.T, test func(t *testing.T, v *verifier, d *directory)) {
	t.Helper()
	withCredentials(t)
	inWorld(t, func(t *testing.T, w *world) {
		d := &directory{users: map[string]map[string]any{}}
		d.put("asker", user("asker", nil))
		google.Handle(d.serve)
		cfg := config()
		cfg.CheckRevoked = true
		test(t, newVerifier(t, cfg), d)
	})
}

// user is a user as Google describes it, with these further fields.
func user(uid string, fields map[string]any) map[string]any {
	all := map[string]any{"localId": uid, "validSince": "946684800", "createdAt": "946684800000"}
	for name, value := range fields {
		all[name] = value
	}
	return all
}

func TestUsersThatMayNotAsk(t *testing.T) {
	seconds := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
		time.Sleep(24 * time.Hour)
		for _, test := range []struct {
			uid    string
			fields map[string]any
			want   error
		}{
			{uid: "welcome"},
			{uid: "signed out before this token", fields: map[string]any{"validSince": seconds(-time.Second)}},
			{uid: "signed out in this second", fields: map[string]any{"validSince": seconds(0)}},
			{uid: "signed out since", fields: map[string]any{"validSince": seconds(time.Second)}, want: auth.ErrInvalid},
			{uid: "disabled", fields: map[string]any{"disabled": true}, want: auth.ErrInvalid},
		} {
			d.put(test.uid, user(test.uid, test.fields))
			token := google.Token(test.uid)
			for range 3 {
				if test.want != nil {
					v.refused(t, token, test.want)
					continue
				}
				v.good(t, token, test.uid)
			}
			if n := d.asked(); n != 1 {
				t.Errorf("%s: Google was asked %d times, want once", test.uid, n)
			}
		}
		v.refused(t, google.Token("deleted"), auth.ErrInvalid)
		for _, uid := range uids {
			d.put(uid, user(uid, nil))
			v.good(t, google.Token(uid), uid)
		}
	})
}

func TestUsersAreAskedAfterEveryFiveMinutes(t *testing.T) {
	inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
		first, second := google.Token("asker"), google.Token("asker", func(header, _ map[string]any) { header["n"] = 2 })
		v.good(t, first, "asker")
		d.put("asker", user("asker", map[string]any{"disabled": true}))
		v.refused(t, second, auth.ErrInvalid)
		if n := d.asked(); n != 2 {
			t.Errorf("Google was asked %d times for two tokens", n)
		}
		for range 299 {
			v.good(t, first, "asker")
			v.refused(t, second, auth.ErrInvalid)
			time.Sleep(time.Second)
		}
		if n := d.asked(); n != 0 {
			t.Errorf("Google was asked %d times more within five minutes", n)
		}
		time.Sleep(2 * time.Second)
		v.refused(t, first, auth.ErrInvalid)
		d.put("asker", user("asker", nil))
		v.good(t, second, "asker")
		time.Sleep(301 * time.Second)
		v.good(t, first, "asker")
		if n := d.asked(); n != 3 {
			t.Errorf("Google was asked %d times, want 3", n)
		}
	})
}

func TestUsersAreAskedAfterOnceAtATime(t *testing.T) {
	inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
		token := google.Token("asker")
		d.fail(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			json.NewEncoder(w).Encode(map[string]any{"users": []any{user("asker", nil)}})
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
		if n := d.asked(); n != 1 {
			t.Errorf("Google was asked %d times, want once", n)
		}
	})
}

func TestUsersThatNobodyKnowsOf(t *testing.T) {
	for _, test := range []fault{
		{name: "hanging", handle: hang},
		{name: "slow", handle: func(w http.ResponseWriter, r *http.Request) { time.Sleep(10 * time.Second) }},
		{name: "reset", handle: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{name: "500", handle: answer(http.StatusInternalServerError, "", "{}")},
		{name: "503", handle: answer(http.StatusServiceUnavailable, "", "{}")},
		{name: "too many requests", handle: answer(http.StatusTooManyRequests, "", `{"error": {"message": "QUOTA_EXCEEDED"}}`)},
		{name: "garbled", handle: answer(http.StatusOK, "", `{"users": [`)},
		{name: "a page", handle: answer(http.StatusOK, "", "<!doctype html>")},
	} {
		t.Run(test.name, func(t *testing.T) {
			inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
				seen := google.Token("asker")
				v.good(t, seen, "asker")
				token := google.Token("asker", func(header, _ map[string]any) { header["n"] = 2 })
				d.fail(test.handle)
				for range 3 {
					unavailable(t, v, token, 3*time.Second)
					v.good(t, seen, "asker")
				}
				d.fail(nil)
				v.good(t, token, "asker")
			})
		})
	}
}

// That this server may not ask is nobody's fault but its operator's.
func TestServerThatMayNotAskAfterUsers(t *testing.T) {
	for status, name := range map[int]string{http.StatusForbidden: "PERMISSION_DENIED", http.StatusUnauthorized: "UNAUTHENTICATED"} {
		t.Run(name, func(t *testing.T) {
			inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
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

// Without CheckRevoked nobody is asked.
func TestUsersAreNotAskedAfter(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := &directory{}
		google.Handle(d.serve)
		v := newVerifier(t, config())
		v.good(t, google.Token("deleted"), "deleted")
		if n := d.asked(); n != 0 || w.fetches() != 2 {
			t.Errorf("Google was asked for %d users", n)
		}
	})
}

// A look-up outlasts a client that hangs up, but not the time that its request has.
func TestLookUpsEndWithTheRequest(t *testing.T) {
	inCheckedWorld(t, func(t *testing.T, v *verifier, d *directory) {
		d.fail(hang)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		token := google.Token("asker")
		start := time.Now()
		_, err := v.Verify(ctx, []string{token})
		if !errors.Is(err, auth.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > 500*time.Millisecond {
			t.Errorf("a request that had 500 ms took %v", took)
		}
	})
}
