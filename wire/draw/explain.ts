/** Every byte of a packet: what it is, what it means, and which clause of the standard says so. */
import type { SafeOptions } from '../safe.js';
import { safeText } from '../safe.js';
import type { Direction, PacketEntry, Trace } from '../trace.js';
import { connect } from './explain-connect.js';
import {
  type BitPart,
  Broken,
  type BytePart,
  bit,
  createReader,
  KeptNoMore,
  type Reader,
} from './explain-reader.js';
import { properties } from './explain-v5.js';

export type { BitPart, BytePart } from './explain-reader.js';

export interface ExplainOptions extends SafeOptions {
  /** Protocol level of the connection: 3, 4 (default) or 5. A CONNECT carries its own. */
  readonly version?: number;
  /** Which way it went: RETAIN does not mean the same to a broker and to a client. */
  readonly direction?: Direction;
  /** Bytes of the whole packet, where `bytes` holds only the first of them. */
  readonly length?: number;
}

/** 3.1.1 table 2.1, by number. */
export const TYPES = [
  'reserved',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
] as const;

/** What each type is for, in a few words. */
const PURPOSE: readonly string[] = [
  'reserved: no packet has it',
  'CONNECT: a client asks to be let in',
  'CONNACK: the answer to CONNECT',
  'PUBLISH: a message',
  'PUBACK: the answer to a PUBLISH at QoS 1',
  'PUBREC: QoS 2, the first answer: received',
  'PUBREL: QoS 2, the sender goes on: release',
  'PUBCOMP: QoS 2, the last answer: complete',
  'SUBSCRIBE: a client asks for topics',
  'SUBACK: the answer to SUBSCRIBE',
  'UNSUBSCRIBE: a client wants topics no more',
  'UNSUBACK: the answer to UNSUBSCRIBE',
  'PINGREQ: is anyone there?',
  'PINGRESP: yes',
  'DISCONNECT: a client takes its leave; its will is discarded',
  'AUTH: only in MQTT 5',
];

const FLAG_CLAUSES: Readonly<Record<number, string>> = {
  6: '3.1.1 MQTT-3.6.1-1',
  8: '3.1.1 MQTT-3.8.1-1',
  10: '3.1.1 MQTT-3.10.1-1',
  14: '3.1.1 MQTT-3.14.1-1',
};

const QOS = [
  'QoS 0: sent once, not acknowledged',
  'QoS 1: acknowledged with PUBACK',
  'QoS 2: PUBREC, PUBREL, PUBCOMP',
  'QoS 3 does not exist',
];

function publishBits(first: number, direction: Direction | undefined): BitPart[] {
  const qos = (first >> 1) & 3;
  const dup = (first & 8) !== 0;
  const retain = (first & 1) !== 0;
  const toClient = direction === 'to-client';
  const dupBit = dup
    ? bit(first, 3, 'DUP: sent before', qos === 0 ? '3.1.1 MQTT-3.3.1-2' : '3.1.1 MQTT-3.3.1-1')
    : bit(first, 3, 'DUP: sent for the first time', qos === 0 ? '3.1.1 MQTT-3.3.1-2' : '');
  const retained = toClient
    ? bit(
        first,
        0,
        retain
          ? 'RETAIN: stored before, sent because of a new subscription'
          : 'RETAIN: live, sent to a subscription that was there',
        retain ? '3.1.1 MQTT-3.3.1-8' : '3.1.1 MQTT-3.3.1-9',
      )
    : bit(
        first,
        0,
        retain ? 'RETAIN: the broker stores it for later subscribers' : 'RETAIN: not to be stored',
        retain ? '3.1.1 MQTT-3.3.1-5' : '3.1.1 MQTT-3.3.1-12',
      );
  return [
    dupBit,
    bit(first, [2, 1], QOS[qos] ?? '', qos === 3 ? '3.1.1 MQTT-3.3.1-4' : ''),
    retained,
  ];
}

