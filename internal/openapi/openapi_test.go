package openapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"willson/internal/openapi"
)

const file = "../../openapi.yaml"

// header has every header that the document describes.
var header = http.Header{
	"Allow":         {"PATCH"},
	"Cache-Control": {"private, no-cache"},
	"Content-Type":  {"application/json; charset=utf-8"},
	"Etag":          {`"0"`},
	"Retry-After":   {"1"},
	"Vary":          {"Accept-Encoding"},
	"X-Request-Id":  {"0123456789abcdef"},
}

// TestDocumentIsValid: the document fits the schema that the OpenAPI Initiative publishes
// for version 3.1 (that of 2026-08-03 is in testdata), and its own schemas are JSON Schemas.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	if err := compiler.AddResource("document", document); err != nil {
		t.Fatal(err)
	}
	for name := range openapi.Load(t, file).Components.Schemas {
		if _, err := compiler.Compile("document#/components/schemas/" + name); err != nil {
			t.Error(err)
		}
	}
}

// TestNames: there is a name for everything that a generated client has to name.
func TestNames(t *testing.T) {
	t.Parallel()
	d := openapi.Load(t, file)
	ids := map[string]bool{}
	for _, op := range d.Operations() {
		if op.ID == "" || ids[op.ID] {
			t.Errorf("%s %s has the operationId %q", op.Method, op.Path, op.ID)
		}
		ids[op.ID] = true
		for _, content := range append(slices.Collect(maps.Values(op.Answers)), op.Body) {
			for _, media := range content.Content {
				if media.Schema.Ref == "" {
					t.Errorf("%s has a body whose schema is no component", op.ID)
				}
			}
		}
	}
	for name, schema := range d.Components.Schemas {
		for _, part := range schema.(map[string]any) {
			if unnamed(part) {
				t.Errorf("%s has a part that is an object or an enum without a name of its own", name)
			}
		}
	}
}

func unnamed(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" || v["enum"] != nil {
			return true
		}
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), unnamed)
	case []any:
		return slices.ContainsFunc(v, unnamed)
	}
	return false
}

