// The opened session as either party sees it.
import { useRef } from 'preact/hooks';
import type { Party } from './sessions';
import type { Desk, Lists, Opened } from './useDesk';

export interface Session {
  party: Party;
  idx: number;
  roomkey: string;
  minutes: number;
  other: string;
  isUnderWay: boolean;
}

// useSession returns the opened session, also after its row has left the list.
export function useSession({ opened, lists }: Desk): Session | undefined {
  const last = useRef<Session>(undefined);
  if (!opened) return (last.current = undefined);
  const found = find(opened, lists);
  if (found) return (last.current = found);
  return last.current && { ...last.current, isUnderWay: false };
}

function find({ party, idx }: Opened, { asker, willsoner }: Partial<Lists>): Session | undefined {
  if (party === 'asker') {
    const row = asker?.ing.find((row) => row.idx === idx);
    return row && { party, idx, roomkey: row.roomkey, minutes: Number(row.concern.time), other: row.willsoner.asker.nickname, isUnderWay: true };
  }
  const row = willsoner?.ing.find((row) => row.idx === idx);
  return row && { party, idx, roomkey: row.roomkey, minutes: Number(row.concern.time), other: row.concern.asker.nickname, isUnderWay: true };
}
