package fakefirestore_test

import (
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
)

// TestStreamResets sends RST_STREAM with every code to a query, and to every query. What
// the client makes of a code is a table of gRPC's.
func TestStreamResets(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	put(t, s, map[string]fields{"rooms/a": {}})
	proxy, err := fakefirestore.StartResetProxy(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	c := dial(t, proxy.Addr())
	ask := func() codes.Code {
		_, err := c.Collection("rooms").Documents(t.Context()).GetAll()
		return status.Code(err)
	}
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		want := codes.Internal
		switch code {
		case http2.ErrCodeFlowControl, http2.ErrCodeEnhanceYourCalm:
			want = codes.ResourceExhausted
		case http2.ErrCodeInadequateSecurity:
			want = codes.PermissionDenied
		case http2.ErrCodeCancel:
			want = codes.Canceled
		case http2.ErrCodeRefusedStream:
			want = codes.Unavailable
		}
		first := want
		if code == http2.ErrCodeRefusedStream {
			first = codes.OK // gRPC itself sends the call again
		}
		queries := s.Count("RunQuery")
		proxy.Reset("RunQuery", code, 1)
		if got := ask(); got != first {
			t.Errorf("%v: %v, want %v", code, got, first)
		}
		proxy.Reset("RunQuery", code, -1)
		if one, two := ask(), ask(); one != want || two != want {
			t.Errorf("%v for ever: %v and %v, want %v", code, one, two, want)
		}
		proxy.Reset("Commit", code, -1)
		if got := ask(); got != codes.OK {
			t.Errorf("after %v: %v", code, got)
		}
		if n, sent := s.Count("RunQuery")-queries, map[bool]int{true: 2, false: 1}[first == codes.OK]; n != sent {
			t.Errorf("%v: %d queries reached the server, want %d", code, n, sent)
		}
	}
}
