// The shipped app's decoders, as strict as its own. A required key that is missing or null, or any key of another type,
// fails the whole answer, and with it one bad row the whole list. Unknown keys are not seen. A decoder returns what the
// app then has, or throws.

function refuse(value, at, wanted) {
  throw new TypeError(`${at} is ${JSON.stringify(value)}, not ${wanted}`);
}

const bool = (value, at) => (typeof value === 'boolean' ? value : refuse(value, at, 'true or false'));
const number = (value, at) => (typeof value === 'number' ? value : refuse(value, at, 'a number'));
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

const body = (decode) => (value) => decode(value, 'answer');
const answer = (data) => body(object({ code: string, message: string, data: optional(data) }));
const strictAnswer = (data) => body(object({ code: string, message: string, data }));

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

// What comes before a session. `tail` is what both sign requests answer with.
const tail = {
  login_at: int, created_at: int, updated_at: int, idx: int, email: string, gender: string, age: string, nickname: string,
  access_token: string, refresh_token: string,
};

export const signedUp = answer(object({ ...tail, social: string, id: optional(string) }));

export const signedIn = body(object({
  code: optional(string), message: optional(string), data: optional(object({ ...tail, id: string, status: optional(string) })),
}));

const named = object({ name: string });
const numbered = object({ idx: int, name: string });
const person = object({ nickname: string, gender: optional(string), age: optional(string) });
const topic = object({ name: string, category: named });

// The home page stands outside of the envelope.
export const home = body(object({
  landings: list(object({ copy: string, pic: string, btn: string })),
  subcategories: list(numbered),
  reviews: object({ count: int, rows: optional(list(object({ title: string, content: string, date: string, rating: number }))) }),
  interviews: list(object({ idx: int, title: string, date: string, image: optional(string), category: named })),
  stories: list(object({
    idx: int, title: string, author: string, date: string, image: optional(string), like_cnt: int, likes: bool,
  })),
}));

export const homeWillsoners = strictAnswer(list(object({
  avg_rating: string, idx: int, experience: string, asker: person, subcategories: list(named), image: optional(object({ pic: string })),
  keywords: list(named),
})));

export const choices = answer(list(numbered));

export const concernMade = answer(object({
  created_at: int, updated_at: int, idx: int, asker_idx: int, subcategory_idx: int, direction_idx: int, content: string,
  wil_gender: string, type: string, time: string,
}));

const image = object({ pic: string, idx: optional(int), name: optional(string), detail: optional(string) });

export const payment = answer(object({
  willsoners: list(object({
    avg_rating: string, idx: int, experience: string, introduction: string, asker: person, subcategories: list(named),
    keywords: list(named), image,
  })),
  tickets: list(object({ type: string, amount: string, idx: int })),
  concern: object({
    content: string, wil_gender: string, subcategory_idx: int, asker_idx: int, asker: object({ nickname: string }),
    subcategory: object({ idx: int, name: string, category_idx: int, category: named }), personalities: list(named), direction: named,
  }),
}));

export const purchase = strictAnswer(object({
  asker: object({ point: object({ honeypot: string }) }), not_enought: int, tickets: list(object({ amount: string, price: string })),
}));

// Any object is a payment, refusals too: the app looks for these keys beside the envelope's and needs none.
export const paid = body(object({
  ...Object.fromEntries(['idx', 'created_at', 'updated_at', 'asker_idx', 'subcategory_idx', 'direction_idx', 'timer'].map((key) => [key, optional(int)])),
  ...Object.fromEntries(['code', 'message', 'content', 'wil_gender', 'type', 'time', 'status'].map((key) => [key, optional(string)])),
}));

const section = object({
  count: int,
  rows: optional(list(object({
    idx: int, content: string, time: string, timer: optional(int), subcategory: topic, personalities: optional(list(named)),
    dates: optional(list(object({ date: string, from_time: string, to_time: string, date_format: string }))), status: optional(string),
  }))),
});

export const concerns = answer(object({
  total_count: int, realtime: optional(section), reserve: optional(section), completed: optional(section),
}));

export const offers = answer(object({
  timer: int,
  category: string,
  matches: list(object({
    idx: int,
    willsoner: object({
      idx: int, avg_rating: optional(string), experience: optional(string), asker: person, subcategories: optional(list(named)),
      keywords: optional(list(named)), image: optional(image),
    }),
  })),
}));

export const offer = answer(object({
  match: optional(object({
    willsoner: object({
      idx: int, experience: string, introduction: string, asker: person, subcategories: list(topic), image: optional(image),
      keywords: optional(list(named)),
    }),
  })),
  reviews: optional(object({
    count: int,
    rows: optional(list(object({ idx: int, title: string, content: string, rating: number, category: string, date: string }))),
    avg: optional(string),
  })),
}));

export const incoming = answer(object({
  categories: list(numbered),
  matches: optional(object({
    count: int,
    rows: list(object({
      idx: int,
      status: string,
      concern: object({ content: string, time: string, timer: int, asker: person, subcategory: topic, feelings: list(named) }),
    })),
  })),
}));

export const incomingOne = answer(object({
  concern: object({ content: string, asker: person, subcategory: topic, feelings: list(named), direction: named }),
}));

export const offered = answer(object({ ...match, roomkey: optional(string) }));

export const askersHome = answer(object({ nickname: string, email: string, point: optional(object({ honeypot: optional(string) })) }));

export const willsonersHome = strictAnswer(object({
  nickname: string,
  email: string,
  willsoner: optional(object({ avg_rating: optional(string), introduction: string, image: object({ pic: string }), keywords: list(named) })),
  point: optional(object({ honeypot: optional(string) })),
  auth: optional(int),
}));

export const keywordsKept = answer(list(numbered));

export const willsonerImages = strictAnswer(list(image));

export const phoneProof = answer(string);

export const registered = answer(object({
  login_at: int, created_at: int, updated_at: int, idx: int, asker_idx: int, image_idx: int, experience: string, introduction: string,
  status: optional(string),
}));
