package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeTool notes how it is called, and answers as a project that has nothing yet. What
// FAILS names fails.
const fakeTool = `#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
if [ -n "$FAILS" ]; then case "$(basename "$0") $*" in *"$FAILS"*) exit 1;; esac; fi
case "$*" in
*"billing projects describe"*) echo True;;
*"projects:list"*) echo '{"result": [{"projectId": "my-project"}]}';;
*"databases describe"*) [ -n "$DATABASE" ] || exit 1; echo "$DATABASE";;
*"service-accounts describe"*) exit 1;;
*"services describe"*) echo https://willson.example;;
esac
`

// deploy runs deploy.sh among fake tools, and returns what it said and what it called.
func deploy(t *testing.T, env ...string) (said string, calls []string, err error) {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"gcloud", "firebase", "curl", "sleep"} {
		if err := os.WriteFile(filepath.Join(dir, tool), []byte(fakeTool), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/bash", "../deploy.sh")
	cmd.Env = append([]string{"PATH=" + dir + ":/bin:/usr/bin", "CALLS=" + dir + "/calls", "FIREBASE=" + dir + "/firebase", "PROJECT=my-project"}, env...)
	output, err := cmd.CombinedOutput()
	called, _ := os.ReadFile(dir + "/calls") // none: no tool was called
	return string(output), strings.Split(strings.TrimSpace(string(called)), "\n"), err
}

func TestDeploy(t *testing.T) {
	t.Parallel()
	said, calls, err := deploy(t)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	at := 0
	for _, want := range []string{
		"services enable run.googleapis.com firestore.googleapis.com",
		"firestore databases create --location asia-northeast3 --type=firestore-native",
		"iam service-accounts create willson",
		"--member serviceAccount:willson@my-project.iam.gserviceaccount.com --role roles/datastore.user",
		"firebase deploy --only firestore:rules,firestore:indexes --project my-project",
		"indexes composite list --project my-project --filter state!=READY",
		"run deploy willson --source . --project my-project",
	} {
		for at < len(calls) && !strings.Contains(calls[at], want) {
			at++
		}
		if at == len(calls) {
			t.Fatalf("%q is not called, or too early: %q", want, calls)
		}
	}
	if !strings.Contains(said, "up at https://willson.example") {
		t.Errorf("said %s", said)
	}
}

// TestDeployRefuses: what is missing is named before anything is changed.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	withoutGcloud := t.TempDir()
	if err := os.Symlink("/usr/bin/dirname", withoutGcloud+"/dirname"); err != nil {
		t.Fatal(err)
	}
	for want, env := range map[string][]string{
		"which project?":           {"PROJECT="},
		"gcloud is not signed in":  {"FAILS=print-access-token"},
		"there is no project":      {"FAILS=gcloud projects describe"},
		"no billing account, or":   {"FAILS=billing"},
		"is no Firebase project":   {"PROJECT=other-project"},
		"firebase-tools are not":   {"FIREBASE=/nowhere"},
		"gcloud is not installed":  {"PATH=" + withoutGcloud},
		"this server needs one in": {"DATABASE=DATASTORE_MODE"},
	} {
		said, calls, err := deploy(t, env...)
		if err == nil || !strings.Contains(said, want) {
			t.Errorf("%v: %v, said %s", env, err, said)
		}
		for _, call := range calls {
			for _, change := range []string{"create", "deploy", "add-iam"} {
				if strings.Contains(call, change) {
					t.Errorf("%v: changed something: %s", env, call)
				}
			}
		}
	}
}
