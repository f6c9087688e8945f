// What a document may hold, tried by people who are in the room and at the right time: the shape alone decides.
import { describe, test } from 'node:test';
import {
  Bytes, FieldPath, GeoPoint, Timestamp, arrayUnion, deleteField, doc, increment, serverTimestamp, setDoc, updateDoc,
} from 'firebase/firestore';
import { asker, both, expect, message, newRoom, other, readBy, step, steps, talking, willsoner } from './world.js';

const without = (data, field) => Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
const mine = (fields) => ({ ...message(asker), ...fields });
const text = (value) => mine({ message: value });
const hourFromNow = () => Timestamp.fromMillis(Date.now() + 3_600_000);

const notStrings = { 'a number': 7, true: true, null: null, 'a list': ['안녕'], 'a map': { text: '안녕' }, bytes: Bytes.fromBase64String('aGk='), 'a place': new GeoPoint(37, 127), 'a time': Timestamp.now() };
const notTimes = { 'the client\'s clock': Timestamp.now(), 'an hour ahead': hourFromNow(), 'an old time': Timestamp.fromMillis(0), 'a number': Date.now(), 'a string': new Date().toISOString(), null: null, 'a map': {} };
const notReaders = {
  nobody: {}, 'a list': [asker.uid], 'a string': asker.uid, true: true, null: null,
  'the other side alone': readBy(willsoner), 'both at once': readBy(asker, willsoner), 'a stranger too': readBy(asker, other),
  'me, false': { [asker.uid]: false }, 'me, "true"': { [asker.uid]: 'true' }, 'me, 1': { [asker.uid]: 1 }, 'me, null': { [asker.uid]: null }, 'me, a map': { [asker.uid]: { at: true } },
};
const each = (field, values, make) => Object.entries(values).map(([name, value]) => [`${field}: ${name}`, 'no', make(value)]);

const tables = {
  'a new message': [
    ['as the app writes it', 'yes', message(asker)],
    ['one character', 'yes', text('ㅎ')],
    ['a blank', 'yes', text(' ')],
    ['1999 characters', 'yes', text('a'.repeat(1999))],
    ['2000 characters', 'yes', text('a'.repeat(2000))],
    ['2000 Korean characters', 'yes', text('한'.repeat(2000))],
    ['2001 characters', 'no', text('a'.repeat(2001))],
    ['2001 Korean characters', 'no', text('한'.repeat(2001))],
    // The emulator counts UTF-16 units: two for an emoji, eight for a family of three, three for a 한 taken apart.
    ['1000 emoji', 'yes', text('😀'.repeat(1000))],
    ['999 emoji and two characters', 'yes', text(`${'😀'.repeat(999)}aa`)],
    ['1000 emoji and a character', 'no', text(`${'😀'.repeat(1000)}a`)],
    ['1001 emoji', 'no', text('😀'.repeat(1001))],
    ['250 families', 'yes', text('👨‍👩‍👧'.repeat(250))],
    ['250 families and a character', 'no', text(`${'👨‍👩‍👧'.repeat(250)}a`)],
    ['666 taken apart and two characters', 'yes', text(`${'한'.normalize('NFD').repeat(666)}aa`)],
    ['667 taken apart', 'no', text('한'.normalize('NFD').repeat(667))],
    ['no characters', 'no', text('')],
    ...each('message', notStrings, text),
    ['message: a list appended to', 'no', text(arrayUnion('안녕'))],
    ['message: counted up', 'no', text(increment(1))],
    ['message: the server\'s time', 'no', text(serverTimestamp())],
    ...each('timeStamp', notTimes, (timeStamp) => mine({ timeStamp })),
    ...each('readUser', notReaders, (readUser) => mine({ readUser })),
    ...each('uid', { 'the other side': willsoner.uid, 'a stranger': other.uid, start: 'start', 'a number': 7, null: null, empty: '', 'a list': [asker.uid] }, (uid) => mine({ uid })),
    ['as the other side altogether', 'no', message(willsoner)],
    ['a fifth field', 'no', mine({ picture: 'x' })],
    ['a fifth field, null', 'no', mine({ picture: null })],
    ['a field in other letters', 'no', mine({ timestamp: serverTimestamp() })],
    ...['uid', 'message', 'timeStamp', 'readUser'].map((field) => [`without ${field}`, 'no', without(message(asker), field)]),
    ['nothing', 'no', {}],
  ],
};

// The steps hold what the protocol gives them and nothing else.
for (const id of ['start', 'intro', 'end']) {
  const its = (fields) => ({ ...step(id), ...fields });
  tables[id] = [
    ['as the app sets it', 'yes', step(id)],
    ['a message', 'no', message(asker)],
    [`a message called ${id}`, 'no', mine({ uid: id })],
    ['with a text', 'no', its({ message: '안녕' })],
    ...each('message', notStrings, (value) => its({ message: value })),
    ...each('timeStamp', notTimes, (timeStamp) => its({ timeStamp })),
    ...each('uid', { 'another step': id === 'end' ? 'start' : 'end', mine: asker.uid, empty: '', null: null }, (uid) => its({ uid })),
    ...each('readUser', { nobody: {}, me: readBy(asker), both: readBy(...both), null: null }, (readUser) => its({ readUser })),
    ['a field more', 'no', its({ minutes: 500 })],
    ...['uid', 'message', 'timeStamp'].map((field) => [`without ${field}`, 'no', without(step(id), field)]),
    ['nothing', 'no', {}],
  ];
}