/** Type and flags. @returns the first byte */
function fixedHeader(reader: Reader, options: ExplainOptions): number {
  let wrong: Broken | undefined;
  const first = reader.byte('type and flags', value => {
    const type = value >> 4;
    const flags = value & 0x0f;
    const wanted = type === 6 || type === 8 || type === 10 ? 2 : 0;
    const reserved = FLAG_CLAUSES[type] ?? '3.1.1 MQTT-2.2.2-1';
    if (type === 0) wrong = new Broken('packet type 0 is reserved; this is not MQTT');
    else if (type === 15 && options.version !== 5) {
      wrong = new Broken('packet type 15 is reserved in MQTT 3.1.1');
    } else if (type === 3 && (flags & 6) === 6) {
      wrong = new Broken('there is no QoS 3', '3.1.1 MQTT-3.3.1-4');
    } else if (type !== 3 && flags !== wanted) {
      const bits = wanted.toString(2).padStart(4, '0');
      wrong = new Broken(`the flags of ${TYPES[type]} must be ${bits}`, '3.1.1 MQTT-2.2.2-2');
    }
    return {
      value: `0x${value.toString(16).padStart(2, '0')}`,
      bits: [
        bit(value, [7, 4], PURPOSE[type] ?? ''),
        ...(type === 3
          ? publishBits(value, options.direction)
          : [
              bit(
                value,
                [3, 0],
                `reserved, always ${wanted.toString(2).padStart(4, '0')}`,
                reserved,
              ),
            ]),
      ],
    };
  });
  if (wrong) throw wrong;
  return first;
}

const ID_OF: Readonly<Record<number, readonly [meaning: string, clauses: string]>> = {
  4: ['of the PUBLISH that is acknowledged; free again', '3.1.1 MQTT-2.3.1-6, MQTT-4.3.2-2'],
  5: ['of the PUBLISH that was received', '3.1.1 MQTT-2.3.1-6, MQTT-4.3.3-2'],
  6: ['of the PUBLISH that may be passed on', '3.1.1 MQTT-2.3.1-6, MQTT-4.3.3-1'],
  7: ['of the PUBLISH that is complete; free again', '3.1.1 MQTT-4.3.3-2'],
  8: ['SUBACK will carry the same', '3.1.1 MQTT-2.3.1-1'],
  9: ['that of the SUBSCRIBE', '3.1.1 MQTT-3.8.4-2'],
  10: ['UNSUBACK will carry the same', '3.1.1 MQTT-2.3.1-1'],
  11: ['that of the UNSUBSCRIBE', '3.1.1 MQTT-3.10.4-4'],
};

function identifier(reader: Reader, meaning: string, clauses: string): void {
  let zero = false;
  reader.number('packet identifier', value => {
    zero = value === 0;
    return { meaning, clauses };
  });
  if (zero) throw new Broken('a packet identifier is never 0', '3.1.1 MQTT-2.3.1-1');
}

