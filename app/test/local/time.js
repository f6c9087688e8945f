// Time that passes for the phones and for what is stored, and that no test waits for. The server knows the real time alone.
import { Timestamp, collection, getDocs, writeBatch } from 'firebase/firestore';

// What the server compares with its clock before a session begins.
const folders = ['concerns', 'matches'];
const times = ['timer', 'open_until'];

// Time lets seconds pass: the phones' clocks tick each of them, and before anybody asks the server for something, what is
// stored has moved back as far. A phone adds to each time that it is told what has passed, so that it sees none of that.
export class Time {
  #store;
  #phones = new Set();
  #passed = 0; // ms
  #moved = 0; // ms by which the documents have been moved
  #moving = Promise.resolve();

  constructor(store) {
    this.#store = store;
  }

  add(phone) {
    this.#phones.add(phone);
  }

  remove(phone) {
    this.#phones.delete(phone);
  }

  now() {
    return Date.now() + this.#passed;
  }

  fromServer(milliseconds) {
    return milliseconds + this.#moved;
  }

  // pass ticks on each phone's clock, and fails as soon as one of the apps does.
  async pass(seconds) {
    for (let second = 0; second < seconds; second++) {
      this.#passed += 1000;
      for (const phone of [...this.#phones]) await phone.tick();
    }
  }

  settle() {
    this.#moving = this.#moving.then(() => this.#move());
    return this.#moving;
  }

  async #move() {
    const by = this.#passed - this.#moved;
    if (by === 0) return;
    const batch = writeBatch(this.#store);
    for (const folder of folders) {
      const { docs } = await getDocs(collection(this.#store, folder));
      for (const document of docs) {
        const stored = times.filter((field) => document.get(field) instanceof Timestamp);
        const moved = stored.map((field) => [field, Timestamp.fromMillis(document.get(field).toMillis() - by)]);
        if (moved.length > 0) batch.update(document.ref, Object.fromEntries(moved));
      }
    }
    await batch.commit();
    this.#moved += by;
  }
}
