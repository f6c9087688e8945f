#!/bin/sh
# Names every tool that is missing or does not do, each in a line of its own.
failed=0

# need TOOL OPTION BEFORE CONDITION ADVICE: what TOOL says has a line with BEFORE, a regular expression, and then its
# version. Other lines do not matter: tools print warnings first. CONDITION is over major and minor.
need() {
	if ! said=$("$1" "$2" 2>&1); then # java prints its version to stderr; macOS has one that only says there is none
		problem="is not installed, or does not run"
	else
		version=$(echo "$said" | sed -n "s/^$3\([0-9][0-9]*\)\.*\([0-9]*\).*/\1 \2/p" | tail -n 1)
		major=${version% *} minor=${version#* }
		problem="is version $major.$minor"
		[ -n "$version" ] || problem="$2 says \"$said\", which names no version"
		[ $((${version:+($4)} + 0)) = 0 ] || return 0
	fi
	echo "$1 $problem: $5" >&2
	failed=1
}

need java -version '[a-z]* version "' 'major >= 11' \
	"the Firestore emulator needs Java 11 or newer (Debian: apt-get install default-jre-headless, macOS: brew install openjdk)"
# As "engines" of app/package.json.
need node --version v 'major == 20 && minor >= 19 || major == 22 && minor >= 12 || major >= 24' \
	"the Firebase tools and Vite need Node.js 20.19 or a later 20, 22.12 or a later 22, or 24 or newer, from https://nodejs.org"
need npm --version '' 'major >= 8' "npm 8 or newer comes with Node.js, from https://nodejs.org"
exit $failed
