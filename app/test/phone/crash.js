// How the app fails. Both end a test: no answer of the server may bring the app there.

// A Crash is the end of the app's process: a list that is read past its end, a nil that is taken for a value, a cell that
// was not made.
export class Crash extends Error {
  name = 'Crash';
}

// Stuck is a page that shows nothing and goes nowhere: the user has to give up, or to start the app anew.
export class Stuck extends Error {
  name = 'Stuck';
}

export function crashUnless(holds, why) {
  if (!holds) throw new Crash(why);
}

export function stuckUnless(holds, why) {
  if (!holds) throw new Stuck(why);
}

// at reads an array as Swift does.
export function at(rows, place, name) {
  crashUnless(place >= 0 && place < rows.length, `${name}[${place}] of ${rows.length}`);
  return rows[place];
}
