import { getAuth } from 'firebase/auth';
import createClient from 'openapi-fetch';
import type { paths } from './openapi';

// Sends a request as the signed-in user, and once more when the token has expired.
async function signedIn(request: Request): Promise<Response> {
  const send = async (refresh: boolean) => {
    const attempt = request.clone();
    attempt.headers.set('x-token', await getAuth().currentUser!.getIdToken(refresh));
    return fetch(attempt, { signal: AbortSignal.timeout(10_000) });
  };
  const response = await send(false);
  if (response.status !== 401) return response;
  const { code } = await response.clone().json();
  return code === 'access_token_expired' ? send(true) : response;
}

const willson = createClient<paths>({ baseUrl: 'http://localhost:8000', fetch: signedIn });

// Asks up to three times for as long as nobody knows whether the request was carried out: no answer, 503, 504.
async function repeated<T extends { response: Response }>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let seconds = attempt;
    try {
      const answer = await ask();
      if (attempt === 3 || ![503, 504].includes(answer.response.status)) return answer;
      seconds = Number(answer.response.headers.get('Retry-After')) || attempt;
    } catch (error) {
      if (attempt === 3) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

// Accepts an offer and returns the key of the chatroom.
export async function select(match_idx: number): Promise<string> {
  const { data, error } = await repeated(() =>
    willson.PATCH('/api/v1/asker/list/matches/{match_idx}/select', { params: { path: { match_idx } } }));
  if (error) throw new Error(error.code);
  return data.data.roomkey;
}
