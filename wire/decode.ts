/** Frames to packets and back, through mqtt-packet. */

import mqtt, { type Packet } from 'mqtt-packet';
import { assertNever } from './assert-never.js';
import { errorText } from './error-text.js';
import { payloadBytes, payloadOf } from './payload.js';
import { shapeError } from './shape.js';
import type { MalformedPacket, QoS, Subscription, WirePacket, WithProperties } from './trace.js';

export { payloadBytes, payloadOf, payloadText } from './payload.js';

/** Buffers become payload values, so that a trace stays plain data. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return payloadOf(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    // fromEntries defines own keys, so a user property called __proto__ stays a key.
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  }
  return value;
}

function propertiesOf(from: object): WithProperties {
  const found: unknown = Reflect.get(from, 'properties');
  if (typeof found !== 'object' || found === null) return {};
  return { properties: plain(found) as Readonly<Record<string, unknown>> };
}

function reasonOf(from: object): { reasonCode?: number } {
  const code: unknown = Reflect.get(from, 'reasonCode');
  return typeof code === 'number' ? { reasonCode: code } : {};
}

function subscriptionOf(from: {
  topic: string;
  qos: QoS;
  nl?: boolean;
  rap?: boolean;
  rh?: number;
}): Subscription {
  return {
    filter: from.topic,
    qos: from.qos,
    ...(from.nl === undefined ? {} : { noLocal: from.nl }),
    ...(from.rap === undefined ? {} : { retainAsPublished: from.rap }),
    ...(from.rh === undefined ? {} : { retainHandling: from.rh }),
  };
}

const bufferOf = (value: string | Buffer) =>
  typeof value === 'string' ? Buffer.from(value) : value;

function wirePacket(from: Packet): WirePacket {
  const id = from.messageId ?? 0;
  const extra = propertiesOf(from);
  switch (from.cmd) {
    case 'connect':
      return {
        type: 'CONNECT',
        protocolName: from.protocolId ?? 'MQTT',
        protocolVersion: from.protocolVersion ?? 4,
        clientId: from.clientId,
        clean: from.clean ?? false,
        keepalive: from.keepalive ?? 0,
        ...(from.will && {
          will: {
            topic: from.will.topic,
            payload: payloadOf(bufferOf(from.will.payload)),
            qos: from.will.qos ?? 0,
            retain: from.will.retain ?? false,
            ...propertiesOf(from.will),
          },
        }),
        ...(from.username === undefined ? {} : { username: from.username }),
        ...(from.password === undefined ? {} : { password: payloadOf(from.password) }),
        ...extra,
      };
    case 'connack':
      return {
        type: 'CONNACK',
        sessionPresent: from.sessionPresent,
        returnCode: from.returnCode ?? from.reasonCode ?? 0,
        ...extra,
      };
    case 'publish':
      return {
        type: 'PUBLISH',
        topic: from.topic,
        payload: payloadOf(bufferOf(from.payload)),
        qos: from.qos,
        retain: from.retain,
        dup: from.dup,
        ...(from.qos > 0 ? { id } : {}),
        ...extra,
      };
    case 'puback':
      return { type: 'PUBACK', id, ...reasonOf(from), ...extra };
    case 'pubrec':
      return { type: 'PUBREC', id, ...reasonOf(from), ...extra };
    case 'pubrel':
      return { type: 'PUBREL', id, ...reasonOf(from), ...extra };
    case 'pubcomp':
      return { type: 'PUBCOMP', id, ...reasonOf(from), ...extra };
    case 'unsuback':
      return {
        type: 'UNSUBACK',
        id,
        ...(from.granted?.length ? { codes: [...from.granted] } : {}),
        ...extra,
      };
    case 'subscribe':
      return { type: 'SUBSCRIBE', id, filters: from.subscriptions.map(subscriptionOf), ...extra };
    case 'suback':
      return { type: 'SUBACK', id, codes: from.granted.map(Number), ...extra };
    case 'unsubscribe':
      return { type: 'UNSUBSCRIBE', id, filters: [...from.unsubscriptions], ...extra };
    case 'pingreq':
      return { type: 'PINGREQ' };
    case 'pingresp':
      return { type: 'PINGRESP' };
    case 'disconnect':
      return { type: 'DISCONNECT', ...reasonOf(from), ...extra };
    case 'auth':
      return { type: 'AUTH', ...reasonOf(from), ...extra };
    default:
      return assertNever(from, 'packet');
  }
}

const malformed = (error: string): MalformedPacket => ({ type: 'MALFORMED', error });

/**
 * Decodes one whole frame. Never throws: what mqtt-packet refuses, leaves half-read or says nothing
 * about is `{ type: 'MALFORMED', error }`. `protocolVersion` (3, 4 or 5) is that of the connection's
 * CONNECT; a CONNECT itself carries its own.
 */
