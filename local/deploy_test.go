package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// toolDouble is gcloud, curl, sleep and the node that runs firebase-tools. It notes each call, and looks for a line of
// answers whose words the call contains: how often such a call fails at first, and what it says then, or what it answers.
const toolDouble = `#!/bin/sh
call="${0##*/} $*"
echo "$call${CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE:+ by $CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE}" >>"$DIR/calls"
while IFS='|' read -r words failures said; do
	case $call in *"$words"*)
		[ "$(grep -cF -- "$words" "$DIR/calls")" -gt "$failures" ] || { echo "$said" >&2; exit 1; }
		[ "$failures" != 0 ] || { echo "$said"; exit 0; }
	esac
done <"$DIR/answers"
`

// freshProject answers as a Firebase project of ours in which there is nothing yet.
const freshProject = `auth list|0|owner@example.com
billing|0|True
projects describe|0|ACTIVE
projects:list|0|"projectId": "my-project"
run regions|0|asia-northeast3
firestore locations|0|asia-northeast3
--flatten status.traffic|0|next,https://next---willson.example
run services describe|0|https://willson.example
/ready|0|{} 200
`

// deploy runs deploy.sh among doubles, whose answers are these and then those of a fresh project. It returns what the
// script said, and each call that was made.
func deploy(t *testing.T, arguments []string, answers ...string) (said string, calls []string, err error) {
	t.Helper()
	script, err := os.ReadFile("../deploy.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	needed := regexp.MustCompile(`needed='([^']+)'`).FindSubmatch(script)[1]
	granted := "testIamPermissions|0|\"" + strings.Join(strings.Fields(string(needed)), `" "`) + "\"\n"
	files := map[string]string{
		"deploy.sh": string(script), "answers": strings.Join(append(answers, freshProject+granted), "\n"),
		"gcloud": toolDouble, "node": toolDouble, "curl": toolDouble, "sleep": toolDouble,
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "app/node_modules/firebase-tools"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", append([]string{filepath.Join(dir, "deploy.sh")}, arguments...)...)
	cmd.Env = []string{"PATH=" + dir + ":/bin:/usr/bin", "DIR=" + dir, "GOOGLE_APPLICATION_CREDENTIALS=key.json",
		"PROJECT=another", "SERVICE=api", "REGION=nowhere", "GOFLAGS=-mod=readonly -tags=a,b"}
	output, err := cmd.CombinedOutput()
	called, _ := os.ReadFile(dir + "/calls") // none: no tool was called
	return string(output), strings.Split(string(called), "\n"), err
}

// inOrder reports the first of these that no call contains, after the call of the one before.
func inOrder(calls []string, wanted ...string) (missing string) {
	for _, want := range wanted {
		at := slices.IndexFunc(calls, func(call string) bool { return strings.Contains(call, want) })
		if at < 0 {
			return want
		}
		calls = calls[at+1:]
	}
	return ""
}

const (
	running  = "run services list|0|willson"
	account  = "willson@my-project.iam.gserviceaccount.com"
	ownRole  = "projects/my-project/roles/willsonServer"
	database = "firestore databases create --location asia-northeast3 --type=firestore-native --project my-project"
)

func TestDeploy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers, calls, never []string
		says                  string
	}{
		"a fresh project": {
			calls: []string{
				"projects/my-project:testIamPermissions", "identitytoolkit.googleapis.com fcm.googleapis.com", "iam service-accounts create willson",
				"iam roles create willsonServer --project my-project --title Willson's server --permissions firebaseauth.users.createSession,firebaseauth.users.get,cloudmessaging.messages.create --stage GA",
				"--member serviceAccount:" + account + " --role roles/datastore.user", "--member serviceAccount:" + account + " --role " + ownRole,
				database, "firebase.js deploy --only firestore:rules,firestore:indexes --project my-project", "--filter state!=READY",
				"run deploy willson --source . --project my-project", "https://willson.example/ready",
			},
			never: []string{"--update-build-env-vars", "--no-traffic", "--tag", "update-traffic", "undelete"},
		},
		"a second time": {
			answers: []string{running, "databases list|0|(default),FIRESTORE_NATIVE,asia-northeast3", "service-accounts list|0|" + account, "roles list|0|" + ownRole + ","},
			calls: []string{
				"iam roles update willsonServer", "--startup-probe httpGet.path=/health,periodSeconds=1,timeoutSeconds=1,failureThreshold=30 --no-traffic --tag next",
				"https://next---willson.example/ready", "update-traffic willson --project my-project --region asia-northeast3 --to-latest --remove-tags next",
			},
			never: []string{" create", "org-policies"},
		},
		"a gcloud that passes tags on":  {answers: []string{"deploy --help|0|--update-build-env-vars"}, calls: []string{"--update-build-env-vars ^|^GOFLAGS=-mod=readonly -tags=a,b"}},
		"a role that was deleted":       {answers: []string{"roles list|0|" + ownRole + ",True"}, calls: []string{"roles undelete willsonServer", "roles update willsonServer"}},
		"an account that is seen late":  {answers: []string{"add-iam-policy-binding|3|does not exist"}, calls: []string{"roles/datastore.user", ownRole, "run deploy"}, says: "does not exist"},
		"a server that needs a while":   {answers: []string{"/ready|3|503"}, calls: []string{"/ready", "/ready", "/ready", "/ready"}},
		"nobody signed in but a key":    {answers: []string{"auth list|0|"}, calls: []string{"print-access-token by key.json", "run deploy"}, says: "as the account of key.json"},
		"policies that nobody tells":    {answers: []string{"org-policies|9|may not ask", "testIamPermissions|9|no route"}, calls: []string{"run deploy"}, says: "no route"},
		"a builder without a role":      {answers: []string{"get-default|0|1-compute@developer"}, calls: []string{"run deploy"}, says: "1-compute@developer --role roles/run.builder"},
		"a database in another region":  {answers: []string{"databases list|0|(default),FIRESTORE_NATIVE,eur3"}, calls: []string{"run deploy"}, never: []string{"databases create"}, says: "the database is in eur3"},
		"an ingress that allows phones": {answers: []string{"run.allowedIngress|0|is:internal;is:all"}, calls: []string{"run deploy"}},
	} {
		said, calls, err := deploy(t, []string{"my-project"}, test.answers...)
		if err != nil || !strings.Contains(said, test.says) || !strings.HasSuffix(said, "up at https://willson.example\n") {
			t.Errorf("%s: %v: %s", name, err, said)
		}
		if missing := inOrder(calls, test.calls...); missing != "" {
			t.Errorf("%s: %q is not called, or too early: %s", name, missing, strings.Join(calls, "\n"))
		}
		for _, never := range test.never {
			if inOrder(calls, never) == "" {
				t.Errorf("%s: %q is called: %s", name, never, strings.Join(calls, "\n"))
			}
		}
	}
}

