// The console in a real browser: two windows, two people.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deleteDoc, doc, getDoc, setDoc, updateDoc } from 'firebase/firestore';
import { findBrowser, launchBrowser } from './local/browser.js';
import { authEmulator, firestoreEmulator, loadSeed, openAsServer } from './local/emulators.js';
import { buildServer, startServer } from './local/server.js';

const reservations = [
  { idx: 669, nickname: '하이하이', when: '03월 19일 22:00 · 60분' },
  { idx: 670, nickname: '하이하이', when: '03월 20일 18:00 · 120분' },
  { idx: 671, nickname: 'test6', when: '03월 19일 20:00 · 120분' },
];

const region = (page, name) => page.getByRole('region', { name });
const card = (page, idx) => region(page, '상담 목록').locator(`[data-idx="${idx}"]`);
const messages = (page) => page.getByRole('log', { name: '메시지' }).getByRole('listitem');
const step = (page, id) => page.locator(`[data-step="${id}"]`);
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const seen = (locator, ...texts) => Promise.all(texts.map((hasText) => locator.filter({ hasText }).first().waitFor()));
const hasCount = (page, count) => page.getByRole('heading', { name: `상담 목록 ${count}`, exact: true }).waitFor();

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
  let server, store, seed, browser, context;
  let asker, willsoner;
  const hosts = new Set();
  const problems = [];

  before(async () => {
    browser = await launchBrowser(browserPath);
    store = openAsServer();
    seed = await loadSeed(store.db);
    server = await startServer(built.binary);
    context = await browser.newContext({ locale: 'ko-KR', viewport: { width: 1200, height: 780 } });
    context.setDefaultTimeout(30_000);
    context.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== 'data:') hosts.add(host);
    });
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

  test('signing in shows the example\'s rows', async () => {
    asker = await openWindow();
    await asker.getByRole('button', { name: seed.accounts[0].email }).press('Enter');

    await hasCount(asker, 4);
    await seen(card(asker, 20455), '지수카카오', '여 · 연애 › 이별', '안녕하슈', '압류즐이 붙고', '#줍줍', '#무너짐', '#집',
      '잔나의 고민', '50분', '2020년 11월 11일 15:50 시작');
    for (const { idx, nickname, when } of reservations) await seen(card(asker, idx), nickname, when);
  });

  test('the answer is shown as the server gave it', async () => {
    const answer = region(asker, '서버의 답');
    await seen(answer, '200 OK', 'success', ' ms');
    const body = JSON.parse(await answer.getByLabel('본문').textContent());
    assert.deepEqual(body.data.reserve.map(({ idx }) => idx), reservations.map(({ idx }) => idx));
    assert.equal(body.data.ing[0].start, 1605077440300);

    await answer.getByText(/^헤더 \d+개$/).click();
    await seen(answer.getByRole('definition'), 'application/json; charset=utf-8', 'private, no-cache');

    const curl = await answer.getByLabel('curl').textContent();
    const [, url, token] = curl.match(/^curl -si '(\S+)' -H 'x-token: (\S+)'$/);
    const response = await fetch(url, { headers: { 'x-token': token } });
    assert.deepEqual(await response.json(), body);
  });

  test('the list follows Firestore', async () => {
    const events = asker.getByRole('log', { name: '일어난 일' }).getByRole('listitem');
    const stored = (await getDoc(doc(store.db, 'reservations/example669'))).data();
    const added = doc(store.db, 'reservations/live');
    await seen(events, '듣기 시작함');

    await setDoc(added, { ...stored, idx: 900, willsoner: { nickname: '새로운 윌스너' } });
    await seen(card(asker, 900), '새로운 윌스너', '새로');
    await hasCount(asker, 5);
    await seen(events, '예약 생김');

    await updateDoc(added, { 'concern.minutes': 90 });
    await seen(card(asker, 900), '90분', '바뀜');
    await seen(events, '예약 바뀜');
    assert.equal(await card(asker, 669).filter({ hasText: '바뀜' }).count(), 0);

    await deleteDoc(added);
    await card(asker, 900).waitFor({ state: 'detached' });
    await hasCount(asker, 4);
  });

  test('an expired token is refreshed and the request repeated', async () => {
    await press(asker, '만료된 토큰으로 요청');
    const answer = region(asker, '서버의 답');
    await seen(answer.getByRole('status'), '토큰이 만료되어 새로 받고, 한 번 다시 요청했습니다.');
    const shown = answer.getByRole('article');
    await seen(shown.nth(0), '401', 'access_token_expired');
    await seen(shown.nth(1), '200 OK', 'success');

    await press(asker, '다시 요청');
    await answer.getByRole('status').waitFor({ state: 'detached' });
    await hasCount(asker, 4);
  });

  test('a second window is a second person, also after a reload', async () => {
    const { email, password } = seed.accounts[1];
    willsoner = await openWindow();
    await willsoner.getByLabel('이메일', { exact: true }).fill(email);
    await willsoner.getByLabel('비밀번호', { exact: true }).fill(password);
    await press(willsoner, '로그인');
    await seen(region(willsoner, '서버의 답'), '404', 'not_found');
    await hasCount(willsoner, 0);
    await seen(region(willsoner, '윌스너로 하는 상담'), '잔나');

    await Promise.all([asker.reload(), willsoner.reload()]);
    await seen(asker.getByLabel('로그인한 사람'), seed.accounts[0].email);
    await seen(willsoner.getByLabel('로그인한 사람'), email);
  });

  test('two windows walk start, intro and end', async () => {
    for (const page of [asker, willsoner]) await press(page, '대화 열기');

    await press(asker, '입장하기');
    await seen(step(willsoner, 'start'), '● 잔나', '○ 지수카카오');
    assert.equal(await willsoner.getByLabel('메시지 쓰기').isEnabled(), false);
    await press(willsoner, '입장하기');

    await press(willsoner, '동의하기');
    await seen(step(asker, 'intro'), '○ 잔나', '● 지수카카오');
    await press(asker, '동의하기');

    for (const page of [asker, willsoner]) {
      await seen(step(page, 'end'), '시작');
      await seen(page.getByRole('timer'), /^(50:00|49:\d\d) 남음$/);
    }
  });

  test('a message reaches the other window and is marked read', async () => {
    await asker.getByLabel('메시지 쓰기').fill('안녕하세요, 지금 괜찮으세요?');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '안녕하세요, 지금 괜찮으세요?');
    await messages(asker).filter({ hasText: '지금 괜찮으세요?' }).getByText('읽음', { exact: true }).waitFor();

    await willsoner.getByLabel('메시지 쓰기').fill('네, 편하게 말씀하세요.');
    await press(willsoner, '보내기');
    await seen(messages(asker), '네, 편하게 말씀하세요.');
    await messages(willsoner).filter({ hasText: '편하게' }).getByText('읽음', { exact: true }).waitFor();
  });

  if (process.env.SCREENSHOT) test('the README\'s picture', async () => {
    await asker.getByLabel('메시지 쓰기').fill('얼마 전에 이별을 했는데, 아직도 마음이 무너진 채예요.');
    await asker.keyboard.press('Enter');
    await messages(asker).filter({ hasText: '이별을' }).getByText('읽음', { exact: true }).waitFor();
    await willsoner.getByLabel('메시지 쓰기').fill('저도 한순간에 다 무너져 본 적이 있어요. 천천히 들려주세요.');
    await willsoner.keyboard.press('Enter');
    await seen(messages(asker), '천천히');
    await press(asker, '만료된 토큰으로 요청');
    await region(asker, '서버의 답').getByRole('status').waitFor();
    const added = doc(store.db, 'reservations/example672');
    await setDoc(added, { ...(await getDoc(doc(store.db, 'reservations/example669'))).data(), idx: 672 });
    await seen(card(asker, 672), '새로');
    await asker.mouse.move(0, 0);
    await asker.screenshot({ path: process.env.SCREENSHOT, animations: 'disabled' });
    await deleteDoc(added);
    await card(asker, 672).waitFor({ state: 'detached' });
  });

  test('when the session is complete, its talk can be read and no more', async () => {
    await updateDoc(doc(store.db, Object.keys(seed.documents).find((path) => path.startsWith('chatrooms/'))), { status: 'complete' });
    for (const page of [asker, willsoner]) {
      await page.getByText('끝난 상담입니다.').waitFor();
      await page.getByLabel('메시지 쓰기').waitFor({ state: 'detached' });
    }
    await card(asker, 20455).waitFor({ state: 'detached' });
    await hasCount(asker, 3);
  });

  test('the page talks to the server and the emulators alone, without an error', () => {
    assert.deepEqual([...hosts].sort(), [new URL(server.url).host, authEmulator, firestoreEmulator].sort());
    assert.deepEqual(problems, []);
  });
}
