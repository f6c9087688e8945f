// The decoders that judge the server's answers in other tests have to be strict themselves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askersList, completed, reviewImages, reviewed, selected, willsonersList } from './phone/decoders.js';

// Each shape: an answer that holds what the app requires, and the keys of it that may be left out.
const shapes = [
  ['the asker\'s list', askersList, {
    count: 1,
    ing: [{ idx: 1, roomkey: 'a_b_1', willsoner: { idx: 2, asker: { nickname: '' }, image: { pic: '' } }, concern: { time: '50', asker: { id: 'a' } } }],
    reserve: [{ idx: 2, roomkey: 'a_b', willsoner: { idx: 2, asker: { nickname: '' }, image: { pic: '' } } }],
  }, ['data', 'ing', 'reserve', 'ing.0.willsoner', 'ing.0.concern', 'ing.0.concern.time', 'ing.0.concern.asker', 'reserve.0.willsoner']],
  ['the willsoner\'s list', willsonersList, {
    count: 1,
    ing: [{ idx: 1, roomkey: 'a_b_1', willsoner: { idx: 2, asker: { id: 'b' } }, concern: { idx: 3, time: '50', asker: { nickname: '' } } }],
    reserve: [{ idx: 2, roomkey: 'a_b', willsoner: { idx: 2, asker: { id: 'b' } } }],
  }, ['data', 'ing', 'reserve', 'ing.0.willsoner', 'ing.0.concern', 'ing.0.concern.time', 'ing.0.concern.asker', 'reserve.0.willsoner']],
  ['select', selected, {
    created_at: 1, updated_at: 1, idx: 1, status: 'chat', roomkey: 'a_b_1', concern_idx: 1, willsoner_idx: 1, date_idx: 1,
  }, ['data', 'date_idx']],
  ['complete', completed, {
    created_at: 1, updated_at: 1, idx: 1, status: 'complete', roomkey: 'a_b_1', concern_idx: 1, willsoner_idx: 1, date_idx: 1,
  }, ['data', 'date_idx', 'roomkey']],
  ['the review\'s images', reviewImages, [{ idx: 1, name: 'a', detail: 'b', pic: 'c' }], ['data', '0.idx', '0.name', '0.detail']],
  ['a review', reviewed, {
    created_at: 1, updated_at: 1, idx: 1, match_idx: 1, title: '', content: '', rating: 4, image_idx: 2,
  }, ['data']],
];

// keys returns the path of every key in a value, those in lists with their number.
function keys(value, at = []) {
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...at, key];
    return [...(Array.isArray(value) ? [] : [path]), ...keys(inner, path)];
  });
}

// spoilt returns a copy of the answer in which change has been at one key.
function spoilt(answer, path, change) {
  const copy = structuredClone(answer);
  change(path.slice(0, -1).reduce((inner, key) => inner[key], copy), path.at(-1));
  return copy;
}

const remove = (inner, key) => { delete inner[key]; };
const setTo = (value) => (inner, key) => { inner[key] = value; };

for (const [name, decode, data, optional] of shapes) {
  describe(name, () => {
    const answer = { code: 'success', message: 'success', data };

    test('decodes, whatever keys there are more', () => {
      assert.deepEqual(JSON.parse(JSON.stringify(decode({ ...answer, more: 1 }))), answer);
    });

    for (const path of keys(answer)) {
      const key = path.join('.');
      const isOptional = optional.includes(key.replace(/^data\./, ''));
      test(`${key} is ${isOptional ? 'optional' : 'required'}`, () => {
        const missing = isOptional ? assert.doesNotThrow : assert.throws;
        for (const change of [remove, setTo(null)]) missing(() => decode(spoilt(answer, path, change)));
        for (const wrong of [true, 1.5]) assert.throws(() => decode(spoilt(answer, path, setTo(wrong))), TypeError);
      });
    }
  });
}
