// The console in a real browser: two windows, two people.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import { collection, deleteDoc, doc, getDoc, getDocs, query, setDoc, Timestamp, where } from 'firebase/firestore';
import { findBrowser, launchBrowser } from './local/browser.js';
import { seed } from '../../local/seed.mjs';
import { authEmulator, firestoreEmulator, loadSeed, openAsServer } from './local/emulators.js';
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
    for (const path of ['/console', '/console/', '/console/config.json', '/console/assets/']) {
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
  let server, store, browser, context;
  let asker, willsoner;
  const requests = [];
  const problems = [];

  before(async () => {
    browser = await launchBrowser(browserPath);
    store = openAsServer();
    await loadSeed();
    await setDoc(doc(store.db, 'review_images/2'), { idx: 2, name: '공감하는 타입', detail: '내 마음을 그대로 알아줘요', pic: 'https://pic.test/2.png' });
    server = await startServer(built.binary);
    context = await browser.newContext({ locale: 'ko-KR', viewport: laptop });
    context.setDefaultTimeout(30_000);
    await context.addInitScript({ content: axe.source });
    context.on('request', (request) => requests.push(new URL(request.url())));
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text());
    });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await store?.close();
  });

  async function openWindow() {
    const page = await context.newPage();
    const response = await page.goto(`${server.url}/console`);
    assert.equal(response.status(), 200, await response.text());
    await page.getByRole('heading', { name: '누구로 들어갈까요?' }).waitFor();
    return page;
  }

  // An offer of the seed's willsoner to the seed's asker. Each is for a concern of its own.
  async function offer(idx, content, fields) {
    const [{ uid: asker_uid }, { uid: willsoner_uid }] = seed.accounts;
    await setDoc(doc(store.db, `matches/${idx}`), {
      idx, concern_idx: idx, willsoner_idx: 193, asker_uid, willsoner_uid, status: 'waiting',
      concern: { nickname: '잔나', content, minutes: 5, subcategory: { name: '갈등', category: '연애' }, feelings: ['우울한'] },
      willsoner: { nickname: '지수카카오', introduction: '안녕하슈' },
      created_at: Timestamp.now(), updated_at: Timestamp.now(), ...fields,
    });
  }

  async function chat(idx, id) {
    const rooms = await getDocs(query(collection(store.db, 'chatrooms'), where('idx', '==', idx)));
    return (await getDoc(doc(rooms.docs[0].ref, 'chats', id))).data();
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
        return { violations: (await globalThis.axe.run()).violations, width: document.documentElement.scrollWidth };
      });
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
      assert.deepEqual(found, [], `axe, ${size.width} wide, ${colorScheme}`);
      assert.ok(width <= size.width, `${width} wide on a screen of ${size.width}`);
    }
  }

  test('signing in by keyboard shows the example\'s rows', async () => {
    asker = await openWindow();
    const me = asker.getByRole('button', { name: seed.accounts[0].email });
    await me.waitFor();
    await isWellMade(asker);
    await pressUntil(asker, 'Tab', me);
    await asker.keyboard.press('Enter');

    await seen(card(asker, 20455), '지수카카오', '안녕하슈', '압류즐이 붙고', '연애 › 이별', '#줍줍', '50분', '2020년 11월 11일 15:50 시작');
    for (const [idx, ...texts] of [
      [669, '하이하이', '03월 19일 22:00 · 60분'], [670, '하이하이', '03월 20일 18:00 · 120분'], [671, 'test6', '03월 19일 20:00 · 120분'],
    ]) await seen(card(asker, idx), ...texts);
    await region(asker, '윌스너로').getByText('상담이 없습니다.').waitFor();
    await isWellMade(asker);
  });

  test('an exchange is shown as it was, and can be repeated by curl', async () => {
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

  test('an expired token is refreshed and the request repeated', async () => {
    await button(asker, '만료된 토큰으로 요청').click();
    await notice(asker, '토큰이 만료되어 새로 받고, 한 번 다시 요청했습니다.');
    await exchange(asker, 'GET /api/v1/asker/chat/chatrooms', 401).filter({ hasText: 'access_token_expired' }).waitFor();
    await asker.locator('li:has([data-status="200"]) + li > [data-status="401"]').waitFor();
  });

  test('a second window is a second person, also after a reload', async () => {
    const { email, password } = seed.accounts[1];
    willsoner = await openWindow();
    await willsoner.getByLabel('이메일', { exact: true }).fill(email);
    await willsoner.getByLabel('비밀번호', { exact: true }).fill('not this');
    await button(willsoner, '로그인').click();
    await seen(willsoner.getByRole('alert'), '로그인하지 못했습니다');
    await isWellMade(willsoner);
    await willsoner.getByLabel('비밀번호', { exact: true }).fill(password);
    await button(willsoner, '로그인').click();
    await seen(region(willsoner, '윌스너로').locator(card(willsoner, 20455)), '잔나', '50분');
    await exchange(willsoner, 'GET /api/v1/willsoner/chat/chatrooms', 200).waitFor();
    await exchange(willsoner, 'GET /api/v1/asker/chat/chatrooms', 404).waitFor();
    await isWellMade(willsoner);

    await Promise.all([asker.reload(), willsoner.reload()]);
    await seen(asker.getByRole('banner'), seed.accounts[0].email);
    await seen(willsoner.getByRole('banner'), email);
  });

  test('the lists follow Firestore', async () => {
    const stored = (await getDoc(doc(store.db, 'reservations/example669'))).data();
    await card(asker, 669).waitFor();
    await setDoc(doc(store.db, 'reservations/900'), { ...stored, idx: 900, willsoner: { idx: 5, nickname: '새로운 윌스너' } });
    await seen(card(asker, 900), '새로운 윌스너');
    await deleteDoc(doc(store.db, 'reservations/900'));
    await gone(card(asker, 900));
  });

  test('an offer is accepted, and both walk through start, intro and end', async () => {
    await offer(9001, '지금 바로 이야기하고 싶어요');
    await button(asker, '다시 요청').click();
    await seen(card(asker, 9001), '지수카카오', '지금 바로 이야기하고 싶어요', '지금 바로 · 5분');
    await isWellMade(asker);
    await button(card(asker, 9001), '수락하기').click();
    await notice(asker, '제안을 수락했습니다.');
    await seen(exchange(asker, 'PATCH /api/v1/asker/list/matches/9001/select', 200), 'success');
    assert.match(await exchange(asker, '/select', 200).getByLabel('curl').textContent(), /^curl -si -X PATCH '/);

    await button(card(asker, 9001), '참여하기').click();
    await seen(step(asker, 'start'), '● 나', '○ 지수카카오');
    await isWellMade(asker);
    await button(card(willsoner, 9001), '참여하기').click();
    await exchange(willsoner, 'PATCH /api/v1/willsoner/chat/join/9001', 200).waitFor();
    const { asker_join, willsoner_join } = (await getDoc(doc(store.db, 'matches/9001'))).data();
    assert.deepEqual([asker_join, willsoner_join], [true, true]);

    await button(step(willsoner, 'intro'), '동의하기').click();
    await seen(step(asker, 'intro'), '○ 나', '● 지수카카오');
    assert.equal(await willsoner.getByLabel('메시지 쓰기').isEnabled(), false);
    await isWellMade(willsoner);
    await button(step(asker, 'intro'), '동의하기').click();
    for (const page of [asker, willsoner]) await seen(page.getByRole('timer'), /^(5:00|4:\d\d) 남음$/);

    const both = Object.fromEntries(seed.accounts.slice(0, 2).map(({ uid }) => [uid, true]));
    for (const [id, fields] of [['start', { readUser: both }], ['intro', { readUser: both }], ['end', {}]]) {
      const { timeStamp, ...others } = await chat(9001, id);
      assert.ok(timeStamp instanceof Timestamp, id);
      assert.deepEqual(others, { uid: id, message: '', ...fields });
    }
  });

  test('they talk, and the asker reports a message', async () => {
    await asker.getByLabel('메시지 쓰기').fill('안녕하세요, 지금 괜찮으세요?');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '안녕하세요, 지금 괜찮으세요?');
    await willsoner.getByLabel('메시지 쓰기').fill('네, 편하게 말씀하세요.');
    await button(willsoner, '보내기').click();
    await seen(messages(asker), '네, 편하게 말씀하세요.');

    assert.equal(await willsoner.getByRole('button', { name: /^신고/ }).count(), 0);
    await asker.getByRole('button', { name: '신고: 네, 편하게 말씀하세요.' }).click();
    await seen(messages(asker), '신고됨');
    await seen(exchange(asker, 'POST /api/v1/asker/chat/report/9001', 200), 'successfully_updated');
    const reports = await getDocs(collection(store.db, 'reports/9001/messages'));
    assert.deepEqual(reports.docs.map((each) => each.get('message')), ['네, 편하게 말씀하세요.']);
    await isWellMade(asker);
    await isWellMade(willsoner);
  });

  if (process.env.SCREENSHOTS) test('the README\'s pictures', async () => {
    for (const [page, line] of [
      [asker, '얼마 전에 이별을 했는데, 아직도 마음이 무너진 채예요.'],
      [willsoner, '저도 한순간에 다 무너져 본 적이 있어요. 천천히 들려주세요.'],
      [asker, '매일 같은 꿈을 꿔요. 깨고 나면 한참을 멍하니 앉아 있어요.'],
    ]) {
      await page.getByLabel('메시지 쓰기').fill(line);
      await page.keyboard.press('Enter');
      for (const each of [asker, willsoner]) await seen(messages(each), line);
    }
    for (const page of [asker, willsoner]) await page.evaluate(() => document.activeElement.blur());
    await asker.screenshot({ path: join(process.env.SCREENSHOTS, 'console.png'), animations: 'disabled' });
    await willsoner.setViewportSize(phone);
    await willsoner.emulateMedia({ colorScheme: 'dark' });
    await willsoner.screenshot({ path: join(process.env.SCREENSHOTS, 'console-phone.png'), animations: 'disabled' });
    await willsoner.setViewportSize(laptop);
    await willsoner.emulateMedia({ colorScheme: 'light' });
  });

  test('a reload does not wind the talk\'s clock back', async () => {
    const { timeStamp: began } = await chat(9001, 'end');
    await asker.reload();
    await button(card(asker, 9001), '참여하기').click();
    await asker.getByRole('timer').waitFor();
    await asker.getByLabel('메시지 쓰기').fill('다시 왔어요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '다시 왔어요');
    assert.deepEqual((await chat(9001, 'end')).timeStamp, began);
  });

  test('when the time is up the asker reviews, and the session is complete', async () => {
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now() + 6 * minute);
    await willsoner.getByText('상담 시간이 끝났습니다.').waitFor();
    await gone(willsoner.getByLabel('메시지 쓰기'));
    await asker.getByRole('heading', { name: '상담은 어떠셨나요?' }).waitFor();
    await asker.getByRole('radio').first().waitFor();
    await isWellMade(asker);

    await asker.getByRole('slider', { name: '별점' }).press('ArrowLeft');
    await asker.getByRole('radio', { name: /공감하는/ }).check();
    await asker.getByLabel('후기', { exact: true }).fill('덕분에 마음이 편해졌어요');
    await button(asker, '후기 남기고 마치기').click();
    await notice(asker, '후기를 남기고 상담을 마쳤습니다.');
    await exchange(asker, 'POST /api/v1/asker/chat/review/complete', 200).waitFor();
    await exchange(asker, 'PATCH /api/v1/asker/chat/complete/9001', 200).waitFor();
    await gone(card(asker, 9001));
    await gone(card(willsoner, 9001));
    await willsoner.getByText('끝난 상담입니다.').waitFor();
    await isWellMade(willsoner);
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now());
    const { rating, image_idx, content } = (await getDoc(doc(store.db, 'reviews/9001'))).data();
    assert.deepEqual({ rating, image_idx, content }, { rating: 4.5, image_idx: 2, content: '덕분에 마음이 편해졌어요' });
  });

  test('a reservation cannot be joined hours before', async () => {
    await offer(9002, '회사에서 매일 혼나요', { starts_at: Timestamp.fromMillis(Date.now() + 180 * minute) });
    await button(asker, '다시 요청').click();
    await button(card(asker, 9002), '수락하기').click();
    await seen(region(asker, '예약된 상담').locator(card(asker, 9002)), '5분');
    await button(card(asker, 9002), '참여하기').click();
    await notice(asker, '409 too_early');
    await isWellMade(asker);
  });

  test('a reservation whose hour has come, by keyboard alone', async () => {
    await offer(9003, '친구와 멀어졌어요', { starts_at: Timestamp.fromMillis(Date.now() + 5 * minute) });
    const tabTo = (locator) => pressUntil(asker, 'Tab', locator);
    const enter = async (locator) => {
      await tabTo(locator);
      await asker.keyboard.press('Enter');
    };
    await enter(button(asker, '다시 요청'));
    await enter(button(card(asker, 9003), '수락하기'));
    await asker.locator('.pane:focus').waitFor(); // not lost with the button
    await enter(button(region(asker, '예약된 상담').locator(card(asker, 9003)), '참여하기'));
    await button(card(willsoner, 9003), '참여하기').click();
    await enter(button(step(asker, 'intro'), '동의하기'));
    await button(step(willsoner, 'intro'), '동의하기').click();

    await asker.getByRole('timer').waitFor();
    await tabTo(asker.getByLabel('메시지 쓰기'));
    await asker.keyboard.type('안녕하세요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '안녕하세요');
    await enter(button(asker, '후기 쓰고 마치기'));
    await enter(button(asker, '후기 없이 마치기'));
    await notice(asker, '상담을 마쳤습니다.');
    await gone(card(asker, 9003));
    assert.equal((await getDoc(doc(store.db, 'matches/9003'))).get('status'), 'complete');
  });

  test('the page speaks English', async () => {
    await button(asker, 'English').click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await asker.setViewportSize(phone);
    await asker.getByRole('button', { name: /^Requests/ }).click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await gone(asker.getByRole('heading', { name: 'As asker' }));
    await isWellMade(asker);
    await asker.reload();
    await asker.getByRole('heading', { name: 'As asker' }).waitFor();
    assert.equal(await asker.locator('html').getAttribute('lang'), 'en');
    const hangul = await asker.locator('body').evaluate(({ innerText }) => innerText.match(/한국어|[가-힣]+하기/g));
    assert.deepEqual(hangul, ['한국어']);
  });

  test('the reference sends requests with the user\'s token', async () => {
    const isViewer = ({ pathname }) => pathname.includes('/Viewer-');
    assert.equal(requests.some(isViewer), false);
    await asker.getByRole('link', { name: 'API reference' }).click();
    const operation = asker.locator('#operations-session-listAskerChatrooms');
    await operation.getByRole('button').first().click();
    await button(operation, 'Execute').click();
    await seen(operation.locator('.live-responses-table'), '200', '20455');
    await isWellMade(asker);
    assert.ok(requests.some(isViewer));
  });

  test('the page talks to the server and the emulators alone, without an error', () => {
    const hosts = new Set(requests.filter(({ protocol }) => protocol !== 'data:').map(({ host }) => host));
    assert.deepEqual([...hosts].sort(), [new URL(server.url).host, authEmulator, firestoreEmulator].sort());
    assert.deepEqual(problems, []);
  });
}

// pressUntil presses a key until the element has the focus, and fails when it has gone all around the page.
async function pressUntil(page, key, locator) {
  await locator.waitFor();
  for (let i = 0; i < 80; i++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${locator}`);
}
