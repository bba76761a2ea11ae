import { randomUUID } from 'node:crypto';
import type { Who } from '../types.js';
import type { Connect } from './decode.js';
import type { Gate } from './server-state.js';

/** Who a CONNECT, and the door it came through, say that a client is. */
export function identify(packet: Connect, gate: Gate): Who {
  const { identity } = gate;
  const certified = identity !== undefined && identity !== 'missing';
  const username = certified ? identity.username : packet.username;
  const password = certified ? undefined : packet.password;
  return {
    // `3.1.1 MQTT-3.1.3-6`: an empty one gets a unique one.
    clientId:
      packet.clientId === ''
        ? `${gate.autoIdPrefix ?? 'auto-'}${randomUUID().toUpperCase()}`
        : packet.clientId,
    // As Mosquitto: an empty user name or password is none.
    ...(username === undefined || username === '' ? {} : { username }),
    ...(password === undefined || password.length === 0 ? {} : { password }),
    clean: packet.clean,
    protocolVersion: packet.protocolVersion,
    address: gate.address,
    ...(gate.port === undefined ? {} : { listener: gate.port }),
    ...(gate.certificateName === undefined ? {} : { certificateName: gate.certificateName }),
  };
}
