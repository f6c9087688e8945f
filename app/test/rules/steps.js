// The steps into a talk and out of it: who may do what in each phase of a room.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp, collection, deleteDoc, doc, getDoc, getDocs, orderBy, query, setDoc, updateDoc } from 'firebase/firestore';
import {
  addMyself, asker, both, expect, merge, message, newRoom, other, people, readBy, server, signIn, step, steps, talking, willsoner,
} from './world.js';

// A talk of 50 minutes. Where the answer turns with time, what is refused is past its limit by no more than the test
// takes, and what is allowed is a quarter of a minute before it, or more.
const phases = [
  ['no start',                           () => ({})],
  ['start, nobody in it',                () => steps({ entered: [] })],
  ['the asker entered',                  () => steps({ entered: [asker] })],
  ['the willsoner entered',              () => steps({ entered: [willsoner] })],
  ['both entered',                       () => steps({ entered: both })],
  ['intro, nobody in it',                () => steps({ entered: both, agreed: [] })],
  ['the asker agreed',                   () => steps({ entered: both, agreed: [asker] })],
  ['the willsoner agreed',               () => steps({ entered: both, agreed: [willsoner] })],
  ['both agreed',                        () => steps({ entered: both, agreed: both })],
  ['both agreed, intro is an hour old',  () => steps({ entered: both, agreed: both, introAgo: 60 })],
  ['end is new, intro 9:30 old',         () => talking({ introAgo: 9.5 })],
  ['end is new, intro 10:00 old',        () => talking({ introAgo: 10 })],
  ['end is 0:15 old, intro 2:00',        () => talking({ introAgo: 2, endAgo: 0.25 })],
  ['end is 0:30 old, intro 2:00',        () => talking({ introAgo: 2, endAgo: 0.5 })],
  ['the talk has run for 50:30',         () => talking({ introAgo: 55, endAgo: 50.5 })],
  ['the talk has run for 51:00',         () => talking({ introAgo: 55, endAgo: 51 })],
  ['end lies a minute ahead',            () => talking({ endAgo: -1 })],
  ['end crosses with a message',         () => talking({ endAgo: -1 / 60 })],
  ['complete while talking',             () => talking(), 'complete'],
  ['complete with both in start',        () => steps({ entered: both }), 'complete'],
  ['complete with both in intro',        () => steps({ entered: both, agreed: both }), 'complete'],
];

// The asker's message is there from the start. Each row: one cell for each phase, yes for both parties or no for
// anybody; the others never may.
const set = (id) => (who, room) => setDoc(doc(who.db, `${room}/chats/${id}`), step(id));
const operations = [
  //                      -- start ------------  -- intro ---------------  -- end ------------------------------------  complete --
  //                      -   0   A   W   both   0   A   W   both 60:00   9:30 10:00 0:15 0:30 50:30 51:00 -1:00 -0:01  end s   i
  ['get a step',         'yes yes yes yes yes    yes yes yes yes  yes     yes  yes   yes  yes  yes   yes   yes   yes    yes yes yes', (who, room) => getDoc(doc(who.db, `${room}/chats/start`))],
  ['list the chats',     'yes yes yes yes yes    yes yes yes yes  yes     yes  yes   yes  yes  yes   yes   yes   yes    yes yes yes', (who, room) => getDocs(query(collection(who.db, `${room}/chats`), orderBy('timeStamp')))],
  ['set start',          'yes yes no  no  no     no  no  no  no   no      no   no    no   no   no    no    no    no     no  no  no ', set('start')],
  ['enter',              'no  yes yes yes yes    yes yes yes yes  yes     yes  yes   yes  yes  yes   yes   yes   yes    no  no  no ', (who, room) => addMyself(who, `${room}/chats/start`)],
  ['set intro',          'no  no  no  no  yes    yes no  no  no   no      no   no    no   no   no    no    no    no     no  no  no ', set('intro')],
  ['agree',              'no  no  no  no  no     yes yes yes yes  yes     yes  yes   yes  yes  yes   yes   yes   yes    no  no  no ', (who, room) => addMyself(who, `${room}/chats/intro`)],
  ['set end',            'no  no  no  no  no     no  no  no  yes  yes     yes  no    yes  no   no    no    yes   yes    no  no  no ', set('end')],
  ['send a message',     'no  no  no  no  no     no  no  no  no   no      yes  yes   yes  yes  yes   no    no    yes    no  no  no ', (who, room) => merge(who, `${room}/chats/new`, message(who))],
  ['mark it read',       'yes yes yes yes yes    yes yes yes yes  yes     yes  yes   yes  yes  yes   yes   yes   yes    yes yes yes', (who, room) => merge(who, `${room}/chats/hello`, { readUser: readBy(who) })],
];

