package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"willson/auth"
	"willson/handlers"
	"willson/internal/fakefirestore"
	"willson/life"
	"willson/store"
)

// noon is when the road's tests begin: at noon in Seoul.
var noon = time.Date(2026, 3, 19, 12, 0, 0, 0, life.Seoul)

// A clock stands until it is moved.
type clock struct{ since atomic.Int64 }

func (c *clock) now() time.Time       { return noon.Add(time.Duration(c.since.Load())) }
func (c *clock) move(d time.Duration) { c.since.Add(int64(d)) }

// A road is the real router over the real store, which keeps things in a Firestore of its
// own.
type road struct {
	*api
	clock
	firestore *fakefirestore.Server
	client    *firestore.Client // to the same database
	walked    map[string]bool   // the routes that gave a good answer, as "GET /path"
	template  func(path string) string
}

func startRoad(t *testing.T, edits ...func(*handlers.Config)) *road {
	t.Helper()
	r := &road{walked: map[string]bool{}}
	var templates []string
	for _, route := range handlers.Routes() {
		templates = append(templates, route.Path)
	}
	r.template = handlers.TemplateOf(templates)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(r.log)
		}
	})
	r.firestore = fakefirestore.New(t)
	// A connection of its own, or the library would go to an emulator of the environment.
	conn, err := grpc.NewClient(r.firestore.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	if r.client, err = firestore.NewClient(t.Context(), project, option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.client.Close() })
	r.api = serve(t, append([]func(*handlers.Config){func(cfg *handlers.Config) {
		cfg.Store, cfg.Now, cfg.Verifier = openStore(t, r.firestore, store.Config{Now: r.now, Log: cfg.Log}), r.now, firebase{}
	}}, edits...)...)
	return r
}

// project is the one whose database a Firestore of the tests has.
const project = "demo-willson"

// openStore opens the real store over a Firestore.
func openStore(t testing.TB, firestore *fakefirestore.Server, cfg store.Config) *store.Store {
	t.Helper()
	cfg.Project, cfg.EmulatorHost, cfg.Reference, cfg.Metrics = project, firestore.Addr(), fixed(t), prometheus.NewRegistry()
	kept, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	return kept
}

// firebase is a Verifier: "token of u" is u's ID token, "cookie of u" the cookie.
type firebase struct{}

func (firebase) Ready() error { return nil }

func (firebase) Verify(_ context.Context, values []string) (string, error) {
	if len(values) == 0 {
		return "", auth.ErrMissing
	}
	return after(values[0], "cookie of ")
}

func (firebase) SignIn(_ context.Context, token string) (auth.Identity, error) {
	uid, err := after(token, "token of ")
	return auth.Identity{UID: uid, Email: uid + "@willson.test"}, err
}

func (firebase) Cookie(_ context.Context, token string) (string, error) {
	uid, err := after(token, "token of ")
	return "cookie of " + uid, err
}

func after(token, prefix string) (string, error) {
	uid, ok := strings.CutPrefix(token, prefix)
	if !ok {
		return "", auth.ErrInvalid
	}
	return uid, nil
}

