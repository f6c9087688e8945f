package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// fuzzTime is how long each fuzz target runs as part of the tests: long enough to leave its seeds behind.
const fuzzTime = "10s"

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// fuzz runs every fuzz target for a short while. What a target finds it writes below testdata, where it is a seed from
// then on.
func (w *world) fuzz(ctx context.Context, env []string) (t tally, err error) {
	targets, err := fuzzTargets(".")
	if err != nil {
		return t, err
	}
	for _, target := range targets {
		dir, name := target[0], target[1]
		cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", fuzzTime, "./"+dir)
		cmd.Env = env
		cmd.Stderr = os.Stderr
		var said strings.Builder
		cmd.Stdout = &said
		if err := runGroup(ctx, cmd); err != nil {
			t.failed++
			fmt.Fprintf(w.out, "%sFAIL  willson/%s  %s\n", said.String(), dir, name)
			continue
		}
		t.passed++
		fmt.Fprintf(w.out, "ok    willson/%s  %s for %s\n", dir, name, fuzzTime)
	}
	return t, t.verdict("go test -fuzz", ctx.Err())
}

// fuzzTargets returns the directory and name of every fuzz target below root.
func fuzzTargets(root string) (targets [][2]string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range fuzzTarget.FindAllSubmatch(source, -1) {
			targets = append(targets, [2]string{filepath.ToSlash(filepath.Dir(path)), string(m[1])})
		}
		return err
	})
	return targets, err
}
