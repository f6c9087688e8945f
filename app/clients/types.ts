// What the types generated from openapi.yaml have to be good for. `npm run check` compiles this; nothing runs it.
import type { Client } from 'openapi-fetch';
import type { AskerChatroom, ErrorCode, paths, RealtimeConcern, ReviewRequest } from './openapi';
import { offers, pay, requests, select, signUp } from './willson';

export async function types(client: Client<paths>) {
  const { data, error } = await client.GET('/api/v1/asker/chat/chatrooms');
  const rooms: AskerChatroom[] = data?.data.ing ?? [];
  const code: ErrorCode | undefined = error?.code;

  const review: ReviewRequest = { match_idx: 2006, content: null, rating: 4.5, image_idx: 7 };
  const reviewed = await client.POST('/api/v1/asker/chat/review', { body: review });
  const title: string | null | undefined = reviewed.data?.data.title;

  const completed = await client.POST('/api/v1/asker/chat/review/complete', { body: review });
  // @ts-expect-error: it is answered without data
  void completed.data?.data;
  const home = await client.GET('/api/v1/asker/main');
  const copy: string | undefined = home.data?.landings[0]?.copy;

  // @ts-expect-error: a match has a number
  await client.PATCH('/api/v1/asker/chat/join/{match_idx}');
  // @ts-expect-error: there is no such request
  await client.GET('/api/v1/asker/chat/join/{match_idx}', { params: { path: { match_idx: 1 } } });
  // @ts-expect-error: content has to be there, null when there is none
  await client.POST('/api/v1/asker/chat/review', { body: { match_idx: 2006, rating: 4.5, image_idx: 7 } });
  // @ts-expect-error: the minutes are a string
  const minutes: number | undefined = rooms[0]?.concern.time;
  // @ts-expect-error: there is no such code
  const unknown: ErrorCode = 'not_there';
  // @ts-expect-error: a room need not say who the willsoner is
  const introduction: string = rooms[0]!.willsoner.introduction;
  return { code, title, copy, minutes, unknown, introduction };
}

export async function road(concern: RealtimeConcern) {
  // @ts-expect-error: gender, nickname and year of birth have to be there
  await signUp({ social: 'email', email: '' });
  // @ts-expect-error: only a concern that waits has one
  const timer: number = concern.timer;
  const paid = await pay(concern.idx, 1);
  const status: 'init' = paid.status;
  const [offered] = (await offers(paid.idx)).matches;
  const name: string | undefined = offered?.willsoner.subcategories[0]?.name;
  const roomkey: string = (await select(offered!.idx)).roomkey;
  const until: number | undefined = (await requests()).matches.rows[0]?.concern.timer;
  return { timer, status, name, roomkey, until };
}
