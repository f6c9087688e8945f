// Many writes at once: batches, transactions, two people at the same moment.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addDoc, collection, deleteField, doc, getDoc, getDocs, onSnapshot, orderBy, query, runTransaction, setDoc, writeBatch,
} from 'firebase/firestore';
import {
  asker, blankIntro, end, expect, intro, merge, message, newRoom, other, people, readBy, server, start, willsoner,
} from './world.js';

const both = [asker, willsoner];
const agreed = { start: start(...both), intro: intro(...both) };

async function stored(room) {
  return Object.fromEntries((await getDocs(collection(server, `${room}/chats`))).docs.map((chat) => [chat.id, chat.data()]));
}

// A row: what is there, what one batch of the willsoner writes, and whether it may. Refused, it leaves no trace.
const batches = [
  ['a message and entering', 'yes', {}, (b, chat) => b.set(chat('m'), message(willsoner)).set(chat('start'), start(willsoner))],
  ['forty messages', 'yes', {}, (b, chat) => range(40).forEach((i) => b.set(chat(`m${i}`), message(willsoner, `${i}`)))],
  ['forty read marks', 'yes', Object.fromEntries(range(40).map((i) => [`m${i}`, message(asker)])), (b, chat) => range(40).forEach((i) => b.set(chat(`m${i}`), { readUser: readBy(willsoner) }, { merge: true }))],
  ['a good message and one too long', 'no', {}, (b, chat) => b.set(chat('good'), message(willsoner)).set(chat('bad'), message(willsoner, 'a'.repeat(2001)))],
  ['a good message and one in the asker\'s name', 'no', {}, (b, chat) => b.set(chat('good'), message(willsoner)).set(chat('bad'), message(asker))],
  ['a message and its edit to one too long', 'no', {}, (b, chat) => b.set(chat('m'), message(willsoner)).update(chat('m'), { message: 'a'.repeat(2001) })],
  ['a message and its edit to the asker\'s', 'no', {}, (b, chat) => b.set(chat('m'), message(willsoner)).update(chat('m'), { uid: asker.uid })],
  ['a read mark and an edit', 'no', { m: message(asker) }, (b, chat) => b.set(chat('m'), { readUser: readBy(willsoner) }, { merge: true }).update(chat('m'), { message: '바뀐 말' })],
  ['deleting a message and writing it anew', 'no', { m: message(willsoner) }, (b, chat) => b.delete(chat('m')).set(chat('m'), message(willsoner, '바뀐 말'))],
  ['entering last and writing intro', 'no', { start: start(asker) }, (b, chat) => b.set(chat('start'), start(willsoner), { merge: true }).set(chat('intro'), intro(willsoner))],
  ['entering for both and writing intro', 'no', {}, (b, chat) => b.set(chat('start'), start(...both)).set(chat('intro'), blankIntro())],
  ['agreeing last and starting the clock', 'no', { start: start(...both), intro: intro(asker) }, (b, chat) => b.set(chat('intro'), intro(willsoner), { merge: true }).set(chat('end'), end())],
  ['all the steps at once', 'no', {}, (b, chat) => b.set(chat('start'), start(...both)).set(chat('intro'), intro(...both)).set(chat('end'), end())],
  ['deleting the clock and starting it anew', 'no', { ...agreed, end: end() }, (b, chat) => b.delete(chat('end')).set(chat('end'), end())],
  ['starting the clock and agreeing once more', 'yes', agreed, (b, chat) => b.set(chat('end'), end()).set(chat('intro'), intro(willsoner), { merge: true })],
  ['taking agreement back and starting the clock', 'no', agreed, (b, chat) => b.update(chat('intro'), { readUser: deleteField() }).set(chat('end'), end())],
  ['a message and completing the room', 'no', {}, (b, chat, room) => b.set(chat('m'), message(willsoner)).update(room, { status: 'complete' })],
];

function range(n) {
  return [...Array(n).keys()];
}

describe('one batch', () => {
  for (const [title, answer, chats, write] of batches) {
    test(`${title}: ${answer}`, async () => {
      const room = await newRoom({ chats });
      const before = await stored(room);
      const batch = writeBatch(willsoner.db);
      write(batch, (id) => doc(willsoner.db, `${room}/chats/${id}`), doc(willsoner.db, room));
      await expect(answer === 'yes', () => batch.commit());
      if (answer === 'no') assert.deepEqual(await stored(room), before);
    });
  }

  for (const [person, who] of Object.entries(people)) {
    test(`creates a room and writes into it: ${person} may not`, async () => {
      const room = `chatrooms/made-by-${person.replace(' ', '-')}`;
      const batch = writeBatch(who.db)
        .set(doc(who.db, room), { asker_uid: who.uid, willsoner_uid: who.uid, status: 'chat' })
        .set(doc(who.db, `${room}/chats/m`), message(who));
      await expect(false, () => batch.commit());
      assert.equal((await getDoc(doc(server, room))).exists(), false);
    });

    test(`brings a complete room back and writes into it: ${person} may not`, async () => {
      const room = await newRoom({ status: 'complete' });
      const batch = writeBatch(who.db).update(doc(who.db, room), { status: 'chat' }).set(doc(who.db, `${room}/chats/m`), message(who));
      await expect(false, () => batch.commit());
      assert.deepEqual(await stored(room), {});
    });
  }

  test('into my room and into another\'s: no', async () => {
    const [mine, theirs] = [await newRoom(), await newRoom({ between: [asker, other] })];
    const batch = writeBatch(willsoner.db);
    for (const room of [mine, theirs]) batch.set(doc(willsoner.db, `${room}/chats/m`), message(willsoner));
    await expect(false, () => batch.commit());
    assert.deepEqual(await stored(mine), {});
  });
});

