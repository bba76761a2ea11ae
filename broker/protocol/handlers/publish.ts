import { isUtf8 } from 'node:buffer';
import { close, nameOf, type OpenConnection, say, send, wordsFor } from '../connection.js';
import type { AcknowledgementType } from '../encode.js';
import type { InboundAcknowledgement, InboundPublish } from '../inbound.js';
import { publishLine } from '../log-lines.js';
import { Malformed } from '../malformed.js';
import type { ApplicationMessage } from '../message.js';
import { REASON } from '../reasons.js';

/** QoS 2 messages of one client that may wait for PUBREL. */
const MAX_INCOMING = 1000;
const MAX_INCOMING_BYTES = 64 << 20;

/** Routes a message, or keeps it until PUBREL, or drops it; either way it is acknowledged. */
export function handlePublish(connection: OpenConnection, received: InboundPublish): void {
  const packet = named(connection, received);
  const { id, qos, dup } = packet;
  connection.server.counters.publishesReceived++;
  sayPublish(connection, 'Received', packet, dup);
  const end = fatal(connection, packet) ?? pass(connection, packet);
  if (typeof end === 'object') {
    const { why, reason } = end;
    close(connection, `disconnected: ${why}.`, { will: true, reason });
  } else if (qos > 0) acknowledge(connection, qos === 1 ? 'puback' : 'pubrec', id, end);
}

/** Why a PUBLISH ends the connection. */
interface End {
  readonly why: string;
  readonly reason: number;
}

/** The packet with its topic name, where an alias stood for it (`5.0 MQTT-3.3.2-7`,
 * `5.0 MQTT-3.3.2-9`, `5.0 MQTT-3.3.2-12`). */
function named(connection: OpenConnection, packet: InboundPublish): InboundPublish {
  const { topicAlias } = packet;
  if (topicAlias === undefined) return packet;
  const { aliases, arrival } = connection;
  if (topicAlias > arrival.listener.limits.maxTopicAlias) {
    throw new Malformed(`topic alias ${topicAlias}`, { reason: REASON.topicAlias });
  }
  if (packet.topic !== '') {
    aliases.set(topicAlias, packet.topic);
    return packet;
  }
  const topic = aliases.get(topicAlias);
  if (topic === undefined) {
    throw new Malformed(`topic alias ${topicAlias} stands for nothing`, {
      reason: REASON.protocolError,
    });
  }
  return { ...packet, topic };
}

/** Passes a message on, unless it is too large or not allowed. Returns the reason code of its
 * acknowledgement, or what ends the connection. */
function pass(connection: OpenConnection, packet: InboundPublish): number | End {
  const { session, arrival } = connection;
  const { dialect, limits } = arrival.listener;
  if (limits.messageSizeLimit > 0 && packet.payload.length > limits.messageSizeLimit) {
    sayPublish(connection, 'Dropped too large', packet, false);
    return REASON.quotaExceeded;
  }
  if (!mayPublish(connection, packet.topic)) {
    sayPublish(connection, 'Denied', packet, packet.dup);
    // MQTT 3.1.1 has no way to say no. Mosquitto's way: acknowledged, and dropped.
    const why = 'PUBLISH not authorised';
    return dialect === 'strict' ? { why, reason: REASON.notAuthorized } : REASON.notAuthorized;
  }
  if (packet.text === true && !isUtf8(packet.payload)) {
    sayPublish(connection, 'Dropped, not the UTF-8 it announces', packet, false);
    return REASON.payloadFormat;
  }
  if (packet.qos < 2) {
    return route(connection, packet) ? REASON.success : REASON.noMatchingSubscribers;
  }
  if (!session.incoming.has(packet.id)) session.incoming.set(packet.id, packet);
  return REASON.success;
}

function route({ server, who }: OpenConnection, message: ApplicationMessage): boolean {
  const { topic, payload, qos, retain, properties } = message;
  return server.router.publish({ topic, payload, qos, retain, properties, clientId: who.clientId });
}

/** QoS 2, method A of `3.1.1`, figure 4.3: routed at PUBREL, once. */
export function handlePubrel(
  connection: OpenConnection,
  { id, reason }: InboundAcknowledgement,
): void {
  const { session } = connection;
  say(connection, 'debug', () => `Received PUBREL from ${nameOf(connection)} (Mid: ${id})`);
  const message = session.incoming.get(id);
  session.incoming.delete(id);
  // A client that says it does not know the identifier releases nothing.
  if (message !== undefined && reason === 0) route(connection, message);
  const known = message !== undefined || connection.version !== 5;
  acknowledge(connection, 'pubcomp', id, known ? 0 : REASON.identifierNotFound);
}

/** Why this PUBLISH ends the connection, if it does. */
function fatal(
  { arrival, session, version }: OpenConnection,
  { qos, retain, id, payload }: InboundPublish,
): End | undefined {
  const { limits } = arrival.listener;
  const { incoming } = session;
  if (qos > limits.maxQos) {
    return { why: `QoS ${qos} is above max_qos`, reason: REASON.qosNotSupported };
  }
  if (retain && !limits.retainAvailable) {
    return { why: 'retained messages are off', reason: REASON.retainNotSupported };
  }
  if (qos === 2 && !incoming.has(id)) {
    const told = version === 5 && limits.maxInflight > 0;
    const most = told ? Math.min(limits.maxInflight, MAX_INCOMING) : MAX_INCOMING;
    if (incoming.size >= most) {
      // `5.0 MQTT-3.3.4-7`
      return { why: 'too many QoS 2 messages without PUBREL', reason: REASON.receiveMaximum };
    }
  }
  if (qos === 2 && payload.length > MAX_INCOMING_BYTES / MAX_INCOMING) {
    let waiting = payload.length;
    for (const message of incoming.values()) waiting += message.payload.length;
    if (waiting > MAX_INCOMING_BYTES) {
      return {
        why: 'too many bytes of QoS 2 messages without PUBREL',
        reason: REASON.quotaExceeded,
      };
    }
  }
  return undefined;
}

function mayPublish({ who, arrival }: OpenConnection, topic: string): boolean {
  if (topic.startsWith('$SYS/') || topic.startsWith('$share/')) return false;
  return arrival.listener.mayPublish(who, topic);
}

const WORDS: Readonly<Record<number, string>> = {
  [REASON.notAuthorized]: 'not authorised to publish there',
  [REASON.quotaExceeded]: 'the payload is larger than this broker takes',
  [REASON.payloadFormat]: 'the payload is not the UTF-8 it announces',
};

function acknowledge(
  connection: OpenConnection,
  type: AcknowledgementType,
  id: number,
  reason: number,
): void {
  // MQTT 3.1.1 has no reasons.
  const code = connection.version === 5 ? reason : 0;
  const text = WORDS[code];
  const words = text === undefined ? undefined : wordsFor(connection, text);
  send(connection, connection.encoder.acknowledgement(type, id, code, words));
  say(
    connection,
    'debug',
    () => `Sending ${type.toUpperCase()} to ${nameOf(connection)} (m${id}, rc${code})`,
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
