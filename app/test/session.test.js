// A session from its reservation to its end, as the app lives it on two phones, with a third person who knows the roomkey.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  Timestamp, addDoc, collection, doc, getDoc, getDocs, onSnapshot, query, serverTimestamp, setDoc, updateDoc, where, writeBatch,
} from 'firebase/firestore';
import { createAccounts, loadRules, openAsServer } from './local/emulators.js';
import { expired, signIn } from './local/phone.js';
import { buildServer, startServer } from './local/server.js';

const run = Date.now();
const account = (uid, name) => ({ uid, name, email: `${uid}@willson.test`.toLowerCase(), password: 'willson' });
const accounts = {
  asker: account(`asker${run}`, '잔나'),
  willsoner: account(`${run}`, '지수카카오'), // a bare number, as for a Kakao login
  other: account(`other${run}`, '질문자'),
};
const roomkey = `${accounts.asker.uid}_${accounts.willsoner.uid}_${run}`;
const reservationID = `reservation${run}`;

const reservation = (idx, fields) => ({
  idx, roomkey, status: 'reserved', starts_at: Timestamp.fromMillis(run), concern: { minutes: 50 },
  willsoner: { idx: 12, nickname: '지수카카오' }, ...fields,
});
const room = {
  idx: 20455, asker_uid: accounts.asker.uid, willsoner_uid: accounts.willsoner.uid, status: 'chat',
  started_at: Timestamp.fromMillis(run), concern: { idx: 1513, nickname: '잔나', minutes: 50 },
  willsoner: { idx: 12, nickname: '지수카카오', gender: 'F', subcategories: [], keywords: [] },
};
const both = { [accounts.asker.uid]: true, [accounts.willsoner.uid]: true };

const denied = (attempt) => assert.rejects(attempt, { code: 'permission-denied' });
// What the server lets one see: one's own writes are in the local copy until they are refused.
const listen = (target) => new Promise((resolve, reject) => {
  onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => snapshot.metadata.fromCache || resolve(snapshot), reject);
});
const isIn = (chat, { uid }) => chat?.readUser?.[uid] === true;
const areBothIn = (chat) => isIn(chat, accounts.asker) && isIn(chat, accounts.willsoner);

