// The state of a signed-in window: what the server lists for both roles, what went over the wire, and what the user can do.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type {
  AskerChatroom, AskerPage, AskerReservation, ConcernRequest, Concerns, ErrorAnswer, HourRequest, MatchType, RealtimeRequestRow,
  RegistrationRequest, ReserveRequestRow, ReviewRequest, Transaction, WillsonerChatroom, WillsonerPage, WillsonerReservation,
} from '../clients/openapi';
import { createApi, expiredToken, type Exchange } from './api';
import type { Local } from './local';
import { watchNotices, type Told } from './notices';
import { offersFor, type Offer } from './offers';
import { Refused, type Person } from './person';
import { setStep } from './room';
import { watchSessions, type Party } from './sessions';
import { messageOf, outcomeOf, type Outcome } from './text';

export interface Lists {
  asker: { ing: AskerChatroom[]; reserve: AskerReservation[] };
  willsoner: { ing: WillsonerChatroom[]; reserve: WillsonerReservation[] };
}

// What my page shows: the asker's, the willsoner's, and the pots' ledger.
export interface Home {
  asker: AskerPage;
  willsoner: Omit<WillsonerPage, 'refund_status'>; // openapi-fetch leaves out what is always null
  ledger: Transaction[];
}

export interface Incoming {
  realtime: RealtimeRequestRow[];
  reserve: ReserveRequestRow[];
}

export interface Opened {
  party: Party;
  idx: number;
}

export interface Notice {
  outcome: Outcome;
  detail?: string;
  isBad: boolean;
}

export type Desk = ReturnType<typeof useDesk>;

type ConcernType = 'realtime' | 'reserve';

interface Answered<T = unknown> {
  data?: T;
  error?: ErrorAnswer | undefined;
  response: Response;
}

const kept = 50;
const nothing = { count: 0, ing: [], reserve: [] };

