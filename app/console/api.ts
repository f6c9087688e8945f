// The API as openapi.yaml describes it, called as the signed-in user. Every exchange with the server is shown.
import type { User } from 'firebase/auth';
import createClient from 'openapi-fetch';
import type { paths } from '../clients/openapi';
import { enter, type Person } from './person';

export interface Exchange {
  id: number;
  method: string;
  path: string;
  token: string;
  sent: string;
  status: number; // 0: no answer came
  statusText: string;
  headers: [string, string][];
  received: string;
  code: string;
  milliseconds: number;
}

export type Api = ReturnType<typeof createApi>;

let exchanges = 0;

// A cookie that has expired is replaced by signing in again, and the request repeated, once: apps do the same.
export function createApi(person: Person, show: (exchange: Exchange) => void) {
  let renewing: Promise<void> | undefined; // for all the requests that found it expired
  const renew = async () => {
    const { cookie } = await enter(person.user, show);
    person.cookie = cookie;
  };
  const signedIn = async (request: Request) => {
    const first = await exchange(request, request.headers.get('x-token') ?? person.cookie, show);
    if (first.code !== 'access_token_expired') return first.response;
    renewing ??= renew().finally(() => { renewing = undefined; });
    await renewing;
    return (await exchange(request, person.cookie, show)).response;
  };
  // An answer out of the browser's cache would not be the server's.
  return createClient<paths>({ baseUrl: location.origin, cache: 'no-store', fetch: signedIn });
}

// exchange sends a request, with a token if there is one, and shows what came of it.
export async function exchange(request: Request, token: string, show: (exchange: Exchange) => void) {
  const attempt = request.clone();
  if (token) attempt.headers.set('x-token', token);
  const { method } = request;
  const { pathname: path } = new URL(request.url);
  const asked = { id: ++exchanges, method, path, token, sent: await request.clone().text() };
  const begin = performance.now();
  try {
    const response = await fetch(attempt);
    const received = await response.clone().text();
    const milliseconds = performance.now() - begin;
    const { status, statusText } = response;
    const code = codeOf(received);
    show({ ...asked, status, statusText, headers: [...response.headers], received, code, milliseconds });
    return { response, code };
  } catch (error) {
    const milliseconds = performance.now() - begin;
    show({ ...asked, status: 0, statusText: String(error), headers: [], received: '', code: '', milliseconds });
    throw error;
  }
}

function codeOf(body: string): string {
  try {
    return (JSON.parse(body) as { code: string }).code;
  } catch {
    return '';
  }
}

// curl returns the line that asks the same in a POSIX shell.
export function curl({ method, path, token, sent }: Exchange): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return [
    'curl -si', method !== 'GET' && `-X ${method}`, quoted(location.origin + path), token && `-H ${quoted(`x-token: ${token}`)}`,
    sent && `-H 'Content-Type: application/json' -d ${quoted(sent)}`,
  ].filter(Boolean).join(' ');
}

// expiredToken is what a phone that lay in a drawer would send. The emulator's tokens are not signed, so one can be made.
export function expiredToken(user: User, projectId: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `https://securetoken.google.com/${projectId}`, aud: projectId, sub: user.uid, user_id: user.uid,
    auth_time: now - 7200, iat: now - 7200, exp: now - 3600, firebase: { identities: {}, sign_in_provider: 'password' },
  };
  return `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.`;
}

function base64url(value: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
