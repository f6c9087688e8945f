// What is asked of a match, each in one transaction: select, join and complete of
// sessions without an hour agreed, which is what the bench asks for.
import { FieldValue, Filter, Timestamp } from 'firebase-admin/firestore';

/** Runs step in a transaction on a match of the asker and writes what it changes; returns the match afterwards. */
function transition(db, uid, id, step) {
  const ref = db.collection('matches').doc(id);
  return db.runTransaction(async (tx) => {
    const m = (await tx.get(ref)).data();
    if (m?.asker_uid !== uid) throw new Error('not found');
    const changes = await step(tx, m);
    changes.updated_at = Timestamp.now();
    tx.update(ref, changes);
    return { ...m, ...changes };
  });
}

export function select(db, uid, id) {
  return transition(db, uid, id, async (tx, m) => {
    if (m.status !== 'waiting' || m.willsoner_uid === uid) throw new Error('not found');
    const [rooms, reservations, taken] = await Promise.all([
      tx.get(openSessions(db, 'chatrooms', 'chat', m)),
      tx.get(openSessions(db, 'reservations', 'reserved', m)),
      tx.get(db.collection('matches').where('concern_idx', '==', m.concern_idx).where('status', '==', 'chat')),
    ]);
    if (!rooms.empty || !reservations.empty || !taken.empty) throw new Error('already matched, or its hours must be compared');
    const now = Timestamp.now();
    const roomkey = `${uid}_${m.willsoner_uid}_${now.toMillis()}`.replaceAll('/', '%2F');
    const room = db.collection('chatrooms').doc(roomkey);
    tx.create(room, {
      idx: m.idx,
      asker_uid: uid,
      willsoner_uid: m.willsoner_uid,
      status: 'chat',
      started_at: now,
      concern: { ...m.concern, idx: m.concern_idx },
      willsoner: { ...m.willsoner, idx: m.willsoner_idx },
    });
    const start = { uid: 'start', message: '', timeStamp: FieldValue.serverTimestamp() };
    tx.create(room.collection('chats').doc('start'), start);
    return { status: 'chat', roomkey, asker_join: false, willsoner_join: false };
  });
}

/** The sessions of that status in which either party of the match is either party. */
function openSessions(db, collection, status, { asker_uid, willsoner_uid }) {
  const uids = [asker_uid, willsoner_uid];
  const either = Filter.or(Filter.where('asker_uid', 'in', uids), Filter.where('willsoner_uid', 'in', uids));
  return db.collection(collection).where('status', '==', status).where(either).orderBy('idx', 'desc');
}

export function join(db, uid, id) {
  return transition(db, uid, id, async (tx, m) => {
    if (m.status !== 'chat') throw new Error('not found');
    return { asker_join: true };
  });
}

export function complete(db, uid, id) {
  return transition(db, uid, id, async (tx, m) => {
    if (m.status !== 'chat') throw new Error('not found');
    const room = await tx.get(db.collection('chatrooms').doc(m.roomkey));
    if (room.data()?.idx !== m.idx) throw new Error('not found');
    tx.update(room.ref, { status: 'complete' });
    return { status: 'complete' };
  });
}
