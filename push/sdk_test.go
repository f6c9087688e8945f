package push_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"
)

// TestMessaging pins what package push relies on of the Admin SDK.
func TestMessaging(t *testing.T) {
	t.Parallel()
	fcm := newStandIn(t)
	app, err := firebase.NewApp(t.Context(), &firebase.Config{ProjectID: "demo-willson"}, option.WithEndpoint(fcm.url), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	client, err := app.Messaging(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := &messaging.Message{Token: phone("a")}
	send := func(ctx context.Context) error {
		batch, err := client.SendEach(ctx, []*messaging.Message{one})
		if err != nil {
			t.Fatal(err)
		}
		return batch.Responses[0].Error
	}
	within := func(d time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		t.Cleanup(cancel)
		return ctx
	}

	t.Run("one message that is none fails all", func(t *testing.T) {
		if _, err := client.SendEach(t.Context(), []*messaging.Message{one, {}}); err == nil || len(fcm.take()) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("500 at once", func(t *testing.T) {
		all := make([]*messaging.Message, 501)
		for i := range all {
			all[i] = one
		}
		if _, err := client.SendEach(t.Context(), all); err == nil || len(fcm.take()) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("the context bounds what hangs", func(t *testing.T) {
		fcm.will(hang)
		start := time.Now()
		err := send(within(200 * time.Millisecond))
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
	t.Run("the context alone bounds the repetitions of 503", func(t *testing.T) {
		var tries atomic.Int64
		fcm.will(func(w http.ResponseWriter, _ *http.Request, _ string) {
			tries.Add(1)
			w.Header().Set("Retry-After", "60")
			refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE", "UNAVAILABLE", "away")
		})
		start := time.Now()
		err := send(within(200 * time.Millisecond))
		if took := time.Since(start); err == nil || took < 200*time.Millisecond || took > time.Second || tries.Load() != 1 {
			t.Errorf("%v after %s and %d tries", err, took, tries.Load())
		}
	})
	t.Run("what a refusal means", func(t *testing.T) {
		for _, test := range []struct {
			status          int
			canonical, code string
			is              func(error) bool
		}{
			{http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", messaging.IsUnregistered},
			{http.StatusForbidden, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", messaging.IsSenderIDMismatch},
			{http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT", messaging.IsInvalidArgument},
			{http.StatusForbidden, "PERMISSION_DENIED", "", errorutils.IsPermissionDenied},
			{http.StatusUnauthorized, "UNAUTHENTICATED", "", errorutils.IsUnauthenticated},
		} {
			fcm.will(func(w http.ResponseWriter, _ *http.Request, _ string) {
				refuse(w, test.status, test.canonical, test.code, "no")
			})
			if err := send(t.Context()); !test.is(err) {
				t.Errorf("%s %s is not: %v", test.canonical, test.code, err)
			}
		}
	})
}
