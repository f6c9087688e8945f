// The program that docs/clients.md shows for TypeScript, against a server that fails as it is told.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { clients, loadClient } from './local/program.js';

let willson;
let user; // of Firebase
let answers;
let asked;
let seconds;

const signIn = 'POST /api/v1/asker/sign/signin';
const select = 'PATCH /api/v1/asker/list/matches/671/select';

const server = createServer(async (request, response) => {
  const { method, url, headers } = request;
  const body = await text(request);
  asked.push([`${method} ${url}`, headers['x-token'] ?? JSON.parse(body).token]);
  const { status, code = 'success', retryAfter, ...rest } = answers.shift() ?? {};
  if (!status) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'Content-Type': 'application/json', ...(retryAfter && { 'Retry-After': retryAfter }) });
  response.end(`${JSON.stringify({ code, message: code, ...rest })}\n`);
});

before(async () => {
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  globalThis.getAuth = () => ({ currentUser: user });
  globalThis.waiting = (done, milliseconds) => { seconds.push(milliseconds / 1000); setImmediate(done); };
  ({ program: willson } = await loadClient('getAuth', `http://127.0.0.1:${server.address().port}`, { 'setTimeout(': 'waiting(' }));
});
after(() => server.close());

const account = (access_token) => ({ status: 200, data: { access_token } });
const refused = (status, code) => ({ status, code });
const room = { status: 200, data: { roomkey: 'a room' } };
const expired = refused(401, 'access_token_expired');
const busy = { status: 503, code: 'service_unavailable', retryAfter: '7' };
const late = refused(504, 'deadline_exceeded');
const lost = {};
const fails = (code) => ({ getIdToken: async () => { throw Object.assign(new Error(code), { code }); } });

// Everybody begins signed in, with the cookie 'first'.
beforeEach(async () => {
  let made = 0;
  user = { getIdToken: async (fresh) => `${fresh ? 'fresh' : 'held'} ${++made}` };
  [answers, asked, seconds] = [[account('first')], [], []];
  await willson.signIn('email');
  assert.deepEqual(asked.splice(0), [[signIn, 'fresh 1']]);
});

// refusal is what an error has to be for which it is known that nothing was done.
const refusal = (code) => (error) => error instanceof willson.Refused && error.code === code;
const unknown = (message) => (error) => !(error instanceof willson.Refused) && message.test(error.message);

test('docs/clients.md shows these programs', async () => {
  const page = await readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8');
  for (const name of ['willson.ts', 'road.ts']) assert.ok(page.includes(await readFile(new URL(name, clients), 'utf8')), name);
});

for (const [name, given, want, wantAsked, wantSeconds] of [
  ['an answer', [room], 'a room', [[select, 'first']], []],
  ['a cookie that has ended', [expired, account('second'), room], 'a room', [[select, 'first'], [signIn, 'fresh 2'], [select, 'second']], []],
  ['a cookie that ends at once', [expired, account('second'), expired], () => refusal('access_token_expired'), 3, []],
  ['a user who is gone', [refused(401, 'access_token_invalid')], () => refusal('user_gone'), 1, []],
  ['a user who went as the cookie ended', [expired, refused(401, 'login_failed')], () => refusal('user_gone'), 2, []],
  ['a conflict', [refused(409, 'already_matched')], () => refusal('already_matched'), 1, []],
  ['a fault of the server', [refused(500, 'internal_error')], () => refusal('internal_error'), 1, []],
  ['a lost answer', [lost, room], 'a room', 2, [1]],
  ['an outage that ends', [busy, late, room], 'a room', 3, [7, 2]],
  ['an outage that lasts', [busy, busy, busy], () => unknown(/service_unavailable/), 3, [7, 7]],
  ['no server', [lost, lost, lost], () => unknown(/fetch failed/), 3, [1, 2]],
]) {
  test(name, async () => {
    answers = [...given];
    if (typeof want === 'function') await assert.rejects(willson.select(671), want());
    else assert.equal((await willson.select(671)).roomkey, want);
    assert.deepEqual([typeof wantAsked === 'number' ? asked.length : asked, seconds, answers], [wantAsked, wantSeconds, []]);
  });
}

test('nobody is signed in at Firebase, or here any more', async () => {
  user = null;
  await assert.rejects(willson.signIn('email'), refusal('signed_out'));
  willson.signOut();
  await assert.rejects(willson.select(671), refusal('signed_out'));
  assert.deepEqual([asked, seconds], [[], []]);
});

test('Firebase says that the user is gone', async () => {
  user = fails('auth/user-disabled');
  await assert.rejects(willson.signIn('email'), refusal('user_gone'));
  assert.deepEqual([asked, seconds], [[], []]);
});

test('Firebase cannot be reached', async () => {
  user = fails('auth/network-request-failed');
  await assert.rejects(willson.signIn('email'), unknown(/network/));
  assert.deepEqual([asked, seconds], [[], [1, 2]]);
});

test('a body that is refused names its key, and a user without an account the form', async () => {
  answers = [{ status: 400, code: 'invalid_request', field: 'content' }, refused(400, 'user_not_found')];
  await assert.rejects(willson.writeConcern({}), { code: 'invalid_request', field: 'content' });
  await assert.rejects(willson.signIn('apple'), refusal('user_not_found'));
});
