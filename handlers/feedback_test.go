package handlers_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"willson/handlers"
	"willson/life"
)

func TestReviewImages(t *testing.T) {
	t.Parallel()
	got := serve(t).ask(t, http.MethodGet, reviews+"/image")
	want := `{"code":"success","message":"success","data":[{"idx":1,"name":"재치있는 타입","detail":"유머","pic":"` + pictures + `review_image/1.png"}]}`
	if string(got.body) != want {
		t.Errorf("got %s", got.body)
	}
}

// TestReviews: what the store is given of a body, and what is answered.
func TestReviews(t *testing.T) {
	t.Parallel()
	text := func(n int) string { return strings.Repeat("긴", n) }
	for name, test := range map[string]struct {
		body string
		want life.Review
	}{
		"the app's": {`{"match_idx":671,"title":"고마워요","content":"좋았어요","rating":4.5,"image_idx":2}`,
			life.Review{MatchIdx: 671, Title: "고마워요", Content: "좋았어요", Rating: 4.5, ImageIdx: 2}},
		"integers in other forms": {`{"match_idx":[15145.0],"content":null,"rating":5,"image_idx":1.5e3,"keyword_idx":[2.0,-1]}`,
			life.Review{MatchIdx: 15145, Rating: 5, ImageIdx: 1500, KeywordIdx: []int64{2, -1}}},
		"an older copy's": {`{"match_idx":[671],"willsoner_idx":12,"title":null,"content":null,"rating":5,"image_idx":2,"keywords":[3,1]}`,
			life.Review{MatchIdx: 671, Rating: 5, ImageIdx: 2, KeywordIdx: []int64{3, 1}}},
		"both names": {`{"match_idx":1,"content":"","rating":0.5,"image_idx":1,"keywords":[3],"keyword_idx":[4,-1]}`,
			life.Review{MatchIdx: 1, Rating: 0.5, ImageIdx: 1, KeywordIdx: []int64{4, -1}}},
		"bounds": {`{"match_idx":9223372036854775807,"title":"` + text(100) + `","content":"` + text(1000) + `","rating":0.001,"image_idx":9,"keyword_idx":[` + strings.Repeat("1,", 19) + `1]}`,
			life.Review{MatchIdx: 9223372036854775807, Title: text(100), Content: text(1000), Rating: 0.001, ImageIdx: 9, KeywordIdx: []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}},
		"others are ignored": {" \n{\"match_idx\" : 1 , \"MATCH_IDX\":2, \"uid\":\"x\", \"x\":{\"y\":[1e999]}, \"content\" : \"\\ud83d\\ude42\" ,\"rating\": 1 ,\"image_idx\":1}\n ",
			life.Review{MatchIdx: 1, Content: "🙂", Rating: 1, ImageIdx: 1}},
		"the last counts": {`{"match_idx":1,"match_idx":2,"content":null,"rating":1,"image_idx":1}`, life.Review{MatchIdx: 2, Rating: 1, ImageIdx: 1}},
		"half a pair":     {`{"match_idx":1,"content":"\ud83d","rating":1,"image_idx":1}`, life.Review{MatchIdx: 1, Content: "\ufffd", Rating: 1, ImageIdx: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.AskerUID = asker
			api := serve(t, withStore(fakeStore{review: func(review life.Review) (life.Review, error) {
				if !reflect.DeepEqual(review, test.want) {
					t.Errorf("got  %+v\nwant %+v", review, test.want)
				}
				review.CreatedAt = time.UnixMilli(1609645346317)
				return review, nil
			}}))
			orNull := func(s string) string {
				if s == "" {
					return "null"
				}
				return `"` + s + `"`
			}
			want := fmt.Sprintf(`{"code":"success","message":"success","data":{"created_at":1609645346317,"updated_at":1609645346317,"title":%s,"idx":%d,"match_idx":%[2]d,"content":%s,"rating":%v,"image_idx":%d}}`,
				orNull(test.want.Title), test.want.MatchIdx, orNull(test.want.Content), test.want.Rating, test.want.ImageIdx)
			for _, path := range []string{reviews, strings.Replace(reviews, "v1", "v2", 1)} {
				if got := api.send(t, http.MethodPost, path, test.body, "Content-Type", "application/json"); string(got.body) != want {
					t.Errorf("got  %s\nwant %s", got.body, want)
				}
			}
			if got := api.send(t, http.MethodPost, reviews+"/complete", test.body); string(got.body) != `{"code":"success","message":"success"}` {
				t.Errorf("got %s", got.body)
			}
		})
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	var got []string
	api := serve(t, withStore(fakeStore{report: func(uid string, idx int64, ids []string) error {
		got = append(got, fmt.Sprintln(uid, idx, len(ids), ids[0]))
		return nil
	}}))
	for _, body := range []string{`{"reports":["a"]}`, `{"reports":["a",` + strings.Repeat(`"b",`, 98) + `"c"],"more":1}`} {
		if answer := api.send(t, http.MethodPost, reports, body); string(answer.body) != `{"code":"successfully_updated","message":"Successfully updated."}` {
			t.Errorf("answered %s", answer.body)
		}
	}
	if want := []string{asker + " 15145 1 a\n", asker + " 15145 100 a\n"}; !reflect.DeepEqual(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// TestBadBodies never reach the store.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	api := serve(t, unreached)
	long := strings.Repeat("긴", 1001)
	for _, body := range []string{
		``, ` `, `null`, `1`, `"x"`, `[]`, `[{}]`, `true`, `{`, `{}{}`, `{} x`, "{}\x00", `{"a":}`, `{'a':1}`, "\xff", `{"a":"` + "\xff" + `"}`, "\ufeff{}",
		"{\"match_idx\":1,\"content\":\"\xc3\x28\",\"rating\":1,\"image_idx\":1,\"reports\":[\"a\"]}",
		strings.Repeat(`{"a":`, 12_000), strings.Repeat(`[`, 60_000),
	} {
		for _, path := range []string{reviews, reviews + "/complete", reports} {
			api.send(t, http.MethodPost, path, body).wantError(t, 400, "invalid_request", "Invalid request")
		}
	}
	wantRefused(t, http.MethodPost, reviews, goodKeys(t, http.MethodPost, reviews), map[string][]string{
		"match_idx":   {"", "null", "0", "-1", "1.5", "1e-1", "1e19", "1e999999999", "9223372036854775808", "9223372036854775808.0", `"671"`, `"1e2"`, "true", "{}", "[]", "[0]", "[1,2]", "[[1]]", "[null]", `["1"]`, "[1.5]"},
		"rating":      {"", "null", "0", "-0", "-1", "5.0001", "6", "1e999", `"4"`, "[4]", "true"},
		"content":     {"", "1", "{}", `["x"]`, "true", `"` + long + `"`},
		"image_idx":   {"", "null", "0", "-2", "1.5", `"2"`, "[2]", "9223372036854775808"},
		"title":       {"1", "{}", "false", `"` + long[:len("긴")*101] + `"`},
		"keyword_idx": {"1", "{}", `"1"`, `["1"]`, "[null]", "[1.5]", "[[1]]", "[" + strings.Repeat("1,", 20) + "1]", "[9223372036854775808]"},
	})
	for _, value := range []string{
		`null`, `"a"`, `{}`, `[]`, `[""]`, `[null]`, `[1]`, `["a",["b"]]`, `["start"]`, `["a","intro"]`, `["end"]`, `[` + strings.Repeat(`"a",`, 100) + `"a"]`,
	} {
		api.send(t, http.MethodPost, reports, `{"reports":`+value+`}`).wantError(t, 400, "invalid_request", "Invalid request", "reports")
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	api := serve(t)
	for _, test := range []struct {
		status  int
		headers []string
	}{
		{200, nil},
		{200, []string{"Content-Type", "application/json"}},
		{200, []string{"Content-Type", "Application/JSON; charset=UTF-8"}},
		{200, []string{"Content-Type", "application/json; charset"}},
		{200, []string{"Content-Type", "application/json;charset=utf-8;charset=utf-8; ="}},
		{200, []string{"Content-Encoding", "identity"}},
		{415, []string{"Content-Type", "text/plain"}},
		{415, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{415, []string{"Content-Type", "application/json5"}},
		{415, []string{"Content-Type", "application/problem+json"}},
		{415, []string{"Content-Type", "json"}},
		{415, []string{"Content-Type", ";"}},
		{415, []string{"Content-Type", "application/json", "Content-Type", "text/plain"}},
		{415, []string{"Content-Encoding", "gzip"}},
	} {
		if got := api.send(t, http.MethodPost, reports, `{"reports":["a"]}`, test.headers...); got.StatusCode != test.status {
			t.Errorf("%q: %s, want %d", test.headers, got.Status, test.status)
		}
	}
}

func TestBodySizes(t *testing.T) {
	t.Parallel()
	api := serve(t)
	const good, most = `{"reports":["a"]}`, 64 << 10
	fits := good + strings.Repeat(" ", most-len(good))
	if got := api.send(t, http.MethodPost, reports, fits); got.StatusCode != http.StatusOK {
		t.Errorf("64 KiB: %s", got.Status)
	}
	api.send(t, http.MethodPost, reports, fits+" ").wantError(t, 413, "request_too_large", "Request too large")
}

// TestBodiesThatNobodyReads are not waited for.
func TestBodiesThatNobodyReads(t *testing.T) {
	t.Parallel()
	api := serve(t)
	for request, status := range map[string]string{
		"PATCH " + selects:        "200 OK",
		"GET " + chatrooms:        "200 OK",
		"POST /nowhere":           "404 Not Found",
		"DELETE " + chatrooms:     "405 Method Not Allowed",
		"POST " + reports + "x/y": "404 Not Found",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(api.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nx-token: %s\r\nContent-Length: 100\r\n\r\n{", request, asker)
		answer, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || answer != "HTTP/1.1 "+status+"\r\n" {
			t.Errorf("%s: %q %v", request, answer, err)
		}
	}
}

// TestSlowBodies: one that does not come in time is given up, and holds no place meanwhile.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const deadline = 2 * time.Second
	api := serve(t, func(cfg *handlers.Config) { cfg.MaxInFlight, cfg.Deadline = 1, deadline })
	conn, err := net.Dial("tcp", strings.TrimPrefix(api.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begin := time.Now()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nx-token: %s\r\nContent-Length: 100\r\n\r\n{", reports, asker)
	waitFor(t, func() bool { return api.metric(t, "willson_requests_in_flight") == 1 })
	if got := api.send(t, http.MethodPost, reports, `{"reports":["a"]}`); got.StatusCode != http.StatusOK {
		t.Errorf("beside a slow body: %s", got.Status)
	}
	line := api.log.wait(t, 2)[1]
	if request := line["httpRequest"].(map[string]any); request["status"] != 504.0 || line["severity"] != "INFO" {
		t.Errorf("logged %v", line)
	}
	if took := time.Since(begin); took < deadline {
		t.Errorf("given up after %v", took)
	}
}
