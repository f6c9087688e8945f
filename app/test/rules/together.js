// Many writes at once: batches, transactions, two people at the same moment.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addDoc, collection, deleteField, doc, getDoc, getDocs, onSnapshot, orderBy, query, runTransaction, setDoc, writeBatch,
} from 'firebase/firestore';
import {
  addMyself, asker, both, expect, message, newRoom, other, people, readBy, server, step, steps, talking, willsoner,
} from './world.js';

const agreed = () => steps({ entered: both, agreed: both });
const mine = { readUser: readBy(willsoner) };
const all = { readUser: readBy(...both) };

async function stored(room) {
  return Object.fromEntries((await getDocs(collection(server, `${room}/chats`))).docs.map((chat) => [chat.id, chat.data()]));
}

// A row: what is there, what one batch of the willsoner writes, and whether it may. Refused, it leaves no trace.
const batches = [
  ['forty messages', 'yes', talking(), (b, chat) => range(40).forEach((i) => b.set(chat(`m${i}`), message(willsoner, `${i}`)))],
  ['forty read marks', 'yes', Object.fromEntries(range(40).map((i) => [`m${i}`, message(asker)])), (b, chat) => range(40).forEach((i) => b.set(chat(`m${i}`), mine, { merge: true }))],
  ['a good message and one too long', 'no', talking(), (b, chat) => b.set(chat('good'), message(willsoner)).set(chat('bad'), message(willsoner, 'a'.repeat(2001)))],
  ['a good message and one in the asker\'s name', 'no', talking(), (b, chat) => b.set(chat('good'), message(willsoner)).set(chat('bad'), message(asker))],
  ['a message and its edit to one too long', 'no', talking(), (b, chat) => b.set(chat('m'), message(willsoner)).update(chat('m'), { message: 'a'.repeat(2001) })],
  ['a message and its edit to the asker\'s', 'no', talking(), (b, chat) => b.set(chat('m'), message(willsoner)).update(chat('m'), { uid: asker.uid })],
  ['a read mark and an edit', 'no', { ...talking(), m: message(asker) }, (b, chat) => b.set(chat('m'), mine, { merge: true }).update(chat('m'), { message: '바뀐 말' })],
  ['deleting a message and writing it anew', 'no', { ...talking(), m: message(willsoner) }, (b, chat) => b.delete(chat('m')).set(chat('m'), message(willsoner, '바뀐 말'))],
  ['entering last and setting intro', 'no', steps({ entered: [asker] }), (b, chat) => b.update(chat('start'), all).set(chat('intro'), step('intro'))],
  ['entering for both', 'no', steps({ entered: [] }), (b, chat) => b.update(chat('start'), all)],
  ['setting start and entering', 'no', {}, (b, chat) => b.set(chat('start'), step('start')).set(chat('start'), mine, { merge: true })],
  ['agreeing last and setting end', 'no', steps({ entered: both, agreed: [asker] }), (b, chat) => b.update(chat('intro'), all).set(chat('end'), step('end'))],
  ['all the steps at once', 'no', {}, (b, chat) => b.set(chat('start'), step('start')).set(chat('intro'), step('intro')).set(chat('end'), step('end'))],
  ['setting end and the first message', 'no', agreed(), (b, chat) => b.set(chat('end'), step('end')).set(chat('m'), message(willsoner))],
  ['deleting end and setting it anew', 'no', talking({ introAgo: 20 }), (b, chat) => b.delete(chat('end')).set(chat('end'), step('end'))],
  ['setting intro anew and end again', 'no', talking({ introAgo: 20 }), (b, chat) => b.set(chat('intro'), step('intro')).set(chat('end'), step('end'))],
  ['agreeing once more and setting end', 'yes', agreed(), (b, chat) => b.set(chat('intro'), mine, { merge: true }).set(chat('end'), step('end'))],
  ['taking agreement back and setting end', 'no', agreed(), (b, chat) => b.update(chat('intro'), { readUser: deleteField() }).set(chat('end'), step('end'))],
  ['a message and completing the room', 'no', talking(), (b, chat, room) => b.set(chat('m'), message(willsoner)).update(room, { status: 'complete' })],
  ['a message and more minutes', 'no', talking(), (b, chat, room) => b.set(chat('m'), message(willsoner)).update(room, { 'concern.minutes': 500 })],
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
      const room = await newRoom({ status: 'complete', chats: talking() });
      const before = await stored(room);
      const batch = writeBatch(who.db).update(doc(who.db, room), { status: 'chat' }).set(doc(who.db, `${room}/chats/m`), message(who));
      await expect(false, () => batch.commit());
      assert.deepEqual(await stored(room), before);
    });
  }

  test('into my room and into another\'s: no', async () => {
    const [mine, theirs] = [await newRoom({ chats: talking() }), await newRoom({ chats: talking(), between: [asker, other] })];
    const batch = writeBatch(willsoner.db);
    for (const room of [mine, theirs]) batch.set(doc(willsoner.db, `${room}/chats/m`), message(willsoner));
    await expect(false, () => batch.commit());
    assert.equal('m' in await stored(mine), false);
  });
});

