// The state of a signed-in window: both lists, the offers, what went over the wire, and what the user can do.
import type { User } from 'firebase/auth';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type {
  AskerChatroom, AskerReservation, ErrorAnswer, ReviewRequest, WillsonerChatroom, WillsonerReservation,
} from '../clients/openapi';
import { createApi, expiredToken, type Exchange } from './api';
import type { Local } from './local';
import { offersFor, type Offer } from './offers';
import { setStep } from './room';
import { watchSessions, type Party } from './sessions';
import { messageOf, outcomeOf, type Outcome } from './text';

export interface Lists {
  asker: { ing: AskerChatroom[]; reserve: AskerReservation[] };
  willsoner: { ing: WillsonerChatroom[]; reserve: WillsonerReservation[] };
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

export function useDesk(local: Local, user: User) {
  const [exchanges, setExchanges] = useState<Exchange[]>([]);
  const [lists, setLists] = useState<Partial<Lists>>({});
  const [offers, setOffers] = useState<Offer[]>([]);
  const [opened, open] = useState<Opened>();
  const [notice, setNotice] = useState<Notice>();
  const failed = (error: unknown) => setNotice({ outcome: 'failed', detail: messageOf(error), isBad: true });

  const { api, refreshed } = useMemo(() => {
    const api = createApi(user, (exchange) => {
      setExchanges((exchanges) => [exchange, ...exchanges].slice(0, kept));
      if (exchange.code === 'access_token_expired') setNotice({ outcome: 'refreshed', isBad: false });
    });
    const ask = {
      asker: async () => {
        offersFor(local, user.uid).then(setOffers, failed);
        return (await api.GET('/api/v1/asker/chat/chatrooms')).data?.data ?? nothing;
      },
      willsoner: async () => (await api.GET('/api/v1/willsoner/chat/chatrooms')).data?.data ?? nothing,
    };
    const refresh = (party: Party) => oneAtATime(async () => {
      try {
        const list = await ask[party]();
        setLists((lists) => ({ ...lists, [party]: list }));
      } catch (error) {
        failed(error);
      }
    });
    return { api, refreshed: { asker: refresh('asker'), willsoner: refresh('willsoner') } };
  }, [user]);

  useEffect(() => {
    const watch = (party: Party) => watchSessions(local.db, party, user.uid, () => void refreshed[party](), failed);
    const stops = [watch('asker'), watch('willsoner')];
    return () => stops.forEach((stop) => stop());
  }, [local, user]);

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

  return {
    exchanges, lists, offers, opened, notice, open,

    refresh: () => Promise.all([refreshed.asker(), refreshed.willsoner()]),
    async refreshExpired() {
      const headers = { 'x-token': expiredToken(user, local.projectId) };
      await api.GET('/api/v1/asker/chat/chatrooms', { headers }).catch(failed);
    },

    async select(idx: number) {
      const answer = api.PATCH('/api/v1/asker/list/matches/{match_idx}/select', path(idx));
      if (!(await attempt('selected', answer))) return;
      const roomkey = (await answer).data!.data.roomkey;
      setStep(local.db, roomkey, 'start').catch(() => {}); // refused after a reservation, which has no room yet
      await refreshed.asker();
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
      await refreshed.asker();
      open(undefined);
    },

    async complete(idx: number) {
      if (await attempt('completed', api.PATCH('/api/v1/asker/chat/complete/{match_idx}', path(idx)))) open(undefined);
      await refreshed.asker();
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
