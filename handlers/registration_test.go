package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"willson/handlers"
	"willson/life"
	"willson/store"
)

// A registrationStore takes every registration, and keeps the last that it was given.
type registrationStore struct {
	handlers.Store
	of    store.Registration
	words []string
}

func (s *registrationStore) Register(_ context.Context, _ string, of store.Registration) (life.Profile, error) {
	s.of = of
	return life.Profile{Idx: 1, AskerIdx: 2, Experience: of.Experience, Introduction: of.Introduction, ImageIdx: of.ImageIdx}, nil
}

func (s *registrationStore) KeepKeywords(_ context.Context, uid string, category int64, words []string) ([]life.Keyword, error) {
	s.words = append([]string{fmt.Sprint(uid, category)}, words...)
	return []life.Keyword{{Idx: 1, Name: words[0], CategoryIdx: category}}, nil
}

// TestRegistrations: what the store is given of the forms.
func TestRegistrations(t *testing.T) {
	t.Parallel()
	kept := &registrationStore{}
	api := serve(t, func(cfg *handlers.Config) { cfg.Store = kept })
	good := map[string]string{"subcategory_idx": "1", "experience": `" 고물을 줍고 "`, "introduction": `"안녕하슈"`, "image_idx": "2"}
	long := func(n int) string { return strings.Repeat("🙂", n) }
	for _, test := range []struct {
		edits []string
		want  func(*store.Registration)
	}{
		{nil, func(*store.Registration) {}},
		{[]string{"subcategory_idx", "[2,12,2,3]"}, func(of *store.Registration) {
			of.SubcategoryIdxs, of.CategoryIdxs = []int64{2, 12, 3}, []int64{1, 2}
		}},
		{[]string{"keyword", `[" 줍줍 ","집"]`, "keyword_idx", "[7,8.0,7]"}, func(of *store.Registration) {
			of.KeywordNames, of.KeywordIdx = []string{"줍줍", "집"}, []int64{7, 8}
		}},
		{[]string{"keyword", "null", "keyword_idx", "null", "auth_phone", "[]", "auth_email", "7"}, func(*store.Registration) {}},
		{[]string{"experience", `"` + long(1000) + `"`, "introduction", `"` + long(200) + `"`}, func(of *store.Registration) {
			of.Experience, of.Introduction = long(1000), long(200)
		}},
	} {
		want := store.Registration{CategoryIdxs: []int64{1}, SubcategoryIdxs: []int64{1}, Experience: "고물을 줍고", Introduction: "안녕하슈", ImageIdx: 2}
		test.want(&want)
		if got := api.send(t, "POST", registers+"complete", bodyOf(good, test.edits...)); got.StatusCode != http.StatusOK || !reflect.DeepEqual(kept.of, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", got.Status, kept.of, want)
		}
	}
	if got := api.send(t, "POST", registers+"keyword", `{"category_idx":1.0,"keyword_data":["줍줍"," 줍줍","집 "]}`); got.StatusCode != http.StatusOK || !reflect.DeepEqual(kept.words, []string{asker + "1", "줍줍", "줍줍", "집"}) {
		t.Errorf("%s, the store kept %q", got.Status, kept.words)
	}

	one := []string{"", "null", "0", "-1", `"1"`, "1.5", "[]", "[0]", "true", "99", `["1"]`}
	words := []string{`[""]`, `[" \u3000"]`, `["` + long(21) + `"]`, "[1]", "[null]", `"줍줍"`, `[` + strings.Repeat(`"a",`, 10) + `"a"]`}
	wantRefused(t, "POST", registers+"complete", good, map[string][]string{
		"subcategory_idx": append(one, "[1,99]", "[1,2,3,4,5,6,7,8,11,12,13]"), "image_idx": append(one, "[1]"), "keyword": words,
		"experience":   {"", "null", `""`, `" "`, `"` + long(1001) + `"`, "7"},
		"introduction": {"", "null", `""`, `" "`, `"` + long(201) + `"`, "7"},
		"keyword_idx":  {"[0]", "[-1]", `["1"]`, "7", "[null]", "[1,2,3,4,5,6,7,8,9,10,11]"},
	})
	wantRefused(t, "POST", registers+"keyword", map[string]string{"category_idx": "1", "keyword_data": `["집"]`}, map[string][]string{
		"category_idx": one[:7], "keyword_data": append(words, "", "null", "[]"),
	})
	wantRefused(t, "PATCH", registers+"invitation", map[string]string{}, map[string][]string{"code": {"", "null", `""`, `"  "`, `"` + long(101) + `"`, "7", `["SPRING-2026"]`}})
	never := serve(t, unreached)
	for path, unknown := range map[string]string{registers + "keyword": "99", registers + "subcategory": "0", "/api/v1/asker/request/subcategory": "99"} {
		never.send(t, "POST", path, `{"category_idx":`+unknown+`,"keyword_data":["집"]}`).wantError(t, 404, "not_found", "Result not found")
	}
}

