package main

import (
	"archive/zip"
	"context"
	"encoding/json"
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
	inSDK := filepath.Join("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
	if real, err := filepath.EvalSymlinks(gcloud); err == nil {
		jar := filepath.Join(filepath.Dir(filepath.Dir(real)), inSDK)
		if _, err := os.Stat(jar); err == nil {
			return jar, nil
		}
	}
	root, err := command(ctx, gcloud, "info", "--format=value(installation.sdk_root)").Output()
	if err != nil {
		return "", ctx.Err()
	}
	jar := filepath.Join(strings.TrimSpace(string(root)), inSDK)
	if _, err := os.Stat(jar); err != nil {
		return "", nil
	}
	return jar, nil
}

// writeLauncher writes a jar that holds a manifest only: the Cloud SDK's jar names no main class, so `java -jar`
// refuses it, and firebase-tools knows no other way to start one.
func writeLauncher(path, jar string) error {
	var manifest strings.Builder
	for _, line := range []string{
		"Manifest-Version: 1.0",
		"Main-Class: com.google.cloud.datastore.emulator.firestore.CloudFirestore",
		"Class-Path: " + (&url.URL{Scheme: "file", Path: jar}).String(),
	} {
		// A line of a manifest holds 72 bytes at most; a blank begins a continuation.
		for len(line) > 72 {
			manifest.WriteString(line[:72] + "\r\n")
			line = " " + line[72:]
		}
		manifest.WriteString(line + "\r\n")
	}

	// Renamed into place, because another run may be starting from this very file.
	f, err := os.CreateTemp(filepath.Dir(path), "launcher-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	z := zip.NewWriter(f)
	entry, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = entry.Write([]byte(manifest.String()))
	}
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// downloadedJar is where firebase-tools keeps the emulator that it downloads.
func downloadedJar() (string, error) {
	data, err := os.ReadFile(filepath.Join(appDir, "node_modules/firebase-tools/lib/emulator/downloadableEmulatorInfo.json"))
	if err != nil {
		return "", err
	}
	var info struct {
		Firestore struct {
			Path string `json:"downloadPathRelativeToCacheDir"`
		} `json:"firestore"`
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return "", fmt.Errorf("firebase-tools' list of emulators: %w", err)
	}
	dir := os.Getenv("FIREBASE_EMULATORS_PATH")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".cache", "firebase", "emulators")
	}
	jar := filepath.Join(dir, info.Firestore.Path)
	_, err = os.Stat(jar)
	return jar, err
}
