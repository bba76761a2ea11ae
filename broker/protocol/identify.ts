import { randomUUID } from 'node:crypto';
import type { Who } from '../types.js';
import type { InboundConnect } from './inbound.js';
import type { Arrival } from './listener-policy.js';

/** Who a client is, as far as its CONNECT and the way it came in tell. */
export function identify(packet: InboundConnect, arrival: Arrival): Who {
  const { listener, identity, certificateName } = arrival;
  const certified = identity !== undefined && identity !== 'missing';
  const username = certified ? identity.username : packet.username;
  const password = certified ? undefined : packet.password;
  return {
    // `3.1.1 MQTT-3.1.3-6`: an empty one gets a unique one.
    clientId:
      packet.clientId === ''
        ? `${listener.autoIdPrefix ?? 'auto-'}${randomUUID().toUpperCase()}`
        : packet.clientId,
    // As Mosquitto: an empty user name or password is none.
    ...(username === undefined || username === '' ? {} : { username }),
    ...(password === undefined || password.length === 0 ? {} : { password }),
    clean: packet.clean,
    protocolVersion: packet.protocolVersion,
    address: arrival.address,
    ...(listener.port === undefined ? {} : { listener: listener.port }),
    ...(certificateName === undefined ? {} : { certificateName }),
  };
}
