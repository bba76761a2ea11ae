/**
 * The properties of MQTT 5 (5.0 section 2.2.2), read and written in their order and whole: repeats,
 * empty values and all. mqtt-packet reorders them, loses some, and takes lists that the standard forbids.
 */
import { isUtf8 } from 'node:buffer';
import { payloadBytes, payloadOf } from './payload.js';
import type { Payload } from './trace.js';

/** One name and value of the sender's own; names may repeat. */
export interface UserProperty {
  readonly name: string;
  readonly value: string;
}

interface Kinds {
  byte: number;
  two: number;
  four: number;
  varint: number;
  text: string;
  binary: Payload;
  pair: UserProperty;
}

/** The packets that carry properties; the will has a list of its own inside CONNECT. */
export type PropertyOwner =
  | 'CONNECT'
  | 'will'
  | 'CONNACK'
  | 'PUBLISH'
  | 'PUBACK'
  | 'PUBREC'
  | 'PUBREL'
  | 'PUBCOMP'
  | 'SUBSCRIBE'
  | 'SUBACK'
  | 'UNSUBSCRIBE'
  | 'UNSUBACK'
  | 'DISCONNECT'
  | 'AUTH';

const MESSAGE = ['PUBLISH', 'will'] as const;
const ACKNOWLEDGING = [
  ...(['CONNACK', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBACK', 'UNSUBACK'] as const),
  ...(['DISCONNECT', 'AUTH'] as const),
];
const EVERY = [...ACKNOWLEDGING, ...MESSAGE, 'CONNECT', 'SUBSCRIBE', 'UNSUBSCRIBE'] as const;

/** 5.0 table 2-4: identifier, kind of value, and where it may stand. */
const TABLE = {
  payloadFormatIndicator: [0x01, 'byte', MESSAGE],
  messageExpiryInterval: [0x02, 'four', MESSAGE],
  contentType: [0x03, 'text', MESSAGE],
  responseTopic: [0x08, 'text', MESSAGE],
  correlationData: [0x09, 'binary', MESSAGE],
  subscriptionIdentifier: [0x0b, 'varint', ['PUBLISH', 'SUBSCRIBE']],
  sessionExpiryInterval: [0x11, 'four', ['CONNECT', 'CONNACK', 'DISCONNECT']],
  assignedClientIdentifier: [0x12, 'text', ['CONNACK']],
  serverKeepAlive: [0x13, 'two', ['CONNACK']],
  authenticationMethod: [0x15, 'text', ['CONNECT', 'CONNACK', 'AUTH']],
  authenticationData: [0x16, 'binary', ['CONNECT', 'CONNACK', 'AUTH']],
  requestProblemInformation: [0x17, 'byte', ['CONNECT']],
  willDelayInterval: [0x18, 'four', ['will']],
  requestResponseInformation: [0x19, 'byte', ['CONNECT']],
  responseInformation: [0x1a, 'text', ['CONNACK']],
  serverReference: [0x1c, 'text', ['CONNACK', 'DISCONNECT']],
  reasonString: [0x1f, 'text', ACKNOWLEDGING],
  receiveMaximum: [0x21, 'two', ['CONNECT', 'CONNACK']],
  topicAliasMaximum: [0x22, 'two', ['CONNECT', 'CONNACK']],
  topicAlias: [0x23, 'two', ['PUBLISH']],
  maximumQoS: [0x24, 'byte', ['CONNACK']],
  retainAvailable: [0x25, 'byte', ['CONNACK']],
  userProperty: [0x26, 'pair', EVERY],
  maximumPacketSize: [0x27, 'four', ['CONNECT', 'CONNACK']],
  wildcardSubscriptionAvailable: [0x28, 'byte', ['CONNACK']],
  subscriptionIdentifiersAvailable: [0x29, 'byte', ['CONNACK']],
  sharedSubscriptionAvailable: [0x2a, 'byte', ['CONNACK']],
} as const satisfies Record<
  string,
  readonly [id: number, kind: keyof Kinds, in_: readonly PropertyOwner[]]
>;

/** The name of a property, as mqtt.js has it. */
export type PropertyName = keyof typeof TABLE;

/** One property of a packet, as plain data. */
export type Property = {
  [Name in PropertyName]: {
    readonly name: Name;
    readonly value: Kinds[(typeof TABLE)[Name][1]];
  };
}[PropertyName];

/** One property as it stands in a packet: its value, and the bytes it takes. */
export interface ReadProperty {
  readonly name: PropertyName;
  readonly value: number | string | Buffer | UserProperty;
  readonly from: number;
  readonly to: number;
}

interface Definition {
  readonly name: PropertyName;
  readonly kind: keyof Kinds;
  readonly owners: ReadonlySet<PropertyOwner>;
}

const BY_ID = new Map<number, Definition>();
for (const [name, [id, kind, owners]] of Object.entries(TABLE)) {
  BY_ID.set(id, { name: name as PropertyName, kind, owners: new Set<PropertyOwner>(owners) });
}

/** The property with an identifier: its name and the kind of its value. */
export function propertyOf(id: number): { name: PropertyName; kind: keyof Kinds } | undefined {
  return BY_ID.get(id);
}

/** Why bytes are no packet of MQTT 5: with the clause, and the reason code a receiver answers with. */
export class PacketFault extends Error {
  override readonly name = 'PacketFault';
  constructor(
    readonly what: string,
    /** A citation, or a section of the standard where no clause has a number. */
    readonly clause: string,
    readonly code: number,
  ) {
    super(clause === '' ? what : `${what} [${clause}]`);
  }
}

export const MALFORMED_PACKET = 0x81;
export const PROTOCOL_ERROR = 0x82;
const TOPIC_ALIAS_INVALID = 0x94;

/** A variable byte integer, and where what follows begins.
 * @throws PacketFault where it is cut off, longer than four bytes, or longer than it must be */
export function readVarint(
  bytes: Buffer,
  start: number,
  what: string,
): { value: number; end: number } {
  let value = 0;
  for (let count = 0; count < 4; count++) {
    const byte = bytes[start + count];
    if (byte === undefined) throw endsInside(what);
    value += (byte & 0x7f) * 128 ** count;
    if ((byte & 0x80) !== 0) continue;
    if (count > 0 && byte === 0) {
      const words = `${what} in more bytes than it needs`;
      throw new PacketFault(words, '5.0 MQTT-1.5.5-1', MALFORMED_PACKET);
    }
    return { value, end: start + count + 1 };
  }
  throw new PacketFault(`${what} longer than four bytes`, '5.0 section 1.5.5', MALFORMED_PACKET);
}

/** A number in as few bytes as it needs (5.0 MQTT-1.5.5-1). */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    const byte = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? byte | 0x80 : byte);
  } while (left > 0);
  return Buffer.from(bytes);
}

