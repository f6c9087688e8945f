// The whole way on the shipped app's phones: from its first screen, over the concern, the payment, the offer and the
// choice, to the reviewed session, with its own requests, decoders, clocks and crash conditions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { doc, setDoc } from 'firebase/firestore';
import { age, ageAccount, clear, loadRules, openAsServer } from './local/emulators.js';
import { insist, openLine } from './local/line.js';
import { buildServer, startServer } from './local/server.js';
import { Time } from './local/time.js';
import { Stuck } from './phone/crash.js';
import { Phone } from './phone/phone.js';
import { Talk } from './phone/talk.js';

const run = Date.now().toString(36);
const invitation = '들어와요';

let built, server, store, line;

before(async () => {
  store = openAsServer();
  await loadRules();
  built = await buildServer();
  server = await startServer(built.binary, { INVITATION_CODES: invitation });
  line = await openLine(server);
});

after(async () => {
  line?.close();
  await server?.stop();
  assert.deepEqual(server?.failures, []);
  await built?.remove();
  await store?.close();
});

let people = 0;

// A World is its people's phones and the time that passes for them.
class World {
  time = new Time(store.db);
  #phones = [];

  phone({ slow = 0, party } = {}) {
    const phone = new Phone({ server: line, time: this.time, slow, party });
    this.#phones.push(phone);
    return phone;
  }

  // What a user types, who has never been here.
  newcomer(fields = {}) {
    const number = ++people;
    return { email: `road-${run}-${number}@willson.test`, password: 'willson', gender: 'F', age: '1997', nickname: `질문자${number}`, ...fields };
  }

  async asker(options) {
    const phone = this.phone(options);
    const person = this.newcomer();
    await phone.signUp(person);
    await phone.signIn(person);
    return phone;
  }

  // A willsoner is an asker who registers and is invited; the shipped app has no page for an invitation.
  async willsoner({ category, ...options } = {}) {
    const phone = await this.asker({ ...options, party: 'willsoner' });
    assert.equal((await phone.willsoner.register({ category })).code, 'success');
    assert.equal((await newerApp(phone, 'PATCH', 'willsoner/register/invitation', { code: invitation })).code, 'success');
    return phone;
  }

  async close() {
    for (const phone of this.#phones) await phone.close();
  }
}

// newerApp asks what the shipped app has no page for, past the phones' line.
async function newerApp({ token }, method, path, body) {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method, headers: { 'x-token': token, 'Content-Type': 'application/json' }, ...(body && { body: JSON.stringify(body) }),
  });
  return response.json();
}

// road runs a test in an empty database. The emulator loses a listener's update now and then (session.test.js says how
// often): where a phone waited for one, everything is done again.
async function road(work) {
  for (let tries = 1; ; tries++) {
    await clear();
    await setDoc(doc(store.db, 'review_images/2'), { idx: 2, name: '재치있는 타입', detail: '유머로 풀어 줘요', pic: 'review_02.png' });
    const world = new World();
    try {
      return await work(world);
    } catch (error) {
      if (tries === 4 || !error.message.startsWith('not seen in')) throw error;
    } finally {
      line.bad = false;
      await world.close();
    }
  }
}

// The steps that all of the ways have in common.
async function ask(asker, { ticket, ...concern } = {}) {
  const idx = await asker.asker.write({ content: '이별 뒤에 잠이 안 와요', ...concern });
  assert.equal((await asker.asker.pay(idx, ticket)).code, 'success');
  assert.equal(asker.asker.concerns.shows(idx), 'searching');
  return idx;
}

const requestOf = ({ willsoner }, content) => {
  const row = willsoner.incoming.rows.find(({ concern }) => concern.content === content);
  assert.ok(row, `no request "${content}" among ${JSON.stringify(willsoner.incoming.rows)}`);
  return row;
};

