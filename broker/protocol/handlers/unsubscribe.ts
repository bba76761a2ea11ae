import { isOpen, nameOf, type OpenConnection, say, send } from '../connection.js';
import type { InboundUnsubscribe } from '../inbound.js';

/** Ends subscriptions; answered also where there were none (`3.1.1 MQTT-3.10.4-5`). */
export async function handleUnsubscribe(
  connection: OpenConnection,
  packet: InboundUnsubscribe,
): Promise<void> {
  const { session, routerClient } = connection;
  say(connection, 'debug', () => `Received UNSUBSCRIBE from ${nameOf(connection)}`);
  for (const filter of packet.filters) {
    session.subscriptions.delete(filter);
    say(connection, 'unsubscribe', () => `${nameOf(connection)} ${filter}`);
  }
  await routerClient.unsubscribe(packet.id, packet.filters);
  if (!isOpen(connection)) return;
  send(connection, connection.encoder.unsuback(packet.id));
  say(connection, 'debug', () => `Sending UNSUBACK to ${nameOf(connection)} (m${packet.id}, rc0)`);
}
