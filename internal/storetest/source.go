package storetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Source is the code of the files of a pattern, without tests: for what is wanted of the
// store or kept in it, which Go's tools do not tell.
func Source(t testing.TB, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(content)
	}
	return code.String()
}