export function useDesk(local: Local, person: Person) {
  const { user } = person;
  const [exchanges, setExchanges] = useState<Exchange[]>(person.exchanges);
  const [lists, setLists] = useState<Partial<Lists>>({});
  const [concerns, setConcerns] = useState<Concerns>();
  const [incoming, setIncoming] = useState<Incoming>();
  const [home, setHome] = useState<Home>();
  const [offers, setOffers] = useState<Offer[]>([]);
  const [told, setTold] = useState<Told[]>([]);
  const [news, setNews] = useState<Told>(); // of what was told since the user last did something
  const [opened, open] = useState<Opened>();
  const [notice, setNotice] = useState<Notice>();
  const refuse = (status: number, code: string, field?: string) => (
    setNotice({ outcome: outcomeOf(code), detail: [status, code, field].filter(Boolean).join(' '), isBad: true })
  );
  const failed = (error: unknown) => {
    if (error instanceof Refused) refuse(error.status, error.code);
    else if (error instanceof TypeError) setNotice({ outcome: 'unreachable', isBad: true });
    else setNotice({ outcome: 'failed', detail: messageOf(error), isBad: true });
  };

  const { api, refreshed } = useMemo(() => {
    const api = createApi(person, (exchange) => {
      setExchanges((exchanges) => [exchange, ...exchanges].slice(0, kept));
      if (exchange.code === 'access_token_expired') setNotice({ outcome: 'refreshed', isBad: false });
    });
    // Each is asked for one at a time; what cannot be had leaves what is shown.
    const keep = <T>(ask: () => Promise<T | undefined>, set: (value: NoInfer<T>) => void) => oneAtATime(async () => {
      try {
        const value = await ask();
        if (value) set(value);
      } catch (error) {
        failed(error);
      }
    });
    const all = { body: { category_idx: 0 } };
    const refreshed = {
      asker: keep(async () => {
        offersFor(local, user.uid).then(setOffers, failed);
        return dataOf(await api.GET('/api/v1/asker/chat/chatrooms'), nothing);
      }, (asker) => setLists((lists) => ({ ...lists, asker }))),
      willsoner: keep(async () => dataOf(await api.GET('/api/v1/willsoner/chat/chatrooms'), nothing), (willsoner) => setLists((lists) => ({ ...lists, willsoner }))),
      concerns: keep(async () => dataOf(await api.GET('/api/v1/asker/list/concerns')), setConcerns),
      incoming: keep(async () => {
        const [realtime, reserve] = await Promise.all([api.POST('/api/v1/willsoner/list/realtime/matches', all), api.POST('/api/v1/willsoner/list/reserve/matches', all)]);
        const [now, later] = [dataOf(realtime), dataOf(reserve)];
        return now && later && { realtime: now.matches.rows, reserve: later.matches.rows };
      }, setIncoming),
      home: keep(async () => {
        const answers = await Promise.all([
          api.GET('/api/v1/asker/mypage/home'), api.GET('/api/v1/willsoner/mypage/home'), api.GET('/api/v1/asker/mypage/offer/transaction'),
        ]);
        const [asker, willsoner, ledger] = [dataOf(answers[0]), dataOf(answers[1]), dataOf(answers[2])];
        return asker && willsoner && ledger && { asker, willsoner, ledger };
      }, setHome),
    };
    return { api, refreshed };

    // dataOf returns what was answered, none where nothing was found, and undefined when the server refused.
    function dataOf<T>({ data, error, response }: Answered<{ data: T }>, none?: NoInfer<T>): T | undefined {
      if (error?.code === 'not_found' && none) return none;
      if (error) refuse(response.status, error.code, error.field);
      return data?.data;
    }
  }, [person]);

  useEffect(() => {
    const watch = (party: Party) => watchSessions(local.db, party, user.uid, () => void refreshed[party](), failed);
    // What a phone would be told is what makes its user look again.
    const look = { requested: ['incoming'], offered: ['concerns'], selected: ['incoming'], joined: [], reviewed: ['home'] } as const;
    const stops = [watch('asker'), watch('willsoner'), watchNotices(user.uid, (notices, areNew) => {
      setTold((told) => [...notices, ...told]);
      if (!areNew) return;
      setNews(notices[0]);
      for (const what of new Set(notices.flatMap(({ kind }) => look[kind]))) void refreshed[what]();
    })];
    void refreshed.concerns();
    void refreshed.incoming();
    void refreshed.home();
    return () => stops.forEach((stop) => stop());
  }, [local, person]);

  // ask returns what was answered, null when there is no such thing or none for now, and undefined when it could not be
  // had; the page then says why.
  const ask = async <T>(request: Promise<Answered<{ data: T }>>): Promise<T | null | undefined> => {
    try {
      const { data, error, response } = await request;
      if (error) refuse(response.status, error.code, error.field);
      return response.status === 404 || response.status === 409 ? null : data?.data;
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
  // attempt says what came of a change, and returns its answer if it was made.
  const attempt = async <T>(done: Outcome, request: Promise<Answered<T>>): Promise<T | undefined> => {
    setNotice(undefined);
    setNews(undefined);
    try {
      const { data, error, response } = await request;
      if (error) refuse(response.status, error.code, error.field);
      else setNotice({ outcome: done, isBad: false });
      return error ? undefined : data;
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
  const path = (match_idx: number) => ({ params: { path: { match_idx } } });
  const ofConcern = (concern_idx: number) => ({ params: { path: { concern_idx } } });

  return {
    uid: user.uid,
    exchanges, lists, concerns, incoming, home, offers, told, news, opened, notice, open,

    refresh: () => Promise.all(Object.values(refreshed).map((refresh) => refresh())),
    refreshConcerns: refreshed.concerns,
    refreshIncoming: refreshed.incoming,
    read() {
      setNews(undefined);
      setNotice(undefined);
    },
    dismiss: () => setNotice(undefined),

    // What the forms offer. None of it changes while the page is open.
    async choices() {
      const [feelings, personalities, directions] = await Promise.all([
        ask(api.GET('/api/v1/asker/request/feeling')), ask(api.GET('/api/v1/asker/request/willsoner_type')), ask(api.GET('/api/v1/asker/request/direction')),
      ]);
      return feelings && personalities && directions ? { feelings, personalities, directions } : undefined;
    },
    subcategories: (category_idx: number) => ask(api.POST('/api/v1/asker/request/subcategory', { body: { category_idx } })),
    willsonerImages: () => ask(api.GET('/api/v1/willsoner/register/image')),

    // write returns the concern, undefined when it was refused.
    write: async (body: ConcernRequest) => (await attempt('written', api.POST('/api/v1/asker/request/complete', { body })))?.data,
    prices: (concern_idx: number, match_type?: MatchType) => ask(match_type
      ? api.POST('/api/v1/asker/payment/progress', { body: { concern_idx, match_type } })
      : api.GET('/api/v1/asker/payment/{concern_idx}', ofConcern(concern_idx))),
    async pay(concern_idx: number, ticket_idx: number, match_type?: MatchType) {
      const paid = await attempt('paid', match_type
        ? api.POST('/api/v1/asker/payment/complete', { body: { concern_idx, ticket_idx, match_type } })
        : api.POST('/api/v1/asker/payment/{concern_idx}', { ...ofConcern(concern_idx), body: { ticket_idx } }));
      if (paid) await Promise.all([refreshed.concerns(), refreshed.home()]);
      return paid !== undefined;
    },
    // missing is how many pots a ticket costs more than there are.
    missing: async (ticket_idx: number) => (await ask(api.POST('/api/v1/asker/payment/purchase', { body: { ticket_idx } })))?.not_enought ?? 0,
    async offersOn(idx: number, type: ConcernType) {
      const found = await (type === 'realtime'
        ? ask(api.GET('/api/v1/asker/list/concerns/realtime/{concern_idx}', ofConcern(idx)))
        : ask(api.GET('/api/v1/asker/list/concerns/reserve/{concern_idx}', ofConcern(idx))));
      return found?.matches;
    },
    async reviews(idx: number, type: ConcernType) {
      const found = await (type === 'realtime'
        ? ask(api.GET('/api/v1/asker/list/matches/realtime/{match_idx}', path(idx)))
        : ask(api.GET('/api/v1/willsoner/list/concern/matches/reserve/{match_idx}', path(idx))));
      return found?.reviews;
    },

    async request(idx: number, type: ConcernType) {
      const found = await (type === 'realtime'
        ? ask(api.GET('/api/v1/willsoner/list/realtime/matches/{match_idx}', path(idx)))
        : ask(api.GET('/api/v1/willsoner/list/reserve/matches/{match_idx}', path(idx))));
      return found?.concern;
    },
    async offer(idx: number, hour?: HourRequest) {
      await (hour
        ? attempt('offered', api.PATCH('/api/v1/willsoner/list/reserve/matches/{match_idx}/select', { ...path(idx), body: hour }))
        : attempt('offered', api.PATCH('/api/v1/willsoner/list/realtime/matches/{match_idx}/select', path(idx))));
      await refreshed.incoming();
    },

    async register(body: RegistrationRequest) {
      await attempt('registered', api.POST('/api/v1/willsoner/register/complete', { body }));
      await refreshed.home();
    },
    async redeem(code: string) {
      await attempt('approved', api.PATCH('/api/v1/willsoner/register/invitation', { body: { code } }));
      await refreshed.home();
    },

    async refreshExpired() {
      const headers = { 'x-token': expiredToken(user, local.projectId) };
      await api.GET('/api/v1/asker/chat/chatrooms', { headers }).catch(failed);
    },

    async select(idx: number) {
      const selected = await attempt('selected', api.PATCH('/api/v1/asker/list/matches/{match_idx}/select', path(idx)));
      if (selected) setStep(local.db, selected.data.roomkey, 'start').catch(() => {}); // refused after a reservation, which has no room yet
      await Promise.all([refreshed.asker(), refreshed.concerns(), refreshed.home()]);
    },

    // join opens the talk if there is a room, which a reservation has once somebody has joined at its hour.
    async join({ party, idx }: Opened, hasRoom: boolean) {
      const joined = await attempt('joined', party === 'asker'
        ? api.PATCH('/api/v1/asker/chat/join/{match_idx}', path(idx))
        : api.PATCH('/api/v1/willsoner/chat/join/{match_idx}', path(idx)));
      if (joined) await refreshed[party]();
      if (joined || hasRoom) open({ party, idx });
    },

    report: (idx: number, id: string) => (
      attempt('reported', api.POST('/api/v1/asker/chat/report/{match_idx}', { ...path(idx), body: { reports: [id] } }))
    ),

    reviewImages: async () => (await api.GET('/api/v1/asker/chat/review/image')).data?.data ?? [],

    // review completes the session whatever the answer is, as the app does.
    async review(body: ReviewRequest) {
      await attempt('reviewed', api.POST('/api/v1/asker/chat/review/complete', { body }));
      await api.PATCH('/api/v1/asker/chat/complete/{match_idx}', path(body.match_idx)).catch(failed);
      await Promise.all([refreshed.asker(), refreshed.concerns()]);
      open(undefined);
    },

    async complete(idx: number) {
      if (await attempt('completed', api.PATCH('/api/v1/asker/chat/complete/{match_idx}', path(idx)))) open(undefined);
      await Promise.all([refreshed.asker(), refreshed.concerns()]);
    },
  };
}

// oneAtATime runs work one after another, at most one of them waiting: what it brings is newer than every call before it.
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => waiting ??= last = last.then(() => {
    waiting = undefined;
    return work();
  });
}
