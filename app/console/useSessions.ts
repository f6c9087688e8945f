// The state of a signed-in window: the last answer, what changed in it, and the log of what happened.
import type { User } from 'firebase/auth';
import { useEffect, useRef, useState } from 'preact/hooks';
import { expiredToken, list, type Chatrooms, type Exchange } from './api';
import type { Local } from './local';
import { watchSessions, type Change, type Room } from './sessions';
import { messageOf } from './text';

export interface Line {
  id: number;
  at: number;
  text: string;
  detail: string;
}

// Marks say, by rowKey, what an answer has that the one before it had not.
export type Marks = ReadonlyMap<string, '새로' | '바뀜'>;

const kept = 50;
const names = { chatrooms: '상담방', reservations: '예약' };
const types = { added: '생김', modified: '바뀜', removed: '사라짐' };

export function useSessions(local: Local, user: User) {
  const [exchanges, setExchanges] = useState<Exchange[]>([]);
  const [marks, setMarks] = useState<Marks>(new Map());
  const [counsels, setCounsels] = useState<Room[]>([]);
  const [lines, setLines] = useState<Line[]>([]);
  const [problem, setProblem] = useState('');
  const last = useRef<Exchange>(undefined);
  const asking = useRef(Promise.resolve());
  const waiting = useRef(false);

  const note = (text: string, detail: string) =>
    setLines((lines) => [{ id: (lines[0]?.id ?? 0) + 1, at: Date.now(), text, detail }, ...lines].slice(0, kept));

  const answered = (exchanges: Exchange[]) => {
    const answer = exchanges.at(-1)!;
    setExchanges(exchanges);
    setMarks(last.current ? marksOf(last.current.data, answer.data) : new Map());
    last.current = answer;
    if (exchanges.length > 1) note('토큰이 만료되어 새로 받음', `${exchanges[0]!.code}, getIdToken(true)`);
    note('목록을 받음', `${answer.status} ${answer.code}, ${answer.data?.count ?? 0}건, ${answer.milliseconds.toFixed(0)} ms`);
  };

  // One request at a time, and at most one that waits: what it brings is newer than every change before it.
  const refresh = (token?: string) => {
    if (waiting.current && !token) return;
    waiting.current = true;
    asking.current = asking.current.then(async () => {
      waiting.current = false;
      try {
        answered(await list(user, token));
        setProblem('');
      } catch (error) {
        setProblem(`목록을 받지 못했습니다: ${messageOf(error)}`);
      }
    });
  };

  useEffect(() => {
    refresh();
    return watchSessions(local.db, user.uid, {
      // Asked again, because what changed since the first answer was nobody's to hear.
      listening() {
        note('Firestore를 듣기 시작함', 'onSnapshot');
        refresh();
      },
      changed(changes: Change[]) {
        for (const { what, type, id } of changes) note(`${names[what]} ${types[type]}`, id);
        if (changes.some(({ asAsker }) => asAsker)) refresh();
      },
      counsels: setCounsels,
      failed: (error) => setProblem(`Firestore를 들을 수 없습니다: ${messageOf(error)}`),
    });
  }, []);

  return {
    exchanges, marks, counsels, lines, problem,
    refresh: () => refresh(),
    refreshExpired: () => refresh(expiredToken(user, local.projectId)),
  };
}

// rowKey tells rows apart: an idx may be in both lists' numbering.
export const rowKey = (kind: 'ing' | 'reserve', idx: number) => `${kind} ${idx}`;

function rows(data: Chatrooms | undefined): Map<string, string> {
  return new Map([
    ...(data?.ing ?? []).map((row) => [rowKey('ing', row.idx), JSON.stringify(row)] as const),
    ...(data?.reserve ?? []).map((row) => [rowKey('reserve', row.idx), JSON.stringify(row)] as const),
  ]);
}

function marksOf(before: Chatrooms | undefined, after: Chatrooms | undefined): Marks {
  const old = rows(before);
  const different = [...rows(after)].filter(([key, row]) => old.get(key) !== row);
  return new Map(different.map(([key]) => [key, old.has(key) ? '바뀜' : '새로']));
}
