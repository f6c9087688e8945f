// The steps into a talk: who may do what in each phase of a room.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collection, deleteDoc, doc, getDoc, getDocs, limit, orderBy, query, setDoc, updateDoc, where } from 'firebase/firestore';
import {
  asker, blankIntro, end, expect, intro, merge, message, newRoom, other, people, readBy, server, signIn, start, willsoner,
} from './rules/world.js';

const both = [asker, willsoner];
const phases = [
  ['nobody entered',        {}],
  ['the asker entered',     { start: start(asker) }],
  ['the willsoner entered', { start: start(willsoner) }],
  ['both entered',          { start: start(...both) }],
  ['intro is written',      { start: start(...both), intro: blankIntro() }],
  ['the asker agreed',      { start: start(...both), intro: intro(asker) }],
  ['the willsoner agreed',  { start: start(...both), intro: intro(willsoner) }],
  ['both agreed',           { start: start(...both), intro: intro(...both) }],
  ['the clock runs',        { start: start(...both), intro: intro(...both), end: end() }],
  ['complete',              { start: start(...both), intro: intro(...both), end: end() }, 'complete'],
  ['complete, unfinished',  { start: start(...both), intro: intro(...both) }, 'complete'],
  ['complete, unagreed',    { start: start(...both), intro: intro(asker) }, 'complete'],
  ['complete, untouched',   {}, 'complete'],
];

// The asker's message is there from the start. Each row: one cell for each phase, yes for both participants or no for
// anybody; the three outsiders may never.
const to = (id, data) => (who, room) => merge(who, `${room}/chats/${id}`, data(who));
const read = (attempt) => (who, room) => attempt(collection(who.db, `${room}/chats`));
const operations = [
  //                                 --- entering ---  --- agreeing -----  talk  --- complete ----
  //                                 0   A   W   both  -   A   W   both    end   end  both  A   0
  ['get a message',                 'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', read((chats) => getDoc(doc(chats, 'hello')))],
  ['get start, there or not',       'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', read((chats) => getDoc(doc(chats, 'start')))],
  ['list the chats',                'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', read((chats) => getDocs(chats))],
  ['list the last ten by time',     'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', read((chats) => getDocs(query(chats, orderBy('timeStamp', 'desc'), limit(10))))],
  ['list the asker\'s',             'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', read((chats) => getDocs(query(chats, where('uid', '==', asker.uid))))],
  ['send a message',                'yes yes yes yes   yes yes yes yes     yes   no   no    no  no ', to('new', (who) => message(who))],
  ['mark the message read',         'yes yes yes yes   yes yes yes yes     yes   yes  yes   yes yes', to('hello', (who) => ({ readUser: readBy(who) }))],
  ['enter',                         'yes yes yes yes   yes yes yes yes     yes   no   no    no  no ', to('start', (who) => start(who))],
  ['write intro',                   'no  no  no  yes   yes yes yes yes     yes   no   no    no  no ', to('intro', () => blankIntro())],
  ['write intro with no readers',   'no  no  no  yes   yes no  no  no      no    no   no    no  no ', to('intro', () => intro())],
  ['agree',                         'no  no  no  yes   yes yes yes yes     yes   no   no    no  no ', to('intro', (who) => intro(who))],
  ['start the clock',               'no  no  no  no    no  no  no  yes     no    no   no    no  no ', to('end', () => end())],
];

// Nobody may, whatever there is.
const closed = [
  ['mark end read',         to('end', (who) => ({ readUser: readBy(who) }))],
  ['take back agreeing',    (who, room) => setDoc(doc(who.db, `${room}/chats/intro`), blankIntro())],
  ['edit the message',      to('hello', () => ({ message: 'edited' }))],
  ['overwrite the message', (who, room) => setDoc(doc(who.db, `${room}/chats/hello`), message(who))],
  ['delete the message',    (who, room) => deleteDoc(doc(who.db, `${room}/chats/hello`))],
  ['delete start',          (who, room) => deleteDoc(doc(who.db, `${room}/chats/start`))],
  ['delete intro',          (who, room) => deleteDoc(doc(who.db, `${room}/chats/intro`))],
  ['delete end',            (who, room) => deleteDoc(doc(who.db, `${room}/chats/end`))],
];

