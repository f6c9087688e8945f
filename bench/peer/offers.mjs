// A willsoner's incoming list of realtime concerns, and the offer.
import { FieldValue } from 'firebase-admin/firestore';

import { age, images, pictures, topic } from './reference.mjs';
import { concernOf, isOpen, sessionsOf, transition } from './session.mjs';

/** The newest matches that were sent to a willsoner, each with what is shown of it. */
export async function incoming(db, uid, { category_idx }) {
  let sent = db.collection('matches').where('willsoner_uid', '==', uid).where('type', '==', 'realtime');
  if (category_idx) sent = sent.where('category_idx', '==', category_idx);
  const matches = (await sent.orderBy('created_at', 'desc').limit(50).get()).docs.map((doc) => doc.data());
  const now = Date.now();
  const running = matches.filter((m) => (m.status === 'init' || m.status === 'waiting') && now < m.timer.toMillis());
  const refs = new Map(running.map((m) => [m.concern_idx, concernOf(db, m)]));
  const concerns = refs.size ? await db.getAll(...refs.values()) : [];
  const open = new Map(concerns.filter((doc) => doc.exists).map((doc) => [doc.get('idx'), doc.data()]));
  return matches.map((m) => {
    const concern = open.get(m.concern_idx);
    if (!isOpen(m, concern, m.timer.toMillis())) return { ...m, status: 'closed' };
    return m.status === 'init' ? { ...m, concern: brief(concern, now) } : m;
  });
}

/** Makes a match an offer: the concern and the willsoner's card are copied into it. */
export function offer(db, uid, id) {
  return transition(db, 'willsoner', uid, id, async (tx, m) => {
    if (m.status !== 'init' || m.type !== 'realtime') throw new Error('not found');
    const [[concern, profile], ...sessions] = await Promise.all([
      tx.getAll(concernOf(db, m), db.collection('willsoners').doc(uid)),
      ...sessionsOf(db, [uid]).map((query) => query.get()),
    ]);
    if (!isOpen(m, concern.data(), m.timer.toMillis())) throw new Error('time out');
    if (!['approved', 'complete'].includes(profile.get('status'))) throw new Error('not found');
    if (sessions.some((found) => !found.empty)) throw new Error('already matched, or its hours must be compared');
    const now = Date.now();
    return {
      status: 'waiting',
      concern: brief(concern.data(), now),
      willsoner: card(profile.data(), now),
      expire_at: FieldValue.delete(),
    };
  });
}

/** A concern as its matches hold it. */
function brief(c, now) {
  return {
    minutes: c.minutes,
    nickname: c.nickname,
    content: c.content,
    asker_pic: pictures[c.asker_gender] ?? '',
    asker_gender: c.asker_gender,
    asker_age: age(c.asker_birth_year, now),
    subcategory: { name: c.subcategory.name, category: c.subcategory.category },
    feelings: c.feelings.map(({ name }) => name),
    direction: c.direction.name,
  };
}

/** A willsoner as matches hold it. */
function card(p, now) {
  const { idx, name, detail, pic } = images.get(p.image_idx);
  return {
    introduction: p.introduction,
    experience: p.experience,
    nickname: p.nickname,
    gender: p.gender,
    age: age(p.birth_year, now),
    avg_rating: p.review_count ? (p.rating_sum / p.review_count).toFixed(1) : '0',
    pic: p.pic ?? pictures[p.gender] ?? '',
    image_pic: pic,
    image: { idx, name, detail },
    subcategories: p.subcategory_idxs.map(topic),
    keywords: p.keywords.map(({ name }) => name),
  };
}
