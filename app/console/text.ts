// What the page says, in Korean and in English.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export type Language = 'ko' | 'en';

const ko = {
  title: '윌슨 콘솔',
  console: '콘솔', reference: 'API 문서', newWindow: '새 창', signOut: '로그아웃', language: '언어', project: '프로젝트',
  signedIn: '로그인한 사람', pages: '페이지', nameless: '이름 없음', loading: '불러오는 중입니다.',
  broken: (why: string) => `콘솔을 시작하지 못했습니다: ${why}`,

  whoAreYou: '있는 계정으로 들어가기',
  accountsHint: 'Auth 에뮬레이터에 있는 계정입니다. 창마다 다른 사람으로 들어갈 수 있습니다.',
  signUp: '가입하기', signUpHint: '새 창에서 한 사람 더 가입하면 두 사람의 상담을 처음부터 끝까지 진행해 볼 수 있습니다.',
  nickname: '닉네임', birthYear: '태어난 해', gender: '성별', female: '여', male: '남',
  noAccounts: '아직 계정이 없습니다.', byEmail: '이메일로 로그인', email: '이메일', password: '비밀번호', signIn: '로그인',
  noAuth: (why: string) => `Auth 에뮬레이터가 답하지 않습니다: ${why}`,
  refusals: {
    'auth/email-already-in-use': '이미 가입한 이메일입니다. 그 비밀번호로 로그인해 주세요.',
    'auth/invalid-credential': '이메일이나 비밀번호가 맞지 않습니다.', 'auth/wrong-password': '비밀번호가 맞지 않습니다.', 'auth/user-not-found': '그런 이메일로 가입한 사람이 없습니다.',
    'auth/invalid-email': '이메일 주소가 아닙니다.', 'auth/weak-password': '비밀번호는 여섯 글자부터입니다.', 'auth/network-request-failed': 'Auth 에뮬레이터에 닿지 못했습니다.',
    out_of_range: '그 해에 태어난 사람은 가입할 수 없습니다.', invalid_request: '잘못 적은 것이 있습니다.', login_failed: '서버가 토큰을 받지 않았습니다.',
    service_unavailable: '서버가 지금 답할 수 없습니다. 같은 것을 다시 보내 주세요.',
  },
  notSignedIn: (why: string) => `로그인하지 못했습니다: ${why}`,

  sessions: '상담', talk: '대화', exchanges: '서버와 주고받은 것', exchangesShort: '요청', panes: '보기',
  sides: '역할', side: { asker: '질문자', willsoner: '윌스너', me: '내 정보' },
  asAsker: '질문자로', asWillsoner: '윌스너로', offers: '예전 제안', ing: '진행중인 상담', reserve: '예약된 상담',
  nothing: '아직 아무것도 없습니다.', now: '지금 바로', minutes: (minutes: number | string) => `${minutes}분`,
  writeConcern: '고민 쓰기', realtimeConcerns: '지금 나눌 고민', reserveConcerns: '예약할 고민', completedConcerns: '완료된 고민',
  concernStatus: { init: '윌스너를 찾는 중', empty: '제안한 윌스너가 없음', unmatched: '선택하지 않음', matched: '매칭 완료', complete: '완료' },
  searching: '윌스너가 제안할 시간', choosing: '선택할 시간', offersOn: '제안', noOffers: '아직 제안이 없습니다.', lookAgain: '새로 보기', payAgain: '다시 결제하기',
  unpaid: '결제하지 않은 고민', reviewsOf: '후기 보기', reviewCount: (count: number, average: string) => `후기 ${count}개 · ★ ${average}`, details: '자세히',
  category: '카테고리', subcategory: '세부 카테고리', concern: '고민', feelings: '기분', personalities: '원하는 윌스너', direction: '원하는 방향',
  wantedGender: '윌스너의 성별', anyGender: '상관없음', when: '언제', type: { realtime: '지금', reserve: '예약' },
  window: (n: number) => `가능한 시간 ${n}`, date: '날짜', from: '부터', to: '까지', toPayment: '결제로', back: '돌아가기',
  payment: '결제', pots: '쓸 수 있는 꿀단지', cannotPay: '지금은 결제할 수 없는 고민입니다.', mightAnswer: '예상 답변자',
  nobodyFits: '맞는 윌스너가 없습니다. 새 창에서 같은 카테고리의 윌스너를 신청하고 승인을 받으면 나타납니다.',
  missing: (pots: number) => `꿀단지가 ${pots}개 모자랍니다.`, sendTo: '누구에게', matchType: ['맞는 모든 윌스너', '이 고민을 상담한 윌스너', '아직 상담하지 않은 윌스너'],
  realtimeRequests: '지금 들어온 요청', reserveRequests: '예약 요청', offer: '상담 걸기', timeToOffer: '상담을 걸 시간', waitsForAsker: '질문자의 확정을 기다리는 중입니다.', hour: '시각',
  requestStatus: { init: '새 요청', waiting: '제안함', closed: '마감' },
  notRegistered: '아직 윌스너가 아닙니다. 내 정보에서 신청할 수 있습니다.',
  ledger: '꿀단지 내역', register: '윌스너 신청하기', introduction: '한 줄 소개', experience: '경험', keywords: '키워드 (쉼표로 구분)',
  invitation: '초대 코드', invitationHint: 'make run에서는 willson입니다.', redeem: '승인 받기',
  willsonerStatus: (status: string) => (({ waiting: '승인 대기', approved: '승인됨', complete: '승인됨', rejected: '거절됨', reregister: '다시 신청' }) as Record<string, string>)[status] ?? status,
  toldNow: (what: string) => `알림: ${what}`, show: '보기',
  told: '알림', toldHint: '휴대전화에 보냈을 알림입니다. 여기서는 보내지 않습니다.',
  kind: { requested: '새 요청이 왔습니다', offered: '제안이 왔습니다', selected: '선택되었습니다', joined: '상대가 들어왔습니다', reviewed: '후기가 왔습니다' },
  accept: '수락하기', enter: '참여하기', entered: '열린 대화',

  emptyTalk: '진행중인 상담에 참여하면 대화가 여기에 열립니다.', emptyTalkHint: '두 사람의 상담을 처음부터 끝까지 진행해 보세요.',
  road: [
    '새 창에서 다른 사람으로 가입합니다. 내 정보에서 윌스너를 신청하고, 초대 코드로 승인을 받습니다.',
    '이 창에서 같은 카테고리의 고민을 쓰고, 꿀단지로 결제합니다.',
    '윌스너가 5분 안에 상담을 겁니다.',
    '질문자가 제안 하나를 수락합니다.',
    '두 사람이 참여하고 동의하면 대화가 시작되고, 질문자의 후기로 끝납니다.',
  ],
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
    written: '고민을 썼습니다.', paid: '결제했습니다. 맞는 윌스너들에게 보냈습니다.', offered: '상담을 걸었습니다.',
    registered: '윌스너를 신청했습니다.', approved: '윌스너로 승인되었습니다.',
    concern_in_process: '지금은 결제할 수 없는 고민입니다.', amount_not_enough: '꿀단지가 모자랍니다.', willsoner_not_found: '맞는 윌스너가 없습니다. 결제하지 않았습니다.',
    time_out: '시간이 지났습니다.', code_not_found: '그런 초대 코드가 없습니다.', already_registered_willsoner: '이미 신청했습니다.',
    invalid_request: '잘못 적은 것이 있습니다.', user_not_found: '계정이 없습니다.',
    access_token_invalid: '로그인이 더는 통하지 않습니다. 로그아웃하고 다시 들어와 주세요.', token_not_found: '로그인이 더는 통하지 않습니다. 로그아웃하고 다시 들어와 주세요.',
    login_failed: '다시 로그인하지 못했습니다. 로그아웃하고 다시 들어와 주세요.', request_too_large: '보낸 것이 너무 큽니다.', unreachable: '서버에 닿지 못했습니다. 켜져 있나요?',
    selected: '제안을 수락했습니다.', joined: '참여했습니다.', completed: '상담을 마쳤습니다.', reviewed: '후기를 남기고 상담을 마쳤습니다.',
    reported: '메시지를 신고했습니다.', refreshed: '쿠키가 만료되어 다시 로그인하고, 한 번 다시 요청했습니다.',
    too_early: '아직 이릅니다. 약속한 시각 10분 전부터 참여할 수 있습니다.',
    already_matched: '이미 다른 상담이 정해졌거나, 그 시간에 한 사람의 상담이 있습니다.',
    not_found: '그런 것이 없거나, 지금 할 수 없는 일입니다.',
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

  whoAreYou: 'Enter as somebody who is there',
  accountsHint: 'These accounts are in the Auth emulator. Each window can be somebody else.',
  signUp: 'Sign up', signUpHint: 'Sign up a second person in a new window, and walk the session of two people from its beginning to its review.',
  nickname: 'Nickname', birthYear: 'Year of birth', gender: 'Gender', female: 'Female', male: 'Male',
  noAccounts: 'There is no account yet.', byEmail: 'Sign in by email', email: 'Email', password: 'Password', signIn: 'Sign in',
  noAuth: (why) => `The Auth emulator does not answer: ${why}`,
  refusals: {
    'auth/email-already-in-use': 'This address is taken. Sign in with its password.',
    'auth/invalid-credential': 'Address or password is wrong.', 'auth/wrong-password': 'The password is wrong.', 'auth/user-not-found': 'Nobody signed up with this address.',
    'auth/invalid-email': 'This is no address.', 'auth/weak-password': 'The password needs six characters.', 'auth/network-request-failed': 'The Auth emulator cannot be reached.',
    out_of_range: 'Nobody born in that year can sign up.', invalid_request: 'Something is not as it has to be.', login_failed: 'The server did not take the token.',
    service_unavailable: 'The server cannot answer now. Send the same again.',
  },
  notSignedIn: (why) => `Signing in failed: ${why}`,

  sessions: 'Sessions', talk: 'Talk', exchanges: 'Exchanges with the server', exchangesShort: 'Requests', panes: 'Panes',
  sides: 'Roles', side: { asker: 'Asker', willsoner: 'Willsoner', me: 'My page' },
  asAsker: 'As asker', asWillsoner: 'As willsoner', offers: 'Offers of the first team\'s time', ing: 'Under way', reserve: 'Reserved',
  nothing: 'Nothing yet.', now: 'right now', minutes: (minutes) => `${minutes} min`,
  writeConcern: 'Write a concern', realtimeConcerns: 'Concerns for now', reserveConcerns: 'Concerns for later', completedConcerns: 'Complete concerns',
  concernStatus: { init: 'looking for a willsoner', empty: 'nobody offered', unmatched: 'nobody was chosen', matched: 'matched', complete: 'complete' },
  searching: 'Time to offer', choosing: 'Time to choose', offersOn: 'Offers', noOffers: 'No offer yet.', lookAgain: 'Look again', payAgain: 'Pay again',
  unpaid: 'Not paid for yet', reviewsOf: 'Reviews', reviewCount: (count, average) => `${count} ${count === 1 ? 'review' : 'reviews'} · ★ ${average}`, details: 'Details',
  category: 'Category', subcategory: 'Subcategory', concern: 'Concern', feelings: 'Feelings', personalities: 'The willsoner should be', direction: 'What should come of it',
  wantedGender: 'The willsoner\'s gender', anyGender: 'any', when: 'When', type: { realtime: 'now', reserve: 'later' },
  window: (n) => `Possible time ${n}`, date: 'Date', from: 'From', to: 'To', toPayment: 'To the payment', back: 'Back',
  payment: 'Payment', pots: 'Honey pots to spend', cannotPay: 'This concern cannot be paid for now.', mightAnswer: 'Who might answer',
  nobodyFits: 'Nobody fits. Register a willsoner of this category in a new window, and be approved.',
  missing: (pots) => `${pots} honey ${pots === 1 ? 'pot is' : 'pots are'} missing.`, sendTo: 'To whom', matchType: ['every willsoner who fits', 'those who had a session of this concern', 'those who had none of it'],
  realtimeRequests: 'Requests for now', reserveRequests: 'Requests for later', offer: 'Offer a talk', timeToOffer: 'Time to offer', waitsForAsker: 'Waiting for the asker\'s choice.', hour: 'Hour',
  requestStatus: { init: 'new', waiting: 'offered', closed: 'closed' },
  notRegistered: 'Not a willsoner yet: register on my page.',
  ledger: 'Honey pots', register: 'Register as a willsoner', introduction: 'Introduction', experience: 'Experience', keywords: 'Keywords (comma-separated)',
  invitation: 'Invitation', invitationHint: 'With make run it is willson.', redeem: 'Be approved',
  willsonerStatus: (status) => status,
  toldNow: (what) => `Notice: ${what}`, show: 'Show',
  told: 'Notices', toldHint: 'What this user\'s phone would have been told. Nothing is sent here.',
  kind: { requested: 'A request came', offered: 'Somebody offers', selected: 'You were chosen', joined: 'The other is here', reviewed: 'A review came' },
  accept: 'Accept', enter: 'Join', entered: 'Open',

  emptyTalk: 'Join a session that is under way, and its talk opens here.', emptyTalkHint: 'Walk the session of two people from its beginning to its end.',
  road: [
    'In a new window sign up as somebody else, register as a willsoner on my page, and be approved by the invitation.',
    'In this window write a concern of the same category, and pay for it with honey pots.',
    'The willsoner offers a talk within five minutes.',
    'The asker accepts an offer.',
    'Once both have joined and agreed the talk begins, and the asker\'s review ends it.',
  ],
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
    written: 'The concern is kept.', paid: 'Paid. The concern was sent to willsoners who fit.', offered: 'The talk is offered.',
    registered: 'You are registered as a willsoner.', approved: 'You are approved as a willsoner.',
    concern_in_process: 'This concern cannot be paid for now.', amount_not_enough: 'There are too few honey pots.', willsoner_not_found: 'Nobody fits. Nothing was paid.',
    time_out: 'The time for it is over.', code_not_found: 'There is no such invitation.', already_registered_willsoner: 'You are registered already.',
    invalid_request: 'Something is not as it has to be.', user_not_found: 'There is no account.',
    access_token_invalid: 'The sign-in does not count any more: sign out, and in again.', token_not_found: 'The sign-in does not count any more: sign out, and in again.',
    login_failed: 'Signing in again failed: sign out, and in again.', request_too_large: 'What was sent is too large.', unreachable: 'The server cannot be reached. Is it running?',
    selected: 'The offer is accepted.', joined: 'You have joined.', completed: 'The session is closed.', reviewed: 'The review is kept and the session closed.',
    reported: 'The message is reported.', refreshed: 'The cookie had expired: signed in again, and the request repeated, once.',
    too_early: 'Too early: one can join from ten minutes before the agreed hour.',
    already_matched: 'Another offer was accepted already, or one of the two has a session at that time.',
    not_found: 'There is no such thing, or it is not in a state that allows this.',
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

// The categories' numbers are their places. The app has them built in, and so has this page.
export const categories = ['연애', '진로', '일상', '인간관계', '자존감', '기타'];

const inputs = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Seoul', dateStyle: 'short', timeStyle: 'short' });

// inSeoul is a time's date and hour there, as inputs take them.
export function inSeoul(milliseconds: number): { date: string; hour: string } {
  const [date = '', hour = ''] = inputs.format(milliseconds).split(' ');
  return { date, hour };
}
