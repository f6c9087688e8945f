// What the tests before this one made of every expression in the rules, as the emulator saw it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectId } from './world.js';

// An error denies as false does, but may hide that a rule never does its work. These are meant.
const meantErrors = [
  // where it arises, and the emulator's words for it
  ['resource', /^Null value error/], // a room or reservation that does not exist
  ['get', /^Service call error/], // a chat of a room that does not exist; a step after one that was not taken
  ['session', /^Property (asker|willsoner)_uid is undefined/], // a list that its filters do not prove; a session without a willsoner
  ['room', /^Property willsoner_uid is undefined/], // the same, when the steps ask for both
];

// The report is a tree of expressions. `values` counts what an expression came to:
//   {boolValue: …}, {stringValue: …} and so on   a value
//   {undefined: {sourcePosition, causeMessage}}  an error, and the word where it arose
//   {undefined: {}}                              set aside until a get() was answered, then evaluated anew
//   {}                                           skipped: the left side of && or || had decided
//   no values                                    never reached
// Offsets are inclusive at both ends.
const report = async () => {
  const url = `http://${process.env.FIRESTORE_EMULATOR_HOST}/emulator/v1/projects/${projectId}:ruleCoverage`;
  const answer = await fetch(url);
  assert.ok(answer.ok, `${answer.status} ${(await answer.clone().text()).slice(0, 300)}`);
  const { rules, report: trees } = await answer.json();
  const source = rules.files[0].content;
  const place = ({ line, column, currentOffset, endOffset }) => ({ at: `firestore.rules:${line}:${column}`, text: source.slice(currentOffset, endOffset + 1) });
  const flat = (tree) => [tree, ...(tree.children ?? []).flatMap(flat)];
  return trees.flatMap(flat).map(({ sourcePosition, values = [] }) => {
    const seen = values.map(({ value }) => value);
    const errors = seen.flatMap((value) => (value.undefined?.sourcePosition ? [value.undefined] : []));
    return {
      ...place(sourcePosition),
      results: seen.filter((value) => Object.keys(value).length > 0 && !value.undefined),
      errors: errors.map((error) => ({ ...place(error.sourcePosition), cause: (error.causeMessage ?? '').split('\n')[0] })),
    };
  });
};

describe('coverage', async () => {
  let expressions;
  const list = (found) => [...new Set(found)].join('\n');

  test('the emulator reports every rule', async () => {
    expressions = await report();
    assert.ok(expressions.length > 100, `only ${expressions.length} expressions`);
  });

  test('every expression was reached', () => {
    assert.equal(list(expressions.filter(({ results }) => results.length === 0).map(({ at, text }) => `${at}: ${text}`)), '');
  });

  test('every condition was seen true and false', () => {
    // A field that a test filled with `true` is no condition: it was something else at other times.
    const conditions = expressions.filter(({ results }) => results.length > 0 && results.every((value) => 'boolValue' in value));
    const oneSided = conditions.filter(({ results }) => new Set(results.map((value) => value.boolValue)).size === 1);
    assert.ok(conditions.length > 20, `only ${conditions.length} conditions`);
    assert.equal(list(oneSided.map(({ at, text, results }) => `${at}: always ${results[0].boolValue}: ${text}`)), '');
  });

  test('no error but those that are meant', () => {
    const errors = expressions.flatMap((expression) => expression.errors);
    const isMeant = ({ text, cause }) => meantErrors.some(([where, what]) => text === where && what.test(cause));
    assert.equal(list(errors.filter((error) => !isMeant(error)).map(({ at, text, cause }) => `${at}: ${cause}: ${text}`)), '');
  });
});
