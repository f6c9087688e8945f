// The decoders that judge the server's answers in other tests have to be strict themselves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as decoders from './phone/decoders.js';

const { askersList, completed, reviewImages, reviewed, selected, willsonersList } = decoders;
const topic = { name: 'a', category: { name: 'b' } };
const named = [{ name: 'a' }];
const numbered = [{ idx: 1, name: 'a' }];
const person = { nickname: 'a', gender: '여', age: '20대 중반' };
const image = { pic: 'a', idx: 1, name: 'b', detail: 'c' };
const ofPerson = ['gender', 'age'];
const ofImage = ['idx', 'name', 'detail'];
const below = (path, keys) => keys.map((key) => `${path}.${key}`);
const tail = {
  login_at: 1, created_at: 1, updated_at: 1, idx: 1, email: '', gender: 'F', age: '', nickname: 'a', access_token: 'b', refresh_token: '',
};
const concernRow = {
  idx: 1, content: 'a', time: '30', timer: 1, subcategory: topic, personalities: named, status: 'init',
  dates: [{ date: 'a', from_time: 'b', to_time: 'c', date_format: 'd' }],
};
const ofConcernRow = ['timer', 'personalities', 'dates', 'status'];
const sections = ['realtime', 'reserve', 'completed'];
const whole = true;

