import { getAuth } from 'firebase/auth';
import createClient from 'openapi-fetch';
import type { ConcernRequest, ErrorAnswer, paths, RegistrationRequest, ReviewRequest, SignUpRequest, Social } from './openapi';

type Party = 'asker' | 'willsoner';
type Answer<Data> = { data?: { data: Data }; error?: ErrorAnswer | { code: string }; response: Response };

// Why a request was refused: the code of an answer, or one of two more. 'signed_out': nobody is signed in. 'user_gone':
// the user was disabled, deleted or signed out everywhere. Show the login for both. After any other error nobody knows
// whether the request was carried out: it may be sent again.
export class Refused extends Error {
  constructor(readonly code: string, readonly field?: string) {
    super(code);
  }
}

const baseUrl = 'http://localhost:8000';
const timely = (request: Request) => fetch(request, { signal: AbortSignal.timeout(10_000) });
const anonymous = createClient<paths>({ baseUrl, fetch: timely });
const willson = createClient<paths>({ baseUrl, fetch: signedIn });

let session: { social: Social; cookie: string } | undefined;

// Sends a request with the session cookie, and once more with a new one when it has expired.
async function signedIn(request: Request): Promise<Response> {
  const send = async () => {
    if (!session) throw new Refused('signed_out');
    const attempt = request.clone();
    attempt.headers.set('x-token', session.cookie);
    return timely(attempt);
  };
  const response = await send();
  if (response.status !== 401 || (await response.clone().json()).code !== 'access_token_expired') return response;
  await signIn(session!.social);
  return send();
}

// A Firebase ID token that was just fetched.
async function idToken(): Promise<string> {
  const user = getAuth().currentUser;
  if (!user) throw new Refused('signed_out');
  try {
    return await user.getIdToken(true);
  } catch (error) {
    const gone = ['auth/user-disabled', 'auth/user-not-found', 'auth/user-token-expired', 'auth/invalid-user-token'];
    throw gone.includes((error as { code: string }).code) ? new Refused('user_gone') : error;
  }
}

// Asks up to three times for as long as nobody knows whether the request was carried out: no answer, 503, 504.
async function answered<Data>(ask: () => Promise<Answer<Data>>): Promise<Data> {
  for (let attempt = 1; ; attempt++) {
    let seconds = attempt;
    try {
      const { data, error, response } = await ask();
      if (data) return data.data;
      if (![503, 504].includes(response.status)) throw refusal(error as ErrorAnswer);
      if (attempt === 3) throw new Error(error!.code);
      seconds = Number(response.headers.get('Retry-After')) || attempt;
    } catch (error) {
      if (attempt === 3 || error instanceof Refused) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

function refusal({ code, field }: ErrorAnswer): Refused {
  if (code === 'token_not_found') return new Refused('signed_out');
  if (code === 'access_token_invalid' || code === 'login_failed') return new Refused('user_gone');
  return new Refused(code, field);
}

// Signing in, after Firebase has. 'user_not_found': show the sign-up form, and call signUp.
export const signIn = (social: Social) => begin(social, async () => (
  anonymous.POST('/api/v1/asker/sign/signin', { body: { token: await idToken(), social } })));
export const signUp = (form: Omit<SignUpRequest, 'token'>) => begin(form.social, async () => (
  anonymous.POST('/api/v1/asker/sign/signup', { body: { ...form, token: await idToken() } })));
export const signOut = () => { session = undefined; };

async function begin<Account extends { access_token: string }>(social: Social, ask: () => Promise<Answer<Account>>): Promise<Account> {
  const account = await answered(ask);
  session = { social, cookie: account.access_token };
  return account;
}

const concern = (concern_idx: number) => ({ params: { path: { concern_idx } } });
const match = (match_idx: number) => ({ params: { path: { match_idx } } });

// The asker, up to the choice.
export const writeConcern = (body: ConcernRequest) => answered(() => willson.POST('/api/v1/asker/request/complete', { body }));
export const prices = (idx: number) => answered(() => willson.GET('/api/v1/asker/payment/{concern_idx}', concern(idx)));
export const pay = (idx: number, ticket_idx: number) => answered(() => (
  willson.POST('/api/v1/asker/payment/{concern_idx}', { ...concern(idx), body: { ticket_idx } })));
export const concerns = () => answered(() => willson.GET('/api/v1/asker/list/concerns'));
export const offers = (idx: number) => answered(() => willson.GET('/api/v1/asker/list/concerns/realtime/{concern_idx}', concern(idx)));
export const select = (idx: number) => answered(() => willson.PATCH('/api/v1/asker/list/matches/{match_idx}/select', match(idx)));

// The willsoner. Whoever has registered waits for approval, by an operator or by an invitation.
export const register = (body: RegistrationRequest) => answered(() => willson.POST('/api/v1/willsoner/register/complete', { body }));
export const redeem = (code: string) => answered(() => willson.PATCH('/api/v1/willsoner/register/invitation', { body: { code } }));
export const requests = () => answered(() => willson.POST('/api/v1/willsoner/list/realtime/matches', { body: { category_idx: 0 } }));
export const request = (idx: number) => answered(() => willson.GET('/api/v1/willsoner/list/realtime/matches/{match_idx}', match(idx)));
export const offer = (idx: number) => answered(() => willson.PATCH('/api/v1/willsoner/list/realtime/matches/{match_idx}/select', match(idx)));

// A session. Whoever has none gets 'not_found' for the list.
export const askerSessions = () => answered(() => willson.GET('/api/v1/asker/chat/chatrooms'));
export const willsonerSessions = () => answered(() => willson.GET('/api/v1/willsoner/chat/chatrooms'));
export const join = (party: Party, idx: number) => answered(() => willson.PATCH(`/api/v1/${party}/chat/join/{match_idx}`, match(idx)));
export const review = (body: ReviewRequest) => answered(() => willson.POST('/api/v1/asker/chat/review', { body }));
export const complete = (idx: number) => answered(() => willson.PATCH('/api/v1/asker/chat/complete/{match_idx}', match(idx)));
