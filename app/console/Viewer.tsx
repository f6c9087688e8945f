// The API's reference, rendered from openapi.yaml. Its requests are sent as the signed-in user.
import { useEffect, useRef } from 'preact/hooks';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import description from '../../openapi.yaml?url';
import 'swagger-ui-dist/swagger-ui.css';
import { useText } from './text';
import type { Person } from './person';
import './viewer.css';

export function Viewer({ person }: { person: Person | null }) {
  const t = useText();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stop = mend(place.current!);
    const ui = SwaggerUI({
      url: description,
      domNode: place.current!,
      plugins: [ofThisServer],
      docExpansion: 'list',
      defaultModelsExpandDepth: -1,
      displayOperationId: true,
      tryItOutEnabled: true,
      validatorUrl: null,
      onComplete: () => person && ui.preauthorizeApiKey('token', person.cookie),
      // The cookie given at first may have been replaced.
      requestInterceptor: (request) => {
        if (person && request.headers['x-token']) request.headers['x-token'] = person.cookie;
        return request;
      },
    });
    return stop;
  }, [person]);
  useEffect(followColours, []);
  return (
    <div class="viewer">
      <section aria-label={t.reference}><p class="hint">{person ? t.withToken(person.user.email ?? person.user.uid) : t.withoutToken}</p></section>
      <div lang="en" ref={place} />
    </div>
  );
}

// The description names the server of `make run`: this page asks the one that it comes from.
function ofThisServer() {
  const updateJsonSpec = (update: (spec: object) => void) => (spec: object) => update({ ...spec, servers: [{ url: location.origin }] });
  return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}

// What the viewer leaves nameless or out of the keyboard's reach.
const mending = [
  ['.information-container', 'role', 'region'],
  ['.information-container', 'aria-label', 'Description'],
  ['h3.opblock-tag', 'aria-level', '2'],
  ['h4', 'aria-level', '3'],
  ['h5', 'aria-level', '4'],
  ['select', 'aria-label', 'Choice'],
  ['textarea', 'aria-label', 'Body'],
  ['pre.microlight', 'tabindex', '0'],
  ['.responses-table', 'role', 'table'],
] as const;

function mend(place: HTMLElement): () => void {
  const observer = new MutationObserver(() => {
    for (const [selector, name, value] of mending) {
      for (const element of place.querySelectorAll(`${selector}:not([${name}='${value}'])`)) element.setAttribute(name, value);
    }
  });
  observer.observe(place, { childList: true, subtree: true });
  return () => observer.disconnect();
}

function followColours() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  follow();
  dark.addEventListener('change', follow);
  return () => dark.removeEventListener('change', follow);
}
