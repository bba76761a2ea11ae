import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Arrival } from '../protocol/listener-policy.js';
import type { ListenerState } from './listener.js';
import { commonName, identityOf } from './tls.js';

/** How a connection came in through a socket of the listener. */
export function socketArrival(listener: ListenerState, socket: Socket): Arrival {
  const address = remoteAddress(socket);
  if (!isEncrypted(socket)) return plainArrival(listener, address);
  return arrival(listener, address, identityOf(listener.config, socket), commonName(socket));
}

/** How a connection came in without TLS; `certificateName` stands for a certificate that was verified. */
export function plainArrival(
  listener: ListenerState,
  address: string,
  certificateName?: string,
): Arrival {
  const { useIdentityAsUsername, useSubjectAsUsername } = listener.config;
  const proof = certificateName === undefined ? 'missing' : { username: certificateName };
  const wanted = useIdentityAsUsername || useSubjectAsUsername;
  return arrival(listener, address, wanted ? proof : undefined, certificateName);
}

function arrival(
  { policy }: ListenerState,
  address: string,
  identity: Arrival['identity'],
  certificateName: string | undefined,
): Arrival {
  return {
    listener: policy,
    address,
    ...(certificateName === undefined ? {} : { certificateName }),
    ...(identity === undefined ? {} : { identity }),
  };
}

const isEncrypted = (socket: Socket): socket is TLSSocket => 'getPeerX509Certificate' in socket;

/** Without the prefix an IPv4 address has on a socket for both families. */
function remoteAddress(socket: Socket): string {
  return `${socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unix'}:${socket.remotePort ?? 0}`;
}