// put stores a document.
func (r *road) put(t *testing.T, path string, doc any) {
	t.Helper()
	if _, err := r.client.Doc(path).Set(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
}

// reads is how many calls have read something. A transaction may begin, and end, after the
// answer to the request.
func (r *road) reads() int {
	return r.firestore.Count("BatchGetDocuments") + r.firestore.Count("RunQuery")
}

// as asks as somebody, with a body unless it is "".
func (r *road) as(t *testing.T, who, method, path, body string) response {
	t.Helper()
	return r.send(t, method, path, body, "x-token", "cookie of "+who)
}

// refused wants a request to be refused.
func (r *road) refused(t *testing.T, status int, code, who, method, path, body string) {
	t.Helper()
	if got := r.as(t, who, method, path, body); got.StatusCode != status || got.json(t)["code"] != code {
		t.Errorf("%s %s %s: %s %s, want %d %s", method, path, body, got.Status, got.body, status, code)
	}
}

// good asks as somebody, wants a good answer, and returns its data. What is sent is as it is
// described, too.
func (r *road) good(t *testing.T, who, method, path, body string) (d data) {
	t.Helper()
	if body != "" {
		if err := r.described.CheckRequest(method, path, []byte(body)); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
	}
	got := r.as(t, who, method, path, body)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %s: %s %s", method, path, body, got.Status, got.body)
	}
	r.walked[method+" "+r.template(path)] = true
	var answer struct{ Data any }
	decoder := json.NewDecoder(bytes.NewReader(got.body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return data{answer.Data, got.body}
}

// data is what an answer has in data, or a part of it.
type data struct {
	value any
	body  []byte
}

// at is the value at a path of keys and places, as a string.
func (d data) at(path ...any) string {
	v := d.value
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			array, _ := v.([]any)
			if v = nil; step < len(array) {
				v = array[step]
			}
		}
	}
	return fmt.Sprint(v)
}

