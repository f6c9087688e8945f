// A room's talk: the app's listeners and its writes, in its order.
import { EventEmitter, once } from 'node:events';
import { collection, doc, limit, onSnapshot, orderBy, query, serverTimestamp, setDoc } from 'firebase/firestore';

const patience = 15_000; // ms: how long a test waits for what must come

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

const chatsOf = ({ db }, { roomkey }) => collection(db, 'chatrooms', roomkey, 'chats');

// A time that the server has not yet given is null.
const isSet = (step) => step?.timeStamp != null;
const areBothIn = (step) => Object.keys(step?.readUser ?? {}).length === 2;

export class Room extends Screen {
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

// A row of the list shows the room's last line.
export class LastLine extends Screen {
  constructor(phone, row) {
    super();
    this.listen(query(chatsOf(phone, row), orderBy('timeStamp', 'desc'), limit(1)), ({ docs }) => { this.line = docs[0]?.get('message'); });
  }
}
