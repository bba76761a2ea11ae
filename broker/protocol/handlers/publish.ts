import { close, nameOf, type OpenConnection, say, send } from '../connection.js';
import type { AcknowledgementType } from '../encode.js';
import type { InboundPublish } from '../inbound.js';
import { publishLine } from '../log-lines.js';

/** QoS 2 messages of one client that may wait for PUBREL. */
const MAX_INCOMING = 1000;
const MAX_INCOMING_BYTES = 64 << 20;

/** Routes a message, or keeps it until PUBREL, or drops it; either way it is acknowledged. */
export function handlePublish(connection: OpenConnection, packet: InboundPublish): void {
  const { id, qos, dup } = packet;
  connection.server.counters.publishesReceived++;
  sayPublish(connection, 'Received', packet, dup);
  const reason = fatal(connection, packet) ?? pass(connection, packet);
  if (reason !== undefined) close(connection, `disconnected: ${reason}.`, { will: true });
  else if (qos > 0) acknowledge(connection, qos === 1 ? 'puback' : 'pubrec', id);
}

/** Passes a message on, unless it is too large or not allowed. Returns why that ends the connection,
 * if it does. */
function pass(connection: OpenConnection, packet: InboundPublish): string | undefined {
  const { server, session, arrival } = connection;
  const { dialect, limits } = arrival.listener;
  if (limits.messageSizeLimit > 0 && packet.payload.length > limits.messageSizeLimit) {
    sayPublish(connection, 'Dropped too large', packet, false);
  } else if (!mayPublish(connection, packet.topic)) {
    sayPublish(connection, 'Denied', packet, packet.dup);
    // MQTT 3.1.1 has no way to say no. Mosquitto's way: acknowledged, and dropped.
    if (dialect === 'strict') return 'PUBLISH not authorised';
  } else if (packet.qos < 2) {
    server.router.publish(packet);
  } else if (!session.incoming.has(packet.id)) {
    session.incoming.set(packet.id, packet);
  }
  return undefined;
}

/** QoS 2, method A of `3.1.1`, figure 4.3: routed at PUBREL, once. */
export function handlePubrel(connection: OpenConnection, id: number): void {
  const { server, session } = connection;
  say(connection, 'debug', () => `Received PUBREL from ${nameOf(connection)} (Mid: ${id})`);
  const message = session.incoming.get(id);
  session.incoming.delete(id);
  if (message !== undefined) server.router.publish(message);
  acknowledge(connection, 'pubcomp', id);
}

/** Why this PUBLISH ends the connection, if it does. */
function fatal(
  { arrival, session }: OpenConnection,
  { qos, retain, id, payload }: InboundPublish,
): string | undefined {
  const { limits } = arrival.listener;
  const { incoming } = session;
  if (qos > limits.maxQos) return `QoS ${qos} is above max_qos`;
  if (retain && !limits.retainAvailable) return 'retained messages are off';
  if (qos === 2 && !incoming.has(id) && incoming.size >= MAX_INCOMING) {
    return 'too many QoS 2 messages without PUBREL';
  }
  if (qos === 2 && payload.length > MAX_INCOMING_BYTES / MAX_INCOMING) {
    let waiting = payload.length;
    for (const message of incoming.values()) waiting += message.payload.length;
    if (waiting > MAX_INCOMING_BYTES) return 'too many bytes of QoS 2 messages without PUBREL';
  }
  return undefined;
}

function mayPublish({ who, arrival }: OpenConnection, topic: string): boolean {
  if (topic.startsWith('$SYS/') || topic.startsWith('$share/')) return false;
  return arrival.listener.mayPublish(who, topic);
}

function acknowledge(connection: OpenConnection, type: AcknowledgementType, id: number): void {
  send(connection, connection.encoder.acknowledgement(type, id));
  say(
    connection,
    'debug',
    () => `Sending ${type.toUpperCase()} to ${nameOf(connection)} (m${id}, rc0)`,
  );
}

function sayPublish(
  connection: OpenConnection,
  what: string,
  packet: InboundPublish,
  dup: boolean,
): void {
  say(
    connection,
    'debug',
    () => `${what} PUBLISH from ${nameOf(connection)} ${publishLine(packet, packet.id, dup)}`,
  );
}
