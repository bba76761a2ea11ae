import type { QoS } from '../../../wire/trace.js';
import { retainedFor } from '../../store.js';
import { isOpen, nameOf, type OpenConnection, say, send } from '../connection.js';
import { deliver, hold, releaseHeld } from '../deliver.js';
import type { InboundSubscribe } from '../inbound.js';
import { REASON } from '../reasons.js';
import { copyFor } from '../session.js';
import { type Subscription, sharedParts } from '../subscription.js';

const FAILURE = 0x80;

/** Subscribes, answers, and sends the retained messages that match. */
export async function handleSubscribe(
  connection: OpenConnection,
  packet: InboundSubscribe,
): Promise<void> {
  const { server, session, routerClient } = connection;
  say(connection, 'debug', () => `Received SUBSCRIBE from ${nameOf(connection)}`);
  if (packet.filters.some(({ filter }) => filter.startsWith('$SYS/'))) server.refreshSys();
  const codes = packet.filters.map(one => codeFor(connection, one));
  const granted = packet.filters.flatMap((one, index) => {
    const code = codes[index] as number;
    if (code >= FAILURE) return [];
    const known = session.subscriptions.has(one.filter);
    return [{ subscription: { ...one, qos: code as QoS }, known }];
  });
  const own = new Map<string, QoS>();
  for (const { subscription } of granted) {
    const { filter, qos } = subscription;
    session.subscriptions.set(filter, subscription);
    const share = sharedParts(filter);
    if (share === undefined) own.set(filter, qos);
    else server.store.shares.add(session.clientId, share.name, share.filter, subscription);
  }
  if (own.size > 0) {
    hold(connection);
    await routerClient.subscribe(packet.id, own);
    if (!isOpen(connection)) return;
  }
  send(connection, connection.encoder.suback(packet.id, codes));
  say(connection, 'debug', () => `Sending SUBACK to ${nameOf(connection)}`);
  for (const { subscription, known } of granted) sendRetained(connection, subscription, known);
  releaseHeld(connection);
}

/** `3.1.1 MQTT-3.3.1-6`, `3.1.1 MQTT-3.3.1-8`, `3.1.1 MQTT-3.8.4-3`: retained messages at each
 * SUBSCRIBE, marked; in MQTT 5 as retain handling says (`5.0 MQTT-3.3.1-9` to `5.0 MQTT-3.3.1-11`), and
 * none for a shared subscription (5.0 section 4.8.2). */
function sendRetained(
  connection: OpenConnection,
  subscription: Subscription,
  known: boolean,
): void {
  const { filter, retainHandling } = subscription;
  if (retainHandling === 2 || (retainHandling === 1 && known)) return;
  if (sharedParts(filter) !== undefined) return;
  for (const message of retainedFor(connection.server.store, filter)) {
    const copy = copyFor(subscription, { ...message, retain: true });
    deliver(connection, { ...copy, retain: true });
  }
}

/** The SUBACK code of one filter. */
function codeFor(connection: OpenConnection, { filter, qos }: Subscription): number {
  const { who, arrival, version } = connection;
  const { dialect, limits, maySubscribe } = arrival.listener;
  const inner = sharedParts(filter)?.filter ?? filter;
  const denied = dialect === 'strict' && !maySubscribe(who, inner);
  const refused = version === 5 ? REASON.notAuthorized : FAILURE;
  const code = denied ? refused : Math.min(qos, limits.maxQos);
  say(connection, 'debug', () => `\t${filter} (QoS ${qos})`);
  say(connection, 'subscribe', () => `${nameOf(connection)} ${code} ${filter}`);
  return code;
}
