// The API's reference, out of openapi.yaml, whose requests are sent as the signed-in user.
import type { User } from 'firebase/auth';
import { useEffect, useRef } from 'preact/hooks';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import description from '../../openapi.yaml?url';
import 'swagger-ui-dist/swagger-ui.css';
import './viewer.css';

export function Viewer({ user }: { user: User | null }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const ui = SwaggerUI({
      url: description,
      domNode: place.current!,
      plugins: [ofThisServer],
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayOperationId: true,
      tryItOutEnabled: user !== null,
      validatorUrl: null,
      onComplete: () => void user?.getIdToken().then((token) => ui.preauthorizeApiKey('idToken', token)),
      requestInterceptor: async (request) => {
        if (user && request.headers['x-token']) request.headers['x-token'] = await user.getIdToken();
        return request;
      },
    });
  }, [user]);
  return <div class="viewer" lang="en" ref={place} />;
}

// The description names the server of `make run`: this page asks the one that it comes from.
function ofThisServer() {
  const updateJsonSpec = (update: (spec: object) => void) => (spec: object) => update({ ...spec, servers: [{ url: location.origin }] });
  return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}
