// What Firestore tells of a user's sessions, as it happens.
import { collection, onSnapshot, query, where, type Firestore } from 'firebase/firestore';

export type Party = 'asker' | 'willsoner';

// watchSessions calls changed once it hears of every change to come, and with each of them. The rules let a list through
// only by one's own uid. It returns how to stop it.
export function watchSessions(db: Firestore, party: Party, uid: string, changed: () => void, failed: (error: Error) => void) {
  const heard = new Set<string>();
  const names = ['chatrooms', 'reservations'];
  const stops = names.map((name) => (
    onSnapshot(query(collection(db, name), where(`${party}_uid`, '==', uid)), () => {
      heard.add(name);
      if (heard.size === names.length) changed();
    }, failed)
  ));
  return () => stops.forEach((stop) => stop());
}