// TestInvitations: a code is one of those that there are, as it stands, and guesses are
// counted. Nobody learns from an answer whether a guess was close.
func TestInvitations(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	guesses := []string{"spring-2026", "SPRING-202", "SPRING-20266", "SPRING -2026", "AUTUMN-2025,SPRING-2026", ",", "AUTUMN-2025\\u0000", "\\ud83d"}
	for n := range 1000 - len(guesses) {
		guesses = append(guesses, fmt.Sprint("SPRING-", n))
	}
	for _, guess := range guesses {
		if r.refused(t, 404, "code_not_found", "nobody", "PATCH", registers+"invitation", `{"code":"`+guess+`"}`); t.Failed() {
			t.FailNow()
		}
	}
	if n := r.metric(t, "willson_invitations_refused_total"); n != 1000 {
		t.Errorf("%v of 1000 are counted", n)
	}
	if reads := r.firestore.Reads(); reads != 0 {
		t.Errorf("%d documents were read", reads)
	}
	for _, code := range []string{"AUTUMN-2025", "SPRING-2026"} {
		r.refused(t, 404, "not_found", "nobody", "PATCH", registers+"invitation", `{"code":"`+code+`"}`)
	}
	none := serve(t, unreached, func(cfg *handlers.Config) { cfg.InvitationCodes = nil })
	none.send(t, "PATCH", registers+"invitation", `{"code":"SPRING-2026"}`).wantError(t, 404, "code_not_found", "Code is not found.")
}

// TestOthersKeywords: a keyword's number is good for whose it is alone.
func TestOthersKeywords(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	r.sign(t, "one", "하나", "F")
	r.sign(t, "two", "둘", "M")
	kept := r.good(t, "one", "POST", registers+"keyword", `{"category_idx":1,"keyword_data":["줍줍","집"]}`)
	form := func(idx string) string {
		return `{"subcategory_idx":1,"experience":"x","introduction":"y","keyword_idx":[` + idx + `],"image_idx":1}`
	}
	for _, idx := range []string{kept.at(0, "idx"), "7"} {
		r.as(t, "two", "POST", registers+"complete", form(idx)).wantError(t, 400, "invalid_request", "Invalid request", "keyword_idx")
	}
	r.good(t, "one", "POST", registers+"complete", form(kept.at(1, "idx")))
	r.good(t, "one", "GET", "/api/v1/willsoner/mypage/home", "").wantAt(t, map[string]string{"willsoner keywords 0 name": "집", "willsoner keywords 1": "<nil>"})
	r.good(t, "one", "GET", mine+"home", "").wantAt(t, map[string]string{"willsoner status": "waiting"})
}

// TestWithoutAccount: who never signed in is told so where the contract says it, and
// elsewhere is somebody who has nothing: what can be missing is.
func TestWithoutAccount(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	needed := regexp.MustCompile(`^/api/v\d/(asker/request/complete|asker/payment/.*|willsoner/register/(keyword|complete)|(asker|willsoner)/mypage/.*)$`)
	for _, route := range handlers.Routes() {
		if route.Party == "" {
			continue
		}
		reads := r.reads()
		got := r.as(t, "nobody", route.Method, pathOf(route), goodBody(t, route))
		asked := r.reads() > reads
		_, canBeMissing := operation(t, route).Answers["404"]
		switch code := got.json(t)["code"]; {
		case needed.MatchString(route.Path):
			got.wantError(t, 404, "user_not_found", "User not found.")
		case asked && canBeMissing && !strings.HasSuffix(route.Path, "{category_idx}"): // of which there are some
			got.wantError(t, 404, "not_found", "Result not found")
		case code != "success" && code != "not_found" && code != "not_supported":
			t.Errorf("%s %s: %s", route.Method, route.Path, got.body)
		}
	}
	if writes := r.firestore.Writes(); writes != 0 {
		t.Errorf("%d documents were written", writes)
	}
}

// TestWrittenTextsStayUnsaid also where they are refused, and when documents cannot be read.
func TestWrittenTextsStayUnsaid(t *testing.T) {
	t.Parallel()
	r := startRoad(t)
	r.sign(t, "asker", "지수카카오", "F")
	r.sign(t, "willsoner", "답변자143", "M")
	r.register(t, "willsoner", "1")
	concern := r.good(t, "asker", "POST", writes, shipped).at("idx")
	r.good(t, "asker", "POST", prices+concern, `{"ticket_idx":1}`)
	match := r.good(t, "willsoner", "POST", incoming, `{"category_idx":0}`).at("matches", "rows", 0, "idx")
	all := func() {
		for _, who := range []string{"asker", "willsoner"} {
			for _, route := range handlers.Routes() {
				if route.Party != "" {
					r.as(t, who, route.Method, strings.NewReplacer("{match_idx}", match, "{concern_idx}", concern, "{willsoner_idx}", "7", "{category_idx}", "1").Replace(route.Path), goodBody(t, route))
				}
			}
			for _, social := range []string{"email", "apple"} {
				r.send(t, "POST", signIns, `{"token":"token of `+who+`","social":"`+social+`"}`)
			}
		}
	}
	for _, route := range handlers.Routes() { // what is refused
		if route.Body {
			keys := goodKeys(t, route.Method, route.Path)
			for key := range keys {
				keys[key] = `"몰래 쓴 글"`
			}
			r.as(t, "asker", route.Method, pathOf(route), bodyOf(keys))
		}
	}
	for _, path := range []string{"askers/asker", "willsoners/willsoner", "concerns/" + concern, "matches/" + match} {
		doc, err := r.client.Doc(path).Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range doc.Data() {
			if text, ok := value.(string); ok && name != "uid" && name != "asker_uid" {
				doc := doc.Data()
				doc[name] = []string{text} // a text where none belongs
				r.put(t, path, doc)
				all()
				break
			}
		}
	}
	if said := r.log.String(); strings.Count(said, "unreadable document") < 8 {
		t.Errorf("logged %s", said)
	}
	wantUnsaid(t, r)
}
