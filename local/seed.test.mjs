// What seed.mjs makes of seed.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addressFor, offerTo, seed, toFields, toTime, whoIsWho } from './seed.mjs';

const now = Date.parse('2026-11-25T16:59:30Z');
const time = (value) => toTime(value, now)?.toISOString();

test('times', () => {
  assert.equal(time({ $time: '2020-11-11T15:50:40.3+09:00' }), '2020-11-11T06:50:40.300Z');
  assert.equal(time({ $in: '10m' }), '2026-11-25T17:09:30.000Z');
  assert.equal(time({ $in: '3h' }), '2026-11-25T19:00:00.000Z');
  assert.equal(time({ minutes: 60 }), undefined);
  assert.throws(() => time({ $in: 'tomorrow' }), /tomorrow/);
});

test('values', () => {
  assert.deepEqual(toFields({ a: 'x', b: true, c: 7, d: ['y'], e: { f: 1.5 } }, now), {
    a: { stringValue: 'x' }, b: { booleanValue: true }, c: { integerValue: '7' },
    d: { arrayValue: { values: [{ stringValue: 'y' }] } }, e: { mapValue: { fields: { f: { doubleValue: 1.5 } } } },
  });
  for (const value of [null, NaN, 2 ** 53]) assert.throws(() => toFields({ value }, now), /no place/);
});

test('addresses that work from where they are listened on', async () => {
  assert.equal(await addressFor('127.0.0.1:8000'), 'localhost:8000');
  assert.equal(await addressFor('[::1]:8000'), '[::1]:8000');
  for (const wildcard of ['0.0.0.0:8000', '[::]:8000']) {
    assert.match(await addressFor(wildcard), /^(?!0\.0\.0\.0)(\d+(\.\d+){3}|localhost):8000$/);
  }
});

const reference = JSON.parse(readFileSync(new URL('../reference/reference.json', import.meta.url), 'utf8'));

test('everybody who may sign in has an account, whose pots were given, and no two have one number', () => {
  const documents = Object.entries(seed.documents);
  const under = (collection) => documents.filter(([path]) => new RegExp(`^${collection}/[^/]+$`).test(path)).map(([, document]) => document);
  const askers = under('askers');
  const people = askers.map(({ uid, email, nickname: name }) => ({ uid, email, name }));
  assert.deepEqual(people, seed.accounts.map(({ uid, email, name }) => ({ uid, email, name })));
  for (const { uid, pots } of askers) {
    const lines = documents.filter(([path]) => path.startsWith(`askers/${uid}/transactions/`)).map(([, line]) => line);
    assert.equal(lines.reduce((sum, { amount }) => sum + amount, 0), pots);
    assert.equal(lines.at(-1).total, pots);
  }
  for (const numbered of [askers, under('willsoners')]) {
    assert.equal(new Set(numbered.map(({ idx }) => idx)).size, numbered.length);
  }
  assert.match(whoIsWho, /asker@willson\.test +willson {2}잔나, 280 pots: .*\n.*지수카카오, 15 pots, approved willsoner 12: /);
});

test('a concern of every category finds willsoners, of both genders too, whose numbers the reference data knows', () => {
  const willsoners = Object.entries(seed.documents).filter(([path]) => path.startsWith('willsoners/')).map(([, document]) => document);
  for (const { idx } of reference.categories) {
    const genders = willsoners.filter(({ category_idxs }) => category_idxs.includes(idx)).map(({ gender }) => gender);
    assert(genders.includes('F') && genders.includes('M'), `category ${idx}: ${genders}`);
  }
  for (const { uid, asker_idx, nickname, category_idxs, subcategory_idxs, image_idx, place } of willsoners) {
    const account = seed.documents[`askers/${uid}`];
    assert.deepEqual([asker_idx, nickname], [account.idx, account.nickname]);
    const subcategories = reference.subcategories.filter(({ idx }) => subcategory_idxs.includes(idx));
    assert.equal(subcategories.length, subcategory_idxs.length);
    assert.deepEqual([...new Set(subcategories.map(({ category_idx }) => category_idx))], category_idxs);
    assert(reference.willsoner_images.some(({ idx }) => idx === image_idx));
    assert(place >= 0 && place < 1);
  }
});

test('the first account can accept every offer, one after another', () => {
  const [{ uid }] = seed.accounts;
  const matches = Object.values(seed.documents).filter(({ status, asker_uid }) => status === 'waiting' && asker_uid === uid);
  assert.equal(matches.length, 3);
  assert.equal(offerTo(uid), 15145);
  assert.equal(offerTo('nobody'), '');

  // A match that was accepted stands for no time of its own: its room or reservation does.
  const sessions = Object.entries(seed.documents)
    .filter(([path, { status }]) => status === 'waiting' || (/^(chatrooms|reservations)/.test(path) && ['chat', 'reserved'].includes(status)))
    .map(([, document]) => document);
  const taken = sessions.map(({ starts_at, started_at, concern: { minutes }, asker_uid, willsoner_uid }) => {
    const from = starts_at || started_at ? toTime(starts_at ?? started_at, now).getTime() : now;
    return { from, to: from + minutes * 60_000, parties: [asker_uid, willsoner_uid] };
  });
  for (const a of taken) {
    for (const b of taken) {
      if (a === b || !a.parties.some((party) => party && b.parties.includes(party))) continue;
      assert(a.to <= b.from || b.to <= a.from, JSON.stringify([a, b]));
    }
  }
});
