#!/bin/sh
# Runs every test over the emulators of the environment, each part also when another has failed: the fuzz targets for a
# short while each, Node's tests, and Go's. What a target finds is below testdata, and a seed of Go's tests from then on.
failed=''
part() {
	"$@" || failed="$failed
FAILED: $*"
}
mkdir -p .cache

# Read from the sources: `go test -list` would build and link every package's tests once more.
for file in $(grep -rl --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . | sort); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "$target, for 5 s"
		part go test -run '^$' -fuzz "^$target\$" -fuzztime 5s -fuzzminimizetime 10x "${file%/*}"
	done
done

export WILLSON_BINARY="$PWD/.cache/willson"

# First, while nobody else's documents are there. The Firestore emulator loses a listener's update now and then
# (app/test/session.test.js), and the page then waits for nothing: one more try.
in_browser() {
	node --test --test-concurrency=1 --test-reporter=spec app/test/console.road.test.js app/test/console.test.js
}
in_browser || { echo "The console's tests failed. Once more…"; part in_browser; }

# One file after another: rules that read other documents can be denied under load. One reporter is for who reads along;
# of the other, TAP, the closing lines are shown.
part node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
	--test-reporter=tap --test-reporter-destination=.cache/node.tap \
	$(ls app/test/*.test.js local/*.test.mjs | grep -v console)
tail -n 8 .cache/node.tap

# The race detector is C. Those that take longest begin first.
part env CGO_ENABLED=1 go run gotest.tools/gotestsum@v1.13.0 --format=pkgname -- -race -shuffle=on -count=1 ./store ./server ./...

[ -z "$failed" ] || { echo "$failed"; exit 1; }
