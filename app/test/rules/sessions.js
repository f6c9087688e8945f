// Rooms and reservations: read by their two participants, listed by one's own uid, written by nobody.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  Timestamp, addDoc, collection, collectionGroup, deleteDoc, doc, documentId, getCountFromServer, getDoc, getDocs, limit,
  or, orderBy, query, runTransaction, setDoc, updateDoc, where, writeBatch,
} from 'firebase/firestore';
import { answers, asker, expect, firstSnapshot, other, people, server, willsoner } from './world.js';

const ids = { ours: 'ours', complete: 'complete', withoutWillsoner: 'without-willsoner', theirs: 'theirs', strangers: 'strangers', missing: 'missing' };

const list = (...filters) => ({ all }) => getDocs(query(all, ...filters));
const get = (id) => ({ all }) => getDoc(doc(all, id));

// The rights are the same in both collections.
//                                         asker willsoner other anonymous of a tenant signed out
const operations = [
  ['get',                                   'yes  yes       no    no        no          no', get(ids.ours)],
  ['listen to one',                         'yes  yes       no    no        no          no', ({ all }) => firstSnapshot(doc(all, ids.ours))],
  ['get a complete one',                    'yes  yes       no    no        no          no', get(ids.complete)],
  ['get one without a willsoner',           'yes  no        no    no        no          no', get(ids.withoutWillsoner)],
  ['get the one of two others',             'no   no        yes   no        no          no', get(ids.theirs)],
  ['get a missing one',                     'no   no        no    no        no          no', get(ids.missing)],

  ['list mine as an asker',                 'yes  yes       yes   yes       no          no', ({ all, uid }) => getDocs(query(all, where('asker_uid', '==', uid)))],
  ['list mine as a willsoner',              'yes  yes       yes   yes       no          no', ({ all, uid }) => getDocs(query(all, where('willsoner_uid', '==', uid)))],
  ['list mine in either part',              'yes  yes       yes   yes       no          no', ({ all, uid }) => getDocs(query(all, or(where('asker_uid', '==', uid), where('willsoner_uid', '==', uid))))],
  ['list mine as the server does',          'yes  yes       yes   yes       no          no', ({ all, uid }) => getDocs(query(all, where('asker_uid', '==', uid), where('status', '==', 'chat'), orderBy('idx', 'desc'), limit(300)))],
  ['listen to mine',                        'yes  yes       yes   yes       no          no', ({ all, uid }) => firstSnapshot(query(all, where('asker_uid', '==', uid)))],
  ['count mine',                            'yes  yes       yes   yes       no          no', ({ all, uid }) => getCountFromServer(query(all, where('asker_uid', '==', uid)))],

  ['list the asker\'s',                     'yes  no        no    no        no          no', list(where('asker_uid', '==', asker.uid))],
  ['list the willsoner\'s',                 'no   yes       no    no        no          no', list(where('willsoner_uid', '==', willsoner.uid))],
  ['list the other\'s',                     'no   no        yes   no        no          no', list(where('asker_uid', '==', other.uid))],
  ['list everybody\'s',                     'no   no        no    no        no          no', list()],
  ['list one of everybody\'s',              'no   no        no    no        no          no', list(limit(1))],
  ['list by status',                        'no   no        no    no        no          no', list(where('status', '==', 'chat'))],
  ['list those without a willsoner',        'no   no        no    no        no          no', list(where('willsoner_uid', '==', null))],
  ['list those of a uid that nobody has',   'no   no        no    no        no          no', list(where('asker_uid', '==', 'unknown'))],
  ['list mine and another\'s',              'no   no        no    no        no          no', ({ all, uid }) => getDocs(query(all, where('asker_uid', 'in', [uid, 'unknown'])))],
  ['list mine or those under way',          'no   no        no    no        no          no', ({ all, uid }) => getDocs(query(all, or(where('asker_uid', '==', uid), where('status', '==', 'chat'))))],
  ['list a range of uids around mine',      'no   no        no    no        no          no', ({ all, uid }) => getDocs(query(all, where('asker_uid', '>=', uid), where('asker_uid', '<=', uid)))],
  ['list all but another\'s',               'no   no        no    no        no          no', list(where('asker_uid', '!=', 'unknown'))],
  ['list by the document id of strangers',  'no   no        no    no        no          no', list(where(documentId(), '==', ids.strangers))],
  ['count everybody\'s',                    'no   no        no    no        no          no', ({ all }) => getCountFromServer(all)],
  ['list mine across collection groups',    'no   no        no    no        no          no', ({ db, all, uid }) => getDocs(query(collectionGroup(db, all.id), where('asker_uid', '==', uid)))],

  ['add',                                   'no   no        no    no        no          no', ({ all, uid }) => addDoc(all, session({ asker_uid: uid }))],
  ['create with an id',                     'no   no        no    no        no          no', ({ all, uid }) => setDoc(doc(all, ids.missing), session({ asker_uid: uid }))],
  ['overwrite',                             'no   no        no    no        no          no', ({ all, uid }) => setDoc(doc(all, ids.ours), session({ asker_uid: uid }))],
  ['mark complete',                         'no   no        no    no        no          no', ({ all }) => updateDoc(doc(all, ids.ours), { status: 'complete' })],
  ['bring back',                            'no   no        no    no        no          no', ({ all }) => updateDoc(doc(all, ids.complete), { status: 'chat' })],
  ['take a place in it',                    'no   no        no    no        no          no', ({ all, uid }) => updateDoc(doc(all, ids.withoutWillsoner), { willsoner_uid: uid })],
  ['buy time',                              'no   no        no    no        no          no', ({ all }) => updateDoc(doc(all, ids.ours), { 'concern.minutes': 500 })],
  ['write what is there',                   'no   no        no    no        no          no', ({ all }) => setDoc(doc(all, ids.ours), { asker_uid: asker.uid }, { merge: true })],
  ['update in a transaction',               'no   no        no    no        no          no', ({ db, all }) => runTransaction(db, async (t) => t.update(doc(all, ids.ours), { status: 'complete' }))],
  ['update in a batch',                     'no   no        no    no        no          no', ({ db, all }) => writeBatch(db).update(doc(all, ids.ours), { status: 'complete' }).commit()],
  ['delete',                                'no   no        no    no        no          no', ({ all }) => deleteDoc(doc(all, ids.ours))],
  ['delete a missing one',                  'no   no        no    no        no          no', ({ all }) => deleteDoc(doc(all, ids.missing))],
];

