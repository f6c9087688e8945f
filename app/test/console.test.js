// The console in a real browser: two windows, two people.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import { collection, deleteDoc, doc, getDoc, getDocs, query, setDoc, Timestamp, updateDoc, where } from 'firebase/firestore';
import { findBrowser, launchBrowser } from './local/browser.js';
import { seed } from '../../local/seed.mjs';
import { authEmulator, clear, firestoreEmulator, loadRules, loadSeed, openAsServer } from './local/emulators.js';
import { buildServer, startServer } from './local/server.js';

const minute = 60_000;
const laptop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

const region = (page, name) => page.getByRole('region', { name, exact: true });
const card = (page, idx) => page.locator(`[data-idx="${idx}"]`);
const button = (scope, name) => scope.getByRole('button', { name, exact: true });
const messages = (page) => page.getByRole('log', { name: '메시지' }).getByRole('listitem');
const step = (page, id) => page.locator(`[data-step="${id}"]`);
const notice = (page, hasText) => page.getByRole('status').filter({ hasText }).waitFor();
const exchange = (page, asked, status) => (
  page.locator(`[data-status="${status}"]`).filter({ has: page.locator('.asked', { hasText: asked }) }).first()
);
const seen = (locator, ...texts) => Promise.all(texts.map((hasText) => locator.filter({ hasText }).first().waitFor()));
const gone = (locator) => locator.waitFor({ state: 'hidden' });
const numberOf = async (locator) => Number(await locator.getAttribute('data-idx'));

const browserPath = findBrowser();
let built;
before(async () => {
  built = await buildServer();
});
after(() => built?.remove());

test('without emulators there is no console', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'willson-'));
  const credentials = join(folder, 'service-account.json');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(credentials, JSON.stringify({
    type: 'service_account', project_id: 'demo-production', private_key: privateKey, client_email: 'server@willson.test',
    token_uri: 'http://127.0.0.1:9/token',
  }));
  const production = await startServer(built.binary, {
    FIREBASE_AUTH_EMULATOR_HOST: undefined, FIRESTORE_EMULATOR_HOST: undefined, GOOGLE_APPLICATION_CREDENTIALS: credentials,
  });
  try {
    for (const path of ['/console', '/console/', '/console/config.json', '/console/told', '/console/assets/']) {
      const response = await fetch(production.url + path);
      assert.deepEqual([response.status, await response.json()], [404, { code: 'route_not_found', message: 'Route not found' }], path);
    }
  } finally {
    await production.stop();
    await rm(folder, { recursive: true });
  }
});

if (browserPath) {
  describe('the console', { timeout: 300_000 }, theConsole);
} else {
  test('the console', () => {
    throw 'there is no Chrome or Chromium to see it in: install one (Debian: apt-get install chromium), or name one in CHROME_PATH';
  });
}

