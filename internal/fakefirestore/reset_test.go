package fakefirestore_test

import (
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"willson/internal/fakefirestore"
)

// TestStreamResets resets the first query with each of three codes, which gRPC's client
// takes for different statuses; one of them it sends again by itself.
func TestStreamResets(t *testing.T) {
	t.Parallel()
	s, direct := start(t)
	put(t, direct, map[string]fields{"rooms/a": {}})
	var left atomic.Int64
	var code atomic.Uint32
	proxy, err := fakefirestore.ResetProxy(s.Addr(), func(method string) (http2.ErrCode, bool) {
		return http2.ErrCode(code.Load()), method == "RunQuery" && left.Add(-1) >= 0
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	c := dial(t, proxy.Addr().String())
	for reset, want := range map[http2.ErrCode]codes.Code{
		http2.ErrCodeInternal: codes.Internal, http2.ErrCodeInadequateSecurity: codes.PermissionDenied, http2.ErrCodeRefusedStream: codes.OK,
	} {
		queries := s.Count("RunQuery")
		code.Store(uint32(reset))
		left.Store(1)
		for _, want := range []codes.Code{want, codes.OK} {
			if _, err := c.Collection("rooms").Documents(t.Context()).GetAll(); status.Code(err) != want {
				t.Errorf("%v: %v, want %v", reset, err, want)
			}
		}
		if n := s.Count("RunQuery") - queries; n != map[bool]int{true: 2, false: 1}[want == codes.OK] {
			t.Errorf("%v: %d queries reached the server", reset, n)
		}
	}
}
