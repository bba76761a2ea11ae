import { mqttString, validFilter, validTopicName } from '../topics.js';
import type { Frame } from './raw-packet.js';

export type QoS = 0 | 1 | 2;

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
}
export interface Connect {
  readonly type: 'connect';
  readonly protocolVersion: 3 | 4;
  readonly clean: boolean;
  readonly keepalive: number;
  readonly clientId: string;
  readonly will?: Will;
  readonly username?: string;
  readonly password?: Buffer;
}
export interface Publish {
  readonly type: 'publish';
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly id: number;
}
export interface Ack {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly id: number;
}
export interface Subscribe {
  readonly type: 'subscribe';
  readonly id: number;
  readonly filters: readonly { readonly filter: string; readonly qos: QoS }[];
}
export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly id: number;
  readonly filters: readonly string[];
}
export type Inbound =
  | Connect
  | Publish
  | Ack
  | Subscribe
  | Unsubscribe
  | { readonly type: 'pingreq' | 'disconnect' };

/** A packet after which a server must close the connection (`3.1.1 MQTT-4.8.0-1`). `connack`: the
 * code to say first, where the standard wants one. */
export class Malformed extends Error {
  readonly connack: number | undefined;
  constructor(message: string, connack?: number) {
    super(message);
    this.name = 'Malformed';
    this.connack = connack;
  }
}

/** Reads a client's packet; throws `Malformed` wherever Mosquitto 2.0 closes the connection. */
export function decode(frame: Frame): Inbound {
  const flags = frame.header & 0x0f;
  const type = frame.header >> 4;
  // `3.1.1 MQTT-2.2.2-1`, `3.1.1 MQTT-2.2.2-2`: the flags of every packet but PUBLISH are fixed.
  if (type !== 3 && flags !== (type === 6 || type === 8 || type === 10 ? 2 : 0)) {
    throw new Malformed(`reserved flags of packet type ${type} are ${flags}`);
  }
  switch (type) {
    case 1:
      return connect(reader(frame.body));
    case 3:
      return publish(flags, reader(frame.body));
    case 4:
      return ack('puback', frame.body);
    case 5:
      return ack('pubrec', frame.body);
    case 6:
      return ack('pubrel', frame.body);
    case 7:
      return ack('pubcomp', frame.body);
    case 8:
      return subscribe(reader(frame.body));
    case 10:
      return unsubscribe(reader(frame.body));
    case 12:
    case 14:
      if (frame.body.length > 0) throw new Malformed('bytes after the fixed header');
      return { type: type === 12 ? 'pingreq' : 'disconnect' };
    default:
      throw new Malformed(`packet type ${type} is not for a server`);
  }
}

interface Reader {
  readonly left: () => number;
  byte(): number;
  word(): number;
  bytes(): Buffer;
  string(what: string): string;
  rest(): Buffer;
}

function reader(body: Buffer): Reader {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > body.length) throw new Malformed('the packet ends too early');
    at += count;
    return body.subarray(at - count, at);
  };
  const word = (): number => {
    if (at + 2 > body.length) throw new Malformed('the packet ends too early');
    at += 2;
    return ((body[at - 2] as number) << 8) | (body[at - 1] as number);
  };
  return {
    left: () => body.length - at,
    byte: () => take(1)[0] as number,
    word,
    bytes: () => take(word()),
    string(what) {
      const text = mqttString(take(word()));
      if (text === undefined) throw new Malformed(`${what} holds a character MQTT forbids`);
      return text;
    },
    rest: () => take(body.length - at),
  };
}

