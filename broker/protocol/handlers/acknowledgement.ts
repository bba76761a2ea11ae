import { nameOf, type OpenConnection, say } from '../connection.js';
import type { InboundAcknowledgement } from '../inbound.js';

/** The client acknowledges a message that it was sent. */
export function handleAcknowledgement(
  connection: OpenConnection,
  type: Exclude<InboundAcknowledgement['type'], 'pubrel'>,
  id: number,
): void {
  say(
    connection,
    'debug',
    () => `Received ${type.toUpperCase()} from ${nameOf(connection)} (Mid: ${id})`,
  );
  connection.session.outgoing.acknowledged(type, id);
}
