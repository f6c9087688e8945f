package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// tally counts tests, subtests among them.
type tally struct {
	passed, failed, skipped int
}

// test runs Go's tests, its fuzz targets for a short while, and Node's tests, each also when others have failed. A
// runner that finds no tests fails: it looked in the wrong place.
func (w *world) test(ctx context.Context) error {
	if err := checkTools(ctx); err != nil {
		return err
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if err := w.buildServer(ctx); err != nil {
		return err
	}
	w.installBrowser(ctx)
	var all tally
	err := w.withEmulators(ctx, func(env []string) error {
		inGo, errGo := w.goTest(ctx, env)
		inFuzz, errFuzz := w.fuzz(ctx, env)
		inNode, errNode := w.nodeTest(ctx, env)
		fmt.Fprintf(w.out, "\nGo: %v\nGo, fuzzed: %v\nNode: %v\n", inGo, inFuzz, inNode)
		all = inGo.plus(inFuzz).plus(inNode)
		return errors.Join(errGo, errFuzz, errNode)
	})
	if err != nil {
		fmt.Fprintln(w.out, err)
		err = errTold
	}
	fmt.Fprintf(w.out, "%d passed, %d failed\n", all.passed, all.failed)
	return err
}

func (t tally) plus(u tally) tally {
	return tally{t.passed + u.passed, t.failed + u.failed, t.skipped + u.skipped}
}

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

// verdict turns a runner's count and exit into an error that names the runner.
func (t tally) verdict(runner string, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %v", runner, err)
	case t.failed > 0:
		return fmt.Errorf("%s: %d failed", runner, t.failed)
	case t.passed == 0:
		return fmt.Errorf("%s: no test ran", runner)
	}
	return nil
}

func (w *world) goTest(ctx context.Context, env []string) (tally, error) {
	cmd := exec.Command("go", "test", "-json", "-race", "-shuffle=on", "-count=1", "./...")
	cmd.Env = env
	cmd.Stderr = os.Stderr
	r, pipe, err := os.Pipe()
	if err != nil {
		return tally{}, err
	}
	cmd.Stdout = pipe
	counted := make(chan tally)
	go func() { counted <- w.report(r) }()
	err = errors.Join(runGroup(ctx, cmd), pipe.Close())
	t := <-counted
	return t, t.verdict("go test", errors.Join(err, r.Close()))
}

// event is a line of `go test -json`, as `go doc test2json` has it.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// report prints a line for each package and the whole output of what failed.
func (w *world) report(r io.Reader) tally {
	var t tally
	type key struct{ pkg, test string }
	output := map[key]*strings.Builder{}
	ran := map[string]int{}
	failedIn := map[string]bool{}

	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return t
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			w.out.Write(line)
			continue
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(w.out, e.Output)
		case "output":
			if output[k] == nil {
				output[k] = &strings.Builder{}
			}
			output[k].WriteString(e.Output)
		case "pass", "skip", "fail":
			t.count(e, failedIn)
			said := output[k]
			delete(output, k)
			if e.Action == "fail" && said != nil {
				fmt.Fprint(w.out, said)
			}
			switch {
			case e.Test != "":
				ran[e.Package]++
			case e.Action == "pass":
				fmt.Fprintf(w.out, "ok    %s  %.1f s, %d tests\n", e.Package, e.Elapsed, ran[e.Package])
			case e.Action == "skip":
				fmt.Fprintf(w.out, "none  %s  no tests\n", e.Package)
			default:
				fmt.Fprintf(w.out, "FAIL  %s  %.1f s, %d tests\n", e.Package, e.Elapsed, ran[e.Package])
			}
		}
	}
}

// count adds the end of a test. A package that fails without a failing test, as one that does not build, is a failure.
func (t *tally) count(e event, failedIn map[string]bool) {
	switch {
	case e.Test == "" && (e.Action != "fail" || failedIn[e.Package]):
	case e.Action == "fail":
		t.failed++
		failedIn[e.Package] = true
	case e.Action == "skip":
		t.skipped++
	default:
		t.passed++
	}
}

// nodeTest runs the app's tests one file after another: rules that read other documents can be denied under load.
func (w *world) nodeTest(ctx context.Context, env []string) (tally, error) {
	files, err := filepath.Glob(filepath.Join(appDir, "test", "*.test.js"))
	if err != nil {
		return tally{}, err
	}
	if len(files) == 0 {
		return tally{}, tally{}.verdict("node --test", nil)
	}
	// The file is for counting, what goes to stdout is for reading.
	tap, err := filepath.Abs(filepath.Join(cacheDir, "node.tap"))
	if err != nil {
		return tally{}, err
	}
	if err := os.RemoveAll(tap); err != nil {
		return tally{}, err
	}
	args := []string{"--test", "--test-concurrency=1",
		"--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=tap", "--test-reporter-destination=" + tap}
	cmd := exec.Command("node", append(args, files...)...)
	cmd.Env = append(env, "WILLSON_BINARY="+filepath.Join(w.root, serverBinary))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = runGroup(ctx, cmd)
	data, errRead := os.ReadFile(tap)
	t := countTAP(data)
	return t, t.verdict("node --test", errors.Join(err, errRead))
}

// countTAP reads the summary that Node writes below its TAP. A cancelled test, one that was cut off, has failed.
func countTAP(data []byte) tally {
	at := max(0, bytes.LastIndex(data, []byte("\n# tests ")))
	n := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^# (\w+) (\d+)$`).FindAllSubmatch(data[at:], -1) {
		n[string(m[1])], _ = strconv.Atoi(string(m[2]))
	}
	return tally{passed: n["pass"], failed: n["fail"] + n["cancelled"], skipped: n["skipped"] + n["todo"]}
}
