// What the server keeps for itself: people with their pots and tokens, concerns, matches, reviews, reports. Each of these
// is tried on one's own document, on the other party's and on one that does not exist.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  Timestamp, addDoc, collection, collectionGroup, deleteDoc, doc, documentId, getCountFromServer, getDoc, getDocs, increment, limit,
  orderBy, query, runTransaction, setDoc, updateDoc, where, writeBatch,
} from 'firebase/firestore';
import { asker, expect, firstSnapshot, people, server, signIn, willsoner } from './world.js';

const now = Timestamp.now();
const times = { created_at: now, updated_at: now };
const between = { asker_uid: asker.uid, willsoner_uid: willsoner.uid };

// The documents of a concern from its writing to its review, under every field by which somebody could call one his own.
const stored = {
  [`askers/${asker.uid}`]: { idx: 1, uid: asker.uid, social: 'email', email: 'asker@willson.test', gender: 'F', birth_year: 1997, nickname: '윌순', pots: 15, ...times },
  [`askers/${willsoner.uid}`]: { idx: 2, uid: willsoner.uid, social: 'kakao', email: '', gender: '', birth_year: 0, nickname: '지수카카오', pots: 15, ...times },
  [`askers/${asker.uid}/transactions/1`]: { uid: asker.uid, action: '지급', amount: 15, total: 15, created_at: now },
  [`willsoners/${willsoner.uid}`]: { idx: 12, uid: willsoner.uid, asker_idx: 2, status: 'approved', rating: 4.5, ...times },
  'concerns/312': { idx: 312, asker_uid: asker.uid, status: 'init', content: '말 못 할 고민', minutes: 30, held: 7, ...times },
  'matches/671': { idx: 671, concern_idx: 312, ...between, status: 'waiting', ...times },
  'matches/672': { idx: 672, concern_idx: 312, ...between, status: 'init', round: 1, ...times },
  'push_tokens/5d41402abc4b2a76b9719d911017c592ae1b0ab2dc2e7b1b2c4b7f2b5a1c9d3e': { token: 'a token', uid: asker.uid, updated_at: now },
  'keywords/3': { idx: 3, name: '줍줍', category_idx: 1, uid: willsoner.uid, created_at: now },
  'reviews/671': { match_idx: 671, ...between, rating: 4.5, content: '고맙습니다', created_at: now },
  'reports/671': { ...between, uid: asker.uid },
  'reports/671/messages/m': { uid: willsoner.uid, message: '나쁜 말', timeStamp: now, reported_by: asker.uid, reported_at: now },
};
const folderOf = (path) => path.slice(0, path.lastIndexOf('/'));
const owners = ['uid', 'asker_uid', 'willsoner_uid'];

const operations = [
  ['get', ({ it }) => getDoc(it)],
  ['get a missing one', ({ missing }) => getDoc(missing)],
  ['listen', ({ it }) => firstSnapshot(it)],
  ['get in a transaction', ({ db, it }) => runTransaction(db, (t) => t.get(it))],
  ['list', ({ all }) => getDocs(query(all, limit(1)))],
  ['list by its id', ({ it, all }) => getDocs(query(all, where(documentId(), '==', it.id)))],
  ...owners.flatMap((owner) => [
    [`list mine by ${owner}`, ({ all, uid }) => getDocs(query(all, where(owner, '==', uid)))],
    [`count mine by ${owner}`, ({ all, uid }) => getCountFromServer(query(all, where(owner, '==', uid)))],
    [`list mine by ${owner}, in any folder of that name`, ({ db, all, uid }) => getDocs(query(collectionGroup(db, all.id), where(owner, '==', uid)))],
  ]),
  ['listen to the newest', ({ all }) => firstSnapshot(query(all, orderBy('created_at', 'desc'), limit(1)))],
  ['add', ({ all, uid }) => addDoc(all, { uid, ...between })],
  ['create', ({ missing, uid }) => setDoc(missing, { uid, ...between })],
  ['overwrite', ({ it, uid }) => setDoc(it, { uid })],
  ['write what is there', ({ it, data }) => setDoc(it, data, { merge: true })],
  ['give oneself pots', ({ it }) => updateDoc(it, { pots: increment(100) })],
  ['approve', ({ it }) => updateDoc(it, { status: 'approved' })],
  ['take over', ({ it, uid }) => updateDoc(it, { uid, asker_uid: uid, willsoner_uid: uid })],
  ['update in a batch', ({ db, it }) => writeBatch(db).update(it, { status: 'chat' }).commit()],
  ['delete', ({ it }) => deleteDoc(it)],
  ['delete a missing one', ({ missing }) => deleteDoc(missing)],
];

for (const [path, data] of Object.entries(stored)) {
  describe(path.slice(0, 40), () => {
    before(() => setDoc(doc(server, path), data));

    for (const [operation, attempt] of operations) {
      test(`${operation}: nobody may`, async () => {
        for (const [person, { db, uid }] of Object.entries(people)) {
          const all = collection(db, folderOf(path));
          const given = { db, uid, data, all, it: doc(db, path), missing: doc(all, `of ${uid}`) };
          await assert.doesNotReject(expect(false, () => attempt(given)), `${person} may`);
        }
      });
    }

    test('nothing was written', async () => {
      assert.deepEqual((await getDoc(doc(server, path))).data(), data);
      for (const { uid } of Object.values(people)) {
        assert.equal((await getDoc(doc(server, folderOf(path), `of ${uid}`))).exists(), false);
      }
    });
  });
}

// An account is made by signing up, never by its user: neither with pots nor without.
test('one\'s own account, willsoner and token, where there are none yet', async () => {
  const newcomers = [signIn('newcomer'), signIn('newcomer', { firebase: { sign_in_provider: 'custom', tenant: 'tenant2-m6tyz' } })];
  for (const { db, uid } of newcomers) {
    for (const folder of ['askers', 'willsoners', 'push_tokens']) {
      await assert.doesNotReject(expect(false, () => setDoc(doc(db, folder, uid), { uid, pots: 0, status: 'waiting' })), folder);
    }
  }
});
