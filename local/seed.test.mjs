// What seed.mjs makes of seed.json.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFor, offerTo, seed, toFields, toTime } from './seed.mjs';

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
  assert.deepEqual(toFields({ a: 'x', b: true, c: 7, d: ['y'], e: { f: 1 } }, now), {
    a: { stringValue: 'x' }, b: { booleanValue: true }, c: { integerValue: '7' },
    d: { arrayValue: { values: [{ stringValue: 'y' }] } }, e: { mapValue: { fields: { f: { integerValue: '1' } } } },
  });
  for (const value of [null, 1.5]) assert.throws(() => toFields({ value }, now), /no place/);
});

test('addresses that work from where they are listened on', async () => {
  assert.equal(await addressFor('127.0.0.1:8000'), 'localhost:8000');
  assert.equal(await addressFor('[::1]:8000'), '[::1]:8000');
  for (const wildcard of ['0.0.0.0:8000', '[::]:8000']) {
    assert.match(await addressFor(wildcard), /^(?!0\.0\.0\.0)(\d+(\.\d+){3}|localhost):8000$/);
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
