// The programs that docs/clients.md shows, as they stand but for where Firebase and the server are.
import { readFile } from 'node:fs/promises';
import typescript from 'typescript';

export const clients = new URL('../../clients/', import.meta.url);

// load returns a program with each text replaced by another. A module that it imports is named by its URL.
export async function load(name, replacements) {
  let program = await readFile(new URL(name, clients), 'utf8');
  for (const [text, other] of Object.entries(replacements)) program = program.replaceAll(text, other);
  const { outputText } = typescript.transpileModule(program, { compilerOptions: { target: 'es2022', module: 'esnext' } });
  const url = `data:text/javascript,${encodeURIComponent(outputText)}`;
  return { url, program: await import(url) };
}

// loadClient loads the client for the users of getAuth, the name of a global function.
export function loadClient(getAuth, server, replacements = {}) {
  return load('willson.ts', {
    "import { getAuth } from 'firebase/auth';": `const getAuth = globalThis.${getAuth};`,
    "'openapi-fetch'": JSON.stringify(import.meta.resolve('openapi-fetch')),
    'http://localhost:8000': server,
    ...replacements,
  });
}
