// The program that docs/clients.md shows for TypeScript, against a server that fails as it is told.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import typescript from 'typescript';

const source = new URL('../clients/willson.ts', import.meta.url);
let select;
let answers;
let tokens;
let seconds;

const server = createServer((request, response) => {
  tokens.push(request.headers['x-token']);
  const { status, code, retryAfter } = answers.shift();
  if (request.method !== 'PATCH' || request.url !== '/api/v1/asker/list/matches/671/select' || !status) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'Content-Type': 'application/json', ...(retryAfter && { 'Retry-After': retryAfter }) });
  response.end(JSON.stringify({ code, message: code, ...(status === 200 && { data: { roomkey: 'a room' } }) }));
});

before(async () => {
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  globalThis.getAuth = () => ({ currentUser: { getIdToken: async (fresh) => (fresh ? 'fresh' : 'held') } });
  globalThis.waiting = (done, milliseconds) => { seconds.push(milliseconds / 1000); setImmediate(done); };
  const program = (await readFile(source, 'utf8'))
    .replace("import { getAuth } from 'firebase/auth';", 'declare const getAuth: any;')
    .replace("'openapi-fetch'", `'${import.meta.resolve('openapi-fetch')}'`)
    .replace('localhost:8000', `127.0.0.1:${server.address().port}`)
    .replace('setTimeout(', 'waiting(');
  const { outputText } = typescript.transpileModule(program, { compilerOptions: { target: 'es2022', module: 'esnext' } });
  ({ select } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`));
});
after(() => server.close());

test('docs/clients.md shows this program', async () => {
  const page = await readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8');
  assert.ok(page.includes(await readFile(source, 'utf8')));
});

const good = { status: 200, code: 'success' };
const expired = { status: 401, code: 'access_token_expired' };
const busy = { status: 503, code: 'service_unavailable', retryAfter: '7' };
const late = { status: 504, code: 'deadline_exceeded' };
const lost = {};

for (const [name, given, wantTokens, wantSeconds, want] of [
  ['an answer', [good], ['held'], [], 'a room'],
  ['an expired token', [expired, good], ['held', 'fresh'], [], 'a room'],
  ['a token that stays expired', [expired, expired], ['held', 'fresh'], [], /access_token_expired/],
  ['another bad token', [{ status: 401, code: 'access_token_invalid' }], ['held'], [], /access_token_invalid/],
  ['a conflict', [{ status: 409, code: 'already_matched' }], ['held'], [], /already_matched/],
  ['a fault of the server', [{ status: 500, code: 'internal_error' }], ['held'], [], /internal_error/],
  ['a lost answer', [lost, good], ['held', 'held'], [1], 'a room'],
  ['an outage that ends', [busy, late, good], ['held', 'held', 'held'], [7, 2], 'a room'],
  ['an outage that lasts', [busy, busy, busy], ['held', 'held', 'held'], [7, 7], /service_unavailable/],
  ['no server', [lost, lost, lost], ['held', 'held', 'held'], [1, 2], /fetch failed/],
]) {
  test(name, async () => {
    [answers, tokens, seconds] = [[...given], [], []];
    if (want instanceof RegExp) await assert.rejects(select(671), want);
    else assert.equal(await select(671), want);
    assert.deepEqual([tokens, seconds, answers], [wantTokens, wantSeconds, []]);
  });
}
