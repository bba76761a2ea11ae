/** Packets of MQTT 5 to plain data. What the standard forbids is refused with its clause. */
import { payloadOf } from './payload.js';
import {
  MALFORMED_PACKET,
  PacketFault,
  PROTOCOL_ERROR,
  type Property,
  type PropertyOwner,
  plainProperties,
  readProperties,
  readText,
  readVarint,
} from './properties.js';
import { hexCode, listedCodes, type ReasonedType } from './reason-codes.js';
import type { Direction, QoS, Subscription, WirePacket } from './trace.js';

const malformed = (what: string, clause: string) => new PacketFault(what, clause, MALFORMED_PACKET);
const forbidden = (what: string, clause: string) => new PacketFault(what, clause, PROTOCOL_ERROR);

/** Reads the fields of a body one after another. */
interface Fields {
  readonly left: number;
  byte(what: string): number;
  two(what: string): number;
  text(what: string): string;
  binary(what: string): Buffer;
  rest(): Buffer;
  /** A packet identifier, which is never 0. */
  id(): number;
  properties(owner: PropertyOwner): readonly Property[];
  code(type: ReasonedType): number;
}

function fieldsOf(body: Buffer): Fields {
  let at = 0;
  function take(count: number, what: string): Buffer {
    if (at + count > body.length) throw malformed(`ends inside its ${what}`, '5.0 section 1.2');
    at += count;
    return body.subarray(at - count, at);
  }
  const two = (what: string) => take(2, what).readUInt16BE(0);
  const binary = (what: string) => take(two(what), what);
  const byte = (what: string) => take(1, what).readUInt8(0);
  return {
    get left() {
      return body.length - at;
    },
    byte,
    two,
    binary,
    text: what => readText(binary(what), what),
    rest: () => take(body.length - at, 'payload'),
    id() {
      const id = two('packet identifier');
      if (id === 0) throw forbidden('packet identifier 0', '5.0 MQTT-2.2.1-3');
      return id;
    },
    properties(owner) {
      const { list, end } = readProperties(body, at, owner);
      at = end;
      return plainProperties(list);
    },
    code(type) {
      const code = byte('reason code');
      const { clause, codes } = listedCodes(type);
      if (!codes.includes(code)) throw forbidden(`${type} with code ${hexCode(code)}`, clause);
      return code;
    },
  };
}

type ListedProperties = { properties?: readonly Property[] };

/** A list that is always there: an empty one is not worth a field. */
function listed(at: Fields, owner: PropertyOwner): ListedProperties {
  const properties = at.properties(owner);
  return properties.length === 0 ? {} : { properties };
}

/** Reason code and properties, which may end early: what is not there stays absent. */
function optional(
  at: Fields,
  type: Exclude<ReasonedType, 'CONNACK' | 'SUBACK' | 'UNSUBACK'>,
): ListedProperties & { reasonCode?: number } {
  if (at.left === 0) return {};
  const reasonCode = at.code(type);
  return at.left === 0 ? { reasonCode } : { reasonCode, properties: at.properties(type) };
}

