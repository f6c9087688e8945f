// The console in a real browser over the example's data, and its absence from production.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deleteDoc, doc, getDoc, setDoc } from 'firebase/firestore';
import {
  region, card, button, step, notice, exchange, seen, gone, numberOf, side, steps, openBrowser, isWellMade, enter,
} from './console/windows.js';
import { seed } from '../../local/seed.mjs';
import { loadSeed, openAsServer } from './local/emulators.js';
import { buildServer, startServer } from './local/server.js';

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

describe('the console over the example\'s data', { timeout: 300_000 }, () => {
  let server, store, browser;
  let asker, willsoner;
  const next = steps();

  before(async () => {
    store = openAsServer();
    await loadSeed();
    server = await startServer(built.binary);
    browser = await openBrowser(server);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await store?.close();
  });

  next('signing in with a password', async () => {
    asker = await browser.openWindow();
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
    willsoner = await browser.openWindow(asker.context());
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
    assert.equal(browser.requests.some(isViewer), false);
    await asker.getByRole('link', { name: 'API 문서' }).click();
    const operation = asker.locator('#operations-session-listAskerChatrooms');
    await operation.getByRole('button').first().click();
    await button(operation, 'Execute').click();
    await seen(operation.locator('.live-responses-table'), '200', '20455');
    await isWellMade(asker);
    assert.ok(browser.requests.some(isViewer));
  });

  next('the pages talked to the server and the emulators alone, without an error', () => browser.assertClean());
});
