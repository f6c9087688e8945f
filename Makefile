# What needs more than a few lines is in local/.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Nothing here depends on what the user has set for other programs and projects.
unexport NODE_ENV NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH
unexport FIREBASE_TOKEN FIREBASE_CONFIG GOOGLE_APPLICATION_CREDENTIALS
export GOFLAGS := $(shell go env GOFLAGS 2>/dev/null) -mod=readonly
export GOWORK := off

# Built first and run as itself: `go run` would stand between it and the signals.
LOCAL := .cache/local

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run emulators server restart test soak console check bench deploy clean local prepare build browser

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

run: build ## The emulators, the seed data and the server, until Ctrl-C; with HOST=0.0.0.0 for the whole network
	@exec $(LOCAL) run

emulators: prepare ## The emulators and the seed data alone, until Ctrl-C
	@exec $(LOCAL) emulators

server: build ## The server alone, over the emulators of another terminal
	@exec $(LOCAL) server

restart: ## Build and restart the server of `make run` or `make server`, keeping the data
	@curl -sS --noproxy '*' --fail-with-body --unix-socket .cache/restart.sock http://localhost/ 2>/dev/null || \
		{ test $$? = 22 || echo "Nothing to restart: neither make run nor make server is running."; exit 1; }

test: build browser ## Every test but the long ones, over emulators of its own
	@exec $(LOCAL) exec -- local/test.sh

soak: prepare ## The long tests, over emulators of their own
	@exec $(LOCAL) exec -- go test -tags soak -run Soak -count=1 ./...

console: prepare ## The page at /console, from app/console into console/dist

check: prepare ## gofmt, vet, staticcheck, govulncheck and the app's types
	@files=$$(find . -name '*.go' -not -path '*/node_modules/*' -exec gofmt -l {} +); \
		test -z "$$files" || { echo "gofmt would change:"; echo "$$files"; exit 1; }
	go vet ./...
	go -C bench vet ./...
	go run $(STATICCHECK) ./...
	@if curl -sfo .cache/vulndb --max-time 20 "$${GOVULNDB:-https://vuln.go.dev}/index/db.json"; \
		then echo "go run $(GOVULNCHECK) ./..." && go run $(GOVULNCHECK) ./...; \
		else echo "govulncheck is skipped: its database cannot be reached."; fi
	npm --prefix app run check

bench: build ## The measurements, in three to four minutes
	@go -C bench build -o ../.cache/floor ./floor
	@npm ci --prefix bench/peer --ignore-scripts --no-audit --no-fund --loglevel=error
	@go -C bench run .

deploy: prepare ## Rules, indexes and server to a Firebase project: make deploy PROJECT=my-project
	@PROJECT="$(PROJECT)" ./deploy.sh

clean: ## Remove what was built and installed
	rm -rf .cache app/node_modules
	find console/dist -mindepth 1 ! -name .gitignore -delete

local:
	@command -v go >/dev/null || { echo "go is not installed: Willson needs Go 1.26 or newer, from https://go.dev/dl"; exit 1; }
	@go build -o $(LOCAL) ./local

# What npm installed and Vite built stays until the lock file or the console's source is another. npm is told to install
# everything, whatever it is set to leave out, and runs no install script: none of our packages needs one.
prepare: local
	@local/tools.sh
	@cmp -s app/package-lock.json app/node_modules/.installed || { \
		echo "Installing the Firebase tools and SDKs, once, for a minute or two…"; \
		npm --prefix app ci --include=dev --include=optional --include=peer --global=false --dry-run=false \
			--ignore-scripts --no-audit --no-fund --loglevel=error && \
		cp app/package-lock.json app/node_modules/.installed; }
	@diff -r app/console .cache/console >/dev/null 2>&1 && cmp -s openapi.yaml .cache/openapi.yaml && test -f console/dist/index.html || { \
		echo "Building the console…"; \
		npm --prefix app run --silent build -- --logLevel warn && \
		rm -rf .cache/console && cp -R app/console .cache/console && cp openapi.yaml .cache/openapi.yaml; }

build: prepare
	@echo "Building the server…"
	@go build -o .cache/willson .

# The console's tests drive a browser. Without one they fail, and the others still say what they have to say.
browser:
	@for browser in "$$CHROME_PATH" chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; \
		do command -v "$$browser" >/dev/null && exit 0; done; \
	test -f /etc/debian_version && test "$$(id -u)" = 0 && echo "Installing Chromium for the console's tests…" && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null || \
		echo "There is no Chrome or Chromium, which the console's tests drive: install one (Debian: apt-get install chromium)."