function publish(reader: Reader, first: number, version: number, options: ExplainOptions): void {
  const qos = (first >> 1) & 3;
  reader.text('topic name', value =>
    /[#+]/.test(value)
      ? { meaning: 'has a wildcard; a topic name has none', clauses: '3.1.1 MQTT-3.3.2-2' }
      : { meaning: 'where the message belongs', clauses: '3.1.1 MQTT-3.3.2-1' },
  );
  if (qos > 0) {
    const answer = qos === 1 ? 'PUBACK' : 'PUBREC';
    identifier(reader, `${answer} will carry the same`, '3.1.1 MQTT-2.3.1-1, MQTT-2.3.1-6');
  }
  if (version === 5) properties(reader);
  reader.rest('payload', value => {
    if (value.length > 0) return { meaning: 'all up to the end; to MQTT only bytes' };
    return (first & 1) === 1 && options.direction !== 'to-client'
      ? { meaning: 'no bytes, with RETAIN: erases what is stored', clauses: '3.1.1 MQTT-3.3.1-10' }
      : { meaning: 'no bytes: an empty message' };
  });
}

const REFUSED = [
  'accepted',
  'refused: unacceptable protocol version',
  'refused: client identifier rejected',
  'refused: server unavailable',
  'refused: bad user name or password',
  'refused: not authorized',
];

function connack(reader: Reader, version: number): void {
  reader.byte('acknowledge flags', value => {
    const present = (value & 1) === 1;
    const session = present
      ? 'session present: the broker goes on with a stored session'
      : 'session present 0: the broker begins a new session';
    return {
      value: `0x${value.toString(16).padStart(2, '0')}`,
      bits: [
        bit(value, [7, 1], 'reserved, always 0'),
        bit(value, 0, session, present ? '3.1.1 MQTT-3.2.2-2' : '3.1.1 MQTT-3.2.2-1, MQTT-3.2.2-3'),
      ],
    };
  });
  reader.byte(version === 5 ? 'reason code' : 'return code', value => ({
    meaning:
      version === 5
        ? value >= 0x80
          ? 'refused'
          : 'accepted'
        : (REFUSED[value] ?? 'not in the standard'),
    clauses: value === 0 ? '3.1.1 MQTT-3.1.4-4' : '3.1.1 MQTT-3.2.2-5',
  }));
  if (version === 5) properties(reader);
}

function requestedQos(reader: Reader, version: number): void {
  let wrong = false;
  reader.byte(version === 5 ? 'subscription options' : 'requested QoS', value => {
    const qos = value & 3;
    wrong = qos === 3 || (version !== 5 && value > 2);
    const highest =
      ['at most QoS 0', 'at most QoS 1', 'at most QoS 2'][qos] ?? 'QoS 3 does not exist';
    const high =
      version === 5 ? 'retain handling, retain as published, no local' : 'reserved, always 0';
    return {
      bits: [
        bit(value, [7, 2], high, version === 5 ? '' : '3.1.1 MQTT-3.8.3-4'),
        bit(value, [1, 0], `deliver ${highest}`, '3.1.1 MQTT-3.8.4-6'),
      ],
    };
  });
  if (wrong) throw new Broken('the requested QoS is 0, 1 or 2', '3.1.1 MQTT-3.8.3-4');
}

function filters(reader: Reader, type: number, version: number): void {
  if (version === 5) properties(reader);
  const clauses = type === 8 ? '3.1.1 MQTT-3.8.3-3' : '3.1.1 MQTT-3.10.3-2';
  if (reader.left === 0) throw new Broken('there is no topic filter', clauses);
  while (reader.left > 0) {
    reader.text('topic filter', value => {
      if (type === 10) {
        return {
          meaning: 'removes only the filter that is equal in each character',
          clauses: '3.1.1 MQTT-3.10.4-1',
        };
      }
      if (value.includes('#') || value.includes('+')) {
        const hash = value.includes('#') ? ['# all levels below'] : [];
        const plus = value.includes('+') ? ['+ one level'] : [];
        return {
          meaning: [...plus, ...hash].join(', '),
          clauses: value.includes('#') ? '3.1.1 MQTT-4.7.1-2' : '3.1.1 MQTT-4.7.1-3',
        };
      }
      return { meaning: 'no wildcard: exactly this topic', clauses: '3.1.1 MQTT-3.8.3-1' };
    });
    if (type === 8) requestedQos(reader, version);
  }
}

function codes(reader: Reader, type: number, version: number): void {
  if (version === 5) properties(reader);
  if (type === 11 && version !== 5) return;
  let count = 0;
  if (reader.left === 0) throw new Broken('there is no return code', '3.1.1 MQTT-3.8.4-5');
  while (reader.left > 0) {
    count++;
    reader.byte(`return code ${count}`, value => ({
      value: value >= 0x80 ? `0x${value.toString(16)}` : String(value),
      meaning:
        value <= 2
          ? `filter ${count}: granted, at most QoS ${value}`
          : value >= 0x80
            ? `filter ${count}: refused; nothing will come`
            : 'not in the standard',
      clauses: value <= 2 || value === 0x80 ? '3.1.1 MQTT-3.9.3-1' : '3.1.1 MQTT-3.9.3-2',
    }));
  }
}

function reason(reader: Reader): void {
  if (reader.left > 0) {
    reader.byte('reason code', value => ({ meaning: value >= 0x80 ? 'a failure' : 'success' }));
  }
  if (reader.left > 0) properties(reader);
}

function body(reader: Reader, first: number, options: ExplainOptions): void {
  const type = first >> 4;
  const version = options.version ?? 4;
  const id = ID_OF[type];
  if (type === 1) connect(reader);
  else if (type === 2) connack(reader, version);
  else if (type === 3) publish(reader, first, version, options);
  else if (id) {
    identifier(reader, id[0], id[1]);
    if (type === 8 || type === 10) filters(reader, type, version);
    else if (type === 9 || type === 11) codes(reader, type, version);
    else if (version === 5) reason(reader);
  } else if ((type === 14 || type === 15) && version === 5) reason(reader);
  if (reader.left > 0) throw new Broken('bytes after the last field of the packet');
}

/**
 * Every byte of a packet. The parts cover the bytes from first to last, in order, without gap;
 * where the packet breaks, the last part says why and takes all the bytes that are left.
 */
export function explainBytes(bytes: Uint8Array, options: ExplainOptions = {}): BytePart[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notKept = Math.max(0, (options.length ?? buffer.length) - buffer.length);
  const reader = createReader(buffer, notKept, options);
  try {
    const first = fixedHeader(reader, options);
    const size = reader.varint('remaining length', value => ({
      value: `${value} bytes`,
      meaning: value === 0 ? 'nothing follows' : 'follow this field',
    }));
    if (size !== reader.left + notKept) {
      throw new Broken(`${size} bytes should follow, and ${reader.left + notKept} did`);
    }
    body(reader, first, options);
  } catch (error) {
    if (error instanceof KeptNoMore) {
      reader.stop(error.message, { meaning: `${notKept} more bytes were not kept in the trace` });
    } else if (error instanceof Broken) {
      const said = { value: 'it breaks here', meaning: error.message, clauses: error.clauses };
      reader.stop('not explained', said, true);
    } else throw error;
  }
  return reader.parts;
}

/** The protocol level of a packet's connection: that of the last CONNECT before it, else 4. */
function versionOf(trace: Trace, entry: PacketEntry): number {
  let version = 4;
  for (const one of trace.entries) {
    if (one.kind !== 'packet' || one.connection !== entry.connection) continue;
    if (one.n > entry.n) break;
    if (one.packet.type === 'CONNECT') version = one.packet.protocolVersion & 0x7f;
  }
  return version;
}

/** Every byte of a packet of a trace; of a MALFORMED one up to where it breaks. */
export function explainPacket(
  trace: Trace,
  entry: PacketEntry,
  options: SafeOptions = {},
): BytePart[] {
  const bytes = Buffer.from(entry.hex, 'hex');
  const parts = explainBytes(bytes, {
    ...options,
    version: versionOf(trace, entry),
    direction: entry.direction,
    ...(entry.length === undefined ? {} : { length: entry.length }),
  });
  // The library that decoded it may refuse what the fields alone do not show.
  if (entry.packet.type === 'MALFORMED' && !parts.some(one => one.problem)) {
    const end = bytes.length;
    const meaning = safeText(entry.packet.error, options);
    const value = 'it is refused';
    parts.push({ from: end, to: end, field: '', value, meaning, clauses: '', problem: true });
  }
  return parts;
}
