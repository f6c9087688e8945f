// Package console is a page to see the product work, for local mode only: one signs in
// as a seeded user with Firebase's web SDK, sees the list as the phone would, and chats.
// Its source is app/console; `make console` builds it into dist, from where
// it gets into the binary.
package console

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
)

// dist holds a .gitignore and nothing else in a clean clone, so that this compiles there.
//
//go:embed all:dist
var dist embed.FS

// Config says what the page works with.
type Config struct {
	Project           string `json:"projectId"`
	AuthEmulator      string `json:"authEmulator"`      // host:port
	FirestoreEmulator string `json:"firestoreEmulator"` // host:port
	// Notices serves what people's phones would have been told; nil when they are told.
	Notices http.Handler `json:"-"`
}

// Handler serves the page below /console. The page may talk to this server and to the
// two emulators, at addresses that the browser which asks for it can call, and to nobody
// else.
func Handler(cfg Config) (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console/config.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		json.NewEncoder(w).Encode(Config{ // an error means that the client is gone
			Project:           cfg.Project,
			AuthEmulator:      callable(cfg.AuthEmulator, r.Host),
			FirestoreEmulator: callable(cfg.FirestoreEmulator, r.Host),
		})
	})
	if cfg.Notices != nil {
		mux.Handle("GET /console/told", cfg.Notices)
	}
	page := func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(files, "index.html"); err != nil {
			http.Error(w, "The console is not in this binary: run `make console`, then build it again.", http.StatusNotFound)
			return
		}
		http.ServeFileFS(w, r, files, "index.html")
	}
	mux.HandleFunc("GET /console", page)
	mux.HandleFunc("GET /console/{$}", page)
	mux.Handle("GET /console/assets/", http.StripPrefix("/console", http.FileServerFS(files)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:; object-src 'none'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self' "+
			policySource(callable(cfg.AuthEmulator, r.Host))+" "+policySource(callable(cfg.FirestoreEmulator, r.Host)))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	}), nil
}