// Nobody may, whatever there is.
const closed = [
  ['edit the message', (who, room) => merge(who, `${room}/chats/hello`, { message: '바뀐 말' })],
  ['overwrite the message', (who, room) => setDoc(doc(who.db, `${room}/chats/hello`), message(who))],
  ...['hello', 'start', 'intro', 'end'].map((id) => [`delete ${id}`, (who, room) => deleteDoc(doc(who.db, `${room}/chats/${id}`))]),
];

const furnish = (chats, status) => newRoom({ status, chats: { hello: message(asker), ...chats() } });
const outsiders = Object.entries(people).filter(([, who]) => !both.includes(who));

for (const [operation, row, attempt] of operations) {
  const cells = row.trim().split(/\s+/);
  assert.equal(cells.length, phases.length, `${operation} has ${cells.length} cells for ${phases.length} phases`);

  describe(operation, () => {
    phases.forEach(([phase, chats, status], i) => {
      const allowed = cells[i] === 'yes';
      test(`${phase}: ${cells[i]}`, async () => {
        const room = await furnish(chats, status); // what is refused leaves it as it was, for the next to be refused
        for (const [person, who] of allowed ? outsiders : [['other', other]]) {
          await assert.doesNotReject(expect(false, () => attempt(who, room)), `${person} may`);
        }
        await expect(allowed, () => attempt(asker, room));
        await expect(allowed, async () => attempt(willsoner, allowed ? await furnish(chats, status) : room));
      });
    });
  });
}

for (const [operation, attempt] of closed) {
  test(`${operation}: no`, async () => {
    for (const status of ['chat', 'complete']) {
      const room = await furnish(talking, status);
      for (const [person, who] of Object.entries(people)) {
        await assert.doesNotReject(expect(false, () => attempt(who, room)), `${person} may`);
      }
    }
  });
}

test('the clock runs for the minutes of the room', async () => {
  for (const [minutes, allowed] of [[60, false], [61, true], [120, true]]) {
    const room = await newRoom({ minutes, chats: talking({ introAgo: 62, endAgo: 61 }) });
    await expect(allowed, () => merge(asker, `${room}/chats/m`, message(asker)));
  }
});

// A phone that sets end again and again, each time just before it may no longer. Its wait is made by moving the room's
// times back.
describe('end is set again as often as the rules allow', () => {
  const wait = async (room, seconds) => {
    for (const id of ['intro', 'end']) {
      const path = doc(server, `${room}/chats/${id}`);
      const { timeStamp } = (await getDoc(path)).data();
      await updateDoc(path, { timeStamp: Timestamp.fromMillis(timeStamp.toMillis() - seconds * 1000) });
    }
  };
  const setEnd = (who, room) => setDoc(doc(who.db, `${room}/chats/end`), step('end'));

  for (const seconds of [5, 25, 29]) {
    test(`every ${seconds} s: for ten minutes after intro and no longer`, async () => {
      const room = await newRoom({ minutes: 10, chats: talking() });
      let gained = 0;
      for (; gained + seconds < 599; gained += seconds) {
        await wait(room, seconds);
        await setEnd(willsoner, room);
      }
      await wait(room, seconds + 1);
      for (const who of both) await expect(false, () => setEnd(who, room));

      // What was bought and the grace run from the last time that it was set.
      await wait(room, 11 * 60 - seconds - 15);
      await setDoc(doc(willsoner.db, `${room}/chats/last`), message(willsoner));
      await wait(room, 15);
      await expect(false, () => setDoc(doc(willsoner.db, `${room}/chats/late`), message(willsoner)));
    });
  }

  test('ten minutes were bought and 9:48 are gone: no', async () => {
    const room = await newRoom({ minutes: 10, chats: talking({ introAgo: 9.85, endAgo: 9.8 }) });
    for (const who of both) await expect(false, () => setEnd(who, room));
  });

  test('deleting it first is no way: no', async () => {
    const room = await newRoom({ chats: talking({ introAgo: 5, endAgo: 4 }) });
    await expect(false, () => deleteDoc(doc(willsoner.db, `${room}/chats/end`)));
    await expect(false, () => setEnd(willsoner, room));
  });
});