const endsInside = (what: string): PacketFault =>
  new PacketFault(`ends inside its ${what}`, '', MALFORMED_PACKET);

/** Text of a packet. @throws PacketFault where it is none (5.0 MQTT-1.5.4-1, MQTT-1.5.4-2) */
export function readText(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) {
    throw new PacketFault(`${what} is not UTF-8`, '5.0 MQTT-1.5.4-1', MALFORMED_PACKET);
  }
  if (bytes.includes(0)) {
    throw new PacketFault(`${what} holds U+0000`, '5.0 MQTT-1.5.4-2', MALFORMED_PACKET);
  }
  return bytes.toString('utf8');
}

/** Reads a list of properties: its length, then each, in their order.
 * @param text reads text; a reader that takes less than the standard brings its own
 * @throws PacketFault for a list that the standard forbids in that packet */
export function readProperties(
  bytes: Buffer,
  start: number,
  owner: PropertyOwner,
  text: (bytes: Buffer, what: string) => string = readText,
): { readonly list: readonly ReadProperty[]; readonly end: number } {
  const size = readVarint(bytes, start, 'property length');
  const end = size.end + size.value;
  if (end > bytes.length) throw endsInside('properties');
  if (size.value === 0) return { list: NONE, end };
  const list: ReadProperty[] = [];
  const seen = new Set<PropertyName>();
  const inside = bytes.subarray(0, end);
  let at = size.end;
  while (at < end) {
    const from = at;
    const id = readVarint(inside, at, 'property identifier');
    const known = BY_ID.get(id.value);
    if (known === undefined) {
      const words = `there is no property 0x${id.value.toString(16)}`;
      throw new PacketFault(words, '5.0 section 2.2.2.2', MALFORMED_PACKET);
    }
    const { name, kind, owners } = known;
    if (!owners.has(owner)) {
      const words = `${name} may not stand in ${owner === 'will' ? 'a will' : owner}`;
      throw new PacketFault(words, '5.0 section 2.2.2.2', MALFORMED_PACKET);
    }
    const repeats = name === 'userProperty' || (id.value === 0x0b && owner === 'PUBLISH');
    if (!repeats && seen.has(name)) {
      throw new PacketFault(`${name} stands there twice`, '5.0 section 2.2.2.2', PROTOCOL_ERROR);
    }
    seen.add(name);
    const read = readValue(inside, id.end, kind, name, text);
    at = read.end;
    checkValue(name, read.value);
    list.push({ name, value: read.value, from, to: at });
  }
  if (seen.has('authenticationData') && !seen.has('authenticationMethod')) {
    const words = 'authenticationData without authenticationMethod';
    throw new PacketFault(words, '5.0 section 3.1.2.11.10', PROTOCOL_ERROR);
  }
  return { list, end };
}

const NONE: readonly ReadProperty[] = [];