export function decode(frame: Buffer, protocolVersion = 4): WirePacket {
  const parser = mqtt.parser({ protocolVersion });
  let packet: Packet | undefined;
  let error: string | undefined;
  parser.on('packet', found => {
    packet = found;
  });
  parser.on('error', (found: unknown) => {
    error ??= errorText(found);
  });
  try {
    parser.parse(frame);
    if (error !== undefined) return malformed(error);
    const wrong = shapeError(frame, protocolVersion);
    if (wrong !== undefined) return malformed(wrong);
    return packet ? wirePacket(packet) : malformed('not a complete packet');
  } catch (thrown) {
    return malformed(errorText(thrown));
  }
}

/** MQTT 5 properties that hold bytes. */
const BINARY = new Set(['correlationData', 'authenticationData']);

function isPayload(value: unknown): value is Parameters<typeof payloadBytes>[0] {
  return typeof value === 'object' && value !== null && ('text' in value || 'base64' in value);
}

function rawProperties(from: WithProperties): { properties?: Record<string, unknown> } {
  if (!from.properties) return {};
  const entries = Object.entries(from.properties).map(([name, value]) => [
    name,
    BINARY.has(name) && isPayload(value) ? payloadBytes(value) : value,
  ]);
  return { properties: Object.fromEntries(entries) };
}

function rawPacket(from: Exclude<WirePacket, MalformedPacket>, version: number): object {
  const extra = rawProperties(from);
  switch (from.type) {
    case 'CONNECT':
      return {
        cmd: 'connect',
        protocolId: from.protocolName,
        protocolVersion: from.protocolVersion,
        clientId: from.clientId,
        clean: from.clean,
        keepalive: from.keepalive,
        username: from.username,
        password: from.password && payloadBytes(from.password),
        will: from.will && {
          ...from.will,
          payload: payloadBytes(from.will.payload),
          ...rawProperties(from.will),
        },
        ...extra,
      };
    case 'CONNACK': {
      const code = version === 5 ? 'reasonCode' : 'returnCode';
      return {
        cmd: 'connack',
        sessionPresent: from.sessionPresent,
        [code]: from.returnCode,
        ...extra,
      };
    }
    case 'PUBLISH':
      return {
        cmd: 'publish',
        topic: from.topic,
        payload: payloadBytes(from.payload),
        qos: from.qos,
        retain: from.retain,
        dup: from.dup,
        messageId: from.id,
        ...extra,
      };
    case 'SUBSCRIBE':
      return {
        cmd: 'subscribe',
        messageId: from.id,
        subscriptions: from.filters.map(one => ({
          topic: one.filter,
          qos: one.qos,
          nl: one.noLocal ?? false,
          rap: one.retainAsPublished ?? false,
          rh: one.retainHandling ?? 0,
        })),
        ...extra,
      };
    case 'SUBACK':
      return { cmd: 'suback', messageId: from.id, granted: [...from.codes], ...extra };
    case 'UNSUBSCRIBE':
      return {
        cmd: 'unsubscribe',
        messageId: from.id,
        unsubscriptions: [...from.filters],
        ...extra,
      };
    case 'UNSUBACK':
      return { cmd: 'unsuback', messageId: from.id, granted: [...(from.codes ?? [0])], ...extra };
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return {
        cmd: from.type.toLowerCase(),
        messageId: from.id,
        reasonCode: from.reasonCode ?? 0,
        ...extra,
      };
    case 'PINGREQ':
    case 'PINGRESP':
    case 'DISCONNECT':
    case 'AUTH':
      return { cmd: from.type.toLowerCase(), reasonCode: from.reasonCode ?? 0, ...extra };
    default:
      return assertNever(from, 'packet');
  }
}

/**
 * The bytes of a packet. Throws a TypeError for a packet that cannot be written: a MALFORMED one, or
 * one whose fields mqtt-packet refuses (a CONNECT without client identifier and clean=0, …).
 */
export function encode(packet: WirePacket, protocolVersion = 4): Buffer {
  if (packet.type === 'MALFORMED') throw new TypeError('MALFORMED is not a packet to be sent');
  let bytes: Buffer;
  try {
    bytes = mqtt.generate(rawPacket(packet, protocolVersion) as Packet, { protocolVersion });
  } catch (error) {
    const why = errorText(error);
    throw new TypeError(`${packet.type} cannot be written: ${why}`, { cause: error });
  }
  // mqtt-packet gives up without a word on some property lists.
  if (bytes.length < 2) throw new TypeError(`${packet.type} cannot be written`);
  return bytes;
}