describe('one transaction', () => {
  const readAndSetEnd = (who, room) => runTransaction(who.db, async (t) => {
    const end = doc(who.db, `${room}/chats/end`);
    if (!(await t.get(end)).exists()) t.set(end, step('end'));
  });

  test('looks for end and sets it', async () => {
    const room = await newRoom({ chats: agreed() });
    await readAndSetEnd(asker, room);
    const { end } = await stored(room);
    await readAndSetEnd(willsoner, room);
    assert.deepEqual((await stored(room)).end, end);
  });

  for (const name of ['other', 'anonymous', 'of a tenant', 'signed out']) {
    test(`sees nothing: ${name}`, async () => {
      const room = await newRoom({ chats: agreed() });
      await expect(false, () => readAndSetEnd(people[name], room));
    });
  }
});

test('at the same moment both enter, both set intro, both agree, both set end', async () => {
  const room = await newRoom({ chats: steps({ entered: [] }) });
  const chat = (who, id) => doc(who.db, `${room}/chats/${id}`);
  await Promise.all(both.map((who) => addMyself(who, `${room}/chats/start`)));
  await Promise.all(both.map((who) => setDoc(chat(who, 'intro'), step('intro'))));
  await Promise.all(both.map((who) => addMyself(who, `${room}/chats/intro`)));
  await Promise.all(both.map((who) => setDoc(chat(who, 'end'), step('end'))));
  assert.deepEqual((await stored(room)).intro.readUser, readBy(...both));
});

describe('a burst', () => {
  const texts = async (room) => (await getDocs(query(collection(asker.db, `${room}/chats`), orderBy('timeStamp')))).docs.map((chat) => chat.get('message')).filter((text) => text !== '');

  test('thirty messages in a row, taking turns, keep their order', async () => {
    const room = await newRoom({ chats: talking() });
    const said = range(30).map((i) => `${i}번째`);
    for (const [i, text] of said.entries()) await addDoc(collection(both[i % 2].db, `${room}/chats`), message(both[i % 2], text));
    assert.deepEqual(await texts(room), said);
  });

  test('thirty messages from each side at once all arrive', async () => {
    const room = await newRoom({ chats: talking() });
    const said = both.flatMap((who, side) => range(30).map((i) => ({ who, text: `${side}-${i}` })));
    await Promise.all(said.map(({ who, text }) => addDoc(collection(who.db, `${room}/chats`), message(who, text))));
    assert.deepEqual((await texts(room)).sort(), said.map(({ text }) => text).sort());
  });

  test('a refused message does not hold up the next', async () => {
    const room = await newRoom({ chats: talking() });
    const attempts = ['하나', '', '둘', 'a'.repeat(2001), '셋'].map((text) => addDoc(collection(asker.db, `${room}/chats`), message(asker, text)));
    const done = await Promise.allSettled(attempts);
    assert.deepEqual(done.map(({ status }) => status === 'fulfilled'), [true, false, true, false, true]);
    assert.deepEqual((await texts(room)).sort(), ['둘', '셋', '하나']);
  });
});

describe('listening', () => {
  test('the other side hears each message, a third person is refused', async () => {
    const room = await newRoom({ chats: talking() });
    const chats = (who) => collection(who.db, `${room}/chats`);
    await assert.rejects(new Promise((resolve, reject) => onSnapshot(chats(other), resolve, reject)), { code: 'permission-denied' });

    let stop;
    const heard = new Promise((resolve, reject) => {
      stop = onSnapshot(chats(willsoner), (snapshot) => {
        const said = snapshot.docs.map((chat) => chat.get('message')).filter((text) => text !== '');
        if (said.length === 3) resolve(said.sort());
      }, reject);
    });
    for (const text of ['하나', '둘', '셋']) await setDoc(doc(asker.db, `${room}/chats/${text}`), message(asker, text));
    assert.deepEqual(await heard, ['둘', '셋', '하나']);
    stop();
  });
});
