// The app's own failures, on answers made by hand: whoever plays phones against a server relies on them to crash.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConcernsTab, OffersPage, Asker } from './phone/asker.js';
import { Crash, Stuck } from './phone/crash.js';
import { IncomingTab, Willsoner } from './phone/willsoner.js';

const topic = { name: '이별', category: { name: '연애' } };
const now = 1_700_000_000; // s

// A phone whose answers are given in advance; the last one goes on.
function phoneWith(...answers) {
  const phone = {
    now,
    pages: [],
    asked: [],
    time: { fromServer: (milliseconds) => milliseconds },
    async ask(decode, method, path, body) {
      phone.asked.push({ path, body });
      return decode({ code: 'success', message: 'success', ...(answers.length > 1 ? answers.shift() : answers[0]) });
    },
  };
  return phone;
}

const concern = (status, seconds, more) => ({
  idx: 1, content: 'a', time: '30', subcategory: topic, personalities: [], status, ...(seconds !== undefined && { timer: (now + seconds) * 1000 }), ...more,
});
const list = (...rows) => ({ data: { total_count: rows.length + 1, realtime: { count: rows.length, rows }, reserve: { count: 0, rows: [] } } });

// run lets seconds pass on a tab and returns how often it asked.
async function run(phone, tab, seconds) {
  const before = phone.asked.length;
  for (let second = 0; second < seconds; second++) {
    phone.now++;
    await tab.tick();
  }
  return phone.asked.length - before;
}

describe('the asker\'s concerns', () => {
  const cases = [
    // the first answer, the later ones, seconds, requests from the first tick on, what the row shows then
    ['nobody offers', concern('init', 300.5), [concern('init', 300.5)], 299, 0, 'searching'],
    ['init goes on past its timer: a few requests', concern('init', 2.5), [concern('init', 2.5)], 200, 3, 'choose'],
    ['and one more before the end', concern('init', 2.5), [concern('init', 2.5)], 900, 4, 'choose'],
    ['empty at its timer', concern('init', 2.5), [concern('empty')], 900, 2, 'nobody'],
    ['unmatched just before the end', concern('init', -290.5), [concern('unmatched')], 900, 1, 'nobody'],
    ['init without timer: once a second', concern('init'), [concern('init')], 100, 100, undefined],
    ['empty with timer: once a second for five minutes', concern('init', 2.5), [concern('empty', 2.5)], 900, 301, 'nobody'],
    ['matched with timer: once a second for five minutes', concern('init', 2.5), [concern('matched', 2.5)], 900, 301, 'matched'],
    ['of another status', concern('closed'), [concern('closed')], 100, 0, undefined],
  ];
  for (const [name, first, later, seconds, requests, shown] of cases) {
    test(name, async () => {
      const phone = phoneWith(list(first), ...later.map((row) => list(row)));
      const tab = new ConcernsTab(phone);
      await tab.appear();
      assert.equal(await run(phone, tab, seconds), requests);
      assert.equal(tab.shows(1), shown);
    });
  }

  test('an answer without data is harmless', async () => {
    const phone = phoneWith(list(concern('init', 100)), {});
    const tab = new ConcernsTab(phone);
    await tab.appear();
    await tab.appear();
    await run(phone, tab, 10);
    assert.equal(tab.total, 0);
  });

  test('a section that got shorter than the place of a clock', async () => {
    const phone = phoneWith(list(concern('matched'), concern('init', 100, { idx: 2 })), list(concern('init', 100, { idx: 2 })));
    const tab = new ConcernsTab(phone);
    await tab.appear();
    await tab.appear();
    await assert.rejects(run(phone, tab, 1), Crash);
  });

  for (const [name, answer] of Object.entries({
    'no personalities': list({ ...concern('matched'), personalities: undefined }),
    'count over rows': { data: { total_count: 1, realtime: { count: 2, rows: [concern('matched')] } } },
  })) test(name, () => assert.rejects(new ConcernsTab(phoneWith(answer)).appear(), Crash));

  test('a tap opens what there is', async () => {
    for (const [row, opens] of [
      [concern('init', 10), 'WaitingPage'], [concern('init', -10), 'OffersPage'], [concern('init', -400), 'OffersPage'], [concern('matched')],
      [concern('matched', 10), 'WaitingPage'], [concern('empty')], [concern('unmatched')], [concern('closed')],
    ]) {
      const phone = phoneWith(list(row), {});
      const tab = new ConcernsTab(phone);
      await tab.appear();
      assert.equal((await tab.tap(1))?.constructor.name, opens);
    }
  });

  test('a reserve row crashes after a second', async () => {
    const phone = phoneWith({});
    const page = await new ConcernsTab(phone).tapReserve(1);
    assert.throws(() => page.tick(), Crash);
  });
});

