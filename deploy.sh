#!/usr/bin/env bash
# Deploys rules, indexes and server to a Firebase project: deploy.sh PROJECT [REGION [SERVICE]]. `make deploy PROJECT=…`
# calls it, and installs firebase-tools first.
#
# It can be repeated: what is there already is left as it is, or made what it should be. First it asks everything that
# can be known. Then it makes what can be taken back (account, roles), then the database, whose place is for good, and
# then rules, indexes and the server, which gets its traffic when it is ready.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

PROJECT=${1:-} REGION=${2:-} SERVICE=${3:-}
REGION=${REGION:-asia-northeast3} SERVICE=${SERVICE:-willson}
account=$SERVICE@$PROJECT.iam.gserviceaccount.com
# The server makes session cookies, looks up whether a cookie's user is still there, and sends messages.
role=willsonServer
permissions=firebaseauth.users.createSession,firebaseauth.users.get,cloudmessaging.messages.create
firebase() { node app/node_modules/firebase-tools/lib/bin/firebase.js "$@"; }

# A question would wait for ever where nobody sees it.
export CLOUDSDK_CORE_DISABLE_PROMPTS=1
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

step() {
  echo "deploy: $*"
}
fail() {
  echo "deploy: $*" >&2
  exit 1
}

# ask MEANING COMMAND… prints what the command answers. When it fails, its own words follow the meaning.
ask() {
  local meaning=$1
  shift
  "$@" 2>"$errors" || fail "$meaning: $(cat "$errors")"
}

# patiently COMMAND… prints what the command answers, and repeats it for two minutes while it fails: what was just made
# or enabled is not seen everywhere at once.
patiently() {
  local n
  for ((n = 0; n < 24; n++)); do
    ! "$@" 2>"$errors" || return 0
    [ "$n" != 0 ] || step "trying for two minutes: $(tail -n 1 "$errors")" >&2
    sleep 5
  done
  fail "still after two minutes: $(cat "$errors")"
}

# policy CONSTRAINT FIELD prints the field of an organisation policy that holds for the project.
policy() {
  gcloud resource-manager org-policies describe "$1" --project "$PROJECT" --effective --format "value($2)" 2>"$errors" ||
    step "whether the organisation policy $1 is in the way is not told: $(tail -n 1 "$errors")" >&2
}

name='^[a-z][a-z0-9-]{4,28}[a-z0-9]$'
is="6 to 30 lowercase letters, digits and hyphens, a letter first"
[ -n "$PROJECT" ] || fail "which project? make deploy PROJECT=my-firebase-project"
[[ $PROJECT =~ $name ]] || fail "PROJECT=$PROJECT is not the id of a project: $is"
[[ $SERVICE =~ $name ]] || fail "SERVICE=$SERVICE cannot name the server's account: $is"
command -v gcloud >/dev/null || fail "gcloud is not installed: https://cloud.google.com/sdk/docs/install"
command -v curl >/dev/null || fail "curl is not installed (Debian: apt-get install curl)"
[ -d app/node_modules/firebase-tools ] || fail "firebase-tools are not installed: make deploy installs them"

# Where nobody has signed in with gcloud, the key file counts that firebase-tools read as well.
who=$(gcloud auth list --filter status:ACTIVE --format 'value(account)' 2>/dev/null || true)
if [ -z "$who" ] && [ -n "${GOOGLE_APPLICATION_CREDENTIALS:-}" ]; then
  export CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$GOOGLE_APPLICATION_CREDENTIALS
fi
token=$(ask "gcloud is not signed in (gcloud auth login, or GOOGLE_APPLICATION_CREDENTIALS)" gcloud auth print-access-token)
step "$PROJECT, region $REGION, service $SERVICE, as ${who:-the account of $GOOGLE_APPLICATION_CREDENTIALS}"
state=$(ask "gcloud does not see the project $PROJECT" gcloud projects describe "$PROJECT" --format 'value(lifecycleState)')
[ "$state" = ACTIVE ] || fail "$PROJECT is $state"
billed=$(ask "whether $PROJECT has a billing account is not told" gcloud billing projects describe "$PROJECT" --format 'value(billingEnabled)')
[ "$billed" = True ] || fail "$PROJECT has no billing account, which Cloud Run and Cloud Build ask for: https://console.cloud.google.com/billing/linkedaccount?project=$PROJECT"
projects=$(firebase projects:list --json 2>"$errors") ||
  fail "firebase-tools are not signed in, or see no projects (firebase login, or GOOGLE_APPLICATION_CREDENTIALS): $projects $(cat "$errors")"
