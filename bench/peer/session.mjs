// What is asked of a match, each in one transaction: select, join and complete of
// sessions without an hour agreed, which is what the bench asks for.
import { FieldValue, Filter, Timestamp } from 'firebase-admin/firestore';

/** Runs step in a transaction on a match of the caller and writes what it changes; returns the match afterwards. */
export function transition(db, party, uid, id, step) {
  const ref = db.collection('matches').doc(id);
  return db.runTransaction(async (tx) => {
    const m = (await tx.get(ref)).data();
    if (m?.[`${party}_uid`] !== uid) throw new Error('not found');
    const changes = await step(tx, m);
    changes.updated_at = Timestamp.now();
    tx.update(ref, changes);
    return { ...m, ...changes };
  });
}

export const concernOf = (db, m) => db.collection('concerns').doc(String(m.concern_idx));

/** Whether a match is of its concern's last payment, which waits for an offer, and its time is not over. */
export function isOpen(m, concern, until) {
  return concern?.status === 'init' && concern.asker_uid === m.asker_uid && concern.match_cnt === m.round && Date.now() < until;
}

const LATE_CHOICE_MS = 360 * 1000;

export function select(db, uid, id) {
  return transition(db, 'asker', uid, id, async (tx, m) => {
    if (m.status !== 'waiting' || m.willsoner_uid === uid) throw new Error('not found');
    const [[concern, account], ...sessions] = await Promise.all([
      tx.getAll(concernOf(db, m), db.collection('askers').doc(uid)),
      ...sessionsOf(db, [uid, m.willsoner_uid]).map((query) => tx.get(query)),
    ]);
    if (!isOpen(m, concern.data(), m.timer.toMillis() + LATE_CHOICE_MS)) throw new Error('not found');
    if (sessions.some((found) => !found.empty)) throw new Error('already matched, or its hours must be compared');
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
    tx.update(concern.ref, { status: 'matched', updated_at: now });
    const amount = concern.get('held');
    const pots = account.get('pots') - amount;
    if (pots < 0) throw new Error('fewer pots than were held');
    tx.update(account.ref, { pots, updated_at: now });
    const line = { action: '사용', amount, total: pots, concern_idx: m.concern_idx, created_at: now };
    tx.create(account.ref.collection('transactions').doc(id), line);
    return { status: 'chat', roomkey, asker_join: false, willsoner_join: false };
  });
}

/** The sessions in which one of these users is either party; old reservations name no willsoner, and their matches do. */
export function sessionsOf(db, uids) {
  const either = Filter.or(Filter.where('asker_uid', 'in', uids), Filter.where('willsoner_uid', 'in', uids));
  const open = (collection, status) => db.collection(collection).where('status', '==', status).where(either).orderBy('idx', 'desc');
  return [
    open('chatrooms', 'chat'),
    open('reservations', 'reserved'),
    db.collection('matches').where('willsoner_uid', 'in', uids).where('status', '==', 'chat'),
  ];
}

export function join(db, uid, id) {
  return transition(db, 'asker', uid, id, async (tx, m) => {
    if (m.status !== 'chat') throw new Error('not found');
    return { asker_join: true };
  });
}

export function complete(db, uid, id) {
  return transition(db, 'asker', uid, id, async (tx, m) => {
    if (m.status !== 'chat') throw new Error('not found');
    const [room, concern] = await tx.getAll(db.collection('chatrooms').doc(m.roomkey), concernOf(db, m));
    if (room.get('idx') !== m.idx || concern.get('status') !== 'matched') throw new Error('not found');
    tx.update(room.ref, { status: 'complete' });
    tx.update(concern.ref, { status: 'complete', updated_at: Timestamp.now() });
    return { status: 'complete' };
  });
}
