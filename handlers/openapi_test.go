package handlers_test

import (
	"testing"

	"willson/handlers"
	"willson/internal/openapi"
)

// TestOpenAPIHasTheRoutes: every route is described, with or without a token as it is asked, and nothing else.
func TestOpenAPIHasTheRoutes(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for _, op := range openapi.Load(t, "../openapi.yaml").Operations() {
		described[op.Method+" "+op.Path] = len(op.Security) > 0
	}
	for _, route := range handlers.Routes() {
		request := route.Method + " " + route.Path
		signedIn, ok := described[request]
		if !ok || signedIn != (route.Party != "") {
			t.Errorf("%s of the server: described %v, with a token %v", request, ok, signedIn)
		}
		delete(described, request)
	}
	for request := range described {
		t.Errorf("%s is described, and no route", request)
	}
}