[[ $projects =~ \"projectId\":\ *\"$PROJECT\" ]] ||
  fail "$PROJECT is no Firebase project, or none that this account may see. To make it one: app/node_modules/.bin/firebase projects:addfirebase $PROJECT"

needed='serviceusage.services.enable resourcemanager.projects.setIamPolicy iam.serviceAccounts.create iam.serviceAccounts.actAs
  iam.roles.create iam.roles.update datastore.databases.create datastore.indexes.create firebaserules.rulesets.create
  firebaserules.releases.create run.services.create run.services.update run.services.setIamPolicy cloudbuild.builds.create
  artifactregistry.repositories.create storage.buckets.create'
list=$(printf ',"%s"' $needed)
# The header comes by standard input: arguments can be read by everybody on this machine.
granted=$(curl -sS --max-time 30 -H @- -H 'Content-Type: application/json' -d "{\"permissions\": [${list#,}]}" \
  "https://cloudresourcemanager.googleapis.com/v1/projects/$PROJECT:testIamPermissions" <<<"Authorization: Bearer $token" 2>&1) ||
  granted="\"error\": $granted"
if [[ $granted == *'"error"'* ]]; then
  step "whether this account may do what follows is not told: $granted"
else
  missing=
  for permission in $needed; do
    [[ $granted == *"\"$permission\""* ]] || missing+=" $permission"
  done
  [ -z "$missing" ] || fail "this account may not do everything that follows; it lacks$missing. An owner of $PROJECT has them all"
fi

step "the APIs"
gcloud services enable run.googleapis.com firestore.googleapis.com identitytoolkit.googleapis.com fcm.googleapis.com \
  iam.googleapis.com cloudbuild.googleapis.com artifactregistry.googleapis.com --project "$PROJECT"

# What can be asked now.
regions=$(patiently gcloud run regions list --project "$PROJECT" --format 'value(locationId)')
places=$(patiently gcloud firestore locations list --project "$PROJECT" --format 'value(locationId)')
[[ " $(echo $regions) " == *" $REGION "* ]] || fail "REGION=$REGION is none of Cloud Run's: $(echo $regions)"
[[ " $(echo $places) " == *" $REGION "* ]] || fail "REGION=$REGION is none of Firestore's: $(echo $places)"
databases=$(patiently gcloud firestore databases list --project "$PROJECT" --format 'csv[no-heading](name.basename(),type,locationId)')
database=$(sed -n 's/^(default),//p' <<<"$databases")
case $database in
  "" | FIRESTORE_NATIVE,"$REGION") ;;
  FIRESTORE_NATIVE,*) step "the database is in ${database#*,}, the server will be in $REGION" ;;
  *) fail "the database of $PROJECT is ${database%,*}: this server needs one in Native mode" ;;
esac
running=$(patiently gcloud run services list --project "$PROJECT" --region "$REGION" --filter "metadata.name=$SERVICE" --format 'value(metadata.name)')
if [ -z "$running" ]; then
  domains=$(policy iam.allowedPolicyMemberDomains listPolicy.allowedValues)
  [ -z "$domains" ] || fail "the organisation policy iam.allowedPolicyMemberDomains lets only $domains in, and so no phone: it needs an exception for $PROJECT, https://console.cloud.google.com/iam-admin/orgpolicies?project=$PROJECT"
  ingress=$(policy run.allowedIngress listPolicy.allowedValues)
  [[ ";${ingress:-all};" =~ [\;:]all\; ]] || fail "the organisation policy run.allowedIngress allows only $ingress, and so no phone: it needs all for $PROJECT"
fi
accounts=$(patiently gcloud iam service-accounts list --project "$PROJECT" --filter "email=$account" --format 'value(email)')
if [ -z "$accounts" ]; then
  [ "$(policy iam.disableServiceAccountCreation booleanPolicy.enforced)" != True ] ||
    fail "the organisation policy iam.disableServiceAccountCreation is in the way: somebody has to make the account $account, or an exception for $PROJECT"
