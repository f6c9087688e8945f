package auth_test

import (
	"context"
	"fmt"
	"testing"

	firebase "firebase.google.com/go/v4"
	"google.golang.org/api/option"
)

// BenchmarkSeen verifies a token that was verified before.
func BenchmarkSeen(b *testing.B) {
	v := newReady(b)
	values := []string{google.Token("asker")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), values); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeenSideBySide is BenchmarkSeen with a thousand askers on every core.
func BenchmarkSeenSideBySide(b *testing.B) {
	v := newReady(b)
	values := make([][]string, 1000)
	for i := range values {
		values[i] = []string{google.Token(fmt.Sprint(i))}
		v.good(b, values[i][0], fmt.Sprint(i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := v.Verify(context.Background(), values[i%len(values)]); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkNew verifies each token for the first time.
func BenchmarkNew(b *testing.B) {
	v := newReady(b)
	tokens := make([]string, b.N)
	for i := range tokens {
		tokens[i] = google.Token(fmt.Sprint(i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := v.verify(tokens[i]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSDK has the Admin SDK alone do the same.
func BenchmarkSDK(b *testing.B) {
	app, err := firebase.NewApp(b.Context(), &firebase.Config{ProjectID: project}, option.WithoutAuthentication())
	if err != nil {
		b.Fatal(err)
	}
	client, err := app.Auth(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := client.VerifyIDToken(b.Context(), google.Token("asker")); err != nil {
		b.Fatal(err)
	}
	token := google.Token("asker")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.VerifyIDToken(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefused refuses what has the form of a token and is none.
func BenchmarkRefused(b *testing.B) {
	v := newReady(b)
	token := google.Token("asker")
	values := []string{token[:len(token)-4] + "AAAA"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), values); err == nil {
			b.Fatal("verified")
		}
	}
}
