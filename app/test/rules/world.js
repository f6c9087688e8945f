// The people, the database they meet in, and the server that fills it.
import { readFileSync } from 'node:fs';
import { after } from 'node:test';
import { assertFails, initializeTestEnvironment } from '@firebase/rules-unit-testing';
import { deleteApp, initializeApp } from 'firebase/app';
import {
  Timestamp, connectFirestoreEmulator, doc, getDoc, getFirestore, onSnapshot, serverTimestamp, setDoc, setLogLevel, terminate,
  writeBatch,
} from 'firebase/firestore';

// A fresh project is an empty database, and its coverage counts this run alone.
export const projectId = `demo-rules-${Date.now().toString(36)}`;
const rules = readFileSync(new URL('../../../firestore.rules', import.meta.url), 'utf8');

if (!process.env.FIRESTORE_EMULATOR_HOST) {
  console.error('FIRESTORE_EMULATOR_HOST is not set: the rules are tested in the Firestore emulator');
  process.exit(1);
}
const emulator = new URL(`http://${process.env.FIRESTORE_EMULATOR_HOST}`);
const host = emulator.hostname;
const port = Number(emulator.port);

setLogLevel('silent'); // every refusal is a warning there
const env = await initializeTestEnvironment({ projectId, firestore: { host, port, rules } });

// The emulator lets the token "owner" bypass the rules, as production does with the server's own client.
const serverApp = initializeApp({ projectId }, 'server');
export const server = getFirestore(serverApp);
connectFirestoreEmulator(server, host, port, { mockUserToken: 'owner' });

after(async () => {
  await env.cleanup();
  await terminate(server);
  await deleteApp(serverApp);
});

export function signIn(uid, claims) {
  return { uid, db: env.authenticatedContext(uid, claims).firestore() };
}

export const people = {
  asker: signIn('SrIE0U2lHWcbtJvBFl3cXClRsY02'),
  willsoner: signIn('1205312339'),
  other: signIn('wB8mZk0QeXg5h2TnR7uVyLc3PfA1'),
  anonymous: signIn('Zt4cYq9LsNd1KxWv6jGoHbM2eRu8', { provider_id: 'anonymous', firebase: { sign_in_provider: 'anonymous' } }),
  'of a tenant': signIn('SrIE0U2lHWcbtJvBFl3cXClRsY02', { firebase: { sign_in_provider: 'custom', tenant: 'tenant2-m6tyz' } }),
  'signed out': { uid: 'nobody', db: env.unauthenticatedContext().firestore() },
};
export const { asker, willsoner, other } = people;

// answers reads a row of a table, one yes or no for each of the people, and refuses a row with a missing cell.
export function answers(row) {
  const cells = row.trim().split(/\s+/);
  const names = Object.keys(people);
  if (cells.length !== names.length || cells.some((cell) => cell !== 'yes' && cell !== 'no')) {
    throw new Error(`"${row}" is not one yes or no for each of ${names.join(', ')}`);
  }
  return names.map((name, i) => ({ name, who: people[name], allowed: cells[i] === 'yes' }));
}

// expect runs an attempt. Denied means permission-denied: any other failure is a failed test.
export async function expect(allowed, attempt) {
  return allowed ? attempt() : assertFails(attempt());
}

export const firstSnapshot = (target) => new Promise((resolve, reject) => {
  const stop = onSnapshot(target, (snapshot) => { stop(); resolve(snapshot); }, reject);
});

const ago = (minutes) => Timestamp.fromMillis(Date.now() - minutes * 60_000);

let rooms = 0;

// newRoom stores a room of two people, with the chats given, and returns its path.
export async function newRoom({ status = 'chat', chats = {}, between = [asker, willsoner], minutes = 50, key = `room-${++rooms}` } = {}) {
  const path = `chatrooms/${key}`;
  const batch = writeBatch(server);
  batch.set(doc(server, path), {
    idx: ++rooms, status, asker_uid: between[0].uid, willsoner_uid: between[1].uid,
    started_at: Timestamp.now(), concern: { minutes },
  });
  for (const [id, chat] of Object.entries(chats)) {
    batch.set(doc(server, `${path}/chats/${id}`), chat);
  }
  await batch.commit();
  return path;
}

export const readBy = (...who) => Object.fromEntries(who.map(({ uid }) => [uid, true]));

// What the app sends and sets.
export const message = (who, text = '안녕하세요') => ({
  uid: who.uid, message: text, timeStamp: serverTimestamp(), readUser: readBy(who),
});
export const step = (id) => ({ uid: id, message: '', timeStamp: serverTimestamp() });

// A step that was set some minutes ago, and who is in it by now.
const taken = (id, minutes, ...who) => ({ ...step(id), timeStamp: ago(minutes), ...(who.length > 0 && { readUser: readBy(...who) }) });

// The steps of a room, each with the people in it. introAgo and endAgo are minutes; without endAgo there is no `end`.
export function steps({ entered, agreed, introAgo = 0, endAgo }) {
  return {
    ...(entered && { start: taken('start', introAgo, ...entered) }),
    ...(agreed && { intro: taken('intro', introAgo, ...agreed) }),
    ...(endAgo !== undefined && { end: taken('end', endAgo) }),
  };
}

export const both = [asker, willsoner];
export const talking = (times = {}) => steps({ entered: both, agreed: both, endAgo: 0, ...times });

export const merge = (who, path, data) => setDoc(doc(who.db, path), data, { merge: true });

// The app sends the step's timeStamp along as it has read it. Outsiders know it too, so that the write alone is refused.
export async function addMyself(who, path) {
  const stored = (await getDoc(doc(server, path))).data() ?? {};
  await merge(who, path, { uid: path.split('/').at(-1), timeStamp: stored.timeStamp ?? Timestamp.now(), readUser: readBy(who) });
}
