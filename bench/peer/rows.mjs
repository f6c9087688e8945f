// From stored documents to the answers' rows.

// Korea has kept UTC+9, without daylight saving, since 1988.
const SEOUL_MS = 9 * 60 * 60 * 1000;
const GENDERS = { F: '여', M: '남' };

const two = (n) => String(n).padStart(2, '0');
const text = (v) => v || undefined;
const flag = (v) => (v ? 1 : 0);

export function ingRow(id, { idx, asker_uid, started_at, concern, willsoner }) {
  return {
    idx,
    roomkey: id,
    concern: {
      nickname: text(concern.nickname),
      time: String(concern.minutes),
      idx: concern.idx,
      asker: { pic: text(concern.asker_pic), id: asker_uid },
    },
    willsoner: {
      idx: willsoner.idx,
      introduction: text(willsoner.introduction),
      experience: text(willsoner.experience),
      asker: { gender: GENDERS[willsoner.gender], pic: text(willsoner.pic), nickname: willsoner.nickname ?? '' },
      image: { pic: willsoner.image_pic ?? '' },
      subcategories: (willsoner.subcategories ?? []).map(({ name, category }) => ({
        name: text(name),
        category: category && { name: category },
      })),
      keywords: (willsoner.keywords ?? []).filter(text).map((name) => ({ name })),
    },
    start: started_at.toMillis(),
  };
}

export function reserveRow(id, { idx, roomkey, willsoner_uid, starts_at, concern, willsoner }) {
  const starts = new Date(starts_at.toMillis() + SEOUL_MS);
  return {
    idx,
    roomkey,
    concern: { time: String(concern.minutes) },
    willsoner: {
      idx: willsoner.idx,
      asker: { nickname: willsoner.nickname ?? '', id: text(willsoner_uid) },
      image: { pic: willsoner.image_pic ?? '' },
    },
    date: {
      from_time: `${two(starts.getUTCHours())}:${two(starts.getUTCMinutes())}`,
      date_format: `${two(starts.getUTCMonth() + 1)}월 ${two(starts.getUTCDate())}일`,
    },
  };
}

export function matchRow(m) {
  return {
    created_at: m.created_at.toMillis(),
    updated_at: m.updated_at.toMillis(),
    idx: m.idx,
    status: m.status,
    roomkey: m.roomkey ?? null,
    admin_selected: flag(m.admin_selected),
    score: m.score ?? 0,
    is_extended: flag(m.is_extended),
    asker_join: flag(m.asker_join),
    willsoner_join: flag(m.willsoner_join),
    concern_idx: m.concern_idx,
    date_idx: m.date_idx ?? null,
    willsoner_idx: m.willsoner_idx,
  };
}

export function selectedRow(m) {
  const { avg_rating, experience, gender, age, pic, nickname, image_pic } = m.willsoner ?? {};
  return {
    ...matchRow(m),
    willsoner: {
      avg_rating: text(avg_rating),
      idx: m.willsoner_idx,
      experience: text(experience),
      asker: { gender: GENDERS[gender], age: text(age), pic: text(pic), nickname: text(nickname) },
      image: { pic: text(image_pic) },
    },
    date: null,
  };
}

export function concernRow(c) {
  return {
    nickname: c.nickname,
    created_at: c.created_at.toMillis(),
    updated_at: c.updated_at.toMillis(),
    idx: c.idx,
    content: c.content,
    wil_gender: c.wil_gender,
    type: c.type,
    time: String(c.minutes),
    status: c.status,
    match_cnt: c.match_cnt,
    asker_idx: c.asker_idx,
    subcategory_idx: c.subcategory.idx,
    direction_idx: c.direction.idx,
    image_idx: c.image_idx,
    timer: c.timer.toMillis(),
  };
}

export function incomingRow({ idx, status, timer, concern: c }) {
  return {
    idx,
    status,
    concern: {
      content: status === 'closed' ? '마감된 요청입니다' : c.content,
      time: String(c?.minutes || ''),
      timer: timer.toMillis(),
      asker: { gender: GENDERS[c?.asker_gender] ?? '', age: c?.asker_age ?? '', nickname: c?.nickname ?? '' },
      subcategory: { name: c?.subcategory?.name ?? '', category: { name: c?.subcategory?.category ?? '' } },
      feelings: (c?.feelings ?? []).map((name) => ({ name })),
    },
  };
}
