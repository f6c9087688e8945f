// The server's real binary, on a free port.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../../', import.meta.url));

// buildServer returns the path of the binary that WILLSON_BINARY names, or of one that it builds, and how to remove it.
export async function buildServer() {
  const given = process.env.WILLSON_BINARY;
  if (given) return { binary: given, remove: async () => {} };
  if (!existsSync(join(repository, 'console/dist/index.html'))) {
    await run('npm', ['--prefix', 'app', 'run', 'build'], { cwd: repository });
  }
  const dir = await mkdtemp(join(tmpdir(), 'willson-'));
  const binary = join(dir, 'willson');
  await run('go', ['build', '-o', binary, '.'], { cwd: repository });
  return { binary, remove: () => rm(dir, { recursive: true }) };
}

// startServer returns as soon as the server listens. An undefined variable is taken out of the environment. Its failures
// are the log lines of requests that it could not answer.
export async function startServer(binary, env = {}) {
  const child = spawn(binary, { env: { ...process.env, PORT: '0', METRICS_ADDR: '', ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const said = [];
  const failures = [];
  const address = await new Promise((resolve, reject) => {
    child.on('error', reject);
    ended.then((code) => reject(new Error(`the server ended with ${code}:\n${said.join('\n')}`)));
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      // Over both emulators the log is text.
      const listening = /(?:msg=listening addr=|"message":"listening","addr":)"?([^" ]+)/.exec(line);
      if (listening) resolve(listening[1]);
      const status = Number(/httpRequest\.status=(\d+)/.exec(line)?.[1]);
      if (status >= 500 && status !== 501) failures.push(line);
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `http://localhost:${address.split(':').at(-1)}`, failures, stop };
}