for (const [operation, row, attempt] of operations) {
  const cells = row.trim().split(/\s+/);
  assert.equal(cells.length, phases.length, `${operation} has ${cells.length} cells for ${phases.length} phases`);

  describe(operation, () => {
    phases.forEach(([phase, steps, status], i) => {
      const furnish = () => newRoom({ status, chats: { hello: message(asker), ...steps } });
      let untouched; // what is refused leaves the room as it was, for the next to be refused
      for (const [person, who] of Object.entries(people)) {
        const allowed = cells[i] === 'yes' && both.includes(who);
        test(`${phase}: ${person} ${allowed ? 'may' : 'may not'}`, async () => {
          const room = allowed ? await furnish() : (untouched ??= await furnish());
          await expect(allowed, () => attempt(who, room));
        });
      }
    });
  });
}

for (const [operation, attempt] of closed) {
  describe(operation, () => {
    for (const [phase, steps, status] of phases.filter(([name]) => ['the clock runs', 'complete'].includes(name))) {
      for (const [person, who] of Object.entries(people)) {
        test(`${phase}: ${person} may not`, async () => {
          const room = await newRoom({ status, chats: { hello: message(asker), ...steps } });
          await expect(false, () => attempt(who, room));
        });
      }
    }
  });
}

describe('a room that does not exist', () => {
  for (const [person, who] of Object.entries(people)) {
    test(person, async () => {
      const room = 'chatrooms/no-such-room';
      for (const id of ['hello', 'start', 'intro', 'end']) {
        const data = { hello: message(who), start: start(who), intro: intro(who), end: end() }[id];
        await expect(false, () => getDoc(doc(who.db, `${room}/chats/${id}`)));
        await expect(false, () => merge(who, `${room}/chats/${id}`, data));
      }
      await expect(false, () => getDocs(collection(who.db, `${room}/chats`)));
    });
  }
});

describe('a room without a willsoner', () => {
  test('its asker sends messages, and cannot start the clock alone', async () => {
    const room = await newRoom();
    await setDoc(doc(server, room), { asker_uid: asker.uid, status: 'chat' });
    await expect(true, () => merge(asker, `${room}/chats/m`, message(asker)));
    await expect(true, () => merge(asker, `${room}/chats/start`, start(asker)));
    await expect(false, () => merge(asker, `${room}/chats/intro`, intro(asker)));
    await expect(false, () => getDoc(doc(willsoner.db, room)));
    await expect(false, () => merge(willsoner, `${room}/chats/w`, message(willsoner)));
  });
});

// A uid is any string of 1 to 128 characters.
const oddPairs = [
  ['a/b', 'a/b/c'], ['dots.in.it', '.'], ['  blanks ', ' '], ['한글', '😀'], ['`"\'\\', '$(me)'], ['start', 'intro'], ['a'.repeat(128), 'a'.repeat(127)],
];

describe('from the first step to the last', () => {
  for (const uids of [[asker.uid, willsoner.uid], ...oddPairs]) {
    test(uids.map((uid) => JSON.stringify(uid.slice(0, 20))).join(' and '), async () => {
      const pair = uids.map((uid) => signIn(uid));
      const [one, two] = pair;
      const room = await newRoom({ between: pair });
      const chats = `${room}/chats`;

      for (const who of pair) await merge(who, `${chats}/start`, start(who));
      await merge(one, `${chats}/intro`, blankIntro());
      for (const who of pair) await merge(who, `${chats}/intro`, intro(who));
      await setDoc(doc(two.db, `${chats}/end`), end());
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
