package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"willson/auth"
	"willson/handlers"
	"willson/life"
	"willson/store"
)

const (
	signIns = "/api/v1/asker/sign/signin"
	signUps = "/api/v1/asker/sign/signup"
)

// An accountStore makes accounts of everybody but uids that begin with "unknown", and notes
// what it is asked.
type accountStore struct {
	handlers.Store
	calls   []string
	entered life.Account
	push    func(ctx context.Context) error
}

func (s *accountStore) Enter(_ context.Context, who life.Account, welcome int64) (life.Account, error) {
	s.calls, s.entered = append(s.calls, fmt.Sprint("Enter ", welcome)), who
	who.Idx = 7
	return who, nil
}

func (s *accountStore) EnterKnown(_ context.Context, uid string) (life.Account, error) {
	s.calls = append(s.calls, "EnterKnown")
	if strings.HasPrefix(uid, "unknown") {
		return life.Account{}, life.ErrUserNotFound
	}
	return life.Account{Idx: 7, UID: uid, Social: "apple", Nickname: "지수카카오"}, nil
}

func (s *accountStore) KeepPushToken(ctx context.Context, uid, token string) error {
	s.calls = append(s.calls, "KeepPushToken "+uid+" "+token)
	if s.push == nil {
		return nil
	}
	return s.push(ctx)
}

// cookies is a Verifier as good as firebase, but for what making a cookie returns.
type cookies struct {
	firebase
	err error
}

func (c cookies) Cookie(_ context.Context, token string) (string, error) { return "cookie", c.err }

func signing(s handlers.Store, v handlers.Verifier) func(*handlers.Config) {
	return func(cfg *handlers.Config) { cfg.Store, cfg.Verifier = s, v }
}