// Each shape: an answer's data that holds what the app requires, and the keys of it that may be left out. Two of them are
// the whole answer.
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
  ['sign-up', decoders.signedUp, { ...tail, social: 'email', id: 'a' }, ['data', 'id']],
  ['sign-in', decoders.signedIn, { ...tail, id: 'a', status: 'b' }, ['code', 'message', 'data', 'status']],
  ['the home page', decoders.home, {
    landings: [{ copy: 'a', pic: 'b', btn: 'c' }],
    subcategories: numbered,
    reviews: { count: 1, rows: [{ title: 'a', content: 'b', date: '20.05.01', rating: 4.5 }] },
    interviews: [{ idx: 1, title: 'a', date: 'b', image: 'c', category: { name: 'd' } }],
    stories: [{ idx: 1, title: 'a', author: 'b', date: 'c', image: 'd', like_cnt: 1, likes: true }],
  }, ['reviews.rows', 'interviews.0.image', 'stories.0.image'], whole],
  ['the home page\'s willsoners', decoders.homeWillsoners, [
    { avg_rating: '0', idx: 1, experience: 'a', asker: person, subcategories: named, image: { pic: 'b' }, keywords: named },
  ], [...below('0.asker', ofPerson), '0.image']],
  ['choices', decoders.choices, numbered, ['data']],
  ['a concern', decoders.concernMade, {
    created_at: 1, updated_at: 1, idx: 1, asker_idx: 1, subcategory_idx: 1, direction_idx: 1, content: 'a', wil_gender: 'ALL', type: 'b', time: '',
  }, ['data']],
  ['payment', decoders.payment, {
    willsoners: [{ avg_rating: '0', idx: 1, experience: 'a', introduction: 'b', asker: person, subcategories: named, keywords: named, image }],
    tickets: [{ type: 'a', amount: 'b', idx: 1 }],
    concern: {
      content: 'a', wil_gender: 'ALL', subcategory_idx: 1, asker_idx: 1, asker: { nickname: 'a' },
      subcategory: { idx: 1, name: 'a', category_idx: 1, category: { name: 'b' } }, personalities: named, direction: { name: 'a' },
    },
  }, ['data', ...below('willsoners.0.asker', ofPerson), ...below('willsoners.0.image', ofImage)]],
  ['purchase', decoders.purchase, {
    asker: { point: { honeypot: '5개' } }, not_enought: 7, tickets: [{ amount: 'a', price: 'b' }],
  }, []],
  ['a payment\'s answer', decoders.paid, {
    idx: 1, created_at: 1, updated_at: 1, asker_idx: 1, subcategory_idx: 1, direction_idx: 1, timer: 1, code: 'a', message: 'b', content: 'c',
    wil_gender: 'd', type: 'e', time: 'f', status: 'g',
  }, ['idx', 'created_at', 'updated_at', 'asker_idx', 'subcategory_idx', 'direction_idx', 'timer', 'code', 'message', 'content', 'wil_gender', 'type', 'time', 'status'], whole],
  ['the concerns', decoders.concerns, {
    total_count: 3, ...Object.fromEntries(sections.map((name) => [name, { count: 1, rows: [concernRow] }])),
  }, ['data', ...sections, ...sections.flatMap((name) => [`${name}.rows`, ...below(`${name}.rows.0`, ofConcernRow)])]],
  ['the offers', decoders.offers, {
    timer: 1, category: '연애',
    matches: [{ idx: 1, willsoner: { idx: 1, avg_rating: '0', experience: 'a', asker: person, subcategories: named, keywords: named, image } }],
  }, [
    'data', ...below('matches.0.willsoner', ['avg_rating', 'experience', 'subcategories', 'keywords', 'image']),
    ...below('matches.0.willsoner.asker', ofPerson), ...below('matches.0.willsoner.image', ofImage),
  ]],
  ['an offer', decoders.offer, {
    match: { willsoner: { idx: 1, experience: 'a', introduction: 'b', asker: person, subcategories: [topic], image, keywords: named } },
    reviews: { count: 1, rows: [{ idx: 1, title: '', content: '', rating: 4.5, category: '', date: '' }], avg: '4.5' },
  }, [
    'data', 'match', 'reviews', 'reviews.rows', 'reviews.avg', ...below('match.willsoner', ['image', 'keywords']),
    ...below('match.willsoner.asker', ofPerson), ...below('match.willsoner.image', ofImage),
  ]],
  ['the requests', decoders.incoming, {
    categories: numbered,
    matches: { count: 1, rows: [{
      idx: 1, status: 'init', concern: { content: 'a', time: '30', timer: 1, asker: person, subcategory: topic, feelings: named },
    }] },
  }, ['data', 'matches', ...below('matches.rows.0.concern.asker', ofPerson)]],
  ['a request', decoders.incomingOne, {
    concern: { content: 'a', asker: person, subcategory: topic, feelings: named, direction: { name: 'a' } },
  }, ['data', ...below('concern.asker', ofPerson)]],
  ['an offer made', decoders.offered, {
    created_at: 1, updated_at: 1, idx: 1, status: 'waiting', roomkey: 'a', concern_idx: 1, willsoner_idx: 1, date_idx: 1,
  }, ['data', 'date_idx', 'roomkey']],
  ['the asker\'s page', decoders.askersHome, { nickname: 'a', email: 'b', point: { honeypot: '5개' } }, ['data', 'point', 'point.honeypot']],
  ['the willsoner\'s page', decoders.willsonersHome, {
    nickname: 'a', email: 'b', willsoner: { avg_rating: '0', introduction: 'c', image: { pic: 'd' }, keywords: named },
    point: { honeypot: '5개' }, auth: 60,
  }, ['willsoner', 'willsoner.avg_rating', 'point', 'point.honeypot', 'auth']],
  ['keywords', decoders.keywordsKept, numbered, ['data']],
  ['the willsoners\' images', decoders.willsonerImages, [image], below('0', ofImage)],
  ['a registration', decoders.registered, {
    login_at: 1, created_at: 1, updated_at: 1, idx: 1, asker_idx: 1, image_idx: 1, experience: 'a', introduction: 'b', status: 'waiting',
  }, ['data', 'status']],
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

// What is of another type than the key's own. A number that may have a fraction has one here.
const wrongFor = (value) => [true, 1.5].filter((wrong) => typeof wrong !== typeof value || Number.isInteger(value));
const valueAt = (value, path) => path.reduce((inner, key) => inner[key], value);

for (const [name, decode, data, optional, isWhole] of shapes) {
  describe(name, () => {
    const answer = isWhole ? data : { code: 'success', message: 'success', data };

    test('decodes, whatever keys there are more', () => {
      assert.deepEqual(JSON.parse(JSON.stringify(decode({ ...answer, more: 1 }))), answer);
    });

    for (const path of keys(answer)) {
      const key = path.join('.');
      const isOptional = optional.includes(key.replace(/^data\./, ''));
      test(`${key} is ${isOptional ? 'optional' : 'required'}`, () => {
        const missing = isOptional ? assert.doesNotThrow : assert.throws;
        for (const change of [remove, setTo(null)]) missing(() => decode(spoilt(answer, path, change)));
        for (const wrong of wrongFor(valueAt(answer, path))) assert.throws(() => decode(spoilt(answer, path, setTo(wrong))), TypeError);
      });
    }
  });
}
