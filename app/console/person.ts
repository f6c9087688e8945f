// Somebody who is signed in: a user of Firebase, with an account at the server and its session cookie.
import type { User } from 'firebase/auth';
import createClient from 'openapi-fetch';
import type { Account as WholeAccount, GenderLetter, paths } from '../clients/openapi';
import { exchange, type Exchange } from './api';

// openapi-fetch leaves out what is always null.
export type Account = Omit<WholeAccount, 'status'>;

export interface Person {
  user: User;
  account: Account;
  cookie: string;
  exchanges: Exchange[]; // of signing in, the newest first
}

// What the sign-up form says beside address and password.
export interface Form {
  nickname: string;
  gender: GenderLetter;
  age: string; // the year of birth
}

const kept = (user: User) => `person ${user.uid}`;

// A Refused is the server's answer to somebody who may not come in.
export class Refused extends Error {
  constructor(readonly code: string, readonly status: number) {
    super(`${status} ${code}`);
  }
}

// enter signs a user of Firebase in at the server, or up with a form, and keeps the cookie for as long as the window.
export async function enter(user: User, show: (exchange: Exchange) => void, form?: Form): Promise<Person> {
  const send = async (request: Request) => (await exchange(request, '', show)).response;
  const server = createClient<paths>({ baseUrl: location.origin, fetch: send });
  const token = await user.getIdToken(true);
  const { data, error, response } = form
    ? await server.POST('/api/v1/asker/sign/signup', { body: { ...form, token, social: 'email', email: user.email ?? '' } })
    : await server.POST('/api/v1/asker/sign/signin', { body: { token, social: 'email' } });
  if (!data) throw new Refused(error.code, response.status);
  const { data: account } = data;
  sessionStorage.setItem(kept(user), JSON.stringify(account));
  return { user, account, cookie: account.access_token, exchanges: [] };
}

// again is who signed in in this window before it was loaded anew; undefined when nobody did.
export function again(user: User): Person | undefined {
  const text = sessionStorage.getItem(kept(user));
  if (!text) return undefined;
  const account = JSON.parse(text) as Account;
  return { user, account, cookie: account.access_token, exchanges: [] };
}

export const forget = (user: User) => sessionStorage.removeItem(kept(user));
