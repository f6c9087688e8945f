// What a document may hold, tried by people who are in the room and at the right time: the shape alone decides.
import { describe, test } from 'node:test';
import {
  Bytes, FieldPath, GeoPoint, Timestamp, arrayUnion, deleteField, doc, increment, serverTimestamp, setDoc, updateDoc,
} from 'firebase/firestore';
import { asker, blankIntro, end, expect, intro, message, newRoom, other, readBy, start, willsoner } from './world.js';

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
    ['1000 emoji', 'yes', text('😀'.repeat(1000))],
    ['2001 characters', 'no', text('a'.repeat(2001))],
    ['2001 Korean characters', 'no', text('한'.repeat(2001))],
    ['2001 emoji', 'no', text('😀'.repeat(2001))],
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
  start: [
    ['as the app writes it', 'yes', start(asker)],
    ['a message', 'no', message(asker)],
    ['a message called start', 'no', mine({ uid: 'start' })],
    ['with a text', 'no', { ...start(asker), message: '' }],
    ['with a time', 'no', { ...start(asker), timeStamp: serverTimestamp() }],
    ['another uid', 'no', { ...start(asker), uid: 'intro' }],
    ['my uid', 'no', { ...start(asker), uid: asker.uid }],
    ['without uid', 'no', without(start(asker), 'uid')],
    ['without readUser', 'no', { uid: 'start' }],
    ...each('readUser', notReaders, (readUser) => ({ uid: 'start', readUser })),
  ],
  intro: [
    ['as the app writes it', 'yes', blankIntro()],
    ['agreeing at once', 'yes', intro(asker)],
    ['with no readers yet', 'yes', intro()],
    ['a message', 'no', message(asker)],
    ['a message called intro', 'no', mine({ uid: 'intro' })],
    ['with a text', 'no', { ...intro(asker), message: '안녕' }],
    ...each('message', notStrings, (value) => ({ ...intro(asker), message: value })),
    ['with a time', 'no', { ...intro(asker), timeStamp: serverTimestamp() }],
    ['another uid', 'no', { ...intro(asker), uid: 'start' }],
    ['without uid', 'no', without(intro(asker), 'uid')],
    ['without message', 'no', without(intro(asker), 'message')],
    ...each('readUser', without(notReaders, 'nobody'), (readUser) => ({ ...blankIntro(), readUser })),
  ],
  end: [
    ['as the app writes it', 'yes', end()],
    ['a message', 'no', message(asker)],
    ['a message called end', 'no', mine({ uid: 'end' })],
    ['with a reader', 'no', { ...end(), readUser: readBy(asker) }],
    ['with a text', 'no', { ...end(), message: '' }],
    ['another uid', 'no', { ...end(), uid: 'start' }],
    ['without uid', 'no', without(end(), 'uid')],
    ['without a time', 'no', { uid: 'end' }],
    ...each('timeStamp', notTimes, (timeStamp) => ({ uid: 'end', timeStamp })),
  ],
};

const ready = { 'a new message': {}, start: {}, intro: { start: start(asker, willsoner) }, end: { start: start(asker, willsoner), intro: intro(asker, willsoner) } };

for (const [name, rows] of Object.entries(tables)) {
  describe(name, () => {
    for (const [title, answer, data] of rows) {
      test(`${title}: ${answer}`, async () => {
        const room = await newRoom({ chats: ready[name] });
        const id = name === 'a new message' ? 'new' : name;
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
  ['writes what is there', 'yes', readUser(readBy(asker))],
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
for (const id of ['hello', 'start', 'intro']) {
  describe(`an update of ${id}`, () => {
    for (const [title, answer, fields] of updates) {
      test(`${title}: ${answer}`, async () => {
        const room = await newRoom({ chats: { hello: message(asker), start: start(asker), intro: intro(asker) } });
        await expect(answer === 'yes', () => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...fields));
      });
    }

    test('the reader takes itself out: no', async () => {
      const everyone = [asker, willsoner];
      const room = await newRoom({ chats: { hello: { ...message(asker), readUser: readBy(...everyone) }, start: start(...everyone), intro: intro(...everyone) } });
      await expect(false, () => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...reader(w, deleteField())));
      await expect(false, () => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...reader(w, false)));
    });
  });
}

describe('an update of end', () => {
  const attempts = { 'winds the clock back': ['timeStamp', serverTimestamp()], 'sets it an hour ahead': ['timeStamp', hourFromNow()], 'takes it away': ['timeStamp', deleteField()], 'adds a reader': reader(w, true), 'changes nothing': ['uid', 'end'] };
  for (const [title, fields] of Object.entries(attempts)) {
    test(`${title}: no`, async () => {
      const room = await newRoom({ chats: { ...ready.end, end: end() } });
      await expect(false, () => updateDoc(doc(willsoner.db, `${room}/chats/end`), ...fields));
    });
  }
});

describe('the right shape is not enough', () => {
  const added = { 'a new message': message, start, intro, end };
  for (const [name, data] of Object.entries(added)) {
    const path = (room) => `${room}/chats/${name === 'a new message' ? 'new' : name}`;
    test(`${name}, by an outsider: no`, async () => {
      const room = await newRoom({ chats: ready[name] });
      await expect(false, () => setDoc(doc(other.db, path(room)), data(other)));
    });
    test(`${name}, in a complete room: no`, async () => {
      const room = await newRoom({ status: 'complete', chats: ready[name] });
      await expect(false, () => setDoc(doc(asker.db, path(room)), data(asker)));
    });
  }

  for (const id of ['hello', 'start', 'intro']) {
    const chats = { hello: message(asker), start: start(asker), intro: intro(asker) };
    test(`an update of ${id}, by an outsider: no`, async () => {
      const room = await newRoom({ chats });
      await expect(false, () => updateDoc(doc(other.db, `${room}/chats/${id}`), ...reader(other.uid, true)));
    });
    const answer = id === 'hello' ? 'yes' : 'no'; // what was said is read later; agreeing later means nothing
    test(`an update of ${id}, in a complete room: ${answer}`, async () => {
      const room = await newRoom({ status: 'complete', chats });
      await expect(answer === 'yes', () => updateDoc(doc(willsoner.db, `${room}/chats/${id}`), ...reader(w, true)));
    });
  }
});

// Only the server could have stored it so.
describe('a message without readers', () => {
  test('is marked read all the same', async () => {
    const room = await newRoom({ chats: { hello: without(message(asker), 'readUser') } });
    await expect(true, () => updateDoc(doc(willsoner.db, `${room}/chats/hello`), ...reader(w, true)));
  });
});
