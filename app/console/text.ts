// What the page says, in Korean and in English.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export type Language = 'ko' | 'en';

const ko = {
  title: '윌슨 콘솔',
  console: '콘솔', reference: 'API 문서', newWindow: '새 창', signOut: '로그아웃', language: '언어', project: '프로젝트',
  signedIn: '로그인한 사람', pages: '페이지', nameless: '이름 없음', loading: '불러오는 중입니다.',
  broken: (why: string) => `콘솔을 시작하지 못했습니다: ${why}`,

  whoAreYou: '누구로 들어갈까요?',
  accountsHint: 'Auth 에뮬레이터에 있는 계정입니다. 창마다 다른 사람으로 들어갈 수 있습니다.',
  noAccounts: '아직 계정이 없습니다.', byEmail: '이메일로 로그인', email: '이메일', password: '비밀번호', signIn: '로그인',
  noAuth: (why: string) => `Auth 에뮬레이터가 답하지 않습니다: ${why}`,
  notSignedIn: (why: string) => `로그인하지 못했습니다: ${why}`,

  sessions: '상담', talk: '대화', exchanges: '서버와 주고받은 것', exchangesShort: '요청', panes: '보기',
  asAsker: '질문자로', asWillsoner: '윌스너로', offers: '답을 기다리는 제안', ing: '진행중인 상담', reserve: '예약된 상담',
  nothing: '상담이 없습니다.', now: '지금 바로', minutes: (minutes: number | string) => `${minutes}분`,
  accept: '수락하기', enter: '참여하기', entered: '열린 대화',

  emptyTalk: '진행중인 상담에 참여하면 대화가 여기에 열립니다.',
  emptyTalkHint: '새 창에서 상대로 로그인하면 두 사람의 상담을 처음부터 끝까지 진행해 볼 수 있습니다.',
  talkWith: (name: string) => `${name} 님과의 대화`, close: '닫기', steps: '대화에 이르는 단계',
  step: { start: '입장', intro: '동의', end: '대화' }, done: '했음', notYet: '아직', me: '나',
  agree: '동의하기', startedAt: (time: string) => `${time} 시작`, left: (time: string) => `${time} 남음`, timeUp: '시간이 다 됨',
  messages: '메시지', write: '메시지 쓰기', send: '보내기', waitForOther: '상대가 들어오기를 기다립니다', waitForBoth: '두 사람이 동의하면 쓸 수 있습니다',
  report: '신고', reportMessage: (message: string) => `신고: ${message}`, reported: '신고됨',
  finish: '후기 쓰고 마치기', over: '상담 시간이 끝났습니다.', closed: '끝난 상담입니다.',

  review: '상담은 어떠셨나요?', backToTalk: '대화로 돌아가기', rating: '별점', stars: (rating: number) => `별 ${rating}개`,
  image: '윌스너의 유형', noImages: '고를 그림이 없어 후기를 남길 수 없습니다.', reviewTitle: '제목 (없어도 됩니다)', content: '후기',
  submit: '후기 남기고 마치기', skip: '후기 없이 마치기',

  exchangesHint: '여기서 하는 모든 요청이 보입니다.', again: '다시 요청', expired: '만료된 토큰으로 요청', noAnswer: '응답 없음',
  answer: '응답', body: '보낸 본문', headers: (count: number) => `응답 헤더 ${count}개`, noBody: '본문이 없습니다.',
  copy: '복사', copied: '복사됨', inShell: '셸에서 같은 요청을 합니다. 토큰이 들어 있습니다.',

  withToken: (who: string) => `여기서 보내는 요청에는 ${who}의 토큰이 들어갑니다.`, withoutToken: '로그인하면 여기서 보내는 요청에 토큰이 들어갑니다.',

  outcome: {
    selected: '제안을 수락했습니다.', joined: '참여했습니다.', completed: '상담을 마쳤습니다.', reviewed: '후기를 남기고 상담을 마쳤습니다.',
    reported: '메시지를 신고했습니다.', refreshed: '토큰이 만료되어 새로 받고, 한 번 다시 요청했습니다.',
    too_early: '아직 이릅니다. 약속한 시각 10분 전부터 참여할 수 있습니다.',
    already_matched: '이미 다른 상담이 정해졌거나, 그 시간에 한 사람의 상담이 있습니다.',
    not_found: '그런 상담이 없거나, 지금 할 수 없는 일입니다.',
    review_already_exists: '후기는 이미 남겼습니다.',
    service_unavailable: '서버가 지금 답할 수 없습니다. 잠시 뒤에 다시 해 주세요.',
    deadline_exceeded: '서버가 제때 답하지 못했습니다. 다시 해 주세요.',
    failed: '요청이 실패했습니다.',
  },
};

export type Text = typeof ko;
export type Outcome = keyof Text['outcome'];

