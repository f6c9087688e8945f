// From stored documents to the rows of the answer.

// Korea has kept UTC+9, without daylight saving, since 1988.
const SEOUL_MS = 9 * 60 * 60 * 1000;
const GENDERS = { F: '여', M: '남' };

const two = (n) => String(n).padStart(2, '0');
const text = (v) => (typeof v === 'string' && v !== '' ? v : undefined);

/** The rows of a snapshot that comes in descending idx, ascending; what does not follow the schema is left out. */
export function rowsOf(snapshot, uid, toRow, now) {
  const rows = [];
  for (const doc of snapshot.docs) {
    const d = doc.data();
    try {
      if (d.asker_uid !== uid) throw new TypeError('asker_uid: not what was asked for');
      if (!isOver(d, now)) rows.push(toRow(doc.id, d));
    } catch (err) {
      console.error(doc.ref.path, err.message);
    }
  }
  return rows.reverse();
}

function isOver(d, now) {
  return d.ends_at != null && d.ends_at.toMillis() <= now;
}

function integer(v, name) {
  if (!Number.isInteger(v)) throw new TypeError(`${name}: not an integer`);
  return v;
}

export function ingRow(id, d) {
  const { concern, willsoner = {} } = d;
  return {
    idx: integer(d.idx, 'idx'),
    roomkey: id,
    concern: {
      nickname: text(concern.nickname),
      time: String(integer(concern.minutes, 'concern.minutes')),
      idx: concern.idx,
      asker: { pic: text(concern.asker_pic), id: d.asker_uid },
    },
    willsoner: {
      idx: willsoner.idx,
      introduction: text(willsoner.introduction),
      experience: text(willsoner.experience),
      asker: {
        gender: GENDERS[willsoner.gender],
        pic: text(willsoner.pic),
        nickname: text(willsoner.nickname),
      },
      image: { pic: text(willsoner.image_pic) },
      subcategories: (willsoner.subcategories ?? []).map((s) => ({
        name: text(s.name),
        category: text(s.category) && { name: s.category },
      })),
      keywords: (willsoner.keywords ?? []).map((name) => ({ name })),
    },
    start: d.started_at.toMillis(),
  };
}

export function reserveRow(id, d) {
  const { concern, willsoner = {} } = d;
  if (!text(d.roomkey)) throw new TypeError('roomkey: missing');
  const starts = new Date(d.starts_at.toMillis() + SEOUL_MS);
  return {
    idx: integer(d.idx, 'idx'),
    roomkey: d.roomkey,
    concern: { time: String(integer(concern.minutes, 'concern.minutes')) },
    willsoner: {
      idx: willsoner.idx,
      asker: { nickname: text(willsoner.nickname), id: text(d.willsoner_uid) },
      image: { pic: text(willsoner.image_pic) },
    },
    date: {
      from_time: `${two(starts.getUTCHours())}:${two(starts.getUTCMinutes())}`,
      date_format: `${two(starts.getUTCMonth() + 1)}월 ${two(starts.getUTCDate())}일`,
    },
  };
}
