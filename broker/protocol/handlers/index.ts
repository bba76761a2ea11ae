import { assertNever } from '../../../wire/assert-never.js';
import { type Connection, isOpen } from '../connection.js';
import type { Inbound } from '../inbound.js';
import { Malformed } from '../malformed.js';
import { REASON } from '../reasons.js';
import { handleAcknowledgement } from './acknowledgement.js';
import { handleConnect } from './connect.js';
import { handleDisconnect } from './disconnect.js';
import { handlePingreq } from './pingreq.js';
import { handlePublish, handlePubrel } from './publish.js';
import { handleSubscribe } from './subscribe.js';
import { handleUnsubscribe } from './unsubscribe.js';

/** Does what a client's packet asks for. A promise: the next packet waits for it.
 * @throws Malformed when the packet must end the connection */
export function handle(connection: Connection, packet: Inbound): Promise<void> | undefined {
  // `3.1.1 MQTT-3.1.0-1`, `3.1.1 MQTT-3.1.0-2`, `5.0 MQTT-3.1.0-1`, `5.0 MQTT-3.1.0-2`: CONNECT first, and once.
  if (packet.type === 'connect' && connection.phase === 'awaiting-connect') {
    return handleConnect(connection, packet);
  }
  if (packet.type === 'connect' || !isOpen(connection)) {
    throw new Malformed('CONNECT, out of turn', { reason: REASON.protocolError });
  }
  switch (packet.type) {
    case 'publish':
      handlePublish(connection, packet);
      return undefined;
    case 'pubrel':
      handlePubrel(connection, packet);
      return undefined;
    case 'puback':
    case 'pubrec':
    case 'pubcomp':
      handleAcknowledgement(connection, packet.type, packet);
      return undefined;
    case 'subscribe':
      return handleSubscribe(connection, packet);
    case 'unsubscribe':
      return handleUnsubscribe(connection, packet);
    case 'pingreq':
      handlePingreq(connection);
      return undefined;
    case 'disconnect':
      handleDisconnect(connection, packet);
      return undefined;
    default:
      return assertNever(packet, 'packet of a client');
  }
}
