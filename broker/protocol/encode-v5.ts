import { onePropertyBytes, type Property, propertyBytes, varint } from '../../wire/properties.js';
import type { PacketEncoder, UsedAlias } from './encode.js';
import type { OutgoingMessage } from './message.js';
import { reasonOf } from './reasons.js';

const FIRST_BYTE = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
const PINGRESP = Buffer.from([0xd0, 0]);
const EMPTY = Buffer.alloc(0);

function packet(first: number, ...parts: (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as Buffer)));
  return Buffer.concat([Buffer.from([first]), varint(body.length), body]);
}

const reasonString = (words: string | undefined): readonly Property[] =>
  words === undefined ? [] : [{ name: 'reasonString', value: words }];

/** MQTT 5. */
export const encoder5: PacketEncoder = {
  connack: (code, sessionPresent, properties = [], reason = reasonOf(code)) =>
    packet(0x20, [sessionPresent ? 1 : 0, reason], propertyBytes(properties)),
  publish: encodePublish,
  acknowledgement(type, id, reason = 0, words) {
    // Success needs no words (5.0 section 3.4.2.1).
    if (reason === 0) return Buffer.from([FIRST_BYTE[type], 2, id >> 8, id & 0xff]);
    const head = [id >> 8, id & 0xff, reason];
    if (words === undefined) return packet(FIRST_BYTE[type], head);
    return packet(FIRST_BYTE[type], head, propertyBytes(reasonString(words)));
  },
  suback: (id, codes) => packet(0x90, [id >> 8, id & 0xff, 0], codes),
  unsuback: (id, codes) => packet(0xb0, [id >> 8, id & 0xff, 0], codes),
  pingresp: () => PINGRESP,
  disconnect: (reason, words) => packet(0xe0, [reason], propertyBytes(reasonString(words))),
};

function encodePublish(
  message: OutgoingMessage,
  id: number,
  dup: boolean,
  alias?: UsedAlias,
): Buffer {
  const { topic, payload, qos } = message;
  const properties = publishProperties(message, alias);
  const known = alias?.known === true;
  const topicBytes = known ? 0 : Buffer.byteLength(topic);
  const propertyLength = varint(properties.length);
  const remaining =
    2 + topicBytes + (qos > 0 ? 2 : 0) + propertyLength.length + properties.length + payload.length;
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
  if (!known) at += out.write(topic, at);
  if (qos > 0) at = out.writeUInt16BE(id, at);
  at += propertyLength.copy(out, at);
  at += properties.copy(out, at);
  payload.copy(out, at);
  return out;
}

/** What was received, and what belongs to this hop: the rest of the expiry (`5.0 MQTT-3.3.2-6`), the
 * identifiers (`5.0 MQTT-3.3.4-3`), an alias. */
function publishProperties(
  { properties, identifiers }: OutgoingMessage,
  alias: UsedAlias | undefined,
): Buffer {
  if (properties === undefined && identifiers === undefined && alias === undefined) return EMPTY;
  const own: Property[] = [];
  if (alias !== undefined) own.push({ name: 'topicAlias', value: alias.alias });
  if (properties?.expiresAt !== undefined) {
    // Once begun, a delivery goes on after the expiry too (`5.0 MQTT-4.3.3-7`).
    const left = Math.max(0, Math.ceil((properties.expiresAt - Date.now()) / 1000));
    own.push({ name: 'messageExpiryInterval', value: left });
  }
  for (const value of identifiers ?? []) own.push({ name: 'subscriptionIdentifier', value });
  return Buffer.concat([properties?.forwarded ?? EMPTY, ...own.map(onePropertyBytes)]);
}
