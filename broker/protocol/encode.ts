import type { QoS } from './decode.js';

export interface OutgoingPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** A PUBLISH as bytes. `id` is used at QoS 1 and 2 only. */
export function encodePublish(message: OutgoingPublish, id: number, dup: boolean): Buffer {
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

const HEADERS = {
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
  unsuback: 0xb0,
} as const;

export type AckType = keyof typeof HEADERS;

export function encodeAck(type: AckType, id: number): Buffer {
  return Buffer.from([HEADERS[type], 2, id >> 8, id & 0xff]);
}

export function encodeConnack(code: number, sessionPresent: boolean): Buffer {
  return Buffer.from([0x20, 2, sessionPresent ? 1 : 0, code]);
}

/** One code per filter, in their order (`3.1.1 MQTT-3.9.3-1`). */
export function encodeSuback(id: number, codes: readonly number[]): Buffer {
  const length: number[] = [];
  for (let left = codes.length + 2; ; left >>>= 7) {
    length.push(left > 127 ? (left & 0x7f) | 0x80 : left);
    if (left <= 127) break;
  }
  return Buffer.from([0x90, ...length, id >> 8, id & 0xff, ...codes]);
}

export const PINGRESP = Buffer.from([0xd0, 0]);
