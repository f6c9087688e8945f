package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const jarVariable = "FIRESTORE_EMULATOR_BINARY_PATH"

// findJar returns a Firestore emulator that `java -jar` starts: the one that the user names, or the Cloud SDK's.
// It returns "" when there is neither, and firebase-tools has to download its own.
func findJar(ctx context.Context) (string, error) {
	if path := os.Getenv(jarVariable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", jarVariable, err)
		}
		return filepath.Abs(path)
	}
	jar, err := cloudSDKJar(ctx)
	if err != nil || jar == "" {
		return "", err
	}
	launcher, err := filepath.Abs(filepath.Join(cacheDir, "firestore-emulator.jar"))
	if err != nil {
		return "", err
	}
	if err := writeLauncher(launcher, jar); err != nil {
		return "", fmt.Errorf("making a launcher for %s: %w", jar, err)
	}
	return launcher, nil
}

// cloudSDKJar looks beside gcloud's own file first, because asking gcloud takes seconds.
func cloudSDKJar(ctx context.Context) (string, error) {
	gcloud, err := exec.LookPath("gcloud")
	if err != nil {
		return "", nil
	}
	const inSDK = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
	if real, err := filepath.EvalSymlinks(gcloud); err == nil {
		jar := filepath.Join(filepath.Dir(filepath.Dir(real)), inSDK)
		if _, err := os.Stat(jar); err == nil {
			return jar, nil
		}
	}
	root, err := exec.CommandContext(ctx, gcloud, "info", "--format=value(installation.sdk_root)").Output()
	jar := filepath.Join(strings.TrimSpace(string(root)), inSDK)
	if _, errStat := os.Stat(jar); err != nil || errStat != nil {
		return "", ctx.Err()
	}
	return jar, nil
}

// writeLauncher writes a jar that holds a manifest only: the Cloud SDK's jar names no main class, so `java -jar`
// refuses it, and firebase-tools knows no other way to start one.
func writeLauncher(path, jar string) error {
	var content bytes.Buffer
	z := zip.NewWriter(&content)
	manifest, err := z.Create("META-INF/MANIFEST.MF")
	if err != nil {
		return err
	}
	for _, line := range []string{
		"Manifest-Version: 1.0",
		"Main-Class: com.google.cloud.datastore.emulator.firestore.CloudFirestore",
		"Class-Path: " + (&url.URL{Scheme: "file", Path: jar}).String(),
	} {
		// A line of a manifest holds 72 bytes at most; a blank begins a continuation.
		for len(line) > 72 {
			fmt.Fprintf(manifest, "%s\r\n", line[:72])
			line = " " + line[72:]
		}
		fmt.Fprintf(manifest, "%s\r\n", line)
	}
	// Renamed into place, because another run may be starting from this very file.
	ours := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := errors.Join(z.Close(), os.WriteFile(ours, content.Bytes(), 0o644)); err != nil {
		return err
	}
	return os.Rename(ours, path)
}

// downloadedJar asks firebase-tools where the emulator is that it has downloaded.
func downloadedJar(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "node", "-p", "require('firebase-tools/lib/emulator/downloadableEmulators').getDownloadDetails('firestore').downloadPath")
	cmd.Dir = "app"
	jar, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("looking for the emulator that firebase-tools downloaded: %w", err)
	}
	return strings.TrimSpace(string(jar)), nil
}