const session = (fields) => ({ idx: 1, status: 'chat', asker_uid: asker.uid, concern: { minutes: 50 }, started_at: Timestamp.now(), ...fields });
const stored = {
  [ids.ours]: session({ idx: 1, willsoner_uid: willsoner.uid }),
  [ids.complete]: session({ idx: 2, willsoner_uid: willsoner.uid, status: 'complete' }),
  [ids.withoutWillsoner]: session({ idx: 3 }),
  [ids.theirs]: session({ idx: 4, asker_uid: other.uid, willsoner_uid: 'someone' }),
  [ids.strangers]: session({ idx: 5, asker_uid: 'someone', willsoner_uid: 'someone-else' }),
};

for (const name of ['chatrooms', 'reservations']) {
  describe(name, () => {
    before(async () => {
      for (const [id, data] of Object.entries(stored)) await setDoc(doc(server, name, id), data);
    });

    for (const [operation, row, attempt] of operations) {
      for (const { name: person, who, allowed } of answers(row)) {
        test(`${operation}: ${person} ${allowed ? 'may' : 'may not'}`, async () => {
          const result = await expect(allowed, () => attempt({ db: who.db, uid: who.uid, all: collection(who.db, name) }));
          for (const found of (allowed && result.docs) || []) {
            assert.ok([found.get('asker_uid'), found.get('willsoner_uid')].includes(who.uid), `${found.id} is not theirs`);
          }
        });
      }
    }

    test('a list holds all that is mine', async () => {
      const mine = (who, part) => getDocs(query(collection(who.db, name), where(part, '==', who.uid)));
      const found = (snapshot) => snapshot.docs.map(({ id }) => id).filter((id) => id in stored).sort();
      assert.deepEqual(found(await mine(asker, 'asker_uid')), [ids.complete, ids.ours, ids.withoutWillsoner].sort());
      assert.deepEqual(found(await mine(willsoner, 'willsoner_uid')), [ids.complete, ids.ours].sort());
      assert.deepEqual(found(await mine(willsoner, 'asker_uid')), []);
    });

    test('nothing was written', async () => {
      for (const [id, data] of Object.entries(stored)) {
        assert.deepEqual((await getDoc(doc(server, name, id))).data(), data);
      }
      assert.equal((await getDoc(doc(server, name, ids.missing))).exists(), false);
    });
  });
}

describe('what no rule names', () => {
  const closed = [
    'review_images/1', 'users/u', 'chats/m', 'chatrooms/ours/notes/n', 'chatrooms/ours/chats/m/replies/r', 'reservations/ours/chats/m',
  ];
  const attempts = {
    get: (db, path) => getDoc(doc(db, `${path}-stored`)),
    list: (db, path) => getDocs(query(collection(db, path.slice(0, path.lastIndexOf('/'))), where('asker_uid', '==', asker.uid))),
    create: (db, path) => setDoc(doc(db, path), session({ uid: asker.uid })),
    update: (db, path) => updateDoc(doc(db, `${path}-stored`), { uid: asker.uid }),
    delete: (db, path) => deleteDoc(doc(db, `${path}-stored`)),
  };
  for (const path of closed) {
    test(path, async () => {
      await setDoc(doc(server, `${path}-stored`), session({ uid: asker.uid, willsoner_uid: willsoner.uid }));
      for (const [person, { db }] of Object.entries(people)) {
        for (const [operation, attempt] of Object.entries(attempts)) {
          await assert.doesNotReject(expect(false, () => attempt(db, path)), `${person} may ${operation} ${path}`);
        }
      }
    });
  }

  test('chats across rooms', async () => {
    for (const [person, { db, uid }] of Object.entries(people)) {
      for (const filters of [[], [where('uid', '==', uid)]]) {
        await assert.doesNotReject(expect(false, () => getDocs(query(collectionGroup(db, 'chats'), ...filters))), `${person} may`);
      }
    }
  });
});
