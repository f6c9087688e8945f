// Package openapi holds request bodies and answers against openapi.yaml, in tests.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
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

	mu       sync.Mutex // guards what follows: a Compiler is not safe for concurrent use
	compiler *jsonschema.Compiler
	seen     map[string]bool
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
	d := &Description{compiler: jsonschema.NewCompiler(), seen: map[string]bool{}}
	var requests, answers map[string]any
	for _, out := range []any{d, &requests, &answers} {
		if err := yaml.Unmarshal(file, out); err != nil {
			t.Fatal(err)
		}
	}
	for _, schema := range answers["components"].(map[string]any)["schemas"].(map[string]any) {
		if schema := schema.(map[string]any); schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
	}
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
		for _, op := range methods {
			all = append(all, op)
		}
	}
	return all
}

// Unseen lists the answers that the document describes and CheckAnswer was not given.
func (d *Description) Unseen() (unseen []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, op := range d.Operations() {
		for status := range op.Answers {
			if answer := op.Method + " " + op.Path + " " + status; !d.seen[answer] {
				unseen = append(unseen, answer)
			}
		}
	}
	slices.Sort(unseen)
	return unseen
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
// which may be a template or fit one. The body is uncompressed. That of an error has to be
// one of the examples, whatever field it names.
func (d *Description) CheckAnswer(method, path string, status int, header http.Header, body []byte) error {
	what := fmt.Sprint(method, " ", path, ": ", status)
	answer, described := d.answer(method, path, fmt.Sprint(status))
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
	if err := d.validate("answers"+content.Schema.Ref, body); err != nil {
		return fmt.Errorf("%s: %w: %s", what, err, body)
	}
	if status < 400 {
		return nil
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	delete(got, "field")
	for _, example := range content.Examples {
		want, _ := example.Value.(map[string]any)
		want = maps.Clone(want)
		delete(want, "field")
		if reflect.DeepEqual(got, want) {
			return nil
		}
	}
	return fmt.Errorf("%s is none of the examples: %s", what, body)
}

// answer finds an answer's description: its operation's, where HEAD is GET, or the one of
// what has no operation.
func (d *Description) answer(method, path, status string) (Content, bool) {
	methods := d.find(path)
	op := methods[strings.ToLower(strings.Replace(method, http.MethodHead, http.MethodGet, 1))]
	switch {
	case op != nil:
		d.mu.Lock()
		defer d.mu.Unlock()
		d.seen[op.Method+" "+op.Path+" "+status] = true
		answer, described := op.Answers[status]
		return answer, described
	case methods == nil && status == "404":
		return d.Components.Responses["RouteNotFound"], true
	case methods != nil && status == "405":
		return d.Components.Responses["MethodNotAllowed"], true
	}
	return Content{}, false
}

// find returns the operations whose template path fits.
func (d *Description) find(path string) map[string]*Operation {
	fits := func(want, got string) bool { return want == got || strings.HasPrefix(want, "{") && got != "" }
	for template, methods := range d.Paths {
		if slices.EqualFunc(strings.Split(template, "/"), strings.Split(path, "/"), fits) {
			return methods
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