fi
builder=$(gcloud builds get-default-service-account --project "$PROJECT" 2>/dev/null | sed 's|.*/||' || true)
if [ -n "$builder" ]; then
  roles=$(gcloud projects get-iam-policy "$PROJECT" --flatten 'bindings[].members' --filter "bindings.members=serviceAccount:$builder" --format 'value(bindings.role)' 2>/dev/null || true)
  [[ $roles =~ roles/(run\.builder|cloudbuild\.builds\.builder|editor|owner) ]] ||
    step "Cloud Build builds as $builder, which has none of the usual roles in $PROJECT. If building fails: gcloud projects add-iam-policy-binding $PROJECT --member serviceAccount:$builder --role roles/run.builder"
fi

step "the account $account, with roles/datastore.user and $role"
if [ -z "$accounts" ]; then
  gcloud iam service-accounts create "$SERVICE" --display-name "$SERVICE" --project "$PROJECT"
fi
known=$(patiently gcloud iam roles list --project "$PROJECT" --show-deleted --filter "name=projects/$PROJECT/roles/$role" --format 'csv[no-heading](name,deleted)')
case $known in
  "") patiently gcloud iam roles create "$role" --project "$PROJECT" --title "Willson's server" --permissions "$permissions" --stage GA >/dev/null ;;
  *,True) gcloud iam roles undelete "$role" --project "$PROJECT" >/dev/null ;;
esac
patiently gcloud iam roles update "$role" --project "$PROJECT" --permissions "$permissions" >/dev/null
for granting in roles/datastore.user "projects/$PROJECT/roles/$role"; do
  patiently gcloud projects add-iam-policy-binding "$PROJECT" --member "serviceAccount:$account" --role "$granting" --condition None >/dev/null
done

if [ -z "$database" ]; then
  step "the database, in $REGION for good"
  gcloud firestore databases create --location "$REGION" --type=firestore-native --project "$PROJECT"
fi

step "rules and indexes"
firebase deploy --only firestore:rules,firestore:indexes --project "$PROJECT" --non-interactive
step "waiting until the indexes are built"
for ((n = 0; n < 120; n++)); do
  building=$(ask "the state of the indexes is not told" gcloud firestore indexes composite list --project "$PROJECT" --filter 'state!=READY' --format='value(name)')
  [ -n "$building" ] || break
  sleep 10
done
[ -z "$building" ] || fail "the indexes are not built after twenty minutes: see https://console.firebase.google.com/project/$PROJECT/firestore/indexes, then deploy again"

# A service that is new has no other revision to keep the traffic, and Cloud Run refuses to make it without.
step "the server"
# Built as the Makefile builds it, without what is not used: a gcloud that is too old to pass that on builds a larger one.
small=()
[[ -z ${GOFLAGS-} || $(gcloud run deploy --help 2>/dev/null || true) != *--update-build-env-vars* ]] ||
  small=(--update-build-env-vars "^|^GOFLAGS=$GOFLAGS")
apart=()
[ -z "$running" ] || apart=(--no-traffic --tag next)
gcloud run deploy "$SERVICE" --source . --project "$PROJECT" --region "$REGION" --allow-unauthenticated \
  ${small[@]+"${small[@]}"} --service-account "$account" --update-env-vars "GOOGLE_CLOUD_PROJECT=$PROJECT" \
  --startup-probe httpGet.path=/health,periodSeconds=1,timeoutSeconds=1,failureThreshold=30 ${apart[@]+"${apart[@]}"}
url=$(ask "the server's address is not told" gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" --format 'value(status.url)')
new=$url
if [ -n "$running" ]; then
  new=$(ask "the new revision's address is not told" gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" \
    --flatten 'status.traffic[]' --format 'csv[no-heading](status.traffic.tag,status.traffic.url)' | sed -n 's/^next,//p')
fi
step "waiting until $new/ready says so"
for ((n = 0; n < 60; n++)); do
  said=$(curl -sS --max-time 10 -w ' %{http_code}' "$new/ready" 2>&1 || true)
  [[ $said != *' 200' ]] || break
  sleep 5
done
[[ $said == *' 200' ]] || fail "the new revision is not ready after five minutes${running:+, and gets no traffic}: $said
Its log: gcloud run services logs read $SERVICE --project $PROJECT --region $REGION"
[ -z "$running" ] || gcloud run services update-traffic "$SERVICE" --project "$PROJECT" --region "$REGION" --to-latest --remove-tags next
step "up at $url"
