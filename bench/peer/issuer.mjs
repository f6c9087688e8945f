// The bench issues its own tokens and serves their certificate on loopback. This
// is all that the peer knows of it.
import https from 'node:https';
import tls from 'node:tls';

/** An agent for which every host is the issuer at address (NODE_EXTRA_CA_CERTS vouches for it); none without one. */
export function issuerAgent(address) {
  if (!address) return undefined;
  const [host, port] = address.split(':');
  const agent = new https.Agent();
  agent.createConnection = (options) => tls.connect({ ...options, host, port: Number(port), path: undefined });
  return agent;
}