// TestExamples: every body has an example, and every example is what the document says that
// it is. There is one of each error's code, which is its name, but for a number after it.
func TestExamples(t *testing.T) {
	t.Parallel()
	d := openapi.Load(t, file)
	codes := map[string]bool{}
	check := func(method, path, status string, content openapi.Content) {
		for mediaType, media := range content.Content {
			if mediaType != "application/json" || len(media.Examples) == 0 {
				t.Errorf("%s %s %s: %s with %d examples", method, path, status, mediaType, len(media.Examples))
			}
			for name, example := range media.Examples {
				body, err := json.Marshal(example.Value)
				if err != nil {
					t.Fatal(err)
				}
				if status == "" {
					err = d.CheckRequest(method, path, body)
				} else {
					n, _ := strconv.Atoi(status)
					err = d.CheckAnswer(method, path, n, header, body)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if status >= "400" {
					codes[name] = true
					code, _, _ := strings.Cut(example.Value.(map[string]any)["code"].(string), ":")
					if code != name {
						t.Errorf("the example %s has the code %s", name, code)
					}
				}
			}
		}
	}
	for _, op := range d.Operations() {
		check(op.Method, op.Path, "", op.Body)
		for status, answer := range op.Answers {
			check(op.Method, op.Path, status, answer)
		}
	}
	check(http.MethodGet, "/nowhere", "404", d.Components.Responses["RouteNotFound"])
	check(http.MethodDelete, "/health", "405", d.Components.Responses["MethodNotAllowed"])
	for _, code := range d.Components.Schemas["ErrorCode"].(map[string]any)["enum"].([]any) {
		if !codes[code.(string)] {
			t.Errorf("no answer has the code %s", code)
		}
	}
}

// TestChecks: what differs from the document is reported.
func TestChecks(t *testing.T) {
	t.Parallel()
	d := openapi.Load(t, file)
	const (
		join     = "/api/v1/asker/chat/join/15145"
		offer    = "/api/v1/willsoner/list/realtime/matches/7/select"
		choose   = "/api/v1/asker/list/matches/7/select"
		incoming = "/api/v1/willsoner/list/realtime/matches"
		review   = "/api/v1/asker/chat/review"
		signUp   = "/api/v1/asker/sign/signup"
		ok       = `{"code":"success","message":"success"`
		rest     = `"created_at":1,"updated_at":1,"idx":1,"admin_selected":0,"score":0,"is_extended":0,"asker_join":1,"willsoner_join":0,"concern_idx":1,"date_idx":null,"willsoner_idx":1`
		row      = rest + `,"status":"chat","roomkey":"k"`
		chosen   = row + `,"date":null,"willsoner":{"idx":1,"asker":{},"image":{}}`
		full     = `"match_idx":1,"content":null,"rating":5,"image_idx":1`
		notFound = `{"code":"not_found","message":"Result not found"}`
		method   = `{"code":"method_not_allowed","message":"Method not allowed"}`
	)
	for _, test := range []struct {
		method, path string
		status       int // 0: a request
		body         string
		good         bool
		without      string // a header
	}{
		{"PATCH", join, 200, ok + `,"data":{` + row + `}}` + "\n", true, ""},
		{"PATCH", join, 200, ok + `,"data":{` + row + `,"new":1}}`, false, ""},
		{"PATCH", join, 200, ok + `,"data":{` + row + `},"new":1}`, false, ""},
		{"PATCH", join, 200, ok + `,"data":{` + rest + `,"status":"chat"}}`, false, ""},
		{"PATCH", join, 200, ok + `,"data":{` + rest + `,"status":"chat","roomkey":null}}`, false, ""},
		{"PATCH", join, 200, ok + `}`, false, ""},
		{"PATCH", join, 200, ``, false, ""},
		{"PATCH", join, 204, ``, false, ""},
		{"PATCH", offer, 200, ok + `,"data":{` + rest + `,"status":"waiting","roomkey":null}}`, true, ""},
		{"PATCH", offer, 200, ok + `,"data":{` + row + `}}`, false, ""},
		{"PATCH", choose, 200, ok + `,"data":{` + chosen + `}}`, true, ""},
		{"PATCH", choose, 200, ok + `,"data":{` + chosen + `,"new":1}}`, false, ""},
		{"PATCH", choose, 200, ok + `,"data":{` + strings.Replace(chosen, `"image":{}`, `"image":{"new":1}`, 1) + `}}`, false, ""},

		{"PATCH", join, 404, notFound, true, ""},
		{"PATCH", join, 404, `{"code":"not_found","message":"No such match"}`, false, ""},
		{"PATCH", join, 404, `{"code":"not_found","message":"Result not found","field":"idx"}`, false, ""},
		{"PATCH", join, 404, `{"code":"too_early","message":"Too early."}`, false, ""},
		{"PATCH", join, 405, method, false, ""},
		{"POST", join, 405, method, true, ""},
		{"POST", join, 405, method, false, "Allow"},
		{"POST", join, 404, `{"code":"route_not_found","message":"Route not found"}`, false, ""},
		{"GET", join + "/", 404, `{"code":"route_not_found","message":"Route not found"}`, true, ""},
		{"POST", review, 400, `{"code":"invalid_request","message":"Invalid request","field":"rating"}`, true, ""},
		{"POST", review, 400, `{"code":"invalid_request","message":"Invalid request"}`, true, ""},
		{"POST", review, 400, `{"code":"invalid_request","message":"Invalid request","field":"a word of the client"}`, false, ""},
		{"POST", signUp, 400, `{"code":"out_of_range:1899","message":"The value '1899' is out of range."}`, true, ""},
		{"POST", signUp, 400, `{"code":"out_of_range:1899","message":"Too old."}`, false, ""},
		{"POST", incoming, 503, `{"code":"service_unavailable","message":"Service unavailable","data":{}}`, true, ""},
		{"POST", incoming, 503, `{"code":"service_unavailable","message":"Service unavailable"}`, false, ""},
		{"GET", incoming, 405, method, false, ""},
		{"POST", "/api/v1/asker/payment/purchase", 409, `{"code":"concern_in_process","message":"Concern is in process"}`, false, ""},
		{"POST", "/api/v1/asker/payment/7", 409, `{"code":"concern_in_process","message":"Concern is in process"}`, true, ""},

		{"GET", "/ready", 200, ok + `}`, true, "Retry-After"},
		{"GET", "/ready", 200, ok + `}`, false, "Etag"},
		{"GET", "/ready", 200, ok + `}`, false, "Content-Type"},
		{"GET", "/ready", 304, ``, true, ""},
		{"GET", "/ready", 304, ok + `}`, false, ""},
		{"GET", "/ready", 503, `{"code":"service_unavailable","message":"Service unavailable"}`, false, "Retry-After"},
		{"HEAD", "/ready", 200, ``, true, ""},
		{"HEAD", "/ready", 200, ok + `}`, false, ""},
		{"HEAD", "/ready", 304, ``, false, "Cache-Control"},

		{"POST", review, 0, `{` + full + `,"willsoner_idx":"anything"}`, true, ""},
		{"POST", review, 0, `{` + full + `,"match_idx":15145.0}`, true, ""},
		{"POST", review, 0, `{` + full + `,"rating":0}`, false, ""},
		{"POST", review, 0, `{` + full + `,"title":"` + strings.Repeat("😀", 100) + `"}`, true, ""},
		{"POST", review, 0, `{` + full + `,"title":"` + strings.Repeat("가", 101) + `"}`, false, ""},
		{"PATCH", join, 0, `{}`, false, ""},
	} {
		var err error
		if test.status == 0 {
			err = d.CheckRequest(test.method, test.path, []byte(test.body))
		} else {
			header := maps.Clone(header)
			header.Del(test.without)
			err = d.CheckAnswer(test.method, test.path, test.status, header, []byte(test.body))
		}
		if (err == nil) != test.good {
			t.Errorf("%s %s %d %s, without %q: %v", test.method, test.path, test.status, test.body, test.without, err)
		}
	}
}
