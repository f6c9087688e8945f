import {
  complete, join, offer, offers, pay, prices, redeem, Refused, register, requests, review, select, signIn, signUp, writeConcern,
} from './willson';

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
export async function ask(content: string) {
  const { idx } = await writeConcern({
    subcategory_idx: 1, feeling_idx: [1, 2, 3], personality_idx: [1], content, wil_gender: 'ALL', direction_idx: 2, type: 'realtime',
  });
  const { tickets } = await prices(idx);
  const { timer } = await pay(idx, tickets[0]!.idx);
  while (Date.now() < timer! + 300_000) {
    const [offered] = (await offers(idx)).matches;
    if (offered) return select(offered.idx);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
  return undefined;
}

// Somebody becomes a willsoner, who is invited.
export async function counsel(invitation: string) {
  await register({ subcategory_idx: 1, experience: '같은 일을 겪었어요', introduction: '안녕하세요', keyword: ['이별'], image_idx: 1 });
  await redeem(invitation);
}

// The willsoner offers a talk for the newest request.
export async function answer() {
  const newest = (await requests()).matches.rows.find(({ status }) => status === 'init');
  return newest && offer(newest.idx);
}

// The asker ends the session, after the talk in the room.
export async function end(match_idx: number) {
  await join('asker', match_idx);
  await review({ match_idx, content: '덕분에 마음이 편해졌어요', rating: 4.5, image_idx: 1 });
  await complete(match_idx);
}