const en: Text = {
  title: 'Willson console',
  console: 'Console', reference: 'API reference', newWindow: 'New window', signOut: 'Sign out', language: 'Language', project: 'Project',
  signedIn: 'Signed in', pages: 'Pages', nameless: 'No name', loading: 'Loading.',
  broken: (why) => `The console could not start: ${why}`,

  whoAreYou: 'Who would you like to be?',
  accountsHint: 'These accounts are in the Auth emulator. Each window can be somebody else.',
  noAccounts: 'There is no account yet.', byEmail: 'Sign in by email', email: 'Email', password: 'Password', signIn: 'Sign in',
  noAuth: (why) => `The Auth emulator does not answer: ${why}`,
  notSignedIn: (why) => `Signing in failed: ${why}`,

  sessions: 'Sessions', talk: 'Talk', exchanges: 'Exchanges with the server', exchangesShort: 'Requests', panes: 'Panes',
  asAsker: 'As asker', asWillsoner: 'As willsoner', offers: 'Offers that wait for an answer', ing: 'Under way', reserve: 'Reserved',
  nothing: 'No sessions.', now: 'right now', minutes: (minutes) => `${minutes} min`,
  accept: 'Accept', enter: 'Join', entered: 'Open',

  emptyTalk: 'Join a session that is under way, and its talk opens here.',
  emptyTalkHint: 'Sign in as the other one in a new window, and walk the session of two people from its offer to its review.',
  talkWith: (name) => `Talk with ${name}`, close: 'Close', steps: 'Steps that lead to the talk',
  step: { start: 'Enter', intro: 'Agree', end: 'Talk' }, done: 'done', notYet: 'not yet', me: 'You',
  agree: 'Agree', startedAt: (time) => `since ${time}`, left: (time) => `${time} left`, timeUp: 'Time is up',
  messages: 'Messages', write: 'Write a message', send: 'Send', waitForOther: 'Waiting for the other to enter', waitForBoth: 'Opens when both have agreed',
  report: 'Report', reportMessage: (message) => `Report: ${message}`, reported: 'Reported',
  finish: 'Review and finish', over: 'The time of this session is over.', closed: 'This session is closed.',

  review: 'How was the session?', backToTalk: 'Back to the talk', rating: 'Rating', stars: (rating) => `${rating} stars`,
  image: 'The willsoner was', noImages: 'There is no picture to choose, and without one no review.', reviewTitle: 'Title (optional)', content: 'Review',
  submit: 'Leave the review and finish', skip: 'Finish without a review',

  exchangesHint: 'Every request made here is shown.', again: 'Ask again', expired: 'Ask with an expired token', noAnswer: 'no answer',
  answer: 'Answer', body: 'Body sent', headers: (count) => `${count} headers of the answer`, noBody: 'No body.',
  copy: 'Copy', copied: 'Copied', inShell: 'The same request in a shell. It holds the token.',

  withToken: (who) => `Requests sent from here carry the token of ${who}.`, withoutToken: 'Sign in, and requests sent from here carry your token.',

  outcome: {
    selected: 'The offer is accepted.', joined: 'You have joined.', completed: 'The session is closed.', reviewed: 'The review is kept and the session closed.',
    reported: 'The message is reported.', refreshed: 'The token had expired: a new one was fetched and the request repeated, once.',
    too_early: 'Too early: one can join from ten minutes before the agreed hour.',
    already_matched: 'Another offer was accepted already, or one of the two has a session at that time.',
    not_found: 'There is no such session, or it is not in a state that allows this.',
    review_already_exists: 'There is a review already.',
    service_unavailable: 'The server cannot answer now. Try again in a moment.',
    deadline_exceeded: 'The server did not answer in time. Try again.',
    failed: 'That did not work.',
  },
};

const texts = { ko, en };

export const LanguageOf = createContext<Language>('ko');

export const useText = (): Text => texts[useContext(LanguageOf)];

export const outcomeOf = (code: string): Outcome => (code in ko.outcome ? (code as Outcome) : 'failed');

const seoul = (language: Language, options: Intl.DateTimeFormatOptions) => (
  new Intl.DateTimeFormat(language, { timeZone: 'Asia/Seoul', hourCycle: 'h23', ...options })
);
const minute = { hour: '2-digit', minute: '2-digit' } as const;
const formats = (language: Language) => ({
  day: seoul(language, { month: 'short', day: 'numeric', ...minute }),
  dayAndYear: seoul(language, { year: 'numeric', month: 'short', day: 'numeric', ...minute }),
  minute: seoul(language, minute),
});
const formatsOf = { ko: formats('ko'), en: formats('en') };

// useTimes returns how times are written, all in Seoul.
export function useTimes() {
  const { day, dayAndYear, minute } = formatsOf[useContext(LanguageOf)];
  const isThisYear = (milliseconds: number) => new Date(milliseconds).getFullYear() === new Date().getFullYear();
  return {
    dayOf: (milliseconds: number) => (isThisYear(milliseconds) ? day : dayAndYear).format(milliseconds),
    minuteOf: (milliseconds: number) => minute.format(milliseconds),
  };
}

// clock shows what is left of a talk, as 49:07.
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export const initial = (name: string | undefined) => [...(name ?? '')][0] ?? '?';

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
