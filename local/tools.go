package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// prepare installs and builds what the other steps need, and does nothing the second time.
func (w *world) prepare(ctx context.Context) error {
	if err := w.install(ctx); err != nil {
		return err
	}
	return w.buildConsole(ctx)
}

// checkTools names every tool that is missing or too old, each in a line of its own.
func checkTools(ctx context.Context) error {
	return errors.Join(
		checkVersion(ctx, "java", "-version", regexp.MustCompile(`version "(\d+)(?:\.(\d+))?`), 11, 0,
			"the Firestore emulator needs Java 11 or newer (Debian: apt-get install default-jre-headless, macOS: brew install openjdk)"),
		checkVersion(ctx, "node", "--version", regexp.MustCompile(`^v(\d+)\.(\d+)`), 20, 19,
			"the Firebase tools need Node.js 20.19 or newer, from https://nodejs.org"),
		checkVersion(ctx, "npm", "--version", regexp.MustCompile(`^(\d+)\.(\d+)`), 8, 0,
			"npm 8 or newer comes with Node.js, from https://nodejs.org"),
	)
}

func checkVersion(ctx context.Context, name, flag string, pattern *regexp.Regexp, major, minor int, advice string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is not installed: %s", name, advice)
	}
	// java prints its version to stderr. macOS has a java that only says there is none.
	out, err := command(ctx, name, flag).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s does not run (%w): %s", name, err, advice)
	}
	m := pattern.FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("%s %s says %q, which names no version: %s", name, flag, bytes.TrimSpace(out), advice)
	}
	gotMajor, _ := strconv.Atoi(string(m[1]))
	gotMinor, _ := strconv.Atoi(string(m[2]))
	if gotMajor < major || gotMajor == major && gotMinor < minor {
		return fmt.Errorf("%s is version %d.%d: %s", name, gotMajor, gotMinor, advice)
	}
	return nil
}

// install brings app/node_modules to what the lock file says. No package of ours needs its install script.
func (w *world) install(ctx context.Context) error {
	lock, err := os.ReadFile(filepath.Join(appDir, "package-lock.json"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	stamp := filepath.Join(appDir, "node_modules", ".installed")
	if isStamped(stamp, sum[:]) {
		return nil
	}
	err = w.step(ctx, "Installing the Firebase tools and SDKs, once, for a minute or two",
		command(ctx, "npm", "--prefix", appDir, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"))
	if err != nil {
		return err
	}
	return writeStamp(stamp, sum[:])
}

// buildConsole builds console/dist from app/console, which the server carries inside.
func (w *world) buildConsole(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(appDir, "console")); err != nil {
		return nil
	}
	sum, err := hashFiles(filepath.Join(appDir, "console"), filepath.Join(appDir, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(cacheDir, "console.built")
	if _, err := os.Stat("console/dist/index.html"); err == nil && isStamped(stamp, sum) {
		return nil
	}
	if err := w.step(ctx, "Building the console", command(ctx, "npm", "--prefix", appDir, "run", "build")); err != nil {
		return err
	}
	return writeStamp(stamp, sum)
}

func (w *world) buildServer(ctx context.Context) error {
	return w.step(ctx, "Building the server", command(ctx, "go", "build", "-o", serverBinary, "."))
}

// step runs one command of the set-up. Its output is for when it fails; a line now and then says that it goes on.
func (w *world) step(ctx context.Context, what string, cmd *exec.Cmd) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	begin := time.Now()
	fmt.Fprintf(w.out, "%s…\n", what)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(w.out, "  %s: still at it after %.0f s\n", what, time.Since(begin).Seconds())
		case err := <-done:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("%s: %v (%v)\n%s", what, cmd, err, output.Bytes())
			}
			return nil
		}
	}
}

// hashFiles digests names and contents, so that a checkout that only touches times builds nothing.
func hashFiles(roots ...string) ([]byte, error) {
	h := sha256.New()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s %d\n", path, len(data))
			h.Write(data)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

func isStamped(path string, sum []byte) bool {
	data, err := os.ReadFile(path)
	return err == nil && string(data) == hex.EncodeToString(sum)
}

func writeStamp(path string, sum []byte) error {
	return os.WriteFile(path, []byte(hex.EncodeToString(sum)), 0o644)
}
