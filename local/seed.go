package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"
)

// seed is local/seed.json: who may sign in, and what lies in Firestore, by path.
type seed struct {
	Accounts  []account                 `json:"accounts"`
	Documents map[string]map[string]any `json:"documents"`
}

type account struct {
	UID      string `json:"uid"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
	Note     string `json:"note"`
}

func readSeed() (*seed, error) {
	const path = "local/seed.json"
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	d.UseNumber()
	var s seed
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(s.Accounts) == 0 {
		return nil, fmt.Errorf("%s: no accounts", path)
	}
	return &s, nil
}

// load writes accounts and documents over what is there, so loading twice is loading once.
func (w *world) load(ctx context.Context, s *seed) error {
	return errors.Join(w.loadAccounts(ctx, s.Accounts), w.loadDocuments(ctx, s.Documents))
}

func (w *world) loadAccounts(ctx context.Context, accounts []account) error {
	type user struct {
		LocalID       string `json:"localId"`
		Email         string `json:"email"`
		EmailVerified bool   `json:"emailVerified"`
		DisplayName   string `json:"displayName"`
		RawPassword   string `json:"rawPassword"`
	}
	var users []user
	for _, a := range accounts {
		users = append(users, user{a.UID, a.Email, true, a.Name, a.Password})
	}
	var answer struct {
		Error []struct {
			Index   int    `json:"index"`
			Message string `json:"message"`
		} `json:"error"`
	}
	url := fmt.Sprintf("http://%s/identitytoolkit.googleapis.com/v1/projects/%s/accounts:batchCreate",
		w.firebase.Emulators.Auth.addr(), project)
	if err := post(ctx, url, map[string]any{"users": users, "allowOverwrite": true}, &answer); err != nil {
		return fmt.Errorf("seeding accounts: %w", err)
	}
	for _, e := range answer.Error {
		return fmt.Errorf("seeding account %s: %s", accounts[e.Index].Email, e.Message)
	}
	return nil
}

func (w *world) loadDocuments(ctx context.Context, documents map[string]map[string]any) error {
	database := "projects/" + project + "/databases/(default)/documents"
	now := time.Now()
	var writes []any
	for _, path := range slices.Sorted(maps.Keys(documents)) {
		fields, err := firestoreFields(documents[path], now)
		if err != nil {
			return fmt.Errorf("seeding %s: %w", path, err)
		}
		writes = append(writes, map[string]any{"update": map[string]any{"name": database + "/" + path, "fields": fields}})
	}
	url := fmt.Sprintf("http://%s/v1/%s:commit", w.firebase.Emulators.Firestore.addr(), database)
	if err := post(ctx, url, map[string]any{"writes": writes}, nil); err != nil {
		return fmt.Errorf("seeding documents: %w", err)
	}
	return nil
}

func firestoreFields(m map[string]any, now time.Time) (map[string]any, error) {
	fields := make(map[string]any, len(m))
	for name, v := range m {
		value, err := firestoreValue(v, now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fields[name] = value
	}
	return fields, nil
}

// firestoreValue turns JSON into Firestore's own notation. JSON has no timestamps: {"$time": RFC 3339} and
// {"$in": duration from now} are ours.
func firestoreValue(v any, now time.Time) (map[string]any, error) {
	switch v := v.(type) {
	case string:
		return map[string]any{"stringValue": v}, nil
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return nil, fmt.Errorf("%s is no integer", v)
		}
		return map[string]any{"integerValue": v.String()}, nil
	case bool:
		return map[string]any{"booleanValue": v}, nil
	case []any:
		values := make([]any, len(v))
		for i := range v {
			var err error
			if values[i], err = firestoreValue(v[i], now); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return map[string]any{"arrayValue": map[string]any{"values": values}}, nil
	case map[string]any:
		if t, ok, err := timestamp(v, now); ok || err != nil {
			return map[string]any{"timestampValue": t.UTC().Format(time.RFC3339Nano)}, err
		}
		fields, err := firestoreFields(v, now)
		return map[string]any{"mapValue": map[string]any{"fields": fields}}, err
	default:
		return nil, fmt.Errorf("%v has no place in a document: leave the field out", v)
	}
}

// timestamp reads {"$time": …} and {"$in": …}. Whole hours from now are counted from the full hour, as dates are made.
func timestamp(m map[string]any, now time.Time) (t time.Time, ok bool, err error) {
	if s, is := m["$time"].(string); is {
		t, err = time.Parse(time.RFC3339Nano, s)
		return t, true, err
	}
	if s, is := m["$in"].(string); is {
		d, err := time.ParseDuration(s)
		if d%time.Hour == 0 {
			now = now.Truncate(time.Hour)
		}
		return now.Add(d), true, err
	}
	return time.Time{}, false, nil
}

// signIn returns a fresh ID token, good for an hour.
func (w *world) signIn(ctx context.Context, a account) (string, error) {
	url := fmt.Sprintf("http://%s/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=any",
		w.firebase.Emulators.Auth.addr())
	body := map[string]any{"email": a.Email, "password": a.Password, "returnSecureToken": true}
	var answer struct {
		IDToken string `json:"idToken"`
	}
	if err := post(ctx, url, body, &answer); err != nil {
		return "", fmt.Errorf("signing in %s: %w", a.Email, err)
	}
	return answer.IDToken, nil
}

// post calls an emulator as its owner, who is above the rules.
func post(ctx context.Context, url string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer owner")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if data, err = io.ReadAll(res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, data)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}
