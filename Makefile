# What needs more than a line is in local/, a Go program.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.DEFAULT_GOAL := help
.PHONY: help run emulators server restart test console check bench clean local

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

run: local ## The emulators, the seed data and the server, until Ctrl-C
	@exec .cache/local run

emulators: local ## The emulators and the seed data alone, until Ctrl-C
	@exec .cache/local emulators

server: local ## The server alone, over the emulators of another terminal
	@exec .cache/local server

restart: ## Build and restart the server of `make run` or `make server`, keeping the data
	@test -f .cache/local.pid || { echo "Nothing to restart: neither make run nor make server is running."; exit 1; }
	@kill -USR1 "$$(cat .cache/local.pid)"

test: local ## Every test, over emulators of its own
	@exec .cache/local test

console: local ## The page at /console, from app/console into console/dist
	@exec .cache/local prepare

check: local ## gofmt, vet, staticcheck, govulncheck and the app's types
	@.cache/local prepare
	@files=$$(find . -name '*.go' -not -path '*/node_modules/*' -exec gofmt -l {} +); \
		test -z "$$files" || { echo "gofmt would change:"; echo "$$files"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	@if curl -sfo .cache/vulndb --max-time 20 "$${GOVULNDB:-https://vuln.go.dev}/index/db.json"; \
		then echo "go run $(GOVULNCHECK) ./..." && go run $(GOVULNCHECK) ./...; \
		else echo "govulncheck is skipped: its database cannot be reached."; fi
	@test ! -f app/tsconfig.json || npm --prefix app run check

bench: ## The measurements
	@go run ./bench

clean: ## Remove what was built and installed
	rm -rf .cache app/node_modules
	find console/dist -mindepth 1 ! -name .gitignore -delete

# Built first and run as itself: `go run` would stand between it and the signals.
local:
	@command -v go >/dev/null || { echo "go is not installed: Willson needs Go 1.26 or newer, from https://go.dev/dl"; exit 1; }
	@go build -o .cache/local ./local
