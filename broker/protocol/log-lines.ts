import type { Who } from '../types.js';
import type { InboundConnect, ProtocolVersion } from './inbound.js';
import type { ApplicationMessage } from './message.js';

/** The lines of Mosquitto's log. */

/** How Mosquitto numbers the versions. */
const LOG_VERSION: Readonly<Record<ProtocolVersion, number>> = { 3: 1, 4: 2, 5: 5 };

export function publishLine(message: ApplicationMessage, id: number, dup: boolean): string {
  const flags = `d${dup ? 1 : 0}, q${message.qos}, r${message.retain ? 1 : 0}, m${id}`;
  return `(${flags}, '${message.topic}', ... (${message.payload.length} bytes))`;
}

export function connectLine(who: Who, packet: InboundConnect, keepalive: number): string {
  const user = who.username === undefined ? '' : `, u'${who.username}'`;
  const flags = `p${LOG_VERSION[packet.protocolVersion]}, c${packet.clean ? 1 : 0}, k${keepalive}${user}`;
  return `New client connected from ${who.address} as ${who.clientId} (${flags}).`;
}

export function willLine({ will }: InboundConnect): string {
  if (will === undefined) return 'No will message specified.';
  const flags = `(r${will.retain ? 1 : 0}, q${will.qos})`;
  return `Will message specified (${will.payload.length} bytes) ${flags}.\n\t${will.topic}`;
}