function connect(at: Fields): WirePacket {
  const protocolName = at.text('protocol name');
  if (protocolName !== 'MQTT') throw malformed('another protocol name', '5.0 MQTT-3.1.2-1');
  const protocolVersion = at.byte('protocol version');
  const flags = at.byte('connect flags');
  const hasWill = (flags & 4) !== 0;
  const willQos = (flags >> 3) & 3;
  if (flags & 1) throw malformed('the reserved flag is set', '5.0 MQTT-3.1.2-3');
  if (willQos === 3) throw malformed('will with QoS 3', '5.0 MQTT-3.1.2-12');
  if (!hasWill && willQos > 0) throw malformed('will QoS without a will', '5.0 MQTT-3.1.2-11');
  if (!hasWill && flags & 0x20) throw malformed('will retain without a will', '5.0 MQTT-3.1.2-13');
  const keepalive = at.two('keep alive');
  const properties = listed(at, 'CONNECT');
  const clientId = at.text('client identifier');
  const willProperties = hasWill ? listed(at, 'will') : {};
  const will = hasWill
    ? {
        topic: at.text('will topic'),
        payload: payloadOf(at.binary('will payload')),
        qos: willQos as QoS,
        retain: (flags & 0x20) !== 0,
        ...willProperties,
      }
    : undefined;
  const username = flags & 0x80 ? at.text('user name') : undefined;
  const password = flags & 0x40 ? payloadOf(at.binary('password')) : undefined;
  return {
    type: 'CONNECT',
    protocolName,
    protocolVersion,
    clientId,
    clean: (flags & 2) !== 0,
    keepalive,
    ...(will === undefined ? {} : { will }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...properties,
  };
}

function connack(at: Fields): WirePacket {
  const flags = at.byte('acknowledge flags');
  if (flags > 1) throw malformed('reserved acknowledge flags are set', '5.0 MQTT-3.2.2-1');
  const returnCode = at.code('CONNACK');
  if (flags === 1 && returnCode !== 0) {
    throw forbidden('a refusal with session present', '5.0 MQTT-3.2.2-6');
  }
  return {
    type: 'CONNACK',
    sessionPresent: flags === 1,
    returnCode,
    ...listed(at, 'CONNACK'),
  };
}

function publish(flags: number, at: Fields): WirePacket {
  const qos = (flags >> 1) & 3;
  const dup = (flags & 8) !== 0;
  if (qos === 3) throw malformed('QoS 3', '5.0 MQTT-3.3.1-4');
  if (dup && qos === 0) throw malformed('DUP at QoS 0', '5.0 MQTT-3.3.1-2');
  const topic = at.text('topic name');
  const id = qos > 0 ? { id: at.id() } : {};
  const properties = listed(at, 'PUBLISH');
  if (topic === '' && !properties.properties?.some(one => one.name === 'topicAlias')) {
    throw forbidden('neither a topic name nor a topic alias', '5.0 section 3.3.2.1');
  }
  return {
    type: 'PUBLISH',
    topic,
    payload: payloadOf(at.rest()),
    qos: qos as QoS,
    retain: (flags & 1) !== 0,
    dup,
    ...id,
    ...properties,
  };
}

function subscribe(at: Fields): WirePacket {
  const id = at.id();
  const properties = listed(at, 'SUBSCRIBE');
  const filters: Subscription[] = [];
  while (at.left > 0) {
    const filter = at.text('topic filter');
    const options = at.byte('subscription options');
    const retainHandling = (options >> 4) & 3;
    if (options & 0xc0)
      throw malformed('reserved subscription options are set', '5.0 MQTT-3.8.3-5');
    if ((options & 3) === 3) throw forbidden('requested QoS 3', '5.0 section 3.8.3.1');
    if (retainHandling === 3) throw forbidden('retain handling 3', '5.0 section 3.8.3.1');
    if (options & 4 && filter.startsWith('$share/')) {
      throw forbidden('no local on a shared subscription', '5.0 MQTT-3.8.3-4');
    }
    filters.push({
      filter,
      qos: (options & 3) as QoS,
      noLocal: (options & 4) !== 0,
      retainAsPublished: (options & 8) !== 0,
      retainHandling,
    });
  }
  if (filters.length === 0) throw forbidden('has no topic filter', '5.0 MQTT-3.8.3-2');
  return { type: 'SUBSCRIBE', id, filters, ...properties };
}

function unsubscribe(at: Fields): WirePacket {
  const id = at.id();
  const properties = listed(at, 'UNSUBSCRIBE');
  const filters: string[] = [];
  while (at.left > 0) filters.push(at.text('topic filter'));
  if (filters.length === 0) throw forbidden('has no topic filter', '5.0 MQTT-3.10.3-2');
  return { type: 'UNSUBSCRIBE', id, filters, ...properties };
}

function codes(type: 'SUBACK' | 'UNSUBACK', at: Fields): WirePacket {
  const id = at.id();
  const properties = listed(at, type);
  const codes: number[] = [];
  while (at.left > 0) codes.push(at.code(type));
  if (codes.length === 0) throw malformed('has no reason code', `5.0 section 3.9.3`);
  return { type, id, codes, ...properties };
}

/** The clause that fixes the flags of a type, where it has one of its own. */
const FLAGS: Readonly<Record<number, string>> = {
  6: '5.0 MQTT-3.6.1-1',
  8: '5.0 MQTT-3.8.1-1',
  10: '5.0 MQTT-3.10.1-1',
  14: '5.0 MQTT-3.14.1-1',
  15: '5.0 MQTT-3.15.1-1',
};

function packetOf(type: number, flags: number, at: Fields): WirePacket {
  switch (type) {
    case 1:
      return connect(at);
    case 2:
      return connack(at);
    case 3:
      return publish(flags, at);
    case 4:
      return { type: 'PUBACK', id: at.id(), ...optional(at, 'PUBACK') };
    case 5:
      return { type: 'PUBREC', id: at.id(), ...optional(at, 'PUBREC') };
    case 6:
      return { type: 'PUBREL', id: at.id(), ...optional(at, 'PUBREL') };
    case 7:
      return { type: 'PUBCOMP', id: at.id(), ...optional(at, 'PUBCOMP') };
    case 8:
      return subscribe(at);
    case 9:
      return codes('SUBACK', at);
    case 10:
      return unsubscribe(at);
    case 11:
      return codes('UNSUBACK', at);
    case 12:
      return { type: 'PINGREQ' };
    case 13:
      return { type: 'PINGRESP' };
    case 14:
      return { type: 'DISCONNECT', ...optional(at, 'DISCONNECT') };
    case 15:
      return { type: 'AUTH', ...optional(at, 'AUTH') };
    default:
      throw malformed('packet type 0 is reserved', '5.0 section 2.1.2');
  }
}

/** What one side must not send, though the other may. */
function checkDirection(packet: WirePacket, direction: Direction): void {
  if (packet.type !== 'DISCONNECT' || direction !== 'to-client') return;
  if (packet.properties?.some(one => one.name === 'sessionExpiryInterval')) {
    throw forbidden('a DISCONNECT of the server with sessionExpiryInterval', '5.0 MQTT-3.14.2-2');
  }
}

/**
 * Reads one whole frame of MQTT 5. Topic names and filters are taken as they are: a wildcard where
 * none belongs is for whoever judges the program, and a receiver's business.
 * @throws PacketFault for what the standard forbids
 */
export function decodeV5(frame: Buffer, direction?: Direction): WirePacket {
  const first = frame.readUInt8(0);
  const type = first >> 4;
  const flags = first & 0x0f;
  const wanted = type === 6 || type === 8 || type === 10 ? 2 : 0;
  if (type !== 3 && flags !== wanted) {
    const clause = FLAGS[type] ?? '5.0 MQTT-2.1.3-1';
    throw malformed(`flags of the fixed header are ${flags}, must be ${wanted}`, clause);
  }
  const { value, end } = readVarint(frame, 1, 'remaining length');
  if (frame.length !== end + value) {
    throw malformed('not a complete packet', '5.0 section 2.1.4');
  }
  const at = fieldsOf(frame.subarray(end));
  const packet = packetOf(type, flags, at);
  if (at.left > 0) throw malformed(`${at.left} bytes after its last field`, '5.0 section 2.1.4');
  if (direction !== undefined) checkDirection(packet, direction);
  return packet;
}