function connect(r: Reader): Connect {
  const name = r.bytes().toString('latin1');
  const level = r.byte();
  if (name !== 'MQTT' && name !== 'MQIsdp') throw new Malformed('unknown protocol name');
  // `3.1.1 MQTT-3.1.2-2`: CONNACK 1, then close. MQTT 5 (level 5) is answered so too.
  if (level !== (name === 'MQTT' ? 4 : 3)) throw new Malformed(`protocol level ${level}`, 1);
  const flags = r.byte();
  const keepalive = r.word();
  const clean = (flags & 0x02) !== 0;
  const hasWill = (flags & 0x04) !== 0;
  const qos = (flags >> 3) & 3;
  const retain = (flags & 0x20) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  const hasUser = (flags & 0x80) !== 0;
  if ((flags & 1) !== 0 && level === 4) throw new Malformed('reserved connect flag'); // 3.1.1 MQTT-3.1.2-3
  if (qos === 3) throw new Malformed('will QoS 3'); // 3.1.1 MQTT-3.1.2-14
  if (!hasWill && (qos !== 0 || retain)) throw new Malformed('will flags without a will'); // 3.1.1 MQTT-3.1.2-11, 3.1.1 MQTT-3.1.2-13, 3.1.1 MQTT-3.1.2-15
  const clientId = r.string('the client identifier');
  let will: Will | undefined;
  if (hasWill) {
    const topic = r.string('the will topic');
    if (!validTopicName(topic)) throw new Malformed('will topic with a wildcard, or empty');
    will = { topic, payload: copy(r.bytes()), qos: qos as QoS, retain };
  }
  if (hasPassword && !hasUser) throw new Malformed('password without user name'); // 3.1.1 MQTT-3.1.2-22
  const username = hasUser ? r.string('the user name') : undefined;
  const password = hasPassword ? copy(r.bytes()) : undefined;
  if (r.left() > 0) throw new Malformed('bytes behind the end of CONNECT');
  // `3.1.1 MQTT-3.1.3-8`: no identifier, and a session to keep under it.
  if (clientId === '' && (!clean || level === 3)) throw new Malformed('empty client identifier', 2);
  return {
    type: 'connect',
    protocolVersion: level as 3 | 4,
    clean,
    keepalive,
    clientId,
    ...(will === undefined ? {} : { will }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function publish(flags: number, r: Reader): Publish {
  const qos = (flags >> 1) & 3;
  const dup = (flags & 8) !== 0;
  if (qos === 3) throw new Malformed('QoS 3'); // 3.1.1 MQTT-3.3.1-4
  if (dup && qos === 0) throw new Malformed('DUP at QoS 0'); // 3.1.1 MQTT-3.3.1-2
  const topic = r.string('the topic name');
  if (!validTopicName(topic)) throw new Malformed('topic name with a wildcard, or empty'); // 3.1.1 MQTT-3.3.2-2
  const id = qos === 0 ? 0 : identifier(r);
  // A copy: the message may be kept for long, and must not keep the whole segment with it.
  const payload = copy(r.rest());
  return { type: 'publish', topic, payload, qos: qos as QoS, retain: (flags & 1) !== 0, dup, id };
}

/** `3.1.1 MQTT-2.3.1-1`: a packet identifier is not 0. */
function identifier(r: Reader): number {
  const id = r.word();
  if (id === 0) throw new Malformed('packet identifier 0');
  return id;
}

function ack(type: Ack['type'], body: Buffer): Ack {
  if (body.length !== 2) throw new Malformed(`${type} of ${body.length} bytes`);
  return { type, id: identifier(reader(body)) };
}

function subscribe(r: Reader): Subscribe {
  const id = identifier(r);
  const filters: { filter: string; qos: QoS }[] = [];
  while (r.left() > 0) {
    const filter = r.string('a topic filter');
    const qos = r.byte();
    if (qos > 2) throw new Malformed(`requested QoS byte ${qos}`); // 3.1.1 MQTT-3.8.3-4
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push({ filter, qos: qos as QoS });
  }
  if (filters.length === 0) throw new Malformed('SUBSCRIBE without a filter'); // 3.1.1 MQTT-3.8.3-3
  return { type: 'subscribe', id, filters };
}

function unsubscribe(r: Reader): Unsubscribe {
  const id = identifier(r);
  const filters: string[] = [];
  while (r.left() > 0) {
    const filter = r.string('a topic filter');
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push(filter);
  }
  if (filters.length === 0) throw new Malformed('UNSUBSCRIBE without a filter'); // 3.1.1 MQTT-3.10.3-2
  return { type: 'unsubscribe', id, filters };
}

function copy(bytes: Buffer): Buffer {
  return bytes.length === 0 ? EMPTY : Buffer.from(bytes);
}

const EMPTY = Buffer.alloc(0);