const ready = {
  'a new message': talking(), start: {}, intro: steps({ entered: both }), end: steps({ entered: both, agreed: both }),
};

for (const [name, rows] of Object.entries(tables)) {
  const id = name === 'a new message' ? 'new' : name;
  describe(name, () => {
    for (const [title, answer, data] of rows) {
      test(`${title}: ${answer}`, async () => {
        const room = await newRoom({ chats: ready[name] });
        await expect(answer === 'yes', () => setDoc(doc(asker.db, `${room}/chats/${id}`), data));
      });
    }
  });

  // Where the right one may be set over what is there, a wrong one may not.
  if (id !== 'new') describe(`${name}, set again`, () => {
    for (const [title, answer, data] of rows) {
      test(`${title}: ${answer}`, async () => {
        const room = await newRoom({ chats: { ...ready[name], [id]: step(id) } });
        await expect(answer === 'yes', () => setDoc(doc(asker.db, `${room}/chats/${id}`), data));
      });
    }
  });
}

// The asker wrote it; the willsoner reads it.
const w = willsoner.uid;
const readUser = (value) => ['readUser', value];
const reader = (uid, value) => [new FieldPath('readUser', uid), value];
const updates = [
  ['adds itself', 'yes', reader(w, true)],
  ['writes both, which is what is then there', 'yes', readUser(readBy(asker, willsoner))],
  ['writes the writer again', 'no', readUser(readBy(asker))],
  ['adds itself as false', 'no', reader(w, false)],
  ['adds itself as "true"', 'no', reader(w, 'true')],
  ['adds itself as the time', 'no', reader(w, serverTimestamp())],
  ['adds itself as null', 'no', reader(w, null)],
  ['adds another', 'no', reader(other.uid, true)],
  ['adds itself and another', 'no', readUser(readBy(asker, willsoner, other))],
  ['turns the writer to false', 'no', reader(asker.uid, false)],
  ['turns the writer to false and adds itself', 'no', readUser({ [asker.uid]: false, [w]: true })],
  ['takes the writer out', 'no', reader(asker.uid, deleteField())],
  ['puts itself in the writer\'s place', 'no', readUser(readBy(willsoner))],
  ['empties it', 'no', readUser({})],
  ['takes it away', 'no', readUser(deleteField())],
  ['makes it a list', 'no', readUser([asker.uid, w])],
  ['appends to it', 'no', readUser(arrayUnion(w))],
  ['makes it a number', 'no', readUser(increment(1))],
  ['makes it true', 'no', readUser(true)],
  ['changes the text', 'no', ['message', '바뀐 말']],
  ['changes the text on the way', 'no', [...reader(w, true), 'message', '바뀐 말']],
  ['changes the time on the way', 'no', [...reader(w, true), 'timeStamp', serverTimestamp()]],
  ['changes the sender on the way', 'no', [...reader(w, true), 'uid', w]],
  ['adds a field on the way', 'no', [...reader(w, true), 'liked', true]],
  ['takes the sender away on the way', 'no', [...reader(w, true), 'uid', deleteField()]],
];

// The same update on each document that can be read: whatever is closed on a message is closed on a step.
const chats = () => ({
  hello: message(asker), start: { ...step('start'), readUser: readBy(asker) }, intro: { ...step('intro'), readUser: readBy(asker) },
});
for (const id of ['hello', 'start', 'intro']) {
  describe(`an update of ${id}`, () => {
    for (const [title, answer, fields] of updates) {
      test(`${title}: ${answer}`, async () => {
        const room = await newRoom({ chats: chats() });
        await expect(answer === 'yes', () => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...fields));
      });
    }

    test('once more, and out again', async () => {
      const room = await newRoom({ chats: { ...chats(), [id]: { ...chats()[id], readUser: readBy(...both) } } });
      const update = (...fields) => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...fields);
      await expect(true, () => update(...reader(w, true)));
      await expect(false, () => update(...reader(w, deleteField())));
      await expect(false, () => update(...reader(w, false)));
    });
  });
}

describe('an update of end', () => {
  const attempts = {
    'sets it an hour ahead': ['timeStamp', hourFromNow()], 'takes its time away': ['timeStamp', deleteField()], 'adds a reader': reader(w, true),
    'adds a reader and the time': [...reader(w, true), 'timeStamp', serverTimestamp()],
  };
  for (const [title, fields] of Object.entries(attempts)) {
    test(`${title}: no`, async () => {
      const room = await newRoom({ chats: talking() });
      await expect(false, () => updateDoc(doc(willsoner.db, `${room}/chats/end`), ...fields));
    });
  }
});

// Only the server could have stored it so.
test('a message without readers is marked read all the same', async () => {
  const room = await newRoom({ chats: { hello: without(message(asker), 'readUser') } });
  await expect(true, () => updateDoc(doc(willsoner.db, `${room}/chats/hello`), ...reader(w, true)));
});
