import type { Property } from '../../wire/properties.js';
import type { ConnackCode } from '../types.js';
import { encoder5 } from './encode-v5.js';
import type { InboundAcknowledgement, ProtocolVersion } from './inbound.js';
import type { OutgoingMessage } from './message.js';

export type AcknowledgementType = InboundAcknowledgement['type'];

/** A topic alias of a PUBLISH: with the name the first time, then without. */
export interface UsedAlias {
  readonly alias: number;
  readonly known: boolean;
}

/** The packets a server sends, as bytes of one protocol version. A connection has the encoder of the
 * version its client speaks; nobody else needs to know which that is. Reasons are those of MQTT 5:
 * where a version has no place for them, they are left out. */
export interface PacketEncoder {
  /** `reason`: what MQTT 5 says in the place of the code. */
  connack(
    code: ConnackCode,
    sessionPresent: boolean,
    properties?: readonly Property[],
    reason?: number,
  ): Buffer;
  /** `id` is used at QoS 1 and 2 only. */
  publish(message: OutgoingMessage, id: number, dup: boolean, alias?: UsedAlias): Buffer;
  acknowledgement(type: AcknowledgementType, id: number, reason?: number, words?: string): Buffer;
  /** One code per filter, in their order (`3.1.1 MQTT-3.9.3-1`). */
  suback(id: number, codes: readonly number[]): Buffer;
  unsuback(id: number, codes: readonly number[]): Buffer;
  pingresp(): Buffer;
  /** Undefined where a server cannot say good-bye. */
  disconnect(reason: number, words?: string): Buffer | undefined;
}

const FIRST_BYTE = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
const PINGRESP = Buffer.from([0xd0, 0]);
const FAILURE = 0x80;

/** MQTT 3.1 and 3.1.1, which differ in nothing that a server sends. */
const encoder3: PacketEncoder = {
  connack: (code, sessionPresent) => Buffer.from([0x20, 2, sessionPresent ? 1 : 0, code]),
  publish: encodePublish,
  acknowledgement: (type, id) => Buffer.from([FIRST_BYTE[type], 2, id >> 8, id & 0xff]),
  suback(id, codes) {
    const length: number[] = [];
    for (let left = codes.length + 2; ; left >>>= 7) {
      length.push(left > 127 ? (left & 0x7f) | 0x80 : left);
      if (left <= 127) break;
    }
    const known = codes.map(code => Math.min(code, FAILURE));
    return Buffer.from([0x90, ...length, id >> 8, id & 0xff, ...known]);
  },
  unsuback: id => Buffer.from([0xb0, 2, id >> 8, id & 0xff]),
  pingresp: () => PINGRESP,
  disconnect: () => undefined,
};

function encodePublish(message: OutgoingMessage, id: number, dup: boolean): Buffer {
  const { topic, payload, qos } = message;
  const topicBytes = Buffer.byteLength(topic);
  const remaining = 2 + topicBytes + (qos > 0 ? 2 : 0) + payload.length;
  const lengthBytes = remaining < 128 ? 1 : remaining < 16_384 ? 2 : remaining < 2_097_152 ? 3 : 4;
  const out = Buffer.allocUnsafe(1 + lengthBytes + remaining);
  out[0] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (message.retain ? 1 : 0);
  let at = 1;
  let left = remaining;
  for (let i = 0; i < lengthBytes; i++) {
    out[at++] = (left & 0x7f) | (i < lengthBytes - 1 ? 0x80 : 0);
    left >>>= 7;
  }
  at = out.writeUInt16BE(topicBytes, at);
  at += out.write(topic, at);
  if (qos > 0) at = out.writeUInt16BE(id, at);
  payload.copy(out, at);
  return out;
}

/** A version without an encoder does not compile. */
const ENCODERS: Readonly<Record<ProtocolVersion, PacketEncoder>> = {
  3: encoder3,
  4: encoder3,
  5: encoder5,
};

/** The encoder of a version; before CONNECT tells one, that of MQTT 3.1.1. */
export function encoderFor(version: ProtocolVersion = 4): PacketEncoder {
  return ENCODERS[version];
}
