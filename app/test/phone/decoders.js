// The shipped app's decoders, as strict as its own. A required key that is missing or null, or any key of another type,
// fails the whole answer, and with it one bad row the whole list. Unknown keys are not seen. A decoder returns what the
// app then has, or throws.

function refuse(value, at, wanted) {
  throw new TypeError(`${at} is ${JSON.stringify(value)}, not ${wanted}`);
}

const int = (value, at) => (Number.isInteger(value) ? value : refuse(value, at, 'an integer'));
const string = (value, at) => (typeof value === 'string' ? value : refuse(value, at, 'a string'));

const optional = (decode) => (value, at) => (value == null ? undefined : decode(value, at));

const list = (decode) => (value, at) => {
  if (!Array.isArray(value)) refuse(value, at, 'a list');
  return value.map((item, i) => decode(item, `${at}[${i}]`));
};

const object = (fields) => (value, at) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(value, at, 'an object');
  return Object.fromEntries(Object.entries(fields).map(([name, decode]) => [name, decode(value[name], `${at}.${name}`)]));
};

const answer = (data) => {
  const decode = object({ code: string, message: string, data: optional(data) });
  return (body) => decode(body, 'answer');
};

const sessions = (row) => answer(object({ count: int, ing: optional(list(row)), reserve: optional(list(row)) }));

export const askersList = sessions(object({
  idx: int,
  roomkey: string,
  willsoner: optional(object({ idx: int, asker: object({ nickname: string }), image: object({ pic: string }) })),
  concern: optional(object({ time: optional(string), asker: optional(object({ id: string })) })),
}));

export const willsonersList = sessions(object({
  idx: int,
  roomkey: string,
  willsoner: optional(object({ idx: int, asker: object({ id: string }) })),
  concern: optional(object({ idx: int, time: optional(string), asker: optional(object({ nickname: string })) })),
}));

const match = {
  created_at: int, updated_at: int, idx: int, status: string, concern_idx: int, willsoner_idx: int, date_idx: optional(int),
};

export const selected = answer(object({ ...match, roomkey: string }));

export const completed = answer(object({ ...match, roomkey: optional(string) }));

export const reviewImages = answer(list(object({
  idx: optional(int), name: optional(string), detail: optional(string), pic: string,
})));

export const reviewed = answer(object({
  created_at: int, updated_at: int, idx: int, match_idx: int, title: string, content: string, rating: int, image_idx: int,
}));
