// What the app does: Firebase's own client, and the one request of the API with x-token.
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithEmailAndPassword } from 'firebase/auth';
import {
  addDoc, collection, doc, onSnapshot, query, serverTimestamp, setDoc, terminate, where,
} from 'firebase/firestore';
import { authEmulator, connectFirestore, projectId } from './emulators.js';

const patience = 15_000;

export async function signIn(server, { uid, email, password }) {
  const app = initializeApp({ projectId, apiKey: 'local' }, uid);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${authEmulator}`, { disableWarnings: true });
  const { user } = await signInWithEmailAndPassword(auth, email, password);
  return new Phone(server, app, user, await user.getIdToken());
}

class Phone {
  constructor(server, app, user, token) {
    this.server = server;
    this.app = app;
    this.user = user;
    this.uid = user.uid;
    this.token = token;
    this.db = connectFirestore(app);
  }

  async close() {
    await terminate(this.db);
    await deleteApp(this.app);
  }

  async ask() {
    const response = await fetch(`${this.server.url}/api/v1/asker/chat/chatrooms`, { headers: { 'x-token': this.token } });
    return { status: response.status, ...await response.json() };
  }

  // list returns every answer, the last of which counts. An expired token is refreshed and the request repeated, once.
  async list() {
    const first = await this.ask();
    if (first.code !== 'access_token_expired') return [first];
    this.token = await this.user.getIdToken(true);
    return [first, await this.ask()];
  }

  rooms(part) {
    return watch(query(collection(this.db, 'chatrooms'), where(part, '==', this.uid)));
  }

  talk(roomkey) {
    const chats = collection(this.db, 'chatrooms', roomkey, 'chats');
    const me = { [this.uid]: true };
    const merge = (id, fields) => setDoc(doc(chats, id), fields, { merge: true });
    return {
      ...watch(chats),
      enter: () => merge('start', { uid: 'start', readUser: me }),
      introduce: () => merge('intro', { uid: 'intro', message: '' }),
      agree: () => merge('intro', { readUser: me }),
      begin: () => setDoc(doc(chats, 'end'), { uid: 'end', timeStamp: serverTimestamp() }),
      say: (message) => addDoc(chats, { uid: this.uid, message, timeStamp: serverTimestamp(), readUser: me }),
      markRead: (id) => merge(id, { readUser: me }),
    };
  }
}

// watch listens, and until waits for a state that the server has confirmed, given as documents by their id.
export function watch(target) {
  let stored;
  let failure;
  const waiting = new Set();
  const look = () => waiting.forEach((waiter) => waiter());
  const stop = onSnapshot(target, { includeMetadataChanges: true }, ({ docs, metadata }) => {
    if (metadata.fromCache || metadata.hasPendingWrites) return;
    stored = Object.fromEntries(docs.map((each) => [each.id, each.data()]));
    look();
  }, (error) => {
    failure = error;
    look();
  });

  const until = (holds) => new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(late);
      waiting.delete(waiter);
      settle(value);
    };
    const waiter = () => {
      if (failure) end(reject, failure);
      else if (stored && holds(stored)) end(resolve, stored);
    };
    const late = setTimeout(() => end(reject, new Error(`not seen in ${patience} ms: ${holds}; last seen: ${JSON.stringify(stored)}`)), patience);
    waiting.add(waiter);
    waiter();
  });
  return { stop, until };
}

// expired makes of an emulator's token, which has no signature, the one it will be in an hour.
export function expired(token) {
  const [header, payload] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const old = { ...claims, auth_time: claims.auth_time - 7200, iat: claims.iat - 7200, exp: claims.exp - 7200 };
  return `${header}.${Buffer.from(JSON.stringify(old)).toString('base64url')}.`;
}