// offer opens the request that has this text and offers, on the copy that lies on top. It returns the match's number.
async function offer(willsoner, content = '이별 뒤에 잠이 안 와요') {
  await willsoner.willsoner.incoming.appear();
  const { idx, status } = requestOf(willsoner, content);
  assert.equal(status, 'init');
  const pages = await willsoner.willsoner.incoming.tap(idx);
  assert.equal(pages.at(-1).concern.content, content);
  const { data } = await insist(() => pages.at(-1).offer());
  assert.equal(data.status, 'waiting');
  // The other copies lie there until they are sent away: the user taps them, and offers again.
  for (const page of pages.slice(0, -1).reverse()) assert.equal((await page.offer()).data.idx, idx);
  await willsoner.willsoner.incoming.appear();
  assert.equal(willsoner.willsoner.incoming.rows.find((row) => row.idx === idx).status, 'waiting');
  return idx;
}

// choose opens the offers and selects one of them.
async function choose(asker, concernIdx, matchIdx) {
  assert.equal(asker.asker.concerns.shows(concernIdx), 'choose');
  const offers = await asker.asker.concerns.tap(concernIdx);
  const chosen = offers.matches.find(({ idx }) => idx === matchIdx);
  assert.ok(chosen, `${matchIdx} is not among ${JSON.stringify(offers.matches)}`);
  const page = await offers.tap(matchIdx);
  assert.ok(page.willsoner, page.code);
  return insist(() => page.select());
}

const rest = ['enter', 'agree', 'talk', 'review', 'complete'];

// talk goes from a selected match to the reviewed session. Between talk and review what was bought passes.
async function talk(idx, phones, between = () => {}) {
  const session = new Talk(idx, phones);
  for (const step of rest) {
    if (step === 'review') await between();
    await session.steps[step]();
  }
}

const potsOf = async (phone) => (await phone.asker.myPage()).point.honeypot;
const timesAsked = (phone, request) => phone.asked.filter((each) => each === request).length;
const listings = (phone) => timesAsked(phone, 'GET asker/list/concerns');

