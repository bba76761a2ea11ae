import { isOpen, nameOf, type OpenConnection, say, send } from '../connection.js';
import type { InboundUnsubscribe } from '../inbound.js';
import { leaveShare } from '../lifetime.js';
import { REASON } from '../reasons.js';
import { sharedParts } from '../subscription.js';

/** Ends subscriptions; answered also where there were none (`3.1.1 MQTT-3.10.4-5`,
 * `5.0 MQTT-3.10.4-5`). */
export async function handleUnsubscribe(
  connection: OpenConnection,
  packet: InboundUnsubscribe,
): Promise<void> {
  const { session, routerClient, server } = connection;
  say(connection, 'debug', () => `Received UNSUBSCRIBE from ${nameOf(connection)}`);
  const codes = packet.filters.map(filter => {
    say(connection, 'unsubscribe', () => `${nameOf(connection)} ${filter}`);
    leaveShare(server, session, filter);
    return session.subscriptions.delete(filter) ? REASON.success : REASON.noSubscriptionExisted;
  });
  const own = packet.filters.filter(filter => sharedParts(filter) === undefined);
  if (own.length > 0) await routerClient.unsubscribe(packet.id, own);
  if (!isOpen(connection)) return;
  send(connection, connection.encoder.unsuback(packet.id, codes));
  say(connection, 'debug', () => `Sending UNSUBACK to ${nameOf(connection)} (m${packet.id}, rc0)`);
}
