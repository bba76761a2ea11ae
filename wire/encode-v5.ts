/** Packets of MQTT 5 to bytes, exactly as they are told: a shortened packet stays short. */
import { payloadBytes } from './payload.js';
import { propertyBytes, sized, varint } from './properties.js';
import type { ConnectPacket, MalformedPacket, Subscription, WirePacket } from './trace.js';

const byte = (value: number) => Buffer.from([value]);
const two = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const text = (value: string, what: string) => sized(Buffer.from(value, 'utf8'), what);

function connect(packet: ConnectPacket): Buffer[] {
  const { will, username, password } = packet;
  const flags =
    (username === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will === undefined ? 0 : 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0)) |
    (packet.clean ? 2 : 0);
  return [
    text(packet.protocolName, 'protocol name'),
    byte(packet.protocolVersion),
    byte(flags),
    two(packet.keepalive),
    propertyBytes(packet.properties),
    text(packet.clientId, 'client identifier'),
    ...(will === undefined
      ? []
      : [
          propertyBytes(will.properties),
          text(will.topic, 'will topic'),
          sized(payloadBytes(will.payload), 'will payload'),
        ]),
    ...(username === undefined ? [] : [text(username, 'user name')]),
    ...(password === undefined ? [] : [sized(payloadBytes(password), 'password')]),
  ];
}

function optionsOf(one: Subscription): number {
  return (
    one.qos |
    (one.noLocal === true ? 4 : 0) |
    (one.retainAsPublished === true ? 8 : 0) |
    ((one.retainHandling ?? 0) << 4)
  );
}

/** Reason code and properties: as much of them as the packet has. */
function optional({ reasonCode, properties }: Extract<WirePacket, { reasonCode?: number }>) {
  if (properties !== undefined) return [byte(reasonCode ?? 0), propertyBytes(properties)];
  return reasonCode === undefined ? [] : [byte(reasonCode)];
}

function bodyOf(packet: Exclude<WirePacket, MalformedPacket>): Buffer[] {
  switch (packet.type) {
    case 'CONNECT':
      return connect(packet);
    case 'CONNACK':
      return [
        Buffer.from([packet.sessionPresent ? 1 : 0, packet.returnCode]),
        propertyBytes(packet.properties),
      ];
    case 'PUBLISH':
      return [
        text(packet.topic, 'topic name'),
        ...(packet.qos > 0 ? [two(packet.id ?? 0)] : []),
        propertyBytes(packet.properties),
        payloadBytes(packet.payload),
      ];
    case 'SUBSCRIBE':
      return [
        two(packet.id),
        propertyBytes(packet.properties),
        ...packet.filters.flatMap(one => [text(one.filter, 'topic filter'), byte(optionsOf(one))]),
      ];
    case 'UNSUBSCRIBE':
      return [
        two(packet.id),
        propertyBytes(packet.properties),
        ...packet.filters.map(one => text(one, 'topic filter')),
      ];
    case 'SUBACK':
      return [two(packet.id), propertyBytes(packet.properties), Buffer.from(packet.codes)];
    case 'UNSUBACK':
      return [two(packet.id), propertyBytes(packet.properties), Buffer.from(packet.codes ?? [0])];
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return [two(packet.id), ...optional(packet)];
    case 'PINGREQ':
    case 'PINGRESP':
      return [];
    case 'DISCONNECT':
    case 'AUTH':
      return optional(packet);
  }
}

const FIRST = {
  CONNECT: 0x10,
  CONNACK: 0x20,
  PUBLISH: 0x30,
  PUBACK: 0x40,
  PUBREC: 0x50,
  PUBREL: 0x62,
  PUBCOMP: 0x70,
  SUBSCRIBE: 0x82,
  SUBACK: 0x90,
  UNSUBSCRIBE: 0xa2,
  UNSUBACK: 0xb0,
  PINGREQ: 0xc0,
  PINGRESP: 0xd0,
  DISCONNECT: 0xe0,
  AUTH: 0xf0,
} as const;

/** The bytes of a packet of MQTT 5. Breaks of the rules are written as told (a fault may mean them).
 * @throws TypeError for a value that fits into no field */
export function encodeV5(packet: Exclude<WirePacket, MalformedPacket>): Buffer {
  const flags =
    packet.type === 'PUBLISH'
      ? (packet.dup ? 8 : 0) | (packet.qos << 1) | (packet.retain ? 1 : 0)
      : 0;
  const body = Buffer.concat(bodyOf(packet));
  if (body.length > 268_435_455) throw new TypeError('it is longer than a packet can be');
  return Buffer.concat([byte(FIRST[packet.type] | flags), varint(body.length), body]);
}