describe('from the first screen to the review', { timeout: 600_000 }, () => {
  test('the plain way', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const { landings, subcategories, willsoners } = await asker.asker.home();
    assert.ok(landings.length > 0 && subcategories.length > 0);
    assert.deepEqual(willsoners.map(({ avg_rating }) => avg_rating), ['0']);
    assert.equal(await potsOf(asker), '15개');
    await asker.asker.concerns.appear();
    assert.equal(asker.asker.concerns.total, 0);
    await willsoner.willsoner.incoming.appear();
    assert.deepEqual(willsoner.willsoner.incoming.rows, []);

    const concern = await ask(asker);
    assert.equal(await potsOf(asker), '8개');
    await time.pass(60);
    await asker.asker.concerns.tap(concern); // the waiting page
    const match = await offer(willsoner);
    assert.equal(asker.asker.concerns.shows(concern), 'searching');
    await time.pass(245);
    assert.equal((await choose(asker, concern, match)).data.status, 'chat');
    await asker.asker.concerns.appear();
    assert.equal(asker.asker.concerns.shows(concern), 'matched');
    await willsoner.willsoner.incoming.appear();
    const { status, concern: { content } } = willsoner.willsoner.incoming.rows[0];
    assert.deepEqual([status, content], ['closed', '마감된 요청입니다']);

    await talk(match, { asker, willsoner }, () => time.pass(30 * 60));
    await asker.asker.concerns.appear();
    await willsoner.willsoner.incoming.appear();
    const { realtime, completed, total } = asker.asker.concerns;
    assert.deepEqual([realtime.length, completed.map(({ idx }) => idx), total], [0, [concern], 1]);
    await time.pass(10);
    assert.ok(listings(asker) <= 14, `${listings(asker)} times the list`);

    assert.equal(await potsOf(asker), '8개');
    const { data: ledger } = await newerApp(asker, 'GET', 'asker/mypage/offer/transaction');
    assert.deepEqual(ledger.map(({ action, amount, total: left }) => [action, amount, left]), [
      ['사용', '꿀단지 7개', '남은 꿀단지 8개'], ['지급', '꿀단지 15개', '남은 꿀단지 15개'],
    ]);
    assert.equal((await willsoner.willsoner.myPage()).willsoner.avg_rating, '4.5');
    assert.deepEqual((await asker.asker.home()).willsoners.map(({ avg_rating }) => avg_rating), ['4.5']);

    // The same two once more: the review is among the offer's.
    const again = await ask(asker, { content: '다시 이야기하고 싶어요' });
    const second = await offer(willsoner, '다시 이야기하고 싶어요');
    await time.pass(305);
    const page = await (await asker.asker.concerns.tap(again)).tap(second);
    assert.deepEqual([page.reviews.count, page.reviews.rows[0].rating, page.reviews.rows[0].content, page.reviews.avg], [1, 4.5, '좋았어요', '4.5']);
  }));

  test('nobody offers, and the concern is paid for anew', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const concern = await ask(asker);
    await willsoner.willsoner.incoming.appear();
    const [page] = await willsoner.willsoner.incoming.tap(willsoner.willsoner.incoming.rows[0].idx);
    await time.pass(305);
    assert.deepEqual(willsoner.pages, []);
    assert.equal((await page.offer()).code, 'time_out');
    assert.equal(asker.asker.concerns.shows(concern), 'nobody');
    assert.equal(await asker.asker.concerns.tap(concern), undefined);
    await willsoner.willsoner.incoming.appear();
    assert.equal(willsoner.willsoner.incoming.rows[0].status, 'closed');
    await time.pass(300);
    await asker.asker.concerns.appear();
    assert.equal(asker.asker.concerns.shows(concern), 'nobody');
    assert.ok(listings(asker) <= 12, `${listings(asker)} times the list`);

    assert.equal((await asker.asker.pay(concern)).code, 'success');
    assert.equal(asker.asker.concerns.shows(concern), 'searching');
    const match = await offer(willsoner);
    assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['waiting', 'closed']);
    await time.pass(305);
    assert.equal((await choose(asker, concern, match)).data.status, 'chat');
    await time.pass(120);
    assert.equal(await potsOf(asker), '8개');
  }));

  test('nobody is chosen, and the pots are free again', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const concern = await ask(asker, { ticket: 3 });
    const match = await offer(willsoner);
    await time.pass(305);
    assert.equal(await potsOf(asker), '0개');
    const offers = await asker.asker.concerns.tap(concern);
    const page = await offers.tap(match);
    await time.pass(300);
    assert.deepEqual(asker.pages, []);
    assert.equal(asker.asker.concerns.shows(concern), 'nobody');
    await time.pass(60);
    assert.equal((await page.select()).data, undefined);
    assert.equal(await potsOf(asker), '0개');
    await willsoner.willsoner.incoming.appear();
    assert.equal(willsoner.willsoner.incoming.rows[0].status, 'closed');
    await time.pass(30);
    assert.equal(await potsOf(asker), '15개');
    assert.ok(listings(asker) <= 12, `${listings(asker)} times the list`);
  }));

  // The earlier payment's offers could still be chosen for a minute: they are none of this payment's.
  test('nobody is chosen, and the concern is paid for anew at once', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const concern = await ask(asker, { ticket: 3 });
    const old = await offer(willsoner);
    await time.pass(605);
    assert.equal((await asker.asker.pay(concern)).code, 'success');
    assert.equal(await potsOf(asker), '8개');
    assert.deepEqual((await newerApp(asker, 'GET', `asker/list/concerns/realtime/${concern}`)).data.matches, []);
    await willsoner.willsoner.incoming.appear();
    assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['init', 'closed']);
    assert.equal((await asker.select(old)).data, undefined);
    const match = await offer(willsoner);
    await time.pass(305);
    assert.deepEqual((await asker.asker.concerns.tap(concern)).matches.map(({ idx }) => idx), [match]);
    assert.equal((await choose(asker, concern, match)).data.status, 'chat');
    await time.pass(120);
    assert.equal(await potsOf(asker), '8개');
  }));

  test('every answer to a change is lost once', () => road(async (world) => {
    const { time } = world;
    line.lost.clear();
    line.bad = true;

    // A form whose answer is lost spins, and its address is taken at Firebase: the user starts the app anew and signs in.
    const comesIn = async (options) => {
      const person = world.newcomer();
      for (const request of line.lost) if (request.includes('/sign/')) line.lost.delete(request); // they tell nobody apart
      await assert.rejects(world.phone(options).signUp(person), { message: 'fetch failed' });
      await assert.rejects(world.phone(options).signUp(person), { code: 'auth/email-already-in-use' });
      const phone = world.phone(options);
      await insist(() => phone.signIn(person));
      return phone;
    };
    const asker = await comesIn();
    const willsoner = await comesIn({ party: 'willsoner' });
    // A page that stays is left and opened anew: there are six changes on the way.
    assert.equal((await insist(() => willsoner.willsoner.register(), 7)).code, 'already_registered_willsoner');
    await newerApp(willsoner, 'PATCH', 'willsoner/register/invitation', { code: invitation });

    const content = '👨‍👩‍👧'.repeat(300);
    const concern = await insist(() => asker.asker.write({ content })); // of two that were made, the other stays unpaid
    const payment = await asker.asker.openPayment(concern);
    const paid = await insist(() => payment.pay());
    assert.deepEqual([paid.code, asker.asker.concerns.total], ['success', 1]);
    assert.equal(await potsOf(asker), '8개');

    await assert.rejects(willsoner.willsoner.incoming.appear(), { message: 'fetch failed' });
    const match = await offer(willsoner, content);
    await time.pass(305);
    await choose(asker, concern, match);
    await talk(match, { asker, willsoner });
    assert.equal(await potsOf(asker), '8개');
    await asker.asker.concerns.appear();
    assert.deepEqual(asker.asker.concerns.completed.map(({ idx }) => idx), [concern]);
    const lost = [...line.lost].map((request) => request.split(' ').slice(0, 2).join(' ').replace(/\d{9,}/, '#'));
    for (const change of [
      'POST /api/v1/asker/sign/signup', 'POST /api/v1/asker/sign/signin', 'POST /api/v1/willsoner/register/keyword',
      'POST /api/v1/willsoner/register/complete', 'POST /api/v1/asker/request/complete', 'POST /api/v1/asker/payment/purchase',
      'POST /api/v1/asker/payment/#', 'PATCH /api/v1/willsoner/list/realtime/matches/#/select', 'PATCH /api/v1/asker/list/matches/#/select',
      'POST /api/v1/asker/chat/review/complete', 'PATCH /api/v1/asker/chat/complete/#',
    ]) assert.ok(lost.includes(change), `${change} was not lost: ${lost}`);
  }));

  for (const [askers, willsoners] of [[60, -60], [-60, 60], [60, 60], [-60, -60]]) {
    const name = (slow) => (slow > 0 ? 'a minute slow' : 'a minute fast');
    test(`the asker's clock is ${name(askers)}, the willsoners' ${name(willsoners)}`, () => road(async (world) => {
      const { time } = world;
      const asker = await world.asker({ slow: askers });
      const [early, late] = [await world.willsoner({ slow: willsoners }), await world.willsoner({ slow: willsoners })];
      const concern = await ask(asker);
      const match = await offer(early);
      await late.willsoner.incoming.appear();
      const { timer } = asker.asker.concerns.realtime[0];
      const until = (phone, seconds) => time.pass(Math.ceil(timer / 1000 + seconds - phone.now));

      // The other willsoner offers when his phone has five seconds left, if it then is not too late.
      await until(late, -5);
      const [page] = await late.willsoner.incoming.tap(late.willsoner.incoming.rows[0].idx);
      assert.equal((await page.offer()).code, willsoners > 0 ? 'time_out' : 'success');
      await late.willsoner.incoming.appear();

      // The asker chooses when his phone has five seconds left, if it was not over by then.
      await until(asker, 5);
      assert.equal(asker.asker.concerns.shows(concern), 'choose');
      const offers = await asker.asker.concerns.tap(concern);
      const chosen = await offers.tap(match);
      await until(asker, 295);
      assert.equal(asker.pages.length, 2);
      assert.equal((await chosen.select()).data?.status, 'chat');
      await asker.asker.concerns.appear();
      assert.equal(asker.asker.concerns.shows(concern), 'matched');
      for (const willsoner of [early, late]) {
        await willsoner.willsoner.incoming.appear();
        assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['closed']);
      }
      await time.pass(120);
      assert.ok(listings(asker) <= 14, `${listings(asker)} times the list`);
      await talk(match, { asker, willsoner: early });
    }));
  }

  test('two concerns and three willsoners at once', () => road(async (world) => {
    const { time } = world;
    const askers = [await world.asker(), await world.asker()];
    const [one, two, three] = [await world.willsoner(), await world.willsoner(), await world.willsoner()];
    const texts = ['첫 번째 고민', '두 번째 고민'];
    const concerns = await Promise.all(askers.map((asker, i) => ask(asker, { content: texts[i] })));
    await time.pass(20);
    for (const willsoner of [one, two, three]) {
      await willsoner.willsoner.incoming.appear();
      assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['init', 'init']);
    }
    await time.pass(20);

    // One and two offer on the first concern, one and three on the second; all of it at once.
    const ofOne = async () => [await offer(one, texts[0]), await offer(one, texts[1])];
    const [[first, second], ofTwo, ofThree] = await Promise.all([ofOne(), offer(two, texts[0]), offer(three, texts[1])]);
    await time.pass(270);
    assert.equal((await choose(askers[0], concerns[0], first)).data.status, 'chat');
    for (const [willsoner, idx, status] of [[two, ofTwo, 'closed'], [three, ofThree, 'waiting']]) {
      await willsoner.willsoner.incoming.appear();
      assert.equal(willsoner.willsoner.incoming.rows.find((row) => row.idx === idx).status, status);
    }
    // One is in a talk: the second asker is told nothing, and takes three.
    const refused = await choose(askers[1], concerns[1], second);
    assert.deepEqual([refused.code, refused.data], ['already_matched', undefined]);
    askers[1].pages.length = 0;
    assert.equal((await choose(askers[1], concerns[1], ofThree)).data.status, 'chat');
    for (const willsoner of [one, two, three]) {
      await willsoner.willsoner.incoming.appear();
      assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['closed', 'closed']);
    }
    for (const asker of askers) await asker.asker.concerns.appear();
    await time.pass(400);

    await talk(first, { asker: askers[0], willsoner: one });
    await talk(ofThree, { asker: askers[1], willsoner: three });
    for (const [i, asker] of askers.entries()) {
      await asker.asker.concerns.appear();
      assert.deepEqual(asker.asker.concerns.completed.map(({ idx }) => idx), [concerns[i]]);
      assert.equal(await potsOf(asker), '8개');
    }
    await time.pass(10);
  }));

  // The rows' clocks go by their old places.
  test('an older talk is completed while a new request waits', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const older = await ask(asker);
    const match = await offer(willsoner);
    await time.pass(305);
    await choose(asker, older, match);
    await asker.asker.concerns.appear();
    const newer = await ask(asker, { content: '다른 고민도 있어요' });
    assert.deepEqual(asker.asker.concerns.realtime.map(({ idx }) => idx), [newer, older]);
    await willsoner.willsoner.incoming.appear();
    assert.deepEqual(willsoner.willsoner.incoming.rows.map(({ status }) => status), ['init', 'closed']);
    await time.pass(60);
    await talk(match, { asker, willsoner });
    await asker.asker.concerns.appear();
    await time.pass(600);
    assert.deepEqual([asker.asker.concerns.shows(newer), asker.asker.concerns.completed.length], ['nobody', 1]);
  }));

  test('the tab with the requests survives a token that has ended', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    await ask(asker);
    const { incoming } = willsoner.willsoner;
    await incoming.appear();
    const good = willsoner.token;
    for (const token of [age(good, 31 * 3600), 'none', '']) {
      willsoner.token = token;
      await assert.rejects(incoming.appear(), TypeError); // an answer without rows must not decode
      await time.pass(3);
    }
    willsoner.token = good;
    await offer(willsoner);
  }));

  test('a reservation of newer apps blanks nothing', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const dateIn = (days) => new Date(Date.now() + (9 + 24 * days) * 3_600_000).toISOString().slice(0, 10); // of Seoul
    const { data: { idx } } = await newerApp(asker, 'POST', 'asker/request/complete', {
      subcategory_idx: 1, feeling_idx: [2, 4], content: '예약 고민 신청입니다', wil_gender: 'ALL', personality_idx: [2, 3], direction_idx: 2, type: 'reserve',
      from_date: dateIn(1), to_date: dateIn(2), from_time_from: '18:00', from_time_to: '23:30', to_time_from: '12:30', to_time_to: '15:00',
    });
    assert.equal((await newerApp(asker, 'POST', 'asker/payment/complete', { concern_idx: idx, ticket_idx: 1 })).code, 'success');
    const concern = await ask(asker);
    await willsoner.willsoner.incoming.appear();
    assert.equal(willsoner.willsoner.incoming.rows.length, 1);
    const { reserve, realtime, total } = asker.asker.concerns;
    assert.deepEqual([reserve.map((row) => row.idx), reserve[0].dates.length, realtime.map((row) => row.idx), total], [[idx], 2, [concern], 2]);

    const { data: { matches: { rows: [row] } } } = await newerApp(willsoner, 'POST', 'willsoner/list/reserve/matches', { category_idx: 0 });
    const { code } = await newerApp(willsoner, 'PATCH', `willsoner/list/reserve/matches/${row.idx}/select`, { date: dateIn(2), from_time: '13:00' });
    assert.equal(code, 'success');
    assert.equal((await asker.select(row.idx)).data.status, 'chat');
    for (const phone of [asker, willsoner]) assert.deepEqual((await phone.list()).data.reserve.map((session) => session.idx), [row.idx]);
    await time.pass(700);
    await asker.asker.concerns.appear();
    assert.equal(asker.asker.concerns.shows(concern), 'nobody');
  }));

  test('a talk and its review outlive the ID token', () => road(async (world) => {
    const { time } = world;
    const [asker, willsoner] = [await world.asker(), await world.willsoner()];
    const phones = { asker, willsoner };
    const concern = await ask(asker);
    const match = await offer(willsoner);
    await time.pass(305);
    await choose(asker, concern, match);
    await talk(match, phones, async () => {
      const hours = 90 * 60;
      for (const phone of Object.values(phones)) {
        const idToken = await phone.user.getIdToken();
        await ageAccount(phone.uid, 2 * hours);
        assert.equal((await newerApp({ token: age(idToken, hours) }, 'GET', 'asker/chat/chatrooms')).code, 'access_token_expired');
        phone.token = age(phone.token, hours);
      }
    });
  }));
});

describe('coming in', () => {
  test('an unknown user of Apple fills the form, and is in', () => road(async (world) => {
    const phone = world.phone();
    const apple = { sub: `apple-${run}`, email: `apple-${run}@willson.test` };
    assert.equal(await phone.signInByApple(apple), 'form');
    assert.equal((await phone.signUpByApple({ gender: 'M', age: '1975', nickname: '사과' })).data.email, apple.email);
    assert.equal(await phone.signInByApple(apple), 'in');
    assert.equal((await phone.asker.myPage()).nickname, '사과');
  }));

  test('a user of an address who never filled the form is in, with pots', () => road(async (world) => {
    const person = world.newcomer();
    await assert.rejects(world.phone().signUp({ ...person, age: '2020' }).then(({ data }) => assert.ok(data)), assert.AssertionError);
    const phone = world.phone();
    const { data } = await phone.signIn(person);
    assert.deepEqual([data.gender, data.age, await potsOf(phone)], ['', '', '15개']);
  }));

  test('Kakao\'s own token is none of ours', () => road(async (world) => {
    await assert.rejects(world.phone().signInByKakao('KAKAO.access.token'), Stuck);
  }));
});
