package server

import (
	"io"
	"net/http"
	"slices"

	"github.com/rs/cors"
)

// allowedHeaders are those that the API reads, and those that monitoring libraries put on
// every request of a page: a preflight that refuses one of them would refuse the page.
var allowedHeaders = []string{
	"x-token", "content-type", "if-none-match",
	"traceparent", "tracestate", "baggage", "sentry-trace",
}

// crossOrigin lets the pages of the allowed origins call the API from a browser, which
// first asks with a preflight: OPTIONS without a token. In local mode the pages of this
// machine are allowed too, on any port. Where no page is, nothing is added to answers.
func crossOrigin(api http.Handler, cfg Config) http.Handler {
	origins := slices.Clone(cfg.AllowedOrigins)
	if cfg.Local() {
		for _, host := range []string{"http://localhost", "https://localhost", "http://127.0.0.1", "https://127.0.0.1"} {
			origins = append(origins, host, host+":*")
		}
	}
	if len(origins) == 0 {
		return api
	}
	return cors.New(cors.Options{
		AllowedOrigins:     origins,
		AllowedMethods:     []string{http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost},
		AllowedHeaders:     allowedHeaders,
		ExposedHeaders:     []string{"ETag", "Retry-After", "X-Request-Id"},
		MaxAge:             7200, // seconds; Chrome keeps no preflight longer
		OptionsPassthrough: true,
	}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			api.ServeHTTP(w, r)
			return
		}
		// A preflight's headers say it all, but every answer of this server is JSON.
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "private, no-cache")
		io.WriteString(w, `{"code":"success","message":"success"}`+"\n") // an error means that the client is gone
	}))
}