// TestDeployRefuses: what is in the way is told in the words of who knows it, before anything is made.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	own := []string{"my-project"}
	for says, test := range map[string]struct{ arguments, answers []string }{
		"which project?":                       {},
		"PROJECT=123456 is not the id":         {arguments: []string{"123456"}},
		"SERVICE=api cannot name":              {arguments: []string{"my-project", "", "api"}},
		"REGION=asia is none of Cloud Run's":   {arguments: []string{"my-project", "asia"}},
		"REGION=nam5 is none of Firestore's":   {arguments: []string{"my-project", "nam5"}, answers: []string{"run regions|0|nam5"}},
		"gcloud is not signed in":              {own, []string{"print-access-token|1|expired"}},
		"the project my-project: not allowed":  {own, []string{"gcloud projects describe|1|not allowed"}},
		"my-project is DELETE_REQUESTED":       {own, []string{"gcloud projects describe|0|DELETE_REQUESTED"}},
		"is not told: the API is off":          {own, []string{"billing|1|the API is off"}},
		"has no billing account":               {own, []string{"billing|0|False"}},
		"Failed to authenticate":               {own, []string{"projects:list|1|Failed to authenticate"}},
		"no Firebase project, or none":         {own, []string{`projects:list|0|"projectId": "my-project-2"`}},
		"it lacks serviceusage.services.enabl": {own, []string{"testIamPermissions|0|{}"}},
		"quota of APIs":                        {own, []string{"services enable|1|quota of APIs"}},
		"database of my-project is DATASTORE":  {own, []string{"databases list|0|(default),DATASTORE_MODE,nam5"}},
		"still after two minutes: not enabled": {own, []string{"databases list|99|not enabled"}},
		"lets only C012 in":                    {own, []string{"iam.allowedPolicyMemberDomains|0|C012"}},
		"allows only is:internal":              {own, []string{"run.allowedIngress|0|is:internal;is:internal-and-cloud-load-balancing"}},
		"disableServiceAccountCreation is in":  {own, []string{"iam.disableServiceAccountCreation|0|True"}},
	} {
		said, calls, err := deploy(t, test.arguments, test.answers...)
		if err == nil || !strings.Contains(said, says) {
			t.Errorf("%q: %v, said %s", says, err, said)
		}
		for _, made := range []string{"create ", "deploy ", "add-iam"} {
			if inOrder(calls, made) == "" {
				t.Errorf("%q: something was made: %s", says, strings.Join(calls, "\n"))
			}
		}
	}
}

// TestDeployKeepsTraffic where it was, when the new revision is not ready.
func TestDeployKeepsTraffic(t *testing.T) {
	t.Parallel()
	said, calls, err := deploy(t, []string{"my-project"}, running, "/ready|0|no index 503")
	if err == nil || !strings.Contains(said, "gets no traffic: no index 503") || inOrder(calls, "update-traffic") == "" {
		t.Errorf("%v: %s", err, said)
	}
}