// wantAt compares values at paths whose steps are separated by blanks; "<nil>" means that
// there is none.
func (d data) wantAt(t *testing.T, want map[string]string) {
	t.Helper()
	for path, want := range want {
		var steps []any
		for step := range strings.FieldsSeq(path) {
			if i, err := strconv.Atoi(step); err == nil {
				steps = append(steps, i)
			} else {
				steps = append(steps, step)
			}
		}
		if got := d.at(steps...); got != want {
			t.Errorf("%s is %s, want %s, in %s", path, got, want, d.body)
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// drawn are the numbers that are drawn.
var drawn = regexp.MustCompile(`\b177[0-9]{13}\b`)

// golden compares an answer with a file, byte for byte but for blanks between tokens. Of
// the numbers that are drawn the first that is met is 1001, the next 1002; each of the words
// that are drawn is 수줍은 휴이.
func (d data) golden(t *testing.T, name string, words ...string) {
	t.Helper()
	numbers := map[string]string{}
	body := drawn.ReplaceAllStringFunc(string(d.body), func(number string) string {
		if numbers[number] == "" {
			numbers[number] = strconv.Itoa(1001 + len(numbers))
		}
		return numbers[number]
	})
	for _, word := range words {
		body = strings.ReplaceAll(body, `"`+word+`"`, `"수줍은 휴이"`)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(body+"\n"), "", "  "); err != nil {
		t.Fatal(err)
	}
	file := "testdata/" + name + ".golden.json"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%v\ngot  %s\nwant %s", err, got.Bytes(), want)
	}
}

const (
	writes    = "/api/v1/asker/request/complete"
	prices    = "/api/v1/asker/payment/"
	pays      = "/api/v1/asker/payment/complete"
	concerns  = "/api/v1/asker/list/concerns"
	offered   = "/api/v1/asker/list/matches/realtime/"
	incoming  = "/api/v1/willsoner/list/realtime/matches"
	later     = "/api/v1/willsoner/list/reserve/matches"
	registers = "/api/v1/willsoner/register/"
	mine      = "/api/v1/asker/mypage/"

	// shipped is what the shipped app sends, constants included, and reserve its other type.
	shipped = `{"subcategory_idx":1,"feeling_idx":[1,2,3],"keyword_idx":[1,3],"content":" 요즘 잠이 오지 않아요 ","wil_gender":"All","personality_idx":[1,2,3],"direction_idx":2,` +
		`"type":"realtime","from_date":"2020-01-12","to_date":"2020-03-27","time":"9PM","agreement":1}`
	reserve = `{"subcategory_idx":2,"feeling_idx":[4],"content":"주말에 이야기하고 싶어요","wil_gender":"f","image_idx":8,"direction_idx":1,"type":"reserve",` +
		`"from_date":"2026-03-21","from_time_from":"18:00","from_time_to":"23:30","to_date":"2026-03-20","to_time_from":"12:30","to_time_to":"15:00"}`
)

// sign signs somebody up.
func (r *road) sign(t *testing.T, who, nickname, gender string) {
	t.Helper()
	r.good(t, who, "POST", "/api/v1/asker/sign/signup", `{"token":"token of `+who+`","email":"other@willson.test","nickname":"`+nickname+`","gender":"`+gender+`","age":"1997","social":"facebook","push_token":"asdfasdfasdf"}`)
}

// register makes somebody a willsoner who counsels, in subcategories of one category.
func (r *road) register(t *testing.T, who string, subcategories string) {
	t.Helper()
	word := r.good(t, who, "POST", registers+"keyword", `{"category_idx":1,"keyword_data":["줍줍"," 무너짐 "]}`)
	r.good(t, who, "POST", registers+"complete", `{"subcategory_idx":`+subcategories+`,"experience":"고물을 줍고 다녔습니다","introduction":"안녕하슈","keyword":["집"],"keyword_idx":[`+
		word.at(0, "idx")+`],"image_idx":2,"auth_licence":"","auth_media":"","auth_phone":"","auth_email":""}`)
	r.good(t, who, "PATCH", registers+"invitation", `{"code":" SPRING-2026 "}`).wantAt(t, map[string]string{"status": "approved", "experience": "고물을 줍고 다녔습니다"})
}

// TestPaysNothing: what keeps a payment from being made is told.
func TestPaysNothing(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	r.sign(t, "asker", "지수카카오", "F")
	concern := r.good(t, "asker", "POST", writes, shipped).at("idx")
	again := `{"ticket_idx":1,"match_type":2,"concern_idx":` + concern + `}`
	r.refused(t, 404, "willsoner_not_found", "asker", "POST", prices+concern, `{"ticket_idx":1}`)
	r.refused(t, 404, "willsoner_not_found", "asker", "POST", prices+"complete", again)
	r.sign(t, "willsoner", "답변자143", "F")
	r.register(t, "willsoner", "1")
	if _, err := r.client.Doc("askers/asker").Update(t.Context(), []firestore.Update{{Path: "pots", Value: 6}}); err != nil {
		t.Fatal(err)
	}
	r.refused(t, 409, "amount_not_enough", "asker", "POST", prices+concern, `{"ticket_idx":1}`)
	r.refused(t, 409, "amount_not_enough", "asker", "POST", prices+"complete", again)
}

// TestRoad goes from the first screen to the completed review, realtime and reserved, with
// every request that there is. All answers are held against the description.
func TestRoad(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	r.put(t, "review_images/1", life.ReviewImage{Idx: 1, Name: "재치있는 타입", Detail: "유머", Pic: "p"})

	// Signing in, and what the forms offer.
	signIn := func(social string) string {
		return `{"token":"token of asker","social":"` + social + `","platform":"ios","push_token":"asdfasdfasdf"}`
	}
	r.refused(t, 400, "user_not_found", "asker", "POST", "/api/v1/asker/sign/signin", signIn("facebook"))
	r.sign(t, "asker", "지수카카오", "F")
	r.clock.move(time.Second)
	r.good(t, "asker", "POST", "/api/v1/asker/sign/signin", signIn("facebook")).golden(t, "signin")
	r.good(t, "willsoner", "POST", "/api/v1/asker/sign/signin", `{"token":"token of willsoner","social":"email"}`).
		wantAt(t, map[string]string{"gender": "", "age": "", "email": "willsoner@willson.test", "access_token": "cookie of willsoner"})
	r.sign(t, "willsoner", "답변자143", "F") // the form that fills in what signing in did not know
	r.sign(t, "other", "포스트맨", "M")
	for _, path := range []string{"/api/v1/asker/request/subcategory", registers + "subcategory"} {
		r.good(t, "asker", "POST", path, `{"category_idx":1}`)
	}
	for _, path := range []string{"main", "request/feeling", "request/willsoner_type", "request/direction"} {
		r.good(t, "asker", "GET", "/api/v1/asker/"+path, "")
	}
	r.good(t, "willsoner", "GET", registers+"image", "")
	if all := r.good(t, "asker", "GET", "/api/v1/asker/main/willsoners/0", ""); all.at() != "[]" {
		t.Errorf("willsoners before there are any: %s", all.body)
	}
	r.register(t, "willsoner", "1")
	r.register(t, "other", "[2,12]")
	r.refused(t, 409, "already_registered_willsoner", "other", "POST", registers+"complete", goodBody(t, handlers.Route{Method: "POST", Path: registers + "complete", Body: true}))
	r.refused(t, 404, "not_found", "other", "PATCH", registers+"invitation", `{"code":"SPRING-2026"}`)
	r.good(t, "asker", "GET", "/api/v1/asker/main/willsoners/2", "").wantAt(t, map[string]string{"0 asker nickname": "포스트맨", "1": "<nil>"})

	// The concern, and paying for it.
	written := r.good(t, "asker", "POST", writes, shipped)
	concern, nickname := written.at("idx"), written.at("nickname")
	written.wantAt(t, map[string]string{"content": "요즘 잠이 오지 않아요", "wil_gender": "ALL", "time": "", "status": "unpaid", "image_idx": "<nil>", "timer": "<nil>"})
	r.refused(t, 404, "not_found", "asker", "GET", concerns+"/realtime/"+concern, "")
	r.good(t, "asker", "GET", prices+concern, "").golden(t, "prices")
	r.good(t, "asker", "POST", prices+"progress", `{"concern_idx":`+concern+`,"match_type":1}`).wantAt(t, map[string]string{"willsoners": "[]", "point honeypot": "30개"})
	r.good(t, "asker", "POST", prices+"purchase", `{"ticket_idx":1}`).wantAt(t, map[string]string{"asker point honeypot": "30개", "not_enought": "0", "tickets 2 price": "9,900원"})
	paid := r.good(t, "asker", "POST", prices+concern, `{"ticket_idx":1}`)
	paid.wantAt(t, map[string]string{"status": "init", "time": "30", "match_cnt": "1", "timer": strconv.FormatInt(r.now().Add(300*time.Second).UnixMilli(), 10)})
	r.clock.move(time.Second)
	if again := r.good(t, "asker", "POST", prices+concern, `{"ticket_idx":1.0}`); !bytes.Equal(again.body, paid.body) {
		t.Errorf("paid again: %s, first %s", again.body, paid.body)
	}
	r.refused(t, 409, "concern_in_process", "asker", "GET", prices+concern, "")

	// What willsoners see, and offer.
	sent := r.good(t, "willsoner", "POST", incoming, `{"category_idx":0}`)
	match := sent.at("matches", "rows", 0, "idx")
	sent.golden(t, "incoming", nickname)
	r.good(t, "willsoner", "POST", incoming, `{"category_idx":2}`).wantAt(t, map[string]string{"matches count": "0", "matches rows": "[]"})
	r.good(t, "stranger", "POST", incoming, `{"category_idx":0.0}`).wantAt(t, map[string]string{"matches count": "0", "matches rows": "[]"})
	r.good(t, "willsoner", "GET", incoming+"/"+match, "").golden(t, "incoming-match", nickname)
	r.strangers(t, concern, match)
	r.good(t, "willsoner", "PATCH", incoming+"/"+match+"/select", "").wantAt(t, map[string]string{"status": "waiting", "roomkey": "<nil>", "date_idx": "<nil>", "score": "50"})
	r.good(t, "willsoner", "PATCH", incoming+"/"+match+"/select", "")
	r.good(t, "willsoner", "GET", incoming+"/"+match, "").wantAt(t, map[string]string{"status": "waiting", "concern asker nickname": nickname})
	r.refused(t, 404, "not_found", "willsoner", "GET", later+"/"+match, "") // of the other type

	// The asker's choice, and the session.
	r.good(t, "asker", "GET", concerns+"/realtime/"+concern, "").golden(t, "offers")
	r.good(t, "asker", "GET", offered+match, "").golden(t, "offer")
	r.strangers(t, concern, match)
	r.good(t, "asker", "PATCH", "/api/v1/asker/list/matches/"+match+"/select", "").wantAt(t, map[string]string{"status": "chat", "date": "<nil>", "willsoner asker nickname": "답변자143"})
	room := r.good(t, "asker", "GET", chatrooms, "").at("ing", 0, "roomkey")
	r.good(t, "willsoner", "GET", willsoner, "").wantAt(t, map[string]string{"count": "1", "ing 0 concern asker nickname": nickname})
	r.good(t, "asker", "PATCH", "/api/v1/asker/chat/join/"+match, "")
	r.good(t, "willsoner", "PATCH", "/api/v1/willsoner/chat/join/"+match, "").wantAt(t, map[string]string{"asker_join": "1", "willsoner_join": "1"})
	r.put(t, "chatrooms/"+room+"/chats/m1", life.Message{UID: "willsoner", Message: "안녕하세요 반가워요", TimeStamp: r.now()})
	r.good(t, "asker", "POST", "/api/v1/asker/chat/report/"+match, `{"reports":["m1"]}`)
	r.good(t, "asker", "GET", reviews+"/image", "")
	r.strangers(t, concern, match)
	r.good(t, "asker", "POST", reviews, `{"match_idx":`+match+`,"title":"고마워요","content":"덕분에 마음이 편해졌어요","rating":4.5,"image_idx":1}`)
	r.good(t, "asker", "PATCH", "/api/v1/asker/chat/complete/"+match, "").wantAt(t, map[string]string{"status": "complete"})
	r.strangers(t, concern, match)

	// The same at an hour that is agreed.
	r.clock.move(time.Second)
	booked := r.good(t, "asker", "POST", strings.Replace(writes, "v1", "v2", 1), reserve)
	booking := booked.at("idx")
	booked.wantAt(t, map[string]string{"wil_gender": "F", "image_idx": "8", "type": "reserve"})
	r.good(t, "asker", "POST", pays, `{"ticket_idx":1,"concern_idx":`+booking+`,"match_type":2}`).wantAt(t, map[string]string{"status": "init", "timer": "<nil>"})
	asked := r.good(t, "willsoner", "POST", later, `{"category_idx":1}`)
	hour := asked.at("matches", "rows", 0, "idx")
	asked.wantAt(t, map[string]string{"matches rows 0 concern dates 1 date": "2026-03-20", "matches rows 0 concern dates 1 from_time": "12:30", "matches rows 0 concern timer": "<nil>"})
	r.good(t, "willsoner", "GET", later+"/"+hour, "").wantAt(t, map[string]string{"status": "init", "concern dates 0 date_format": "03월 21일", "concern timer": "<nil>"})
	hours := func(date, from string) string { return `{"date":"` + date + `","from_time":"` + from + `"}` }
	for _, outside := range []string{hours("2026-03-21", "17:59"), hours("2026-03-21", "23:01"), hours("2026-03-20", "14:31"), hours("2026-03-20", "18:00"), hours("2026-03-22", "18:00"), hours("2020-03-21", "18:00")} {
		r.as(t, "willsoner", "PATCH", later+"/"+hour+"/select", outside).wantError(t, 400, "invalid_request", "Invalid request", "from_time")
	}
	for range 2 {
		r.good(t, "willsoner", "PATCH", later+"/"+hour+"/select", hours("2026-03-20", "14:30")).wantAt(t, map[string]string{"status": "waiting", "date_idx": "2", "concern time": "30"})
	}
	for _, other := range []string{hours("2026-03-21", "18:00"), hours("2027-03-21", "18:00")} {
		r.refused(t, 409, "already_matched", "willsoner", "PATCH", later+"/"+hour+"/select", other)
	}
	r.good(t, "asker", "GET", concerns+"/reserve/"+booking, "").wantAt(t, map[string]string{"matches 0 date to_time": "15:00", "matches 0 willsoner avg_rating": "4.5", "timer": "<nil>"})
	r.good(t, "asker", "GET", "/api/v1/willsoner/list/concern/matches/reserve/"+hour, "").wantAt(t, map[string]string{"match date date": "2026-03-20", "reviews avg": "4.5", "reviews rows 0 match concern nickname": nickname})
	r.refused(t, 404, "not_found", "asker", "GET", offered+hour, "")
	r.strangers(t, booking, hour)
	r.good(t, "asker", "PATCH", "/api/v1/asker/list/matches/"+hour+"/select", "").wantAt(t, map[string]string{"date from_time": "14:30", "status": "chat"})
	r.strangers(t, booking, hour)

	// A third that is looked for, beside the two.
	third := r.good(t, "asker", "POST", writes, shipped).at("idx")
	r.good(t, "asker", "POST", prices+third, `{"ticket_idx":2}`)
	r.good(t, "asker", "GET", concerns, "").golden(t, "concerns")
	r.good(t, "asker", "GET", mine+"home", "").golden(t, "mypage")
	r.good(t, "willsoner", "POST", incoming, `{"category_idx":0}`).wantAt(t, map[string]string{
		"matches count": "2", "matches rows 0 status": "init", "matches rows 1 status": "closed", "matches rows 1 concern content": "마감된 요청입니다",
	})
	r.clock.move(7 * time.Minute) // nobody offered
	r.good(t, "asker", "GET", concerns, "").wantAt(t, map[string]string{"realtime rows 0 status": "empty", "realtime rows 0 timer": "<nil>"})
	closed := r.good(t, "willsoner", "POST", incoming, `{"category_idx":0}`)
	closed.wantAt(t, map[string]string{"matches rows 0 status": "closed", "matches rows 0 concern asker nickname": "", "matches rows 0 concern time": ""})
	r.refused(t, 404, "time_out", "willsoner", "GET", incoming+"/"+closed.at("matches", "rows", 0, "idx"), "")
	r.refused(t, 404, "time_out", "willsoner", "PATCH", incoming+"/"+closed.at("matches", "rows", 0, "idx")+"/select", "")

	// The agreed hour, and two more reviews.
	r.refused(t, 409, "too_early", "asker", "PATCH", "/api/v1/asker/chat/join/"+hour, "")
	r.clock.move(26*time.Hour + 20*time.Minute)
	r.good(t, "asker", "PATCH", "/api/v1/asker/chat/join/"+hour, "")
	r.good(t, "asker", "POST", strings.Replace(reviews, "v1", "v2", 1), `{"match_idx":`+hour+`,"content":null,"rating":5,"image_idx":1}`).wantAt(t, map[string]string{"title": "<nil>"})
	r.good(t, "asker", "PATCH", "/api/v1/asker/chat/complete/"+hour, "")
	r.clock.move(time.Second)
	r.good(t, "asker", "POST", prices+third, `{"ticket_idx":1}`).wantAt(t, map[string]string{"match_cnt": "2"})
	last := r.good(t, "willsoner", "POST", incoming, `{"category_idx":0}`).at("matches", "rows", 0, "idx")
	r.good(t, "willsoner", "PATCH", incoming+"/"+last+"/select", "")
	r.good(t, "asker", "PATCH", "/api/v1/asker/list/matches/"+last+"/select", "")
	r.good(t, "asker", "POST", reviews+"/complete", `{"match_idx":`+last+`,"content":"고마워요","rating":1,"image_idx":1}`)

	// What is left of it.
	number := r.good(t, "asker", "GET", "/api/v1/asker/main/willsoners/0", "").at(0, "idx")
	r.good(t, "stranger", "GET", "/api/v2/asker/list/matches/"+number, "").wantAt(t, map[string]string{"count": "3", "rows 0 rating": "5", "rows 0 content": "", "rows 2 rating": "1", "rows 0 match concern idx": "<nil>"})
	r.refused(t, 404, "not_found", "asker", "GET", "/api/v2/asker/list/matches/7", "")
	r.good(t, "asker", "GET", mine+"offer/transaction", "").wantAt(t, map[string]string{"0 action": "사용", "0 amount": "꿀단지 7개", "0 total": "남은 꿀단지 9개", "3 action": "지급", "3 date": "26.03.19", "4": "<nil>"})
	for _, version := range []string{"v1", "v2"} {
		r.good(t, "willsoner", "GET", "/api/"+version+"/willsoner/mypage/home", "").wantAt(t, map[string]string{"willsoner avg_rating": "3.5", "willsoner keywords 1 name": "집", "point coin": "0 C", "point honeypot": "30개", "refund_status": "<nil>"})
	}

	for _, route := range handlers.Routes() {
		if route.Party == "" && !route.Body || r.walked[route.Method+" "+route.Path] {
			continue
		}
		if _, ok := operation(t, route).Answers["200"]; ok {
			t.Errorf("%s %s gave no good answer", route.Method, route.Path)
			continue
		}
		r.as(t, "asker", route.Method, route.Path, goodBody(t, route)).wantError(t, 501, "not_supported", "Not supported.")
	}
	wantUnsaid(t, r)
}

// strangers has somebody ask for the asker's concern and match wherever one is asked for,
// and be told what he would be told of one that is not there.
func (r *road) strangers(t *testing.T, concern, match string) {
	t.Helper()
	before := r.firestore.Writes()
	for _, who := range []string{"stranger", "asker", "willsoner"} {
		for _, route := range handlers.Routes() {
			isOwn := who == string(route.Party) || who == "asker" && strings.Contains(route.Path, "/concern/")
			names := strings.Contains(route.Path, "{match_idx}") || strings.Contains(route.Path, "{concern_idx}")
			body := goodBody(t, route)
			for key, value := range map[string]string{"concern_idx": concern, "match_idx": match} {
				if with := regexp.MustCompile(`"` + key + `":\d+`); with.MatchString(body) {
					names, body = true, with.ReplaceAllString(body, `"`+key+`":`+value)
				}
			}
			if !names || isOwn {
				continue
			}
			want := "not_found"
			if who == "stranger" && strings.Contains(route.Path, "/payment/") { // who has no account
				want = "user_not_found"
			}
			r.refused(t, 404, want, who, route.Method, strings.NewReplacer("{match_idx}", match, "{concern_idx}", concern).Replace(route.Path), body)
		}
	}
	if r.firestore.Writes() != before {
		t.Error("a stranger changed something")
	}
}

// wantUnsaid looks in the log for what people wrote.
func wantUnsaid(t *testing.T, r *road) {
	t.Helper()
	for _, text := range []string{
		"잠이 오지", "주말에", "지수카카오", "답변자143", "포스트맨", "willson.test", "token of", "cookie of", "줍줍", "무너짐", "고물을", "안녕하슈", "SPRING-2026", "AUTUMN", "고마워요", "편해졌어요", "반가워요", "몰래",
	} {
		if line := slices.IndexFunc(strings.Split(r.log.String(), "\n"), func(line string) bool { return strings.Contains(line, text) }); line >= 0 {
			t.Errorf("%s is in the log: %s", text, strings.Split(r.log.String(), "\n")[line])
		}
	}
}
