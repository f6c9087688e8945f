import { offer, offers, pay, prices, Refused, requests, select, signIn, signUp, writeConcern } from './willson';

// Signs in, and signs up whoever has no account yet.
export async function enter() {
  try {
    return await signIn('google');
  } catch (error) {
    if (!(error instanceof Refused && error.code === 'user_not_found')) throw error;
    return signUp({ social: 'google', email: '', nickname: '윌순', gender: 'F', age: 1997 });
  }
}

// The asker writes a concern, pays for thirty minutes, and takes the first willsoner who offers a talk.
export async function ask(content: string): Promise<string | undefined> {
  const { idx } = await writeConcern({
    subcategory_idx: 1, feeling_idx: [1, 2, 3], personality_idx: [1], content, wil_gender: 'ALL', direction_idx: 2, type: 'realtime',
  });
  const { tickets } = await prices(idx);
  const { timer } = await pay(idx, tickets[0]!.idx);
  while (Date.now() < timer! + 300_000) {
    const [offered] = (await offers(idx)).matches;
    if (offered) return (await select(offered.idx)).roomkey;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
  return undefined;
}

// The willsoner offers a talk for the newest request.
export async function answer() {
  const newest = (await requests()).matches.rows.find(({ status }) => status === 'init');
  return newest && offer(newest.idx);
}
