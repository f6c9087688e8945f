// The programs that docs/clients.md shows go the whole way, with two users of the Auth emulator and the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, createUserWithEmailAndPassword, inMemoryPersistence, initializeAuth } from 'firebase/auth';
import { authEmulator, projectId } from './local/emulators.js';
import { load, loadClient } from './local/program.js';
import { buildServer, startServer } from './local/server.js';

const run = Date.now().toString(36);

// person signs somebody in at Firebase and returns the programs for that user.
async function person(name, server, apps) {
  const app = initializeApp({ projectId, apiKey: 'local' }, name);
  apps.push(app);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${authEmulator}`, { disableWarnings: true });
  await createUserWithEmailAndPassword(auth, `${name}-${run}@willson.test`, 'willson');
  globalThis[`${name}Auth`] = () => auth;
  const { url, program: client } = await loadClient(`${name}Auth`, server);
  const { program: road } = await load('road.ts', { "'./willson'": JSON.stringify(url), '5_000': '100' });
  return { ...client, ...road };
}

test('from the login to the reviewed session', { timeout: 60_000 }, async () => {
  const apps = [];
  const built = await buildServer();
  const server = await startServer(built.binary, { INVITATION_CODES: run });
  try {
    const [asker, willsoner] = [await person('asker', server.url, apps), await person('willsoner', server.url, apps)];
    assert.equal((await asker.enter()).nickname, '윌순');
    await willsoner.enter();
    await willsoner.counsel(run);

    const chosen = asker.ask('헤어진 지 한 달인데 아직 힘들어요');
    let offered;
    while (!offered) offered = await willsoner.answer();
    const { idx, roomkey } = await chosen;
    assert.equal(idx, offered.idx);
    await willsoner.join('willsoner', idx);
    assert.deepEqual((await willsoner.willsonerSessions()).ing.map((room) => room.roomkey), [roomkey]);

    await asker.end(idx);
    await assert.rejects(asker.askerSessions(), { code: 'not_found' });
    assert.deepEqual((await asker.concerns()).completed.rows.map(({ status }) => status), ['complete']);
    assert.deepEqual(server.failures.filter((line) => line.includes('status=500')), []); // a slow answer is asked for again
  } finally {
    await Promise.all(apps.map(deleteApp));
    await server.stop();
    await built.remove();
  }
});
