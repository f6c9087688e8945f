// What Firestore tells of a user's sessions, as it happens. The rules let a list through only by one's own uid.
import { collection, onSnapshot, query, where, type DocumentData, type Firestore, type Timestamp } from 'firebase/firestore';

export interface Room {
  roomkey: string;
  idx: number;
  asker_uid: string;
  willsoner_uid: string;
  status: string;
  started_at: Timestamp;
  concern: { nickname?: string; minutes: number };
  willsoner: { nickname?: string };
}

export interface Change {
  what: 'chatrooms' | 'reservations';
  id: string;
  type: 'added' | 'modified' | 'removed';
  asAsker: boolean;
}

interface Listener {
  listening(): void;
  changed(changes: Change[]): void;
  counsels(rooms: Room[]): void;
  failed(error: Error): void;
}

export const asRoom = (roomkey: string, data: DocumentData) => ({ ...data, roomkey }) as Room;

// watchSessions tells what changes once it is listening, and the rooms that the user counsels in. It returns how to
// stop it.
export function watchSessions(db: Firestore, uid: string, listener: Listener): () => void {
  let silent = 4;
  const stops = (['chatrooms', 'reservations'] as const).flatMap((what) =>
    (['asker_uid', 'willsoner_uid'] as const).map((part) => {
      let first = true;
      const mine = query(collection(db, what), where(part, '==', uid));
      return onSnapshot(mine, (snapshot) => {
        if (what === 'chatrooms' && part === 'willsoner_uid') {
          const underWay = snapshot.docs.filter((room) => room.get('status') === 'chat');
          listener.counsels(underWay.map((room) => asRoom(room.id, room.data())));
        }
        if (first) {
          first = false;
          if (--silent === 0) listener.listening();
          return;
        }
        const changes = snapshot.docChanges();
        listener.changed(changes.map(({ type, doc }) => ({ what, id: doc.id, type, asAsker: part === 'asker_uid' })));
      }, listener.failed);
    }));
  return () => stops.forEach((stop) => stop());
}