function readValue(
  bytes: Buffer,
  at: number,
  kind: keyof Kinds,
  name: PropertyName,
  text: (bytes: Buffer, what: string) => string,
): { value: ReadProperty['value']; end: number } {
  const need = (count: number): void => {
    if (at + count > bytes.length) throw endsInside(name);
  };
  switch (kind) {
    case 'byte':
      need(1);
      return { value: bytes.readUInt8(at), end: at + 1 };
    case 'two':
      need(2);
      return { value: bytes.readUInt16BE(at), end: at + 2 };
    case 'four':
      need(4);
      return { value: bytes.readUInt32BE(at), end: at + 4 };
    case 'varint':
      return readVarint(bytes, at, name);
    case 'text':
    case 'binary': {
      const field = readField(bytes, at, name);
      return { value: kind === 'text' ? text(field.bytes, name) : field.bytes, end: field.end };
    }
    case 'pair': {
      // 5.0 MQTT-1.5.7-1: both halves obey the rules for text.
      const first = readField(bytes, at, name);
      const second = readField(bytes, first.end, name);
      const pair = { name: text(first.bytes, name), value: text(second.bytes, name) };
      return { value: pair, end: second.end };
    }
  }
}

function readField(bytes: Buffer, at: number, name: string): { bytes: Buffer; end: number } {
  if (at + 2 > bytes.length) throw endsInside(name);
  const end = at + 2 + bytes.readUInt16BE(at);
  if (end > bytes.length) throw endsInside(name);
  return { bytes: bytes.subarray(at + 2, end), end };
}

const YES_OR_NO: ReadonlySet<PropertyName> = new Set([
  'payloadFormatIndicator',
  'requestProblemInformation',
  'requestResponseInformation',
  'maximumQoS',
  'retainAvailable',
  'wildcardSubscriptionAvailable',
  'subscriptionIdentifiersAvailable',
  'sharedSubscriptionAvailable',
] as const);

/** Where 0 is forbidden, and by what. */
const NOT_ZERO: Partial<Record<PropertyName, readonly [clause: string, code: number]>> = {
  receiveMaximum: ['5.0 section 3.1.2.11.3', PROTOCOL_ERROR],
  maximumPacketSize: ['5.0 section 3.1.2.11.4', PROTOCOL_ERROR],
  subscriptionIdentifier: ['5.0 section 3.8.2.1.2', PROTOCOL_ERROR],
  topicAlias: ['5.0 MQTT-3.3.2-8', TOPIC_ALIAS_INVALID],
};

function checkValue(name: PropertyName, value: ReadProperty['value']): void {
  if (typeof value === 'number') {
    if (YES_OR_NO.has(name) && value > 1) {
      const section = name === 'payloadFormatIndicator' ? '3.3.2.3.2' : '2.2.2.2';
      throw new PacketFault(`${name} is ${value}`, `5.0 section ${section}`, PROTOCOL_ERROR);
    }
    const zero = value === 0 ? NOT_ZERO[name] : undefined;
    if (zero !== undefined) throw new PacketFault(`${name} is 0`, zero[0], zero[1]);
  } else if (name === 'responseTopic' && typeof value === 'string' && /[#+]/.test(value)) {
    throw new PacketFault('responseTopic with a wildcard', '5.0 MQTT-3.3.2-14', PROTOCOL_ERROR);
  }
}

/** Properties that were read, as plain data of a trace. */
export function plainProperties(list: readonly ReadProperty[]): Property[] {
  return list.map(
    ({ name, value }) =>
      ({ name, value: Buffer.isBuffer(value) ? payloadOf(value) : value }) as Property,
  );
}

/** The bytes of a list of properties, its length first. Checks no rule but what fits into a field: a
 * fault may be meant. @throws TypeError for a value that cannot be written */
export function propertyBytes(list: readonly Property[] = []): Buffer {
  const body = Buffer.concat(list.map(onePropertyBytes));
  return Buffer.concat([varint(body.length), body]);
}

/** The bytes of one property, without the length of any list. */
export function onePropertyBytes({ name, value }: Property): Buffer {
  const [id, kind] = TABLE[name];
  return Buffer.concat([Buffer.from([id]), valueBytes(kind, value, name)]);
}

function valueBytes(kind: keyof Kinds, value: Property['value'], name: string): Buffer {
  if (typeof value === 'number') {
    const most = { byte: 0xff, two: 0xffff, four: 0xffffffff, varint: 268_435_455 };
    const limit = kind in most ? most[kind as keyof typeof most] : -1;
    if (!Number.isInteger(value) || value < 0 || value > limit) {
      throw new TypeError(`${name} cannot be ${value}`);
    }
    if (kind === 'varint') return varint(value);
    const bytes = Buffer.alloc({ byte: 1, two: 2, four: 4 }[kind as 'byte' | 'two' | 'four']);
    bytes.writeUIntBE(value, 0, bytes.length);
    return bytes;
  }
  if (kind === 'text' && typeof value === 'string') return sized(Buffer.from(value), name);
  if (kind === 'binary' && typeof value === 'object' && 'bytes' in value) {
    return sized(payloadBytes(value), name);
  }
  if (kind === 'pair' && typeof value === 'object' && 'name' in value) {
    const halves = [value.name, value.value].map(half => sized(Buffer.from(half), name));
    return Buffer.concat(halves);
  }
  throw new TypeError(`${name} has a value of another kind`);
}

/** Bytes with their length before them. @throws TypeError above 65,535 bytes */
export function sized(bytes: Uint8Array, what: string): Buffer {
  if (bytes.length > 0xffff) throw new TypeError(`${what} is longer than 65,535 bytes`);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
