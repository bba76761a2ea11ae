import type { ConnackCode } from '../types.js';
import type { InboundAcknowledgement, ProtocolVersion } from './inbound.js';
import type { ApplicationMessage } from './message.js';

export type AcknowledgementType = InboundAcknowledgement['type'];

/** The packets a server sends, as bytes of one protocol version. A connection has the encoder of the
 * version its client speaks; nobody else needs to know which that is. */
export interface PacketEncoder {
  connack(code: ConnackCode, sessionPresent: boolean): Buffer;
  /** `id` is used at QoS 1 and 2 only. */
  publish(message: ApplicationMessage, id: number, dup: boolean): Buffer;
  acknowledgement(type: AcknowledgementType, id: number): Buffer;
  /** One code per filter, in their order (`3.1.1 MQTT-3.9.3-1`). */
  suback(id: number, codes: readonly number[]): Buffer;
  unsuback(id: number): Buffer;
  pingresp(): Buffer;
}

const FIRST_BYTE = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
const PINGRESP = Buffer.from([0xd0, 0]);

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
    return Buffer.from([0x90, ...length, id >> 8, id & 0xff, ...codes]);
  },
  unsuback: id => Buffer.from([0xb0, 2, id >> 8, id & 0xff]),
  pingresp: () => PINGRESP,
};

function encodePublish(message: ApplicationMessage, id: number, dup: boolean): Buffer {
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
const ENCODERS: Readonly<Record<ProtocolVersion, PacketEncoder>> = { 3: encoder3, 4: encoder3 };

/** The encoder of a version; before CONNECT tells one, that of MQTT 3.1.1. */
export function encoderFor(version: ProtocolVersion = 4): PacketEncoder {
  return ENCODERS[version];
}
