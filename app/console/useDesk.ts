// The state of a signed-in window: what the server lists for both roles, what went over the wire, and what the user can do.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type {
  AskerChatroom, AskerPage, AskerReservation, ConcernRequest, Concerns, ErrorAnswer, HourRequest, RealtimeRequestRow, RegistrationRequest,
  ReserveRequestRow, ReviewRequest, Transaction, WillsonerChatroom, WillsonerPage, WillsonerReservation,
} from '../clients/openapi';
import { createApi, expiredToken, type Exchange } from './api';
import type { Local } from './local';
import { watchNotices, type Told } from './notices';
import { offersFor, type Offer } from './offers';
import type { Person } from './person';
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

interface Answered {
  error?: ErrorAnswer | undefined;
  response: Response;
}

const kept = 50;
const nothing = { ing: [], reserve: [] };

export function useDesk(local: Local, person: Person) {
  const { user } = person;
  const [exchanges, setExchanges] = useState<Exchange[]>(person.exchanges);
  const [lists, setLists] = useState<Partial<Lists>>({});
  const [concerns, setConcerns] = useState<Concerns>();
  const [incoming, setIncoming] = useState<Incoming>();
  const [home, setHome] = useState<Home>();
  const [offers, setOffers] = useState<Offer[]>([]);
  const [told, setTold] = useState<Told[]>([]);
  const [opened, open] = useState<Opened>();
  const [notice, setNotice] = useState<Notice>();
  const failed = (error: unknown) => setNotice({ outcome: 'failed', detail: messageOf(error), isBad: true });

  const { api, refreshed } = useMemo(() => {
    const api = createApi(person, (exchange) => {
      setExchanges((exchanges) => [exchange, ...exchanges].slice(0, kept));
      if (exchange.code === 'access_token_expired') setNotice({ outcome: 'refreshed', isBad: false });
    });
    // Each is asked for one at a time; an answer without data leaves what is shown.
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
        return (await api.GET('/api/v1/asker/chat/chatrooms')).data?.data ?? nothing;
      }, (asker) => setLists((lists) => ({ ...lists, asker }))),
      willsoner: keep(async () => (await api.GET('/api/v1/willsoner/chat/chatrooms')).data?.data ?? nothing, (willsoner) => setLists((lists) => ({ ...lists, willsoner }))),
      concerns: keep(async () => (await api.GET('/api/v1/asker/list/concerns')).data?.data, setConcerns),
      incoming: keep(async () => {
        const [realtime, reserve] = await Promise.all([api.POST('/api/v1/willsoner/list/realtime/matches', all), api.POST('/api/v1/willsoner/list/reserve/matches', all)]);
        return { realtime: realtime.data?.data.matches.rows ?? [], reserve: reserve.data?.data.matches.rows ?? [] };
      }, setIncoming),
      home: keep(async () => {
        const [asker, willsoner, ledger] = await Promise.all([
          api.GET('/api/v1/asker/mypage/home'), api.GET('/api/v1/willsoner/mypage/home'), api.GET('/api/v1/asker/mypage/offer/transaction'),
        ]);
        return asker.data && willsoner.data && ledger.data && { asker: asker.data.data, willsoner: willsoner.data.data, ledger: ledger.data.data };
      }, setHome),
    };
    return { api, refreshed };
  }, [person]);

  useEffect(() => {
    const watch = (party: Party) => watchSessions(local.db, party, user.uid, () => void refreshed[party](), failed);
    // What a phone would be told is what makes its user look again.
    const look = { requested: ['incoming'], offered: ['concerns'], selected: ['incoming'], joined: [], reviewed: ['home'] } as const;
    const stops = [watch('asker'), watch('willsoner'), watchNotices(user.uid, (notices) => {
      setTold((told) => [...notices, ...told]);
      for (const what of new Set(notices.flatMap(({ kind }) => look[kind]))) void refreshed[what]();
    })];
    void refreshed.concerns();
    void refreshed.incoming();
    void refreshed.home();
    return () => stops.forEach((stop) => stop());
  }, [local, person]);

  // attempt says what came of a request, and returns whether it was done.
  const attempt = async (done: Outcome, request: Promise<Answered>): Promise<boolean> => {
    setNotice(undefined);
    try {
      const { error, response } = await request;
      setNotice(error ? { outcome: outcomeOf(error.code), detail: `${response.status} ${error.code}`, isBad: true } : { outcome: done, isBad: false });
      return !error;
    } catch (error) {
      failed(error);
      return false;
    }
  };
  const path = (match_idx: number) => ({ params: { path: { match_idx } } });
  const ofConcern = (concern_idx: number) => ({ params: { path: { concern_idx } } });

  return {
    exchanges, lists, concerns, incoming, home, offers, told, opened, notice, open,

    refresh: () => Promise.all(Object.values(refreshed).map((refresh) => refresh())),
    refreshConcerns: refreshed.concerns,
    refreshIncoming: refreshed.incoming,

    // What the forms offer. None of it changes while the page is open.
    async choices() {
      const [feelings, personalities, directions] = await Promise.all([
        api.GET('/api/v1/asker/request/feeling'), api.GET('/api/v1/asker/request/willsoner_type'), api.GET('/api/v1/asker/request/direction'),
      ]);
      return { feelings: feelings.data?.data ?? [], personalities: personalities.data?.data ?? [], directions: directions.data?.data ?? [] };
    },
    subcategories: async (category_idx: number) => (await api.POST('/api/v1/asker/request/subcategory', { body: { category_idx } })).data?.data ?? [],
    willsonerImages: async () => (await api.GET('/api/v1/willsoner/register/image')).data?.data ?? [],

    // write returns the number of the concern, undefined when it was refused.
    async write(body: ConcernRequest) {
      const answer = api.POST('/api/v1/asker/request/complete', { body });
      return (await attempt('written', answer)) ? (await answer).data!.data.idx : undefined;
    },
    prices: async (idx: number) => (await api.GET('/api/v1/asker/payment/{concern_idx}', ofConcern(idx))).data?.data,
    async pay(idx: number, ticket_idx: number) {
      const paid = await attempt('paid', api.POST('/api/v1/asker/payment/{concern_idx}', { ...ofConcern(idx), body: { ticket_idx } }));
      if (paid) await Promise.all([refreshed.concerns(), refreshed.home()]);
      return paid;
    },
    async offersOn(idx: number, type: 'realtime' | 'reserve') {
      const answer = type === 'realtime'
        ? await api.GET('/api/v1/asker/list/concerns/realtime/{concern_idx}', ofConcern(idx))
        : await api.GET('/api/v1/asker/list/concerns/reserve/{concern_idx}', ofConcern(idx));
      return answer.data?.data.matches ?? [];
    },

    async request(idx: number, type: 'realtime' | 'reserve') {
      const answer = type === 'realtime'
        ? await api.GET('/api/v1/willsoner/list/realtime/matches/{match_idx}', path(idx))
        : await api.GET('/api/v1/willsoner/list/reserve/matches/{match_idx}', path(idx));
      return answer.data?.data.concern;
    },
    async offer(idx: number, hour?: HourRequest) {
      const answer = hour
        ? api.PATCH('/api/v1/willsoner/list/reserve/matches/{match_idx}/select', { ...path(idx), body: hour })
        : api.PATCH('/api/v1/willsoner/list/realtime/matches/{match_idx}/select', path(idx));
      await attempt('offered', answer);
      await refreshed.incoming();
    },

    async register(body: RegistrationRequest) {
      if (await attempt('registered', api.POST('/api/v1/willsoner/register/complete', { body }))) await refreshed.home();
    },
    async redeem(code: string) {
      if (await attempt('approved', api.PATCH('/api/v1/willsoner/register/invitation', { body: { code } }))) await refreshed.home();
    },

    async refreshExpired() {
      const headers = { 'x-token': expiredToken(user, local.projectId) };
      await api.GET('/api/v1/asker/chat/chatrooms', { headers }).catch(failed);
    },

    async select(idx: number) {
      const answer = api.PATCH('/api/v1/asker/list/matches/{match_idx}/select', path(idx));
      if (!(await attempt('selected', answer))) return;
      const roomkey = (await answer).data!.data.roomkey;
      setStep(local.db, roomkey, 'start').catch(() => {}); // refused after a reservation, which has no room yet
      await Promise.all([refreshed.asker(), refreshed.concerns(), refreshed.home()]);
    },

    // join opens the talk if there is a room, which a reservation has once somebody has joined at its hour.
    async join({ party, idx }: Opened, hasRoom: boolean) {
      const answer = party === 'asker'
        ? api.PATCH('/api/v1/asker/chat/join/{match_idx}', path(idx))
        : api.PATCH('/api/v1/willsoner/chat/join/{match_idx}', path(idx));
      const joined = await attempt('joined', answer);
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
