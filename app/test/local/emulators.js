// The emulators of the environment, as their owner: what the server's side of a test puts into them.
import { readFileSync } from 'node:fs';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectFirestoreEmulator, getFirestore, setLogLevel, terminate } from 'firebase/firestore';
import { load } from '../../../local/seed.mjs';

for (const name of ['GOOGLE_CLOUD_PROJECT', 'FIREBASE_AUTH_EMULATOR_HOST', 'FIRESTORE_EMULATOR_HOST']) {
  if (!process.env[name]) throw new Error(`${name} is not set: run \`make test\`, or \`.cache/local exec -- node --test app/test/*.test.js\``);
}

// The Auth emulator signs clients in to the project it was started for and to no other, so tests keep apart by uid.
export const projectId = process.env.GOOGLE_CLOUD_PROJECT;
export const authEmulator = process.env.FIREBASE_AUTH_EMULATOR_HOST;
export const firestoreEmulator = process.env.FIRESTORE_EMULATOR_HOST;

const repository = new URL('../../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, repository), 'utf8');

setLogLevel('silent'); // every refusal is a warning there

async function asOwner(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok || answer.error?.length) throw new Error(`${method} ${url}: ${JSON.stringify(answer)}`);
}

export function loadRules() {
  const files = [{ name: 'firestore.rules', content: read('firestore.rules') }];
  return asOwner('PUT', `http://${firestoreEmulator}/emulator/v1/projects/${projectId}:securityRules`, { rules: { files } });
}

// createAccounts replaces those that are there already.
export function createAccounts(accounts) {
  const users = accounts.map(({ uid, email, password, name }) => (
    { localId: uid, email, emailVerified: true, displayName: name, rawPassword: password }
  ));
  const url = `http://${authEmulator}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:batchCreate`;
  return asOwner('POST', url, { users, allowOverwrite: true });
}

export function connectFirestore(app, options) {
  const db = getFirestore(app);
  const { hostname, port } = new URL(`http://${firestoreEmulator}`);
  connectFirestoreEmulator(db, hostname, Number(port), options);
  return db;
}

// openAsServer returns a client that bypasses the rules, as the server's own does.
export function openAsServer() {
  const app = initializeApp({ projectId }, 'server');
  const db = connectFirestore(app, { mockUserToken: 'owner' });
  const close = async () => {
    await terminate(db);
    await deleteApp(app);
  };
  return { db, close };
}

// clear leaves no document. Accounts of Firebase Auth stay. A phone that was closed while it wrote may hold a lock, which
// the emulator waits for in vain, for two seconds, and then forgets.
export async function clear() {
  for (let tries = 1; ; tries++) {
    try {
      return await asOwner('DELETE', `http://${firestoreEmulator}/emulator/v1/projects/${projectId}/databases/(default)/documents`);
    } catch (error) {
      if (tries === 3 || !error.message.includes('ABORTED')) throw error;
    }
  }
}

// loadSeed leaves what `make run` seeds and nothing else.
export async function loadSeed() {
  await loadRules();
  await clear();
  await load();
}

// age returns a token of the Auth emulator, which nobody signed, as it would be if it had been made some seconds earlier.
export function age(token, seconds) {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  for (const claim of ['iat', 'exp', 'auth_time']) claims[claim] -= seconds;
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

// ageAccount lets tokens of those seconds count: an account knows none that are older than itself.
export function ageAccount(uid, seconds) {
  const url = `http://${authEmulator}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:update`;
  return asOwner('POST', url, { localId: uid, validSince: String(Math.floor(Date.now() / 1000) - seconds) });
}
