// The one request of the API, and what the app is told to do when its token has expired.
import type { User } from 'firebase/auth';

export const path = '/api/v1/asker/chat/chatrooms';

export interface Chatrooms {
  count: number;
  ing: IngRow[];
  reserve: ReserveRow[];
}

export interface IngRow {
  idx: number;
  roomkey: string;
  concern: { nickname?: string; time: string; idx?: number; asker: { pic?: string; id: string } };
  willsoner: {
    idx?: number;
    introduction?: string;
    experience?: string;
    asker: { gender?: string; pic?: string; nickname?: string };
    image: { pic?: string };
    subcategories: { name?: string; category?: { name?: string } }[];
    keywords: { name?: string }[];
  };
  start: number;
}

export interface ReserveRow {
  idx: number;
  roomkey: string;
  concern: { time: string };
  willsoner: { idx?: number; asker: { nickname?: string; id?: string }; image: { pic?: string } };
  date: { from_time: string; date_format: string };
}

export interface Exchange {
  id: number;
  token: string;
  status: number;
  statusText: string;
  headers: [string, string][];
  body: string;
  code: string;
  data: Chatrooms | undefined;
  milliseconds: number;
}

let exchanges = 0;

async function ask(token: string): Promise<Exchange> {
  const begin = performance.now();
  // no-store: an answer out of the browser's cache would not be the server's.
  const response = await fetch(path, { headers: { 'x-token': token }, cache: 'no-store' });
  const body = await response.text();
  const milliseconds = performance.now() - begin;
  const { code, data } = read(body);
  const { status, statusText } = response;
  return { id: ++exchanges, token, status, statusText, headers: [...response.headers], body, code, data, milliseconds };
}

function read(body: string): { code: string; data?: Chatrooms } {
  try {
    return JSON.parse(body) as { code: string; data?: Chatrooms };
  } catch {
    return { code: '' };
  }
}

// list asks with the user's token, or the one given. A token that has expired is refreshed and the request repeated,
// once: the second exchange is then the answer.
export async function list(user: User, token?: string): Promise<Exchange[]> {
  const first = await ask(token ?? (await user.getIdToken()));
  if (first.code !== 'access_token_expired') return [first];
  return [first, await ask(await user.getIdToken(true))];
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

export const curl = (token: string) => `curl -si '${location.origin}${path}' -H 'x-token: ${token}'`;
