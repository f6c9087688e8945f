#!/bin/sh
# Names everything that is in the way, each in a line of its own, with what to do: the folder, and every tool that is
# missing or does not do. `tools.sh test` looks at what the tests need besides.
failed=0

say() {
	echo "$1" >&2
	failed=1
}

# need TOOL OPTION BEFORE CONDITION ADVICE: what TOOL says has a line with BEFORE, a regular expression, and then its
# version. Other lines do not matter: tools print warnings first. CONDITION is over major and minor.
need() {
	if ! said=$("$1" "$2" 2>&1); then # java prints its version to stderr; macOS has one that only says there is none
		problem="is not installed, or does not run ($(echo "$said" | head -n 1))"
	else
		version=$(echo "$said" | sed -n "s/^$3\([0-9][0-9]*\)\.*\([0-9]*\).*/\1 \2/p" | tail -n 1)
		major=${version% *} minor=${version#* }
		problem="is version $major.$minor"
		[ -n "$version" ] || problem="$2 says \"$said\", which names no version"
		[ $((${version:+($4)} + 0)) = 0 ] || return 0
	fi
	say "$1 $problem: $5"
}

# Java separates paths by colons; Vite and file URLs give the other characters a meaning of their own.
case $(pwd -P) in *[:\#%?\\]*)
	say "$(pwd -P) has one of the characters : # % ? \\ in its name, which the tools take for something else: rename the folder." ;;
esac
[ -w . ] || say "$(pwd -P) cannot be written to: what is built and installed goes there. Use a copy of your own."
tmp=${TMPDIR:-/tmp}
[ -d "$tmp" ] && [ -w "$tmp" ] || say "The folder for temporary files, $tmp, is not there, or cannot be written to: set TMPDIR to another."

for tool in cmp diff; do
	command -v $tool >/dev/null || say "$tool is not installed (Debian: apt-get install diffutils)"
done
need go version 'go version go' 'major > 1 || minor >= 26' "Willson needs Go 1.26 or newer, from https://go.dev/dl"
need java -version '[a-z]* version "' 'major >= 11' \
	"the Firestore emulator needs Java 11 or newer (Debian: apt-get install default-jre-headless, macOS: brew install openjdk)"
# As "engines" of app/package.json.
need node --version v 'major == 20 && minor >= 19 || major == 22 && minor >= 12 || major >= 24' \
	"the Firebase tools and Vite need Node.js 20.19 or a later 20, 22.12 or a later 22, or 24 or newer, from https://nodejs.org"
need npm --version '' 'major >= 8' "npm 8 or newer comes with Node.js, from https://nodejs.org"

if [ "${1:-}" = test ]; then
	cc=$(CGO_ENABLED=1 go env CC)
	echo '#include <stdlib.h>' | $cc -x c -c -o /dev/null - 2>/dev/null ||
		say "$cc does not compile C, which Go's race detector needs (Debian: apt-get install gcc libc6-dev, macOS: xcode-select --install)"
	try=$(mktemp "$tmp/willson.XXXXXX") && echo '#!/bin/sh' >"$try" && chmod +x "$try" && "$try" 2>/dev/null ||
		say "Programs cannot be run from $tmp, where the tests build theirs: set TMPDIR to a folder that is not mounted noexec."
	rm -f "$try"
fi
exit $failed
