// Package openapi holds answers and request bodies against openapi.yaml, in tests.
package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// A Description is an OpenAPI document. It is safe for concurrent use.
type Description struct {
	Security   []any
	Paths      map[string]map[string]*Operation // by path template and method in lower case
	Components struct {
		RequestBodies map[string]Content `yaml:"requestBodies"`
		Responses     map[string]Content
		Schemas       map[string]any
	}

	mu       sync.Mutex // guards compiler
	compiler *jsonschema.Compiler
}

// An Operation is one request that the document describes.
type Operation struct {
	Method, Path string
	ID           string `yaml:"operationId"`
	Security     []any
	Body         Content            `yaml:"requestBody"`
	Answers      map[string]Content `yaml:"responses"` // by status
}

// A Content is an answer or a request body. References to components are followed.
type Content struct {
	Ref     string `yaml:"$ref"`
	Headers map[string]struct {
		Ref string `yaml:"$ref"`
	}
	Content map[string]struct {
		Schema struct {
			Ref string `yaml:"$ref"`
		}
		Examples map[string]struct{ Value any }
	}
}

// Load reads a document. Clients have to ignore keys that they do not know, but a key of an
// answer that is not described is a mistake of the server or of the document: answers are
// held against a copy in which every object is closed.
func Load(t testing.TB, path string) *Description {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &Description{compiler: jsonschema.NewCompiler()}
	var requests, answers map[string]any
	for _, out := range []any{d, &requests, &answers} {
		if err := yaml.Unmarshal(file, out); err != nil {
			t.Fatal(err)
		}
	}
	closeObjects(answers["components"].(map[string]any))
	for name, resource := range map[string]any{"requests": requests, "answers": answers} {
		if err := d.compiler.AddResource(name, resource); err != nil {
			t.Fatal(err)
		}
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path, op.Body = strings.ToUpper(method), path, op.Body.in(d.Components.RequestBodies)
			if op.Security == nil {
				op.Security = d.Security
			}
			for status, answer := range op.Answers {
				op.Answers[status] = answer.in(d.Components.Responses)
			}
		}
	}
	return d
}

// closeObjects forbids every key that a component does not name. What one takes over from
// another by allOf stays open, since the rest of its keys stand beside: the other's copy
// under "open" is meant then, whose own parts are closed.
func closeObjects(components map[string]any) {
	schemas, open := components["schemas"].(map[string]any), map[string]any{}
	for name, schema := range schemas {
		schema := schema.(map[string]any)
		bases, _ := schema["allOf"].([]any)
		for _, base := range bases {
			base := base.(map[string]any)
			base["$ref"] = strings.Replace(base["$ref"].(string), "/schemas/", "/open/", 1)
		}
		open[name] = maps.Clone(schema)
		if schema["properties"] != nil {
			schema["unevaluatedProperties"] = false
		}
	}
	components["open"] = open
}

// in returns the component that c refers to, or c itself.
func (c Content) in(components map[string]Content) Content {
	if c.Ref == "" {
		return c
	}
	return components[c.Ref[strings.LastIndex(c.Ref, "/")+1:]]
}

// Operations lists what the document describes.
func (d *Description) Operations() (all []*Operation) {
	for _, methods := range d.Paths {
		all = slices.AppendSeq(all, maps.Values(methods))
	}
	return all
}

// CheckRequest reports how a request body differs from what is described.
func (d *Description) CheckRequest(method, path string, body []byte) error {
	op := d.find(path)[strings.ToLower(method)]
	if op == nil || op.Body.Content == nil {
		return fmt.Errorf("%s %s takes no body", method, path)
	}
	return d.validate("requests"+op.Body.Content["application/json"].Schema.Ref, body)
}

// CheckAnswer reports how an answer differs from what is described for its method and path,
// which may be a template or fit one. The body is uncompressed. That of an error has the
// code and the message of one of the examples.
func (d *Description) CheckAnswer(method, path string, status int, header http.Header, body []byte) error {
	what := fmt.Sprint(method, " ", path, ": ", status)
	answer, described := d.answer(method, path, status)
	if !described {
		return fmt.Errorf("%s is not described: %s", what, body)
	}
	for name, described := range answer.Headers {
		value, err := json.Marshal(strings.Join(header.Values(name), ", "))
		if err == nil {
			err = d.validate("answers"+described.Ref+"/schema", value)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", what, name, err)
		}
	}
	if answer.Content == nil || method == http.MethodHead {
		if len(body) > 0 {
			return fmt.Errorf("%s comes with a body: %s", what, body)
		}
		return nil
	}
	content, described := answer.Content[strings.TrimSuffix(header.Get("Content-Type"), "; charset=utf-8")]
	if !described {
		return fmt.Errorf("%s has the Content-Type %q", what, header.Get("Content-Type"))
	}
	err := d.validate("answers"+content.Schema.Ref, body)
	if err == nil && status >= 400 && !slices.ContainsFunc(slices.Collect(maps.Values(content.Examples)), says(body)) {
		err = errors.New("its code and message are none of the examples'")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", what, err, body)
	}
	return nil
}

// year is what differs between answers of the same kind: "out_of_range:1970".
var year = regexp.MustCompile("[0-9]+")

// says reports whether an example has the code and the message of the body.
func says(body []byte) func(struct{ Value any }) bool {
	type told struct{ Code, Message string }
	read := func(text []byte) (t told) {
		_ = json.Unmarshal(year.ReplaceAll(text, []byte("0")), &t) // the schema was held against it
		return t
	}
	return func(example struct{ Value any }) bool {
		text, err := json.Marshal(example.Value)
		return err == nil && read(text) == read(body)
	}
}

// answer finds an answer's description: its operation's, where HEAD is GET, or the one of
// what has no operation.
func (d *Description) answer(method, path string, status int) (Content, bool) {
	methods := d.find(path)
	if op := methods[strings.ToLower(strings.Replace(method, http.MethodHead, http.MethodGet, 1))]; op != nil {
		answer, described := op.Answers[fmt.Sprint(status)]
		return answer, described
	}
	if methods == nil {
		return d.Components.Responses["RouteNotFound"], status == http.StatusNotFound
	}
	for _, op := range methods {
		if answer, described := op.Answers["405"]; described {
			return answer, status == http.StatusMethodNotAllowed
		}
	}
	return d.Components.Responses["MethodNotAllowed"], status == http.StatusMethodNotAllowed
}

// find returns the operations whose template path fits. Words go before parameters, which
// begin with a later character.
func (d *Description) find(path string) map[string]*Operation {
	fits := func(want, got string) bool { return want == got || strings.HasPrefix(want, "{") && got != "" }
	for _, template := range slices.Sorted(maps.Keys(d.Paths)) {
		if slices.EqualFunc(strings.Split(template, "/"), strings.Split(path, "/"), fits) {
			return d.Paths[template]
		}
	}
	return nil
}

// validate holds JSON against the schema at a pointer into the one or the other resource.
func (d *Description) validate(schema string, content []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	compiled, err := d.compiler.Compile(schema)
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}
