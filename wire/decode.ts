/** Frames to packets and back: MQTT 3.1 and 3.1.1 through mqtt-packet, MQTT 5 by our own reader. */
import mqtt, { type Packet } from 'mqtt-packet';
import { assertNever } from './assert-never.js';
import { decodeV5 } from './decode-v5.js';
import { encodeV5 } from './encode-v5.js';
import { errorText } from './error-text.js';
import { payloadBytes, payloadOf } from './payload.js';
import { shapeError } from './shape.js';
import type { Direction, MalformedPacket, WirePacket } from './trace.js';

export { payloadBytes, payloadOf, payloadText } from './payload.js';

const bufferOf = (value: string | Buffer) =>
  typeof value === 'string' ? Buffer.from(value) : value;

function wirePacket(from: Packet): WirePacket {
  const id = from.messageId ?? 0;
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
          },
        }),
        ...(from.username === undefined ? {} : { username: from.username }),
        ...(from.password === undefined ? {} : { password: payloadOf(from.password) }),
      };
    case 'connack':
      return {
        type: 'CONNACK',
        sessionPresent: from.sessionPresent,
        returnCode: from.returnCode ?? 0,
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
      };
    case 'puback':
      return { type: 'PUBACK', id };
    case 'pubrec':
      return { type: 'PUBREC', id };
    case 'pubrel':
      return { type: 'PUBREL', id };
    case 'pubcomp':
      return { type: 'PUBCOMP', id };
    case 'unsuback':
      return {
        type: 'UNSUBACK',
        id,
        ...(from.granted?.length ? { codes: [...from.granted] } : {}),
      };
    case 'subscribe':
      return {
        type: 'SUBSCRIBE',
        id,
        filters: from.subscriptions.map(one => ({ filter: one.topic, qos: one.qos })),
      };
    case 'suback':
      return { type: 'SUBACK', id, codes: from.granted.map(Number) };
    case 'unsubscribe':
      return { type: 'UNSUBSCRIBE', id, filters: [...from.unsubscriptions] };
    case 'pingreq':
      return { type: 'PINGREQ' };
    case 'pingresp':
      return { type: 'PINGRESP' };
    case 'disconnect':
      return { type: 'DISCONNECT' };
    case 'auth':
      return { type: 'AUTH' };
    default:
      return assertNever(from, 'packet');
  }
}

const malformed = (error: string): MalformedPacket => ({ type: 'MALFORMED', error });

/** The level of a CONNECT of MQTT 5, whose own fields say so. */
function speaksV5(frame: Buffer): boolean {
  let at = 1;
  while ((frame[at] ?? 0) & 0x80) at++;
  return frame.toString('latin1', at + 1, at + 8) === '\0\x04MQTT\x05';
}

/** A broker that does not know MQTT 5 refuses it in the words of its own version. */
const REFUSAL_311 = (frame: Buffer): boolean =>
  frame[0] === 0x20 && frame.length === 4 && (frame[3] ?? 0) > 0 && (frame[3] ?? 0) < 6;

/**
 * Decodes one whole frame. Never throws: what the standard forbids, and what mqtt-packet leaves
 * half-read or says nothing about, is `{ type: 'MALFORMED', error }`. `protocolVersion` (3, 4 or 5) is
 * that of the connection's CONNECT; a CONNECT itself carries its own. `direction` finds what only one
 * side may send.
 */
export function decode(frame: Buffer, protocolVersion = 4, direction?: Direction): WirePacket {
  const first = frame[0] ?? 0;
  const v5 = first >> 4 === 1 ? speaksV5(frame) : protocolVersion === 5 && !REFUSAL_311(frame);
  try {
    return v5
      ? decodeV5(frame, direction)
      : decodeV311(frame, protocolVersion === 5 ? 4 : protocolVersion);
  } catch (thrown) {
    return malformed(errorText(thrown));
  }
}

function decodeV311(frame: Buffer, protocolVersion: number): WirePacket {
  const parser = mqtt.parser({ protocolVersion });
  let packet: Packet | undefined;
  let error: string | undefined;
  parser.on('packet', found => {
    packet = found;
  });
  parser.on('error', (found: unknown) => {
    error ??= errorText(found);
  });
  parser.parse(frame);
  if (error !== undefined) return malformed(error);
  const wrong = shapeError(frame);
  if (wrong !== undefined) return malformed(wrong);
  return packet ? wirePacket(packet) : malformed('not a complete packet');
}

function rawPacket(from: Exclude<WirePacket, MalformedPacket>): object {
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
        will: from.will && { ...from.will, payload: payloadBytes(from.will.payload) },
      };
    case 'CONNACK':
      return {
        cmd: 'connack',
        sessionPresent: from.sessionPresent,
        returnCode: from.returnCode,
      };
    case 'PUBLISH':
      return {
        cmd: 'publish',
        topic: from.topic,
        payload: payloadBytes(from.payload),
        qos: from.qos,
        retain: from.retain,
        dup: from.dup,
        messageId: from.id,
      };
    case 'SUBSCRIBE':
      return {
        cmd: 'subscribe',
        messageId: from.id,
        subscriptions: from.filters.map(one => ({ topic: one.filter, qos: one.qos })),
      };
    case 'SUBACK':
      return { cmd: 'suback', messageId: from.id, granted: [...from.codes] };
    case 'UNSUBSCRIBE':
      return {
        cmd: 'unsubscribe',
        messageId: from.id,
        unsubscriptions: [...from.filters],
      };
    case 'UNSUBACK':
      return { cmd: 'unsuback', messageId: from.id, granted: [...(from.codes ?? [0])] };
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return { cmd: from.type.toLowerCase(), messageId: from.id };
    case 'PINGREQ':
    case 'PINGRESP':
    case 'DISCONNECT':
    case 'AUTH':
      return { cmd: from.type.toLowerCase() };
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
  const version = packet.type === 'CONNECT' ? packet.protocolVersion : protocolVersion;
  const old = packet.type === 'CONNACK' && packet.returnCode > 0 && packet.returnCode < 6;
  let bytes: Buffer;
  try {
    if (version === 5 && !old) return encodeV5(packet);
    bytes = mqtt.generate(rawPacket(packet) as Packet, {
      protocolVersion: version === 5 ? 4 : version,
    });
  } catch (error) {
    const why = errorText(error);
    throw new TypeError(`${packet.type} cannot be written: ${why}`, { cause: error });
  }
  // mqtt-packet gives up without a word on some property lists.
  if (bytes.length < 2) throw new TypeError(`${packet.type} cannot be written`);
  return bytes;
}
