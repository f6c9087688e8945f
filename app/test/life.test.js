// A session's whole life on two phones: the shipped app's requests, headers, bodies and strict decoders over HTTP, its
// listeners and writes in Firestore, from the asker's "yes" to the row that is gone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Timestamp, doc, getDoc, setDoc, updateDoc } from 'firebase/firestore';
import { createAccounts, loadRules, openAsServer } from './local/emulators.js';
import { insist, openLine } from './local/line.js';
import { buildServer, startServer } from './local/server.js';
import { startApp } from './phone/phone.js';
import { Talk, parties } from './phone/talk.js';

const run = Date.now();
const account = (uid, party, name) => ({ uid, party, name, email: `${uid}@willson.test`.toLowerCase(), password: 'willson' });
const accounts = {
  asker: account(`life-asker-${run}`, 'asker', '잔나'),
  willsoner: account(`${run}1`, 'willsoner', '지수카카오'),
};
const otherThan = (party) => parties.find((each) => each !== party);

let built, server, store, line;

before(async () => {
  store = openAsServer();
  await loadRules();
  await createAccounts(Object.values(accounts));
  await setDoc(doc(store.db, 'review_images/1'), { idx: 1, name: '재치있는 타입', detail: '유머로 풀어 줘요', pic: 'review_01.png' });
  built = await buildServer();
  server = await startServer(built.binary);
  line = await openLine(server);
});

after(async () => {
  line?.close();
  await server?.stop();
  await built?.remove();
  await store?.close();
});

let matches = run % 1_000_000_000;

// offer stores a match that waits for its asker, as the matching service does.
async function offer(fields = {}) {
  const idx = ++matches;
  await setDoc(doc(store.db, `matches/${idx}`), {
    idx, concern_idx: idx, willsoner_idx: 12, asker_uid: accounts.asker.uid, willsoner_uid: accounts.willsoner.uid, status: 'waiting',
    concern: { minutes: 50, nickname: '잔나' }, willsoner: { nickname: '지수카카오', gender: 'F' },
    created_at: Timestamp.now(), updated_at: Timestamp.now(), ...fields,
  });
  return idx;
}

const inMinutes = (n) => Timestamp.fromMillis(Date.now() + n * 60_000);

// A life is one match on two phones. Between the steps of a walk the tests may do something to the phones.
class Life extends Talk {
  static async begin(fields) {
    const life = new Life(await offer(fields), {});
    for (const party of parties) await life.startApp(party);
    return life;
  }

  async startApp(party) {
    this.phones[party] = await startApp({ server: line, ...accounts[party] });
  }

  // The app knows nothing after a restart: its user finds the room in the list, opens it, and agrees once more.
  async restart(party) {
    await this.phones[party].close();
    await this.startApp(party);
    if (!this.rooms[party] || !(await this.row(party))) return; // not yet opened, or complete
    await this.open(party);
    if (this.agreed) this.rooms[party].tapAgree();
  }

  async close() {
    for (const party of parties) await this.phones[party].close();
  }

  async walk(between = async () => {}, from = Object.keys(this.steps)) {
    for (const step of from) {
      await this.steps[step]();
      await between(step);
    }
    const review = await getDoc(doc(store.db, `reviews/${this.idx}`));
    assert.deepEqual([review.get('rating'), review.get('content')], [4.5, '좋았어요']);
  }
}

// live runs a life to its end, and closes its phones whatever happens. The emulator loses a listener's update now and
// then (session.test.js says how often): a life in which a phone waited for one is lived again, as another match.
async function live(fields, work) {
  for (let tries = 1; ; tries++) {
    const life = await Life.begin(fields);
    try {
      return await work(life);
    } catch (error) {
      if (tries === 4 || !error.message.startsWith('not seen in')) throw error;
      await updateDoc(doc(store.db, `matches/${life.idx}`), { status: 'given up' });
      const row = await life.row('asker');
      if (row) await updateDoc(doc(store.db, `chatrooms/${row.roomkey}`), { status: 'complete' });
    } finally {
      line.bad = false;
      await life.close();
    }
  }
}

describe('a session from select to the review', () => {
  test('now', () => live({}, (life) => life.walk()));

  for (const party of parties) {
    test(`now, and the ${party}'s phone restarts after every step`, () => live({}, (life) => life.walk(() => life.restart(party))));
  }

  for (const first of parties) {
    test(`at a reserved hour, the ${first} joins first`, () => live({ starts_at: inMinutes(5) }, async (life) => {
      const { select, ...others } = life.steps;
      await select();
      for (const party of parties) {
        assert.ok(await life.row(party, 'reserve'), `${party} does not see the reservation`);
        assert.equal(await life.row(party), undefined);
      }
      for (const party of [first, otherThan(first)]) {
        const { data } = await life.phones[party].join(life.idx);
        assert.equal(data.status, 'chat');
      }
      assert.equal(await life.row(first, 'reserve'), undefined);
      await life.walk(undefined, Object.keys(others));
    }));
  }

  test('every answer to a change is lost once', () => live({ starts_at: inMinutes(5) }, async (life) => {
    line.bad = true;
    line.lost.clear();
    const { select, ...others } = life.steps;
    await select();
    for (const party of parties) await insist(() => life.phones[party].join(life.idx));
    await life.walk(undefined, Object.keys(others));
    assert.equal(line.lost.size, 5);
  }));

  test('too early, the door stays closed', () => live({ starts_at: inMinutes(60 * 24 * 3) }, async (life) => {
    await life.steps.select();
    for (const party of parties) assert.equal((await life.phones[party].join(life.idx)).code, 'too_early');
    assert.ok(await life.row('asker', 'reserve'));
  }));

  test('the time is over, and the session can still be reviewed and closed', () => live({}, async (life) => {
    const { review, complete, ...before } = life.steps;
    for (const step of Object.values(before)) await step();
    const { roomkey } = await life.row('asker');
    await updateDoc(doc(store.db, `chatrooms/${roomkey}/chats/end`), { timeStamp: inMinutes(-120) });
    life.rooms.asker.send('하나만 더요');
    await life.rooms.asker.until((room) => room.refused.some(({ code }) => code === 'permission-denied'));
    await life.restart('asker');
    await life.walk(undefined, ['review', 'complete']);
  }));
});
