// The app on people's phones, played to the letter: its requests, its listeners, its writes in its order.
import { EventEmitter, once } from 'node:events';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithEmailAndPassword } from 'firebase/auth';
import {
  collection, disableNetwork, doc, enableNetwork, limit, onSnapshot, orderBy, query, serverTimestamp, setDoc, terminate,
} from 'firebase/firestore';
import { authEmulator, connectFirestore, projectId } from '../local/emulators.js';
import * as decode from './decoders.js';

const patience = 15_000; // ms: how long a test waits for what must come

let apps = 0;

// startApp returns the app with its user signed in and nothing in its memory. The party is asker or willsoner.
export async function startApp({ server, party, email, password }) {
  const app = initializeApp({ projectId, apiKey: 'local' }, `${email}-${++apps}`);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${authEmulator}`, { disableWarnings: true });
  const { user } = await signInWithEmailAndPassword(auth, email, password);
  return new Phone(server, party, app, user);
}

// A screen tells those who wait for something when a listener has changed what it shows.
export class Screen {
  #events = new EventEmitter();
  #stops = [];

  // stop is what happens to a listener when the app ends: the app itself never removes one.
  stop() {
    for (const stop of this.#stops) stop();
  }

  listen(target, show) {
    const changed = (work) => (value) => {
      work(value);
      this.#events.emit('change');
    };
    this.#stops.push(onSnapshot(target, changed(show), changed((error) => { this.error = error.code; })));
  }

  async until(holds) {
    const signal = AbortSignal.timeout(patience);
    try {
      while (!holds(this)) await once(this.#events, 'change', { signal });
    } catch (cause) {
      throw new Error(`not seen in ${patience} ms: ${holds}; on the screen: ${JSON.stringify(this)}`, { cause });
    }
  }
}

class Phone {
  #screens = [];

  constructor(server, party, app, user) {
    this.server = server;
    this.party = party;
    this.app = app;
    this.user = user;
    this.uid = user.uid;
    this.db = connectFirestore(app);
  }

  async close() {
    for (const screen of this.#screens) screen.stop();
    await terminate(this.db);
    await deleteApp(this.app);
  }

  goOffline() {
    return disableNetwork(this.db);
  }

  goOnline() {
    return enableNetwork(this.db);
  }

  // The app decodes the body whatever the HTTP status is.
  async ask(decodeAnswer, method, path, body) {
    const response = await fetch(`${this.server.url}/api/v1/${path}`, {
      method,
      headers: { 'x-token': await this.user.getIdToken(), 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return decodeAnswer(await response.json());
  }

  list() {
    const decodeAnswer = this.party === 'asker' ? decode.askersList : decode.willsonersList;
    return this.ask(decodeAnswer, 'GET', `${this.party}/chat/chatrooms`);
  }

  // The asker accepts an offer, and the app sets the room's first step at once.
  async select(matchIdx) {
    const answer = await this.ask(decode.selected, 'PATCH', `asker/list/matches/${matchIdx}/select`);
    if (answer.data) this.setStart(answer.data);
    return answer;
  }

  setStart(row) {
    new Room(this, row).set('start');
  }

  // The shipped app never joins: it opens a room from its row. Newer ones are answered with the match, as select is.
  join(matchIdx) {
    return this.ask(decode.selected, 'PATCH', `${this.party}/chat/join/${matchIdx}`);
  }

  reviewImages() {
    return this.ask(decode.reviewImages, 'GET', 'asker/chat/review/image');
  }

  review(matchIdx, { title = '', content = '고맙습니다', rating = 4.5 } = {}) {
    const body = { match_idx: matchIdx, title, content, rating, image_idx: 2 };
    return this.ask(decode.reviewed, 'POST', 'asker/chat/review/complete', body);
  }

  // The app completes a session as soon as any answer to its review decodes.
  complete(matchIdx) {
    return this.ask(decode.completed, 'PATCH', `asker/chat/complete/${matchIdx}`);
  }

  // A row of the list shows the room's last line.
  lastLine(row) {
    const screen = this.#show(new Screen());
    screen.listen(query(chatsOf(this, row), orderBy('timeStamp', 'desc'), limit(1)), ({ docs }) => { screen.line = docs[0]?.get('message'); });
    return screen;
  }

  open(row) {
    const room = this.#show(new Room(this, row));
    room.watch();
    return room;
  }

  #show(screen) {
    this.#screens.push(screen);
    return screen;
  }
}

const chatsOf = ({ db }, { roomkey }) => collection(db, 'chatrooms', roomkey, 'chats');

// A time that the server has not yet given is null.
const isSet = (step) => step?.timeStamp != null;
const areBothIn = (step) => Object.keys(step?.readUser ?? {}).length === 2;

class Room extends Screen {
  #phone;
  #chats;
  #minutes;
  #agrees = false;
  lines = [];
  refused = []; // ids of what the rules did not let through

  constructor(phone, row) {
    super();
    this.#phone = phone;
    this.#chats = chatsOf(phone, row);
    this.#minutes = Number(row.concern?.time);
  }

  // These listeners are never removed: a step is written again with every change of it.
  watch() {
    this.listen(query(this.#chats, orderBy('timeStamp')), ({ docs }) => {
      this.lines = docs.map((chat) => ({ id: chat.id, ...chat.data() }));
    });
    this.listen(doc(this.#chats, 'start'), (start) => {
      this.start = start.data();
      if (isSet(this.start) && !areBothIn(this.start)) this.#addMyself('start', this.start);
      if (areBothIn(this.start) && this.#phone.party === 'asker') this.set('intro');
    });
    this.listen(doc(this.#chats, 'intro'), (intro) => {
      this.intro = intro.data();
      this.#agree();
      if (areBothIn(this.intro)) this.set('end');
    });
  }

  tapAgree() {
    this.#agrees = true;
    this.#agree();
  }

  send(message) {
    this.#write(doc(this.#chats), { uid: this.#phone.uid, message, timeStamp: serverTimestamp(), readUser: this.#me });
  }

  set(step) {
    this.#write(doc(this.#chats, step), { uid: step, message: '', timeStamp: serverTimestamp() });
  }

  // countdown is when the talk ends, in epoch ms, once the server has said when it began.
  get countdown() {
    const end = this.lines.find(({ id }) => id === 'end');
    return isSet(end) ? end.timeStamp.toMillis() + this.#minutes * 60_000 : undefined;
  }

  hasHeard(message) {
    return this.lines.some((line) => line.message === message);
  }

  get #me() {
    return { [this.#phone.uid]: true };
  }

  #agree() {
    if (this.#agrees && isSet(this.intro) && !areBothIn(this.intro)) this.#addMyself('intro', this.intro);
  }

  #addMyself(id, { timeStamp }) {
    this.#write(doc(this.#chats, id), { uid: id, timeStamp, readUser: this.#me }, { merge: true });
  }

  // The app waits for no write. One that is refused is taken back on its own screen, and the listeners see that.
  #write(target, data, options = {}) {
    setDoc(target, data, options).catch((error) => this.refused.push({ id: target.id, code: error.code }));
  }
}
