// The payment of a realtime concern that is sent to fifty willsoners.
import { Timestamp } from 'firebase-admin/firestore';

import { tickets } from './reference.mjs';

const MOST_LOOKED_AT = 100;
const MOST_SENT_TO = 50;
const OFFERING_MS = 300 * 1000;
const HELD_MS = 390 * 1000;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

// gRPC's codes for a batch that came second: a document exists already, or is not as it was read.
const LOST = [6, 9];

/** Pays, again if somebody was first; returns the concern. */
export async function pay(db, uid, id, body) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await payOnce(db, uid, id, body);
    } catch (error) {
      if (attempt === 5 || !LOST.includes(error.code)) throw error;
    }
  }
}

/** Pays, in one batch, on the condition that account and concern are as they were read. */
async function payOnce(db, uid, id, { ticket_idx }) {
  const ticket = tickets.get(ticket_idx);
  const [account, concern] = await db.getAll(db.collection('askers').doc(uid), db.collection('concerns').doc(id));
  const c = concern.data();
  if (c?.asker_uid !== uid || c.status !== 'unpaid') throw new Error('not payable');
  const millis = Date.now();
  const at = (ms) => Timestamp.fromMillis(millis + ms);
  const now = at(0);
  const mine = db.collection('concerns').where('asker_uid', '==', uid).where('status', '==', 'init');
  const [holds, fitting] = await Promise.all([mine.where('open_until', '>', now).get(), candidates(db, c)]);
  const held = holds.docs.reduce((sum, doc) => sum + doc.get('held'), 0);
  if (account.get('pots') - held < ticket.pots) throw new Error('amount not enough');
  if (fitting.length === 0) throw new Error('willsoner not found');

  const timer = at(OFFERING_MS);
  const paid = {
    status: 'init',
    ticket_idx,
    minutes: ticket.minutes,
    held: ticket.pots,
    timer,
    open_until: at(OFFERING_MS + HELD_MS),
    match_cnt: (c.match_cnt ?? 0) + 1,
    created_at: now,
    updated_at: now,
  };
  const batch = db.batch();
  batch.update(concern.ref, paid, { lastUpdateTime: concern.updateTime });
  batch.update(account.ref, { payments: (account.get('payments') ?? 0) + 1 }, { lastUpdateTime: account.updateTime });
  // Numbers in a row, from a millisecond of the last second.
  const first = (millis - random(1000)) * 1000 + random(1000 - MOST_SENT_TO);
  fitting.slice(0, MOST_SENT_TO).forEach((p, i) => {
    batch.create(db.collection('matches').doc(String(first + i)), {
      idx: first + i,
      concern_idx: c.idx,
      willsoner_idx: p.idx,
      asker_uid: uid,
      willsoner_uid: p.uid,
      status: 'init',
      type: c.type,
      round: paid.match_cnt,
      category_idx: c.subcategory.category_idx,
      timer,
      open_until: paid.open_until,
      expire_at: at(OFFERING_MS + HELD_MS + KEPT_MS),
      score: p.score,
      created_at: now,
      updated_at: now,
    });
  });
  await batch.commit();
  return { ...c, ...paid };
}

const random = (n) => Math.floor(Math.random() * n);

/** The willsoners who fit, of the first hundred from a random place in their ring on, the best first. */
async function candidates(db, c) {
  const place = Math.random();
  let ring = db.collection('willsoners')
    .where('category_idxs', 'array-contains', c.subcategory.category_idx)
    .where('status', 'in', ['approved', 'complete']);
  if (c.wil_gender !== 'ALL') ring = ring.where('gender', '==', c.wil_gender);
  ring = ring.orderBy('place');
  let { docs } = await ring.where('place', '>=', place).limit(MOST_LOOKED_AT).get();
  if (docs.length < MOST_LOOKED_AT) {
    const before = await ring.where('place', '<', place).limit(MOST_LOOKED_AT - docs.length).get();
    docs = docs.concat(before.docs);
  }
  return docs.map((doc) => doc.data())
    .filter((p) => p.uid !== c.asker_uid)
    .map((p) => ({ ...p, score: score(p, c) }))
    .sort((a, b) => b.score - a.score);
}

function score(p, c) {
  const same = p.subcategory_idxs.includes(c.subcategory.idx) ? 50 : 0;
  return Math.round(Math.min(Math.max(6 * p.rating + Math.min(2 * p.review_count, 20) + same, 0), 100));
}