describe('a willsoner\'s card', () => {
  const card = { idx: 1, avg_rating: '0', experience: '', asker: { nickname: '', gender: '', age: '' }, subcategories: [{ name: '' }], keywords: [] };
  const { experience, keywords, subcategories, ...bare } = card;
  const open = (willsoner) => new OffersPage(phoneWith({ data: { timer: 1, category: '', matches: [{ idx: 1, willsoner }] } }), 1, 10).appear();
  test('whole', () => open(card));
  for (const [name, willsoner] of Object.entries({
    'no gender': { ...card, asker: { nickname: '', age: '' } }, 'no age': { ...card, asker: { nickname: '', gender: '' } },
    'no experience': { ...bare, keywords, subcategories }, 'no keywords': { ...bare, experience, subcategories },
    'no subcategories': { ...bare, experience, keywords }, 'subcategories empty': { ...card, subcategories: [] },
  })) test(name, () => assert.rejects(open(willsoner), Crash));

  const detail = (data) => new OffersPage(phoneWith({ data }), 1, 10).tap(1);
  const willsoner = { idx: 1, experience: '', introduction: '', asker: { nickname: '' }, subcategories: [topic] };
  test('opened', () => detail({ match: { willsoner }, reviews: { count: 0 } }));
  test('opened, without subcategories', () => assert.rejects(detail({ match: { willsoner: { ...willsoner, subcategories: [] } } }), Crash));
  test('opened, with more reviews counted than there are', () => assert.rejects(detail({ match: { willsoner }, reviews: { count: 1, rows: [] } }), Crash));
});

test('the offers close themselves after five minutes, with what lies on them', async () => {
  const phone = phoneWith({});
  const page = new OffersPage(phone, 1, -298);
  phone.pages.push(page);
  await page.tap(7);
  page.tick();
  assert.equal(phone.pages.length, 2);
  page.tick();
  assert.deepEqual(phone.pages, [page]);
});

test('tickets that are not numbered by their place', async () => {
  const shown = { asker: { nickname: '' }, content: '', wil_gender: '', subcategory_idx: 1, asker_idx: 1, subcategory: { idx: 1, category_idx: 1, ...topic }, personalities: [], direction: { name: '' } };
  const tickets = (...numbers) => phoneWith({ data: { willsoners: [], tickets: numbers.map((idx) => ({ type: '', amount: '', idx })), concern: shown } });
  await assert.rejects(new Asker(tickets(2, 1)).pay(1), Crash);
  await assert.rejects(new Asker(tickets()).pay(1), Stuck);
});

describe('the form', () => {
  const rows = (count) => ({ data: [...Array(count).keys()].map((i) => ({ idx: i + 1, name: 'a' })) });
  test('sends its constants', async () => {
    const phone = phoneWith(rows(4), rows(9), rows(8), rows(3), { data: {
      created_at: 1, updated_at: 1, idx: 312, asker_idx: 1, subcategory_idx: 1, direction_idx: 1, content: 'a', wil_gender: 'ALL', type: 'realtime', time: '',
    } });
    assert.equal(await new Asker(phone).write({ content: '왜' }), 312);
    assert.deepEqual(phone.asked.at(-1), { path: 'asker/request/complete', body: {
      subcategory_idx: 1, feeling_idx: [1, 2, 3], keyword_idx: [1, 3], content: '왜', wil_gender: 'All', personality_idx: [1, 2, 3], direction_idx: 1,
      type: 'realtime', from_date: '2020-01-12', to_date: '2020-03-27', time: '9PM', agreement: 1,
    } });
  });
  for (const [name, answers, content] of [
    ['too few feelings', [rows(4), rows(2)], '왜'], ['no answer at the end', [rows(4), rows(9), rows(8), rows(3), {}], '왜'],
    ['301 emoji', [rows(9)], '👨‍👩‍👧'.repeat(301)], ['nothing written', [rows(9)], ''],
  ]) test(`ends without a message: ${name}`, () => assert.rejects(new Asker(phoneWith(...answers)).write({ content }), Stuck));
});