// TestSigningRefused: the order in which sign-in and sign-up refuse. Of the refused none
// reaches the store, and of those whose token is missing or wrong nobody learns what else
// is.
func TestSigningRefused(t *testing.T) {
	t.Parallel()
	api := serve(t, unreached, func(cfg *handlers.Config) { cfg.Verifier = firebase{} })
	for _, path := range []string{signIns, signUps} {
		for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"token":"token of a"} x`, "{\"token\":\"\xff\"}"} {
			api.send(t, "POST", path, body, "x-token", "").wantError(t, 400, "invalid_request", "Invalid request")
		}
		api.send(t, "POST", path, strings.Repeat("{", 100_000)).wantError(t, 413, "request_too_large", "Request too large")
		api.send(t, "POST", path, "{", "Content-Type", "text/plain").wantError(t, 415, "unsupported_media_type", "Unsupported media type")
		for _, token := range []string{"", `"token":null,`, `"token":"",`, `"token":" \t\u3000",`} {
			api.send(t, "POST", path, `{`+token+`"social":1}`, "x-token", "cookie of asker").wantError(t, 401, "token_not_found", "Token not found")
		}
		for _, token := range []string{"7", "[]", "{}", "true"} {
			api.send(t, "POST", path, `{"token":`+token+`}`).wantError(t, 400, "invalid_request", "Invalid request", "token")
		}
		for _, token := range []string{"x", "cookie of asker", " token of asker"} { // a cookie is never taken for an ID token
			for social, code := range map[string]string{`"email"`: "login_failed", `"kakao"`: "kakao_error", `7`: "login_failed", `"naver"`: "login_failed"} {
				message := map[string]string{"login_failed": "id or password is incorrect.", "kakao_error": "Kakao users sign in through Firebase."}[code]
				api.send(t, "POST", path, `{"token":"`+token+`","age":[],"social":`+social+`}`).wantError(t, 401, code, message)
			}
		}
	}
	good := goodKeys(t, "POST", signUps)
	good["token"] = `"token of asker"`
	bad := map[string][]string{"social": {"", "null", `""`, `"naver"`, `"Email"`, `" email"`, "7", `["email"]`}}
	wantRefused(t, "POST", signIns, good, bad, signing(nil, firebase{}))
	bad["nickname"] = []string{"", "null", `""`, `" \t\n\u3000\u00a0"`, `"` + strings.Repeat("🙂", 21) + `"`, `"` + strings.Repeat("가", 10_000) + `"`, "7", `["a"]`}
	bad["gender"] = []string{"", "null", `""`, `"f"`, `"여"`, `"FM"`, "1"}
	bad["age"] = []string{"", "null", `""`, `"일구구칠"`, `"１９９７"`, `"1997년"`, `" 1997"`, `"-1997"`, "-1997", "1997.5", `"1997.0"`, "true", `["1997"]`, `"99999999999999999999"`, "1e99"}
	wantRefused(t, "POST", signUps, good, bad, signing(nil, firebase{}))
}

// TestSigningUp: what the store is given of a form, and that the address is the token's.
func TestSigningUp(t *testing.T) {
	t.Parallel()
	kept := &accountStore{}
	api := serve(t, signing(kept, firebase{}), atNoon)
	faces := strings.Repeat("🙂", 20)
	for _, test := range []struct {
		edits []string
		want  life.Account
	}{
		{[]string{"age", `"1997"`, "gender", `"F"`}, life.Account{Nickname: "윌순", Gender: "F", BirthYear: 1997}},
		{[]string{"age", "2007.0", "gender", `"M"`}, life.Account{Nickname: "윌순", Gender: "M", BirthYear: 2007}},
		{[]string{"age", "1900", "nickname", `"` + faces + `"`}, life.Account{Nickname: faces, Gender: "F", BirthYear: 1900}},
		{[]string{"nickname", `"  가 나\u3000"`, "email", `["somebody@else.test"]`}, life.Account{Nickname: "가 나", Gender: "F", BirthYear: 1997}},
		{[]string{"nickname", `"<b>&\ud83d"`, "push_token", `{"platform":[[]]}`}, life.Account{Nickname: "<b>&\ufffd", Gender: "F", BirthYear: 1997}},
		{[]string{"platform", "7", "uid", `"somebody else"`, "push_token", "7"}, life.Account{Nickname: "윌순", Gender: "F", BirthYear: 1997}},
	} {
		kept.calls = nil
		got := api.send(t, "POST", signUps, bodyOf(goodKeys(t, "POST", signUps), append(test.edits, "token", `"token of asker/%"`)...))
		got.wantHeaders(t, "Cache-Control", "no-store", "ETag", "")
		test.want.UID, test.want.Email, test.want.Social = "asker/%", "asker/%@willson.test", "email"
		if got.StatusCode != http.StatusOK || kept.entered != test.want || kept.calls[0] != "Enter 30" {
			t.Errorf("%v: %s, the store did %v of %+v, want %+v", test.edits, got.Status, kept.calls, kept.entered, test.want)
		}
	}
}

// TestYears: who is too young goes by Seoul's year.
func TestYears(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 31, 14, 59, 59, 0, time.UTC)
	api := serve(t, signing(&accountStore{}, firebase{}), func(cfg *handlers.Config) { cfg.Now = func() time.Time { return now } })
	for _, test := range []struct {
		year  string
		after time.Duration
		age   string // of who may sign up
	}{
		{"2007", 0, "20대 초반"}, {"2008", 0, ""}, {"2008", time.Second, "20대 초반"}, {"2009", time.Second, ""},
		{"1900", 0, "50대 이상"}, {"1899", 0, ""}, {"0", 0, ""}, {"2026", 0, ""}, {"9999", 0, ""}, {"9223372036854775807", 0, ""},
	} {
		for _, year := range []string{test.year, `"` + test.year + `"`} {
			now = time.Date(2026, 12, 31, 14, 59, 59, 0, time.UTC).Add(test.after)
			got := api.send(t, "POST", signUps, bodyOf(goodKeys(t, "POST", signUps), "token", `"token of asker"`, "age", year))
			if test.age == "" {
				got.wantError(t, 400, "out_of_range:"+test.year, "The value '"+test.year+"' is out of range.")
			} else if got.StatusCode != http.StatusOK || got.json(t)["data"].(map[string]any)["age"] != test.age {
				t.Errorf("%s: %s %s", year, got.Status, got.body)
			}
		}
	}
}

// TestSigningIn: who has no account gets one by an address alone, with a nickname that says
// nothing of it.
func TestSigningIn(t *testing.T) {
	t.Parallel()
	kept := &accountStore{}
	api := serve(t, signing(kept, firebase{}))
	for _, social := range []string{"email", "facebook", "apple", "google", "kakao"} {
		for _, uid := range []string{"asker", "unknown"} {
			kept.calls, kept.entered = nil, life.Account{}
			got := api.send(t, "POST", signIns, `{"token":"token of `+uid+`","social":"`+social+`","push_token":"p"}`)
			if uid == "unknown" && social != "email" {
				got.wantError(t, 400, "user_not_found", "User not found.")
				if !slices.Equal(kept.calls, []string{"EnterKnown"}) {
					t.Errorf("the store did %v", kept.calls)
				}
				continue
			}
			got.wantHeaders(t, "Cache-Control", "no-store")
			first := "EnterKnown"
			if social == "email" {
				first = "Enter 30"
				who := kept.entered
				if who.Nickname == "" || strings.Contains(who.Nickname, uid) || who.Email != uid+"@willson.test" || who.Gender+fmt.Sprint(who.BirthYear) != "0" {
					t.Errorf("the store was given %+v", who)
				}
			}
			if token := got.json(t)["data"].(map[string]any)["access_token"]; token != "cookie of "+uid || !slices.Equal(kept.calls, []string{first, "KeepPushToken " + uid + " p"}) {
				t.Errorf("%s of %s: %v, the store did %v", uid, social, token, kept.calls)
			}
		}
	}
}

// TestNoCookie: the account is made before the cookie is asked for, and of a failure there
// nothing is lost.
func TestNoCookie(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{auth.ErrUnavailable, 503, "service_unavailable"}, {context.DeadlineExceeded, 504, "deadline_exceeded"}, {errors.New("boom"), 500, "internal_error"},
		{auth.ErrInvalid, 401, "login_failed"}, {auth.ErrExpired, 401, "login_failed"},
	} {
		for _, path := range []string{signIns, signUps} {
			kept := &accountStore{}
			api := serve(t, signing(kept, cookies{err: fmt.Errorf("why: %w", test.err)}))
			got := api.send(t, "POST", path, bodyOf(goodKeys(t, "POST", signUps), "token", `"token of asker"`))
			if got.StatusCode != test.status || got.json(t)["code"] != test.code || !slices.Equal(kept.calls, []string{"Enter 30"}) {
				t.Errorf("%s, %v: %s %s, the store did %v", path, test.err, got.Status, got.body, kept.calls)
			}
		}
	}
}

// TestPushTokens: whatever keeping one comes to, the user is signed in.
func TestPushTokens(t *testing.T) {
	t.Parallel()
	for name, push := range map[string]func(ctx context.Context) error{
		"fails": func(context.Context) error { return store.ErrUnavailable },
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			api := serve(t, signing(&accountStore{push: push}, firebase{}))
			if got := api.send(t, "POST", signIns, `{"token":"token of asker","social":"apple","push_token":"secret"}`); got.StatusCode != http.StatusOK {
				t.Errorf("answered %s", got.Status)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if lines := api.log.wait(t, 2); lines[0]["severity"] != "WARNING" || strings.Contains(api.log.String(), "secret") {
				t.Errorf("logged %s", api.log)
			}
		})
	}
}
