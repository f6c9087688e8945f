// The data of `make run`, seed.json, in the emulators of the environment.
//
//   load                who may sign in, and what lies in Firestore, over what is there
//   greet …             makes the main request once, as the first account, and tells the user how to go on from there
//   greetWithoutServer  tells the user what the emulators are good for
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { argv, env, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

const { GOOGLE_CLOUD_PROJECT: project, FIREBASE_AUTH_EMULATOR_HOST: auth, FIRESTORE_EMULATOR_HOST: firestore } = env;
const identity = `http://${auth}/identitytoolkit.googleapis.com/v1`;
const documents = `projects/${project}/databases/(default)/documents`;

export const seed = JSON.parse(readFileSync(new URL('seed.json', import.meta.url), 'utf8'));

export async function load() {
  const users = seed.accounts.map(({ uid, email, password, name }) => (
    { localId: uid, email, emailVerified: true, displayName: name, rawPassword: password }
  ));
  await post(`${identity}/projects/${project}/accounts:batchCreate`, { users, allowOverwrite: true });
  const now = Date.now();
  const writes = Object.entries(seed.documents).map(([path, fields]) => (
    { update: { name: `${documents}/${path}`, fields: toFields(fields, now) } }
  ));
  await post(`http://${firestore}/v1/${documents}:commit`, { writes });
}

// toFields turns JSON into Firestore's own notation.
export const toFields = (fields, now) => (
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toValue(value, now)]))
);

function toValue(value, now) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (Number.isSafeInteger(value)) return { integerValue: String(value) };
  if (Number.isFinite(value) && !Number.isInteger(value)) return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((element) => toValue(element, now)) } };
  if (!value || typeof value !== 'object') throw new Error(`seed.json: ${value} has no place in a document`);
  const time = toTime(value, now);
  return time ? { timestampValue: time.toISOString() } : { mapValue: { fields: toFields(value, now) } };
}

// toTime reads what stands for a time, which JSON has not: {"$time": RFC 3339}, or from now on {"$in": "10m"}. Hours,
// {"$in": "3h"}, are counted from the full hour, as dates are made. Anything else is no time: undefined.
export function toTime({ $time, $in }, now) {
  if ($time) return new Date($time);
  if (!$in) return undefined;
  const [, amount, unit] = /^(\d+)([hm])$/.exec($in) ?? [];
  if (!unit) throw new Error(`seed.json: {"$in": "${$in}"} is neither hours nor minutes`);
  const minute = 60_000;
  const hour = 60 * minute;
  return new Date(unit === 'h' ? Math.floor(now / hour) * hour + amount * hour : now + amount * minute);
}

// whoIsWho is a line for each account: how to sign in, who that is, and what he has.
export const whoIsWho = seed.accounts.map(({ uid, email, password, name, note }) => {
  const { [`askers/${uid}`]: account, [`willsoners/${uid}`]: willsoner } = seed.documents;
  const has = [name, `${account?.pots ?? 0} pots`, ...(willsoner ? [`${willsoner.status} willsoner ${willsoner.idx}`] : [])];
  return `  ${email.padEnd(24)} ${password}  ${has.join(', ')}: ${note}`;
}).join('\n');

const isLoopback = (address) => /^(127\.|localhost:|\[::1\])/.test(address);

// addressFor returns the address to print for one that is listened on: it works from wherever that can be reached. For
// a wildcard it has this machine's address on the way out, which connecting a UDP socket chooses without sending.
export async function addressFor(listening) {
  if (listening.startsWith('127.0.0.1:')) return listening.replace('127.0.0.1', 'localhost');
  if (!/^(0\.0\.0\.0|\[::\]):/.test(listening)) return listening;
  const socket = createSocket('udp4');
  const host = await new Promise((resolve) => {
    socket.connect(9, '203.0.113.1', (error) => resolve(error ? 'localhost' : socket.address().address));
  });
  socket.close();
  return listening.replace(/^.*(?=:)/, host);
}

// With these set, curl asks a proxy even for what is on this machine.
const curl = env.http_proxy || env.all_proxy || env.ALL_PROXY ? "curl --noproxy '*' -s" : 'curl -s';

async function greet(restart, server, ...listening) {
  const [api, authShown, firestoreShown] = await Promise.all(listening.map(addressFor));
  const [{ uid, email, password }] = seed.accounts;
  const { idToken } = await post(`${identity}/accounts:signInWithPassword?key=any`, { email, password, returnSecureToken: true });
  const list = '/api/v1/asker/chat/chatrooms';
  const begin = performance.now();
  const response = await fetch(`http://${server}${list}`, { headers: { 'x-token': idToken } });
  const { code, data } = await response.json();
  const took = Math.round(performance.now() - begin);
  const offer = offerTo(uid);

  console.log(`
Willson is up.

  API      http://${api}
  Console  http://${api}/console
${isLoopback(listening[1]) ? '' : `
Other devices in this network reach these too, and can read and change everything in them:

  Auth emulator       ${authShown}
  Firestore emulator  ${firestoreShown}
`}
Accounts, with their passwords:

${whoIsWho}

GET ${list} as ${email} answered ${response.status} ${code}, ${data?.count ?? 0} sessions, in ${took} ms. \
Ask it yourself, with a token good for an hour:

${curl} http://${api}${list} -H 'x-token: ${idToken}'
${offer && `
Accept an offer, which opens a room:

${curl} -X PATCH http://${api}/api/v1/asker/list/matches/${offer}/select -H 'x-token: ${idToken}'
`}
${restart} builds and restarts the server over the same data, Ctrl-C stops it.
`);
}

function greetWithoutServer() {
  console.log(`
The emulators are up. \`make server\` starts the server over them; these accounts, with their passwords, are in them:

${whoIsWho}

What other programs need:

  export GOOGLE_CLOUD_PROJECT=${project}
  export FIREBASE_AUTH_EMULATOR_HOST=${auth}
  export FIRESTORE_EMULATOR_HOST=${firestore}

Ctrl-C stops them.
`);
}

// offerTo returns the number of the first match that the asker can accept for a session now, '' if there is none.
export const offerTo = (asker) => Object.values(seed.documents).find(({ status, asker_uid, starts_at }) => (
  status === 'waiting' && asker_uid === asker && !starts_at
))?.idx ?? '';

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' }, // an owner is above the rules
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok || answer.error?.length) throw new Error(`POST ${url}: ${JSON.stringify(answer)}`);
  return answer;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await { load, greet, greetWithoutServer }[argv[2]](...argv.slice(3));
  } catch (error) {
    console.error(`local/seed.mjs ${argv[2]}: ${error.message}`, error.cause ?? '');
    exit(1);
  }
}
