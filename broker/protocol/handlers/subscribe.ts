import type { QoS } from '../../../wire/trace.js';
import { retainedFor } from '../../store.js';
import { isOpen, nameOf, type OpenConnection, say, send } from '../connection.js';
import { deliver, hold, releaseHeld } from '../deliver.js';
import type { InboundSubscribe } from '../inbound.js';

const FAILURE = 0x80;

/** Subscribes, answers, and sends the retained messages that match. */
export async function handleSubscribe(
  connection: OpenConnection,
  packet: InboundSubscribe,
): Promise<void> {
  const { server, session, routerClient } = connection;
  say(connection, 'debug', () => `Received SUBSCRIBE from ${nameOf(connection)}`);
  if (packet.filters.some(({ filter }) => filter.startsWith('$SYS/'))) server.refreshSys();
  const codes = packet.filters.map(({ filter, qos }) => codeFor(connection, filter, qos));
  const granted = packet.filters.flatMap(({ filter }, index) => {
    const code = codes[index] as number;
    return code === FAILURE ? [] : [{ filter, qos: code as QoS }];
  });
  for (const { filter, qos } of granted) session.subscriptions.set(filter, qos);
  if (granted.length > 0) {
    hold(connection);
    await routerClient.subscribe(packet.id, new Map(granted.map(one => [one.filter, one.qos])));
    if (!isOpen(connection)) return;
  }
  send(connection, connection.encoder.suback(packet.id, codes));
  say(connection, 'debug', () => `Sending SUBACK to ${nameOf(connection)}`);
  // `3.1.1 MQTT-3.3.1-6`, `3.1.1 MQTT-3.3.1-8`, `3.1.1 MQTT-3.8.4-3`: retained messages at each SUBSCRIBE, marked.
  for (const { filter, qos } of granted) {
    for (const message of retainedFor(server.store, filter)) {
      deliver(connection, {
        ...message,
        qos: Math.min(message.qos, qos) as QoS,
        retain: true,
      });
    }
  }
  releaseHeld(connection);
}

/** The SUBACK code of one filter. */
function codeFor(connection: OpenConnection, filter: string, qos: QoS): number {
  const { who, arrival } = connection;
  const { dialect, limits, maySubscribe } = arrival.listener;
  const denied = dialect === 'strict' && !maySubscribe(who, filter);
  const code = denied ? FAILURE : Math.min(qos, limits.maxQos);
  say(connection, 'debug', () => `\t${filter} (QoS ${qos})`);
  say(connection, 'subscribe', () => `${nameOf(connection)} ${code} ${filter}`);
  return code;
}
