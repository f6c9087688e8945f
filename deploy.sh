#!/usr/bin/env bash
# Deploys rules, indexes and server to a Firebase project, in the order in which they need
# each other. It can be repeated: what is there already is left as it is.
# `make deploy PROJECT=…` calls it, and installs firebase-tools first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

PROJECT=${PROJECT:-}
REGION=${REGION:-asia-northeast3}
SERVICE=${SERVICE:-willson}
firebase=${FIREBASE:-app/node_modules/.bin/firebase}
account="$SERVICE@$PROJECT.iam.gserviceaccount.com"

fail() {
  echo "deploy: $*" >&2
  exit 1
}
step() {
  echo "deploy: $*"
}

# What is missing, before anything is changed.
[ -n "$PROJECT" ] || fail "which project? make deploy PROJECT=my-firebase-project"
command -v gcloud >/dev/null || fail "gcloud is not installed: https://cloud.google.com/sdk/docs/install"
[ -x "$firebase" ] || fail "firebase-tools are not installed: make deploy installs them, or make console"
gcloud auth print-access-token >/dev/null 2>&1 || fail "gcloud is not signed in: gcloud auth login"
gcloud projects describe "$PROJECT" >/dev/null 2>&1 || fail "there is no project $PROJECT that this account may see"
[ "$(gcloud billing projects describe "$PROJECT" --format='value(billingEnabled)' 2>/dev/null)" = True ] ||
  fail "$PROJECT has no billing account, or you may not see it, which Cloud Run and Cloud Build ask for: https://console.cloud.google.com/billing/linkedaccount?project=$PROJECT"
"$firebase" projects:list --json 2>/dev/null | grep "\"projectId\": *\"$PROJECT\"" >/dev/null ||
  fail "$PROJECT is no Firebase project that firebase-tools may see: $firebase login, then $firebase projects:addfirebase $PROJECT"

step "the APIs"
gcloud services enable run.googleapis.com firestore.googleapis.com cloudbuild.googleapis.com artifactregistry.googleapis.com --project "$PROJECT"

kind=$(gcloud firestore databases describe --database='(default)' --project "$PROJECT" --format='value(type)' 2>/dev/null || true)
case "$kind" in
  "")
    step "the database, in $REGION for good"
    gcloud firestore databases create --location "$REGION" --type=firestore-native --project "$PROJECT"
    ;;
  FIRESTORE_NATIVE) ;;
  *) fail "the database of $PROJECT is $kind: this server needs one in Native mode" ;;
esac

step "the service account $account, with roles/datastore.user and no other role"
gcloud iam service-accounts describe "$account" --project "$PROJECT" >/dev/null 2>&1 ||
  gcloud iam service-accounts create "$SERVICE" --display-name "$SERVICE" --project "$PROJECT"
gcloud projects add-iam-policy-binding "$PROJECT" --member "serviceAccount:$account" --role roles/datastore.user --condition None >/dev/null

step "rules and indexes"
"$firebase" deploy --only firestore:rules,firestore:indexes --project "$PROJECT" --non-interactive
step "waiting until the indexes are built"
for ((n = 0; n < 120; n++)); do
  building=$(gcloud firestore indexes composite list --project "$PROJECT" --filter 'state!=READY' --format='value(name)')
  [ -n "$building" ] || break
  sleep 10
done
[ -z "$building" ] || fail "the indexes are not built after twenty minutes: see https://console.firebase.google.com/project/$PROJECT/firestore/indexes, then deploy again"

step "the server"
gcloud run deploy "$SERVICE" --source . --project "$PROJECT" --region "$REGION" --allow-unauthenticated \
  --service-account "$account" --update-env-vars "GOOGLE_CLOUD_PROJECT=$PROJECT" \
  --startup-probe httpGet.path=/readyz,periodSeconds=1,timeoutSeconds=1,failureThreshold=30
url=$(gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" --format='value(status.url)')
step "up at $url"
curl -fsS "$url/readyz" && echo
