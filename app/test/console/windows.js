// Windows of a real browser, each a person's, and how a person uses what is in them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import axe from 'axe-core';
import { findBrowser, launchBrowser } from '../local/browser.js';
import { authEmulator, firestoreEmulator } from '../local/emulators.js';

export const laptop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

export const region = (page, name) => page.getByRole('region', { name, exact: true });
export const card = (page, idx) => page.locator(`[data-idx="${idx}"]`);
export const button = (scope, name) => scope.getByRole('button', { name, exact: true });
export const messages = (page) => page.getByRole('log', { name: '메시지' }).getByRole('listitem');
export const step = (page, id) => page.locator(`[data-step="${id}"]`);
export const notice = (page, hasText) => page.getByRole('status').filter({ hasText }).waitFor();
export const exchange = (page, asked, status) => (
  page.locator(`[data-status="${status}"]`).filter({ has: page.locator('.asked', { hasText: asked }) }).first()
);
export const seen = (locator, ...texts) => Promise.all(texts.map((hasText) => locator.filter({ hasText }).first().waitFor()));
export const gone = (locator) => locator.waitFor({ state: 'hidden' });
export const numberOf = async (locator) => Number(await locator.getAttribute('data-idx'));
export const side = (page, name) => button(page.getByRole('navigation', { name: '역할' }), name);

// steps returns a test that is skipped once one before it has failed: each stands on those before it.
export function steps() {
  let isLost = false;
  return (name, work) => test(name, async (t) => {
    if (isLost) return t.skip('an earlier step failed');
    isLost = true;
    await work();
    isLost = false;
  });
}

// openBrowser opens the console of a server.
export async function openBrowser(server) {
  const browserPath = findBrowser();
  if (!browserPath) throw 'there is no Chrome or Chromium to see the console in: install one (Debian: apt-get install chromium), or name one in CHROME_PATH';
  const browser = await launchBrowser(browserPath);
  const requests = [];
  const problems = [];

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
    context.setDefaultTimeout(30_000);
    await context.addInitScript({ content: axe.source });
    context.on('request', (request) => requests.push(new URL(request.url())));
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text());
    });
    return context;
  }

  // The pages have talked to the server and the emulators alone, without an error.
  function assertClean() {
    const hosts = new Set(requests.filter(({ protocol }) => protocol !== 'data:').map(({ host }) => host));
    assert.deepEqual([...hosts].sort(), [new URL(server.url).host, authEmulator, firestoreEmulator].sort());
    assert.deepEqual(problems, []);
  }

  return { openWindow, requests, assertClean, close: () => browser.close() };
}

// Whatever the window shows now: axe finds nothing and nothing has to be scrolled sideways, on a laptop in the light
// and on a phone in the dark.
export async function isWellMade(page) {
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

// pressUntil presses a key until the element has the focus, and fails when it has gone all around the page.
export async function pressUntil(page, key, locator) {
  await locator.waitFor();
  for (let i = 0; i < 200; i++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${locator}`);
}

export async function enter(page, locator) {
  await pressUntil(page, 'Tab', locator);
  await page.keyboard.press('Enter');
}

// write replaces what a field holds.
export async function write(page, locator, text) {
  await pressUntil(page, 'Tab', locator);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

export async function bodyOf(shown) {
  if (!(await shown.evaluate(({ open }) => open))) await shown.locator('summary').first().press('Enter');
  return shown.getByLabel('보낸 본문', { exact: true }).textContent();
}

// shoot takes a picture of the README, when a folder for them is named.
export async function shoot(page, name, size, colorScheme) {
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
