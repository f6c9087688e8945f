# What needs more than a few lines is in local/.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# They leave out what is not used and would be more than a third of the server: xDS, for which Cloud Storage has the tag, and
# gRPC's own trace pages, whose templates keep the linker from dropping methods that nobody calls.
TAGS := disable_grpc_modules,grpcnotrace

# Whatever `go env -w` says. The tests ask for cgo themselves.
export GOFLAGS := -mod=readonly -buildvcs=false -tags=$(TAGS)
export GO111MODULE := on
export GOWORK := off
export CGO_ENABLED := 0

# What can be set. It counts when it is given to make (make run HOST=0.0.0.0), or as WILLSON_… in the environment
# (WILLSON_HOST=0.0.0.0 make run).
SETTINGS := ALLOWED_ORIGINS CHECK_REVOKED CHROME_PATH HOST INVITATION_CODES LOG_LEVEL MAX_IN_FLIGHT METRICS_ADDR PORT \
	PROJECT PUSH REGION REQUEST_DEADLINE SERVICE WELCOME_POTS

# What a shell or another program has exported under these names is not meant for Willson.
THEIRS := $(SETTINGS) BABEL_% BROWSERSLIST% CDPATH CGO_% CLASSPATH FIREBASE_% FIRESTORE_% GCLOUD_PROJECT \
	GO386 GOAMD64 GOARCH GOARM GOARM64 GOBIN GOEXPERIMENT GOFIPS140 GOOGLE_% GOOS GOROOT GOTOOLCHAIN GRPC_% \
	JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS K_% NODE_% NPM_CONFIG_WORKSPACE OTEL_% npm_config_workspace
# Except where things are on this machine and, for deploying, who deploys.
KEPT := FIREBASE_EMULATORS_PATH FIRESTORE_EMULATOR_BINARY_PATH GRPC_DEFAULT_SSL_ROOTS_FILE_PATH \
	NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED
ifeq ($(MAKECMDGOALS),deploy)
KEPT += FIREBASE_TOKEN GOOGLE_%
endif

$(foreach v,$(filter-out $(KEPT),$(filter $(THEIRS),$(.VARIABLES))),$(if $(filter environment,$(firstword $(origin $v))),\
	$(eval override $v :=)$(eval unexport $v)))
$(foreach v,$(SETTINGS),$(if $(WILLSON_$v),$(if $(filter command,$(firstword $(origin $v))),,\
	$(eval override export $v := $$(value WILLSON_$v)))))

# As in a container that runs as a user whom its image does not know.
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
export HOME := $(CURDIR)/.cache/home
GOFLAGS += -modcacherw
$(shell mkdir -p .cache/home)
endif

# npm does what is written here, whatever it is set to elsewhere. It runs no install script: none of our packages needs one.
NPM := npm --location=project --global=false --workspaces=false --dry-run=false
NPM_CI := $(NPM) ci --include=dev --include=optional --include=peer --os= --cpu= --libc= --package-lock=true --package-lock-only=false \
	--bin-links=true --install-strategy=hoisted --legacy-peer-deps=false --strict-peer-deps=false --engine-strict=false \
	--ignore-scripts --no-audit --no-fund --loglevel=error
NPM_RUN := $(NPM) run --script-shell=/bin/sh --node-options= --silent

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
	@test -x $(LOCAL) || { echo "Nothing to restart: neither make run nor make server has run here."; exit 1; }
	@exec $(LOCAL) restart

test: build browser ## Every test but the long ones, over emulators of its own
	@sh local/tools.sh test
	@exec $(LOCAL) exec -- sh local/test.sh

soak: prepare ## The long tests, over emulators of their own
	@exec $(LOCAL) exec -- go test -tags soak,$(TAGS) -run Soak -count=1 \
		$$(grep -rl --include='*_test.go' --exclude-dir=node_modules '^//go:build soak' . | sed 's|/[^/]*$$||' | sort -u)

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
	$(NPM_RUN) --prefix app check

bench: build ## The measurements, in about six minutes
	@go -C bench build -o ../.cache/floor ./floor
	@$(NPM_CI) --prefix bench/peer
	@go -C bench run .

deploy: prepare ## Rules, indexes and server to a Firebase project: make deploy PROJECT=my-project
	@bash deploy.sh "$$PROJECT" "$$REGION" "$$SERVICE"

clean: ## Remove what was built and installed
	rm -rf .cache app/node_modules
	find console/dist -mindepth 1 ! -name .gitignore -delete

# Without the line ends that Windows writes, which make alone would take, the scripts can say what else is in the way.
local:
	@! grep -q "$$(printf '\r')" local/tools.sh || \
		{ echo "The files here have Windows line ends, with which no script runs: clone with git, which leaves them as they are."; exit 1; }
	@sh local/tools.sh
	@go build -o $(LOCAL) ./local
	@test -x $(LOCAL) || { echo "Programs cannot be run from $$PWD, which is mounted noexec: use another folder."; exit 1; }

# What npm installed and Vite built stays until the lock file or the console's source is another.
prepare: local
	@cmp -s app/package-lock.json app/node_modules/.installed || { \
		echo "Installing the Firebase tools and SDKs, once, for a minute or two…"; \
		$(NPM_CI) --prefix app && cp app/package-lock.json app/node_modules/.installed; }
	@diff -r app/console .cache/console >/dev/null 2>&1 && cmp -s openapi.yaml .cache/openapi.yaml && test -f console/dist/index.html || { \
		echo "Building the console…"; \
		$(NPM_RUN) --prefix app build -- --logLevel warn && \
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