test('a message takes no step\'s place, even where the step is missing', async () => {
  const room = await newRoom({ chats: { end: talking().end } });
  for (const id of ['start', 'intro']) await expect(false, () => setDoc(doc(asker.db, `${room}/chats/${id}`), message(asker)));
});

describe('a room that does not exist', () => {
  for (const [person, who] of Object.entries(people)) {
    test(person, async () => {
      const chats = 'chatrooms/no-such-room/chats';
      for (const id of ['start', 'intro', 'end']) {
        await expect(false, () => getDoc(doc(who.db, `${chats}/${id}`)));
        await expect(false, () => setDoc(doc(who.db, `${chats}/${id}`), step(id)));
        await expect(false, () => addMyself(who, `${chats}/${id}`));
      }
      await expect(false, () => merge(who, `${chats}/hello`, message(who)));
      await expect(false, () => getDocs(collection(who.db, chats)));
    });
  }
});

test('a room without a willsoner: its asker enters, and cannot go on alone', async () => {
  const room = await newRoom();
  await setDoc(doc(server, room), { asker_uid: asker.uid, status: 'chat', concern: { minutes: 50 } });
  await setDoc(doc(asker.db, `${room}/chats/start`), step('start'));
  await addMyself(asker, `${room}/chats/start`);
  await expect(false, () => setDoc(doc(asker.db, `${room}/chats/intro`), step('intro')));
  await expect(false, () => getDoc(doc(willsoner.db, `${room}/chats/start`)));
});

// A uid is any string of 1 to 128 characters. A slash is written %2F in a roomkey.
const pairs = [
  [asker.uid, willsoner.uid], ['a/b', 'a/b/c'], ['%2F', 'a%2Fb'], ['dots.in.it', '.'], ['  blanks ', ' '], ['한글', '😀'], ['`"\'\\', '$(me)'],
  ['start', 'intro'], ['a'.repeat(128), 'a'.repeat(127)],
];

describe('from the first step to the last', () => {
  for (const uids of pairs) {
    test(uids.map((uid) => JSON.stringify(uid.slice(0, 20))).join(' and '), async () => {
      const pair = uids.map((uid) => signIn(uid));
      const [one, two] = pair;
      const room = await newRoom({ between: pair, key: [...uids, Date.now()].join('_').replaceAll('/', '%2F') });
      const chats = `${room}/chats`;

      for (const id of ['start', 'intro']) {
        await setDoc(doc(one.db, `${chats}/${id}`), step(id));
        for (const who of pair) await addMyself(who, `${chats}/${id}`);
      }
      for (const who of pair) await setDoc(doc(who.db, `${chats}/end`), step('end'));
      await setDoc(doc(one.db, `${chats}/m1`), message(one, '안녕하세요'));
      await merge(two, `${chats}/m1`, { readUser: readBy(two) });
      await setDoc(doc(two.db, `${chats}/m2`), message(two, '네, 반가워요'));
      await updateDoc(doc(server, room), { status: 'complete' });
      await merge(one, `${chats}/m2`, { readUser: readBy(one) });

      for (const id of ['start', 'intro', 'm1', 'm2']) {
        assert.deepEqual((await getDoc(doc(one.db, `${chats}/${id}`))).get('readUser'), readBy(...pair), id);
      }
      await expect(false, () => getDocs(collection(other.db, chats)));
    });
  }
});