describe('one transaction', () => {
  const readAndStart = (who, room) => runTransaction(who.db, async (t) => {
    const clock = doc(who.db, `${room}/chats/end`);
    if (!(await t.get(clock)).exists()) t.set(clock, end());
  });

  test('looks for the clock and starts it', async () => {
    const room = await newRoom({ chats: agreed });
    await readAndStart(asker, room);
    const started = (await stored(room)).end;
    await readAndStart(willsoner, room);
    assert.deepEqual((await stored(room)).end, started);
  });

  test('marks a message read', async () => {
    const room = await newRoom({ chats: { m: message(asker) } });
    await runTransaction(willsoner.db, async (t) => {
      const m = doc(willsoner.db, `${room}/chats/m`);
      const readUser = (await t.get(m)).get('readUser');
      t.update(m, { readUser: { ...readUser, ...readBy(willsoner) } });
    });
    assert.deepEqual((await stored(room)).m.readUser, readBy(...both));
  });

  for (const name of ['other', 'anonymous', 'signed out']) {
    test(`of an outsider sees nothing: ${name}`, async () => {
      const room = await newRoom({ chats: agreed });
      await expect(false, () => readAndStart(people[name], room));
    });
  }
});

describe('at the same moment', () => {
  const settle = async (attempts) => (await Promise.allSettled(attempts)).map(({ status, reason }) => reason?.code ?? status).sort();

  test('both start the clock: one does, the other is refused', async () => {
    const room = await newRoom({ chats: agreed });
    assert.deepEqual(await settle(both.map((who) => merge(who, `${room}/chats/end`, end()))), ['fulfilled', 'permission-denied']);
  });

  test('both enter, both write intro, both agree', async () => {
    const room = await newRoom();
    for (const step of [(who) => ['start', start(who)], () => ['intro', blankIntro()], (who) => ['intro', intro(who)]]) {
      const done = await settle(both.map((who) => {
        const [id, data] = step(who);
        return merge(who, `${room}/chats/${id}`, data);
      }));
      assert.deepEqual(done, ['fulfilled', 'fulfilled']);
    }
    assert.deepEqual((await stored(room)).intro.readUser, readBy(...both));
  });
});

describe('a burst', () => {
  const texts = async (room) => (await getDocs(query(collection(asker.db, `${room}/chats`), orderBy('timeStamp')))).docs.map((chat) => chat.get('message'));

  test('thirty messages in a row, taking turns, keep their order', async () => {
    const room = await newRoom();
    const said = range(30).map((i) => `${i}번째`);
    for (const [i, text] of said.entries()) await addDoc(collection(both[i % 2].db, `${room}/chats`), message(both[i % 2], text));
    assert.deepEqual(await texts(room), said);
  });

  test('thirty messages from each side at once all arrive', async () => {
    const room = await newRoom();
    const said = both.flatMap((who, side) => range(30).map((i) => ({ who, text: `${side}-${i}` })));
    await Promise.all(said.map(({ who, text }) => addDoc(collection(who.db, `${room}/chats`), message(who, text))));
    assert.deepEqual((await texts(room)).sort(), said.map(({ text }) => text).sort());
  });

  test('a refused message does not hold up the next', async () => {
    const room = await newRoom();
    const attempts = ['하나', '', '둘', 'a'.repeat(2001), '셋'].map((text) => addDoc(collection(asker.db, `${room}/chats`), message(asker, text)));
    const done = await Promise.allSettled(attempts);
    assert.deepEqual(done.map(({ status }) => status === 'fulfilled'), [true, false, true, false, true]);
    assert.deepEqual((await texts(room)).sort(), ['둘', '셋', '하나']);
  });
});

describe('listening', () => {
  test('the other side hears each message, a third person is refused', async () => {
    const room = await newRoom();
    const chats = (who) => collection(who.db, `${room}/chats`);
    await assert.rejects(new Promise((_, reject) => onSnapshot(chats(other), () => {}, reject)), { code: 'permission-denied' });

    let stop;
    const heard = new Promise((resolve, reject) => {
      stop = onSnapshot(chats(willsoner), (snapshot) => {
        if (snapshot.size === 3) resolve(snapshot.docs.map((chat) => chat.get('message')).sort());
      }, reject);
    });
    for (const text of ['하나', '둘', '셋']) await setDoc(doc(asker.db, `${room}/chats/${text}`), message(asker, text));
    assert.deepEqual(await heard, ['둘', '셋', '하나']);
    stop();
  });
});