function theConsole() {
  let server, store, browser;
  let asker, willsoner;
  let isLost = false;
  const requests = [];
  const problems = [];
  const stamp = Date.now(); // accounts of Firebase Auth stay when the rest is cleared

  before(async () => {
    browser = await launchBrowser(browserPath);
    store = openAsServer();
    await loadRules();
    await clear();
    await setDoc(doc(store.db, 'review_images/2'), { idx: 2, name: '공감하는 타입', detail: '내 마음을 그대로 알아줘요', pic: 'https://pic.test/2.png' });
    server = await startServer(built.binary, { INVITATION_CODES: 'willson' });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await store?.close();
  });

  // Each step stands on those before it.
  const next = (name, work) => test(name, async (t) => {
    if (isLost) return t.skip('an earlier step failed');
    isLost = true;
    await work();
    isLost = false;
  });

  // Chromium draws one window of a context at a time, so each person's has its own, unless the two shall share one.
  async function openWindow(context) {
    const page = await (context ?? await newContext()).newPage();
    const response = await page.goto(`${server.url}/console`);
    assert.equal(response.status(), 200, await response.text());
    await page.getByRole('heading', { name: '가입하기' }).waitFor();
    return page;
  }

  async function newContext() {
    const context = await browser.newContext({ locale: 'ko-KR', viewport: laptop });
    context.setDefaultTimeout(Number(process.env.PATIENCE ?? 30_000));
    await context.addInitScript({ content: axe.source });
    context.on('request', (request) => requests.push(new URL(request.url())));
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text());
    });
    return context;
  }

  async function signUp(page, name, nickname, year) {
    const form = page.getByRole('form', { name: '가입하기' });
    await write(page, form.getByLabel('이메일'), `${name}${stamp}@willson.test`);
    await write(page, form.getByLabel('비밀번호'), 'secret');
    await write(page, form.getByLabel('닉네임'), nickname);
    await write(page, form.getByLabel('태어난 해'), year);
    await pressUntil(page, 'Tab', form.getByLabel('여', { exact: true }));
    await page.keyboard.press('Space');
    await enter(page, button(form, '가입하기'));
  }

  const side = (page, name) => button(page.getByRole('navigation', { name: '역할' }), name);

  async function chat(idx, id) {
    const rooms = await getDocs(query(collection(store.db, 'chatrooms'), where('idx', '==', idx)));
    return (await getDoc(doc(rooms.docs[0].ref, 'chats', id))).data();
  }

  // Time that nobody waits for: what is stored moves back, and the pages' clocks forward until they have seen what came of it.
  async function fiveMinutesPass(seenThen) {
    for (const folder of ['concerns', 'matches']) {
      const { docs } = await getDocs(collection(store.db, folder));
      for (const document of docs) {
        const moved = ['timer', 'open_until'].filter((name) => document.get(name)).map((name) => (
          [name, Timestamp.fromMillis(document.get(name).toMillis() - 5 * minute - 1000)]
        ));
        if (moved.length > 0) await updateDoc(document.ref, Object.fromEntries(moved));
      }
    }
    await clockForward(5 * minute + 2000, seenThen);
  }

  async function clockForward(by, seenThen) {
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now() + by);
    await seenThen();
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now());
  }

  // Whatever the window shows now: axe finds nothing and nothing has to be scrolled sideways, on a laptop in the light
  // and on a phone in the dark.
  async function isWellMade(page) {
    for (const [size, colorScheme] of [[phone, 'dark'], [laptop, 'light']]) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.waitForFunction(() => (
        !document.querySelector('.viewer') || document.documentElement.matches('.dark-mode') === matchMedia('(prefers-color-scheme: dark)').matches
      ));
      const { violations, width } = await page.evaluate(async () => {
        await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
        return { violations: (await globalThis.axe.run({ exclude: ['.exchanges > li:nth-child(n + 4)', '.opblock:not(.is-open) ~ .opblock:not(.is-open)'] })).violations, width: document.documentElement.scrollWidth };
      });
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
      assert.deepEqual(found, [], `axe, ${size.width} wide, ${colorScheme}`);
      assert.ok(width <= size.width, `${width} wide on a screen of ${size.width}`);
    }
  }

  next('anybody signs up, by keyboard alone', async () => {
    asker = await openWindow();
    await signUp(asker, 'janna', '잔나', String(new Date().getFullYear()));
    await seen(asker.getByRole('alert'), '로그인하지 못했습니다: 그 해에 태어난 사람은 가입할 수 없습니다.');
    await seen(exchange(asker, 'POST /api/v1/asker/sign/signup', 400), 'out_of_range:');
    await isWellMade(asker);
    // Firebase knows her by now, and the server does not.
    await write(asker, asker.getByLabel('태어난 해'), '1997');
    await asker.keyboard.press('Enter');
    await seen(asker.getByRole('banner'), '잔나', `janna${stamp}@willson.test`);
    await exchange(asker, 'POST /api/v1/asker/sign/signup', 200).waitFor();
    await asker.locator('main:focus').waitFor();
    await seen(region(asker, '질문자로'), '아직 아무것도 없습니다.');
    await isWellMade(asker);

    willsoner = await openWindow();
    await signUp(willsoner, 'janna', '잔나', '1990');
    await seen(willsoner.getByRole('banner'), '잔나'); // the same password: she again
    await button(willsoner, '로그아웃').click();
    await willsoner.locator('main:focus').waitFor();
    const form = willsoner.getByRole('form', { name: '가입하기' });
    await form.getByLabel('이메일').fill(`janna${stamp}@willson.test`);
    await form.getByLabel('비밀번호').fill('another');
    await form.getByLabel('닉네임').fill('루시');
    await form.getByLabel('태어난 해').fill('1990');
    await form.getByLabel('남', { exact: true }).check();
    await button(form, '가입하기').click();
    await seen(willsoner.getByRole('alert'), '이미 가입한 이메일입니다.');
    await form.getByLabel('이메일').fill(`lucy${stamp}@willson.test`);
    await button(form, '가입하기').click();
    await seen(willsoner.getByRole('banner'), '루시');
  });

  next('a concern is written by keyboard alone, and nobody fits', async () => {
    await enter(asker, button(asker, '고민 쓰기'));
    await asker.getByRole('heading', { name: '고민 쓰기' }).and(asker.locator(':focus')).waitFor();
    await write(asker, asker.getByRole('textbox', { name: '고민' }), '얼마 전에 이별을 했는데, 아직도 마음이 무너진 채예요.');
    await pressUntil(asker, 'Tab', asker.getByLabel('외로운'));
    await asker.keyboard.press('Space');
    await pressUntil(asker, 'Tab', asker.getByLabel('원하는 방향'));
    await asker.keyboard.press('ArrowDown');
    await pressUntil(asker, 'Tab', asker.getByLabel('예약', { exact: true }).or(asker.getByLabel('지금', { exact: true })).and(asker.locator(':checked')));
    await asker.keyboard.press('ArrowDown');
    await asker.getByLabel('날짜').first().waitFor();
    await isWellMade(asker);
    await asker.keyboard.press('ArrowUp');
    await gone(asker.getByLabel('날짜').first());
    await enter(asker, button(asker, '결제로'));
    await notice(asker, '고민을 썼습니다.');
    await asker.getByRole('heading', { name: '결제', exact: true }).and(asker.locator(':focus')).waitFor();
    const { direction_idx, feeling_idx, type } = JSON.parse(await bodyOf(exchange(asker, 'POST /api/v1/asker/request/complete', 200)));
    assert.deepEqual([direction_idx, feeling_idx.length, type], [2, 2, 'realtime']);

    await seen(region(asker, '결제'), '쓸 수 있는 꿀단지 15개', '맞는 윌스너가 없습니다.');
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '맞는 윌스너가 없습니다. 결제하지 않았습니다.');
    await asker.getByRole('button', { name: /30분/ }).and(asker.locator(':focus')).waitFor();
    await enter(asker, button(asker, '돌아가기'));
    await asker.locator('.pane:focus').waitFor(); // not lost with the form
    await seen(region(asker, '결제하지 않은 고민'), '얼마 전에 이별을 했는데');
    await isWellMade(asker);
  });

  next('the other becomes a willsoner by invitation, by keyboard alone', async () => {
    await enter(willsoner, side(willsoner, '윌스너'));
    await seen(region(willsoner, '윌스너로'), '아직 윌스너가 아닙니다.');
    await enter(willsoner, side(willsoner, '내 정보'));
    const form = willsoner.getByRole('form', { name: '윌스너 신청하기' });
    await write(willsoner, form.getByLabel('한 줄 소개'), '한순간에 다 무너져 본 사람이에요');
    await write(willsoner, form.getByLabel('경험'), '3년 만난 사람과 헤어졌어요.');
    await write(willsoner, form.getByLabel('키워드 (쉼표로 구분)'), '이별, 마음 챙김');
    await isWellMade(willsoner);
    await enter(willsoner, button(form, '윌스너 신청하기'));
    await notice(willsoner, '윌스너를 신청했습니다.');
    await willsoner.locator('.pane:focus').waitFor();
    await seen(region(willsoner, '내 정보'), '승인 대기', '#이별', '#마음 챙김', '지급 꿀단지 15개');
    await write(willsoner, willsoner.getByLabel('초대 코드'), 'wilson');
    await willsoner.keyboard.press('Enter');
    await notice(willsoner, '그런 초대 코드가 없습니다.');
    await isWellMade(willsoner);
    await write(willsoner, willsoner.getByLabel('초대 코드'), 'willson');
    await willsoner.keyboard.press('Enter');
    await notice(willsoner, '윌스너로 승인되었습니다.');
    await seen(region(willsoner, '내 정보'), '승인됨');
    await enter(willsoner, side(willsoner, '윌스너'));
    await seen(region(willsoner, '윌스너로'), '아직 아무것도 없습니다.');
  });

  next('the concern is paid for, and nobody offers in time', async () => {
    await enter(asker, button(region(asker, '결제하지 않은 고민'), '결제로'));
    await seen(region(asker, '예상 답변자'), '루시', '한순간에 다 무너져 본 사람이에요');
    await isWellMade(asker);
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '지금 나눌 고민').getByRole('article').first();
    await seen(concern, '연애 › 이별', '윌스너를 찾는 중 · 30분', '아직 제안이 없습니다.');
    await seen(concern.getByRole('timer'), /^(5:00|4:\d\d) 남음$/);
    await gone(region(asker, '결제하지 않은 고민'));

    await seen(willsoner.getByRole('status'), '알림: 새 요청이 왔습니다');
    const request = region(willsoner, '지금 들어온 요청').getByRole('article').first();
    await seen(request, '새 요청 · 30분 · 여', '얼마 전에 이별을 했는데', '외로운');
    await seen(request.getByRole('timer'), /^(5:00|4:\d\d) 남음$/);

    await fiveMinutesPass(async () => {
      await seen(concern, '제안한 윌스너가 없음');
      await seen(request, '마감');
    });
    assert.equal(await button(request, '상담 걸기').count(), 0);
    await isWellMade(asker);
    await isWellMade(willsoner);
  });

  next('it is paid for again, and the willsoner offers', async () => {
    await enter(asker, button(asker, '다시 결제하기'));
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '지금 나눌 고민').getByRole('article').first();
    await seen(concern, /윌스너가 제안할 시간 (5:00|4:\d\d) 남음/);

    const [newest, older] = [0, 1].map((i) => region(willsoner, '지금 들어온 요청').getByRole('article').nth(i));
    await seen(newest, '새 요청 · 30분');
    await seen(older, '마감');
    await enter(willsoner, newest.getByText('자세히'));
    await seen(newest, '원하는 방향:');
    await isWellMade(willsoner);
    await shoot(willsoner, 'console-phone.png', phone, 'dark');
    await enter(willsoner, button(newest, '상담 걸기'));
    await notice(willsoner, '상담을 걸었습니다.');
    await willsoner.locator('.pane:focus').waitFor();
    await seen(newest, '제안함', /선택할 시간 \d:\d\d 남음/, '질문자의 확정을 기다리는 중입니다.');

    await seen(asker.getByRole('status'), '알림: 제안이 왔습니다');
    const offer = region(concern, '제안').getByRole('article');
    await seen(offer, '루시', '남 · 30대', '★ 0', '한순간에 다 무너져 본 사람이에요', '#마음 챙김');
    await enter(asker, offer.getByText('후기 보기'));
    await seen(offer, '후기 0개');
    await isWellMade(asker);
    await enter(asker, button(offer, '수락하기'));
    await notice(asker, '제안을 수락했습니다.');
    await asker.locator('.pane:focus').waitFor();
    await seen(asker.locator('.desk'), '매칭 완료');
    assert.match(await exchange(asker, '/select', 200).getByLabel('curl').textContent(), /^curl -si -X PATCH '/);
  });

  let talk; // its match's number
  next('both walk through start, intro and end', async () => {
    await seen(willsoner.getByRole('status'), '알림: 선택되었습니다');
    const room = region(asker, '진행중인 상담').getByRole('article');
    talk = await numberOf(room);
    await enter(asker, button(room, '참여하기'));
    await seen(step(asker, 'start'), '● 나', '○ 루시');
    await button(region(willsoner, '진행중인 상담').locator(card(willsoner, talk)), '참여하기').click();
    await exchange(willsoner, `PATCH /api/v1/willsoner/chat/join/${talk}`, 200).waitFor();
    const { asker_join, willsoner_join, asker_uid, willsoner_uid } = (await getDoc(doc(store.db, `matches/${talk}`))).data();
    assert.deepEqual([asker_join, willsoner_join], [true, true]);

    await button(step(willsoner, 'intro'), '동의하기').click();
    await seen(step(asker, 'intro'), '○ 나', '● 루시');
    assert.equal(await willsoner.getByLabel('메시지 쓰기').isEnabled(), false);
    await enter(asker, button(step(asker, 'intro'), '동의하기'));
    for (const page of [asker, willsoner]) await seen(page.getByRole('timer'), /^(30:00|29:\d\d) 남음$/);

    const both = { [asker_uid]: true, [willsoner_uid]: true };
    for (const [id, fields] of [['start', { readUser: both }], ['intro', { readUser: both }], ['end', {}]]) {
      const { timeStamp, ...others } = await chat(talk, id);
      assert.ok(timeStamp instanceof Timestamp, id);
      assert.deepEqual(others, { uid: id, message: '', ...fields });
    }
  });

  next('they talk, and the asker reports a message', async () => {
    await write(asker, asker.getByLabel('메시지 쓰기'), '매일 같은 꿈을 꿔요. 깨고 나면 한참을 멍하니 앉아 있어요.');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '매일 같은 꿈을 꿔요.');
    await willsoner.getByLabel('메시지 쓰기').fill('저도 한순간에 다 무너져 본 적이 있어요. 천천히 들려주세요.');
    await button(willsoner, '보내기').click();
    await seen(messages(asker), '천천히 들려주세요.');

    assert.equal(await willsoner.getByRole('button', { name: /^신고/ }).count(), 0);
    await asker.getByRole('button', { name: /^신고: 저도 한순간에/ }).click();
    await seen(messages(asker), '신고됨');
    await seen(exchange(asker, `POST /api/v1/asker/chat/report/${talk}`, 200), 'successfully_updated');
    const reports = await getDocs(collection(store.db, `reports/${talk}/messages`));
    assert.deepEqual(reports.docs.map((each) => each.get('message').slice(0, 2)), ['저도']);
    await isWellMade(asker);
    await isWellMade(willsoner);
  });

  next('a reload keeps who it is and where, and does not wind the talk\'s clock back', async () => {
    const { timeStamp: began } = await chat(talk, 'end');
    await Promise.all([asker.reload(), willsoner.reload()]);
    await seen(willsoner.getByRole('banner'), '루시');
    await region(willsoner, '윌스너로').waitFor();
    for (const page of [asker, willsoner]) {
      await button(region(page, '진행중인 상담').locator(card(page, talk)), '참여하기').click();
      await page.getByRole('timer').first().waitFor();
    }
    await asker.getByLabel('메시지 쓰기').fill('다시 왔어요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '다시 왔어요');
    assert.deepEqual((await chat(talk, 'end')).timeStamp, began);
  });

  let booked; // the reservation's match
  next('a concern for later: too few pots, and an hour in one of the windows', async () => {
    await enter(asker, button(asker, '고민 쓰기'));
    await write(asker, asker.getByRole('textbox', { name: '고민' }), '다음 주면 그 사람의 생일이에요. 연락하고 싶어질까 봐 무서워요.');
    await asker.getByLabel('예약', { exact: true }).check();
    await enter(asker, button(asker, '결제로'));
    await asker.keyboard.press('Enter'); // once more, before the answer has come
    await enter(asker, asker.getByRole('button', { name: /50분/ }));
    assert.equal(await asker.locator('.asked', { hasText: '/asker/request/complete' }).count(), 1);
    await notice(asker, '꿀단지가 모자랍니다.');
    await seen(asker.getByRole('alert'), '꿀단지가 2개 모자랍니다.');
    await isWellMade(asker);
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '예약할 고민').getByRole('article').first();
    await seen(concern, '윌스너를 찾는 중 · 30분', '18:00–22:00', '아직 제안이 없습니다.');

    const request = region(willsoner, '예약 요청').getByRole('article');
    await seen(request, '새 요청', '18:00–22:00', '다음 주면 그 사람의 생일이에요.');
    await pressUntil(willsoner, 'Tab', request.getByLabel('날짜'));
    await willsoner.keyboard.press('ArrowDown');
    await request.getByLabel('시각').fill('17:30');
    await enter(willsoner, button(request, '상담 걸기'));
    await notice(willsoner, '400 invalid_request from_time');
    await request.getByLabel('시각').fill('19:30');
    await enter(willsoner, button(request, '상담 걸기'));
    await notice(willsoner, '상담을 걸었습니다.');
    booked = await numberOf(request);

    const offer = region(concern, '제안').locator(card(asker, booked));
    await seen(offer, '루시', '19:30–20:00');
    await enter(asker, offer.getByText('후기 보기'));
    await seen(offer, '후기 0개');
    await isWellMade(asker);
    await shoot(asker, 'console.png', { width: 1280, height: 860 }, 'light');
    await enter(asker, button(offer, '수락하기'));
    const reservation = region(asker, '예약된 상담').locator(card(asker, booked));
    await seen(reservation, '루시', '19:30 · 30분');
    await enter(asker, button(reservation, '참여하기'));
    await notice(asker, '409 too_early');
  });

  next('when the time is up the asker reviews, and the session is complete', async () => {
    await clockForward(31 * minute, async () => {
      await willsoner.getByText('상담 시간이 끝났습니다.').waitFor();
      await gone(willsoner.getByLabel('메시지 쓰기'));
      await asker.getByRole('heading', { name: '상담은 어떠셨나요?' }).waitFor();
      await asker.getByRole('radio', { name: /공감하는/ }).waitFor();
      await isWellMade(asker);

      await asker.getByRole('slider', { name: '별점' }).press('ArrowLeft');
      await asker.getByRole('radio', { name: /공감하는/ }).check();
      await asker.getByLabel('후기', { exact: true }).fill('덕분에 마음이 편해졌어요');
      await button(asker, '후기 남기고 마치기').click();
      await notice(asker, '후기를 남기고 상담을 마쳤습니다.');
      await exchange(asker, 'POST /api/v1/asker/chat/review/complete', 200).waitFor();
      await exchange(asker, `PATCH /api/v1/asker/chat/complete/${talk}`, 200).waitFor();
      await gone(region(asker, '진행중인 상담'));
      await gone(region(willsoner, '진행중인 상담'));
      await willsoner.getByText('끝난 상담입니다.').waitFor();
      await isWellMade(willsoner);
    });
    const { rating, image_idx, content } = (await getDoc(doc(store.db, `reviews/${talk}`))).data();
    assert.deepEqual({ rating, image_idx, content }, { rating: 4.5, image_idx: 2, content: '덕분에 마음이 편해졌어요' });
  });

  next('my page has the pots\' ledger, the rating and the notices', async () => {
    await seen(willsoner.getByRole('status'), '알림: 후기가 왔습니다');
    await button(willsoner, '보기').click();
    await seen(region(willsoner, '내 정보'), '★ 4.5');
    for (const kind of ['requested', 'selected', 'joined', 'reviewed']) await seen(region(willsoner, '알림').getByRole('listitem'), kind);
    await side(asker, '내 정보').click();
    await seen(region(asker, '내 정보'), '쓸 수 있는 꿀단지 1개');
    await seen(region(asker, '꿀단지 내역').getByRole('listitem'), '지급 꿀단지 15개 남은 꿀단지 15개', '사용 꿀단지 7개 남은 꿀단지 8개', '사용 꿀단지 7개 남은 꿀단지 1개');
    await isWellMade(asker);
    await isWellMade(willsoner);

    await side(asker, '질문자').click();
    await button(region(asker, '완료된 고민'), '다시 결제하기').click();
    await asker.getByLabel('누구에게').selectOption('아직 상담하지 않은 윌스너');
    await seen(region(asker, '결제'), '맞는 윌스너가 없습니다.');
    await asker.getByLabel('누구에게').selectOption('이 고민을 상담한 윌스너');
    await seen(region(asker, '예상 답변자'), '루시');
    await isWellMade(asker);
    await button(asker, '돌아가기').click();
  });

  next('a reservation whose hour has come, by keyboard alone', async () => {
    const starts_at = Timestamp.fromMillis(Date.now() + 5 * minute);
    await updateDoc(doc(store.db, `matches/${booked}`), { starts_at });
    await updateDoc(doc(store.db, `reservations/${booked}`), { starts_at });
    await enter(asker, button(region(asker, '예약된 상담').locator(card(asker, booked)), '참여하기'));
    await seen(willsoner.getByRole('status'), '알림: 상대가 들어왔습니다');
    await enter(willsoner, button(willsoner, '보기'));
    await enter(willsoner, button(region(willsoner, '윌스너로').locator(card(willsoner, booked)).first(), '참여하기'));
    await enter(asker, button(step(asker, 'intro'), '동의하기'));
    await enter(willsoner, button(step(willsoner, 'intro'), '동의하기'));

    await asker.getByRole('timer').waitFor();
    await write(asker, asker.getByLabel('메시지 쓰기'), '안녕하세요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '안녕하세요');
    await enter(asker, button(asker, '후기 쓰고 마치기'));
    await enter(asker, button(asker, '후기 없이 마치기'));
    await notice(asker, '상담을 마쳤습니다.');
    await gone(region(asker, '진행중인 상담'));
    assert.equal((await getDoc(doc(store.db, `matches/${booked}`))).get('status'), 'complete');
  });

  next('a server that cannot be reached is told, and what was there stays', async () => {
    await asker.route('**/api/v1/asker/list/concerns', (route) => route.abort());
    await button(asker, '다시 요청').click();
    await notice(asker, '서버에 닿지 못했습니다.');
    await region(asker, '완료된 고민').waitFor();
    await asker.unroute('**/api/v1/asker/list/concerns');
  });

  next('the page speaks English', async () => {
    const hangul = () => asker.locator('body').evaluate((body) => {
      const own = [...body.querySelectorAll('h1, h2, h3, legend, label, summary, .hint, .actions button, nav a, nav button, header button, header a, .talk li')];
      const texts = own.filter((element) => element.checkVisibility() && !element.closest('.choices label, .exchanges')).map(({ firstChild }) => firstChild?.nodeValue ?? '');
      return texts.filter((text) => /[가-힣]/.test(text));
    });
    await button(asker, 'English').click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await button(asker, 'Write a concern').click();
    await asker.getByLabel('later', { exact: true }).check();
    assert.deepEqual(await hangul(), ['한국어']);
    await button(asker, 'Back').click();
    for (const name of ['Willsoner', 'My page']) {
      await button(asker, name).click();
      assert.deepEqual(await hangul(), ['한국어']);
    }
    await asker.setViewportSize(phone);
    await asker.getByRole('button', { name: /^Requests/ }).click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await gone(asker.getByRole('heading', { name: 'My page' }));
    await isWellMade(asker);
    await asker.reload();
    await asker.getByRole('heading', { name: 'My page' }).waitFor();
    assert.equal(await asker.locator('html').getAttribute('lang'), 'en');
    await button(asker, 'Sign out').click();
    await asker.getByRole('heading', { name: 'Sign up' }).waitFor();
    assert.deepEqual(await hangul(), ['한국어']);
    await button(asker, '한국어').click();
    await asker.getByRole('heading', { name: '가입하기' }).waitFor();
  });

  // From here on with the example's data.
  next('signing in with a password, after signing out', async () => {
    await Promise.all([asker, willsoner].map((page) => page.context().close()));
    await loadSeed();
    asker = await openWindow();
    const { email, password } = seed.accounts[0];
    const form = asker.getByRole('form', { name: '이메일로 로그인' });
    await form.getByLabel('이메일').fill(email);
    await form.getByLabel('비밀번호').fill('not this');
    await button(form, '로그인').click();
    await seen(asker.getByRole('alert'), '비밀번호가 맞지 않습니다.');
    await form.getByLabel('비밀번호').fill(password);
    await button(form, '로그인').click();
    await exchange(asker, 'POST /api/v1/asker/sign/signin', 200).waitFor();

    await seen(card(asker, 20455), '지수카카오', '안녕하슈', '압류즐이 붙고', '연애 › 이별', '#줍줍', '50분', '2020년 11월 11일 15:50 시작');
    for (const [idx, ...texts] of [
      [669, '하이하이', '03월 19일 22:00 · 60분'], [670, '하이하이', '03월 20일 18:00 · 120분'], [671, 'test6', '03월 19일 20:00 · 120분'],
    ]) await seen(card(asker, idx), ...texts);
    await isWellMade(asker);
  });

  next('an exchange is shown as it was, and can be repeated by curl', async () => {
    const shown = exchange(asker, 'GET /api/v1/asker/chat/chatrooms', 200);
    await seen(shown, 'success', ' ms');
    if (!(await shown.evaluate(({ open }) => open))) await shown.locator('summary').first().press('Enter');
    const body = JSON.parse(await shown.getByLabel('응답', { exact: true }).textContent());
    assert.deepEqual(body.data.reserve.map(({ idx }) => idx), [669, 670, 671]);
    assert.equal(body.data.ing[0].start, 1605077440300);
    await shown.getByText(/^응답 헤더 \d+개$/).click();
    await seen(shown.getByRole('definition'), 'application/json; charset=utf-8', 'private, no-cache');

    const curl = await shown.getByLabel('curl').textContent();
    const [, url, token] = curl.match(/^curl -si '(\S+)' -H 'x-token: (\S+)'$/);
    const response = await fetch(url, { headers: { 'x-token': token } });
    assert.deepEqual(await response.json(), body);
  });

  next('an expired token is refreshed and the request repeated', async () => {
    await button(asker, '만료된 토큰으로 요청').click();
    await notice(asker, '쿠키가 만료되어 다시 로그인하고, 한 번 다시 요청했습니다.');
    await exchange(asker, 'GET /api/v1/asker/chat/chatrooms', 401).filter({ hasText: 'access_token_expired' }).waitFor();
    await exchange(asker, 'POST /api/v1/asker/sign/signin', 200).waitFor();
    await asker.locator('li:has([data-status="200"]) + li:has-text("POST /api/v1/asker/sign/signin") + li > [data-status="401"]').waitFor();
  });

  next('a second window is a second person', async () => {
    const [, { email, name }] = seed.accounts;
    willsoner = await openWindow(asker.context());
    const account = willsoner.getByRole('button', { name: email, exact: false }).filter({ hasText: name });
    await enter(willsoner, account);
    await side(willsoner, '윌스너').click();
    await seen(region(willsoner, '윌스너로').locator(card(willsoner, 20455)), '잔나', '50분');
    await exchange(willsoner, 'GET /api/v1/willsoner/chat/chatrooms', 200).waitFor();
    await exchange(willsoner, 'GET /api/v1/asker/chat/chatrooms', 404).waitFor();
    await asker.bringToFront();
    await asker.reload();
    await seen(asker.getByRole('banner'), seed.accounts[0].email);
  });

  next('the lists follow Firestore', async () => {
    const stored = (await getDoc(doc(store.db, 'reservations/example669'))).data();
    await card(asker, 669).waitFor();
    await setDoc(doc(store.db, 'reservations/900'), { ...stored, idx: 900, willsoner: { idx: 5, nickname: '새로운 윌스너' } });
    await seen(card(asker, 900), '새로운 윌스너');
    await deleteDoc(doc(store.db, 'reservations/900'));
    await gone(card(asker, 900));
  });

  next('an offer of the first team\'s time is accepted', async () => {
    const old = region(asker, '예전 제안').getByRole('article').first();
    await old.waitFor();
    await isWellMade(asker);
    const idx = await numberOf(old);
    await button(old, '수락하기').click();
    await notice(asker, '제안을 수락했습니다.');
    await exchange(asker, `PATCH /api/v1/asker/list/matches/${idx}/select`, 200).waitFor();
    await button(region(asker, '진행중인 상담').locator(card(asker, idx)), '참여하기').click();
    await seen(step(asker, 'start'), '● 나', '○ 지수카카오');
  });

  next('the reference sends requests with the user\'s token', async () => {
    const isViewer = ({ pathname }) => pathname.includes('/Viewer-');
    assert.equal(requests.some(isViewer), false);
    await asker.getByRole('link', { name: 'API 문서' }).click();
    const operation = asker.locator('#operations-session-listAskerChatrooms');
    await operation.getByRole('button').first().click();
    await button(operation, 'Execute').click();
    await seen(operation.locator('.live-responses-table'), '200', '20455');
    await isWellMade(asker);
    assert.ok(requests.some(isViewer));
  });

  next('the page talks to the server and the emulators alone, without an error', () => {
    const hosts = new Set(requests.filter(({ protocol }) => protocol !== 'data:').map(({ host }) => host));
    assert.deepEqual([...hosts].sort(), [new URL(server.url).host, authEmulator, firestoreEmulator].sort());
    assert.deepEqual(problems, []);
  });
}

// pressUntil presses a key until the element has the focus, and fails when it has gone all around the page.
async function pressUntil(page, key, locator) {
  await locator.waitFor();
  for (let i = 0; i < 200; i++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${locator}`);
}

async function enter(page, locator) {
  await pressUntil(page, 'Tab', locator);
  await page.keyboard.press('Enter');
}

// write replaces what a field holds.
async function write(page, locator, text) {
  await pressUntil(page, 'Tab', locator);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

async function bodyOf(shown) {
  if (!(await shown.evaluate(({ open }) => open))) await shown.locator('summary').first().press('Enter');
  return shown.getByLabel('보낸 본문', { exact: true }).textContent();
}

// shoot takes a picture of the README, when a folder for them is named.
async function shoot(page, name, size, colorScheme) {
  if (!process.env.SCREENSHOTS) return;
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme });
  await page.evaluate(() => {
    document.activeElement.blur();
    document.querySelector('.wire').scrollTop = 0;
  });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, name), animations: 'disabled' });
  await page.setViewportSize(laptop);
  await page.emulateMedia({ colorScheme: 'light' });
}
