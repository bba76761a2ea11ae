import { nameOf, type OpenConnection, say } from '../connection.js';
import type { InboundAcknowledgement } from '../inbound.js';
import { Malformed } from '../malformed.js';
import { REASON } from '../reasons.js';

/** The client acknowledges a message that it was sent. */
export function handleAcknowledgement(
  connection: OpenConnection,
  type: Exclude<InboundAcknowledgement['type'], 'pubrel'>,
  { id, reason }: InboundAcknowledgement,
): void {
  say(
    connection,
    'debug',
    () => `Received ${type.toUpperCase()} from ${nameOf(connection)} (Mid: ${id}, RC:${reason})`,
  );
  const found = connection.session.outgoing.acknowledged(type, id, reason);
  // 5.0 section 4.3: an acknowledgement of another exchange. In MQTT 3.1.1 it is passed over.
  if (found === 'wrong' && connection.version === 5) {
    throw new Malformed(`${type} for a message that is not at that step`, {
      reason: REASON.protocolError,
    });
  }
}