describe('a session on two phones', { timeout: 300_000 }, () => {
  let built, server, store;
  let asker, willsoner, other;
  let askersRooms, willsonersRooms, askersTalk, willsonersTalk;

  before(async () => {
    store = openAsServer();
    await loadRules();
    await createAccounts(Object.values(accounts));
    await setDoc(doc(store.db, 'reservations', reservationID), reservation(1, {
      asker_uid: accounts.asker.uid, willsoner_uid: accounts.willsoner.uid,
    }));
    await setDoc(doc(store.db, 'reservations', `${reservationID}-willsoner`), reservation(2, {
      asker_uid: accounts.willsoner.uid, roomkey: 'another', willsoner: { nickname: '하이하이' },
    }));
    built = await buildServer();
    server = await startServer(built.binary);
    [asker, willsoner, other] = await Promise.all(Object.values(accounts).map((each) => signIn(server, each)));
  });

  after(async () => {
    await Promise.all([asker, willsoner, other].map((phone) => phone?.close()));
    await server?.stop();
    await built?.remove();
    await store?.close();
  });

  afterEach(() => seesNothing(other));

  test('both fetch their own list', async () => {
    const [askers] = await asker.list();
    assert.equal(askers.status, 200);
    assert.deepEqual(askers.data.ing, []);
    assert.deepEqual(askers.data.reserve.map((row) => [row.idx, row.roomkey, row.willsoner.asker.id]), [[1, roomkey, willsoner.uid]]);

    const [willsoners] = await willsoner.list();
    assert.equal(willsoners.status, 200);
    assert.deepEqual(willsoners.data.reserve.map((row) => row.idx), [2]);
  });

  test('both see the room when the session begins', async () => {
    askersRooms = asker.rooms('asker_uid');
    willsonersRooms = willsoner.rooms('willsoner_uid');
    for (const rooms of [askersRooms, willsonersRooms]) {
      assert.deepEqual(await rooms.until(() => true), {});
    }

    await writeBatch(store.db)
      .update(doc(store.db, 'reservations', reservationID), { status: 'started' })
      .set(doc(store.db, 'chatrooms', roomkey), room)
      .commit();

    for (const rooms of [askersRooms, willsonersRooms]) await rooms.until((seen) => seen[roomkey]?.status === 'chat');
    const [{ status, data }] = await asker.list();
    assert.equal(status, 200);
    assert.deepEqual(data.reserve, []);
    assert.deepEqual(data.ing.map((row) => [row.idx, row.roomkey, row.start, row.concern.time]), [[20455, roomkey, run, '50']]);
  });

  test('start: both enter', async () => {
    askersTalk = asker.talk(roomkey);
    willsonersTalk = willsoner.talk(roomkey);
    for (const talk of [askersTalk, willsonersTalk]) assert.deepEqual(await talk.until(() => true), {});

    await askersTalk.enter();
    const { start } = await willsonersTalk.until((seen) => isIn(seen.start, asker));
    assert.deepEqual(start, { uid: 'start', readUser: { [asker.uid]: true } });
    await denied(askersTalk.introduce());

    await willsonersTalk.enter();
    await askersTalk.until((seen) => areBothIn(seen.start));
  });

  test('intro: both agree', async () => {
    await Promise.all([askersTalk.introduce(), willsonersTalk.introduce()]);
    for (const talk of [askersTalk, willsonersTalk]) {
      const { intro } = await talk.until((seen) => seen.intro);
      assert.deepEqual(intro, { uid: 'intro', message: '' });
    }
    await willsonersTalk.agree();
    await askersTalk.until((seen) => isIn(seen.intro, willsoner));
    await denied(willsonersTalk.begin());

    await askersTalk.agree();
    await willsonersTalk.until((seen) => areBothIn(seen.intro));
  });

  test('a token that expires on the way is refreshed and the request repeated', async () => {
    const old = expired(asker.token);
    asker.token = old;
    const answers = await asker.list();
    assert.deepEqual(answers.map(({ status, code }) => [status, code]), [[401, 'access_token_expired'], [200, 'success']]);
    assert.equal(answers[0].data, undefined);
    assert.equal(answers[1].data.ing[0].roomkey, roomkey);
    assert.notEqual(asker.token, old);

    assert.deepEqual((await asker.list()).map(({ status }) => status), [200]);
  });

  test('end: the clock starts once, also when both start it', async () => {
    const tries = await Promise.allSettled([askersTalk.begin(), willsonersTalk.begin()]);
    assert.deepEqual(tries.map(({ status, reason }) => reason?.code ?? status).sort(), ['fulfilled', 'permission-denied']);

    const [one, two] = await Promise.all([askersTalk, willsonersTalk].map((talk) => talk.until((seen) => seen.end)));
    assert.deepEqual(Object.keys(one.end).sort(), ['timeStamp', 'uid']);
    assert.ok(one.end.timeStamp.isEqual(two.end.timeStamp));
    await denied(askersTalk.begin());
  });

  test('messages go both ways and are marked read', async () => {
    const question = await askersTalk.say('안녕하세요, 지금 괜찮으세요?');
    const seen = await willsonersTalk.until((chats) => chats[question.id]);
    assert.equal(seen[question.id].message, '안녕하세요, 지금 괜찮으세요?');
    assert.deepEqual(seen[question.id].readUser, { [asker.uid]: true });
    await willsonersTalk.markRead(question.id);
    const read = await askersTalk.until((chats) => isIn(chats[question.id], willsoner));
    assert.deepEqual(read[question.id].readUser, both);

    const answer = await willsonersTalk.say('네, 편하게 말씀하세요.');
    const { [question.id]: first, [answer.id]: second } = await askersTalk.until((chats) => chats[answer.id]);
    assert.equal(second.uid, willsoner.uid);
    assert.ok(first.timeStamp.toMillis() <= second.timeStamp.toMillis());
    await askersTalk.markRead(answer.id);
    await willsonersTalk.until((chats) => isIn(chats[answer.id], asker));
  });

  test('when the session is complete, it is read and no more', async () => {
    const last = await askersTalk.say('고맙습니다.');
    await updateDoc(doc(store.db, 'chatrooms', roomkey), { status: 'complete' });
    for (const rooms of [askersRooms, willsonersRooms]) await rooms.until((seen) => seen[roomkey].status === 'complete');

    await denied(askersTalk.say('한 가지 더요.'));
    await willsonersTalk.markRead(last.id);
    await askersTalk.until((chats) => isIn(chats[last.id], willsoner));
    assert.deepEqual((await asker.list()).map(({ status, code }) => [status, code]), [[404, 'not_found']]);
  });

  // The third person asks for and writes everything that the two have, and is refused by the rules, not by a mistake.
  async function seesNothing(phone) {
    const { db, uid } = phone;
    const theRoom = doc(db, 'chatrooms', roomkey);
    const chats = collection(theRoom, 'chats');
    const { docs } = await getDocs(collection(store.db, 'chatrooms', roomkey, 'chats'));
    const ids = new Set(['start', 'intro', 'end', 'unknown', ...docs.map(({ id }) => id)]);
    const me = { readUser: { [uid]: true } };

    const attempts = [
      getDoc(theRoom), getDoc(doc(db, 'reservations', reservationID)), getDocs(chats),
      listen(theRoom), listen(chats),
      ...['chatrooms', 'reservations'].flatMap((name) => [
        getDocs(collection(db, name)),
        getDocs(query(collection(db, name), where('asker_uid', '==', accounts.asker.uid))),
        getDocs(query(collection(db, name), where('willsoner_uid', '==', accounts.willsoner.uid))),
      ]),
      updateDoc(theRoom, { asker_uid: uid }), setDoc(theRoom, { asker_uid: uid }, { merge: true }),
      addDoc(chats, { uid, message: '저도 있어요', timeStamp: serverTimestamp(), ...me }),
      addDoc(chats, { uid: accounts.asker.uid, message: '저예요', timeStamp: serverTimestamp(), ...me }),
      ...[...ids].flatMap((id) => [
        getDoc(doc(chats, id)),
        setDoc(doc(chats, id), { uid: id, ...me }, { merge: true }),
        setDoc(doc(chats, id), me, { merge: true }),
      ]),
    ];
    await Promise.all(attempts.map(denied));
    assert.deepEqual((await phone.list()).map(({ status, code }) => [status, code]), [[404, 'not_found']]);
  }
});
