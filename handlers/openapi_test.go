package handlers_test

import (
	"maps"
	"testing"

	"willson/handlers"
	"willson/internal/openapi"
)

// TestOpenAPIHasTheRoutes: every route is described, and nothing else.
func TestOpenAPIHasTheRoutes(t *testing.T) {
	t.Parallel()
	want, got := map[string]bool{}, map[string]bool{}
	for _, route := range handlers.Routes() {
		want[route.Method+" "+route.Path] = route.Party != ""
	}
	for _, op := range openapi.Load(t, "../openapi.yaml").Operations() {
		got[op.Method+" "+op.Path] = len(op.Security) > 0
	}
	if !maps.Equal(got, want) {
		t.Errorf("openapi.yaml has %v, the server %v (true: signed in)", got, want)
	}
}