describe('the willsoner\'s requests', () => {
  const request = (idx, status, seconds = 100) => ({
    idx, status, concern: { content: 'a', time: '30', timer: (now + seconds) * 1000, asker: { nickname: '' }, subcategory: topic, feelings: [] },
  });
  const requests = (...rows) => ({ data: { categories: [], matches: { count: rows.length, rows } } });
  const open = async (...answers) => {
    const phone = phoneWith(...answers);
    const tab = new IncomingTab(phone);
    for (let i = 0; i < answers.length; i++) await tab.appear();
    return { phone, tab };
  };
  const seen = requests(request(3, 'init'), request(2, 'init'));

  for (const [name, answers, crashes] of [
    ['no rows, ever', [{}], false],
    ['rows that were never init, then none', [requests(request(1, 'closed')), {}], false],
    ['an init row, then no rows at all', [seen, {}], true],
    ['an init row, then data without rows', [seen, { data: { categories: [] } }], true],
    ['an init row, then an empty list', [seen, requests()], false],
    ['a list that got shorter, with an init row', [seen, requests(request(4, 'init'))], true],
    ['a list that got shorter, without', [seen, requests(request(4, 'closed'))], false],
    ['a list that got longer', [seen, requests(request(4, 'init'), request(3, 'waiting'), request(2, 'closed'))], false],
  ]) {
    test(`${name}: ${crashes ? 'crashes within a second' : 'goes on'}`, async () => {
      const { tab } = await open(...answers);
      if (crashes) assert.throws(() => tab.tick(), Crash);
      else for (let second = 0; second < 10; second++) tab.tick();
    });
  }

  test('an answer that does not decode changes nothing', async () => {
    const { tab } = await open(seen);
    const errors = new IncomingTab(phoneWith(seen, { data: {} }));
    await errors.appear();
    await assert.rejects(errors.appear(), TypeError);
    errors.tick();
    assert.deepEqual(errors.rows, tab.rows);
  });

  test('a tap opens a copy for each init row', async () => {
    const detail = { data: { concern: { content: 'a', asker: { nickname: '' }, subcategory: topic, feelings: [], direction: { name: '' } } } };
    for (const [rows, idx, pages] of [
      [[request(3, 'init'), request(2, 'init'), request(1, 'init')], 2, 3], [[request(3, 'init'), request(2, 'waiting')], 2, 1],
      [[request(2, 'waiting')], 2, 0], [[request(3, 'init'), request(2, 'init', -10)], 2, 0],
    ]) {
      const phone = phoneWith(requests(...rows), detail);
      const tab = new IncomingTab(phone);
      await tab.appear();
      assert.equal((await tab.tap(idx)).length, pages);
      assert.equal(phone.pages.length, pages);
    }
  });

  test('a page closes when its time is over, whatever was answered', async () => {
    const phone = phoneWith(requests(request(1, 'init', 3)), { code: 'time_out' });
    const tab = new IncomingTab(phone);
    await tab.appear();
    const [page] = await tab.tap(1);
    for (let second = 0; second < 3; second++) page.tick();
    assert.deepEqual([page.code, phone.pages], ['time_out', []]);
  });
});

test('a willsoner\'s image without a name', () => {
  const answers = [{ data: [{ idx: 1, name: 'a' }] }, { data: [{ idx: 1, name: 'a' }] }, { data: [{ pic: 'a', idx: 1 }] }];
  return assert.rejects(new Willsoner(phoneWith(...answers)).register(), Crash);
});
