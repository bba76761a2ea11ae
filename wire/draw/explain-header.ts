/** The fixed header of a packet: its type, its flags, and what each type is for. */
import type { SafeOptions } from '../safe.js';
import type { Direction } from '../trace.js';
import { type BitPart, Broken, bit, type FieldReader } from './explain-reader.js';

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
  'AUTH: proving who it is goes on',
];

/** In MQTT 5 both sides say it, and the reason tells whether a will goes out. */
const LEAVING = 'DISCONNECT: the last packet; its reason follows';

const FLAG_CLAUSES: Readonly<Record<number, string>> = {
  6: '3.1.1 MQTT-3.6.1-1',
  8: '3.1.1 MQTT-3.8.1-1',
  10: '3.1.1 MQTT-3.10.1-1',
  14: '3.1.1 MQTT-3.14.1-1',
  15: '5.0 MQTT-3.15.1-1',
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
export function fixedHeader(reader: FieldReader, options: ExplainOptions): number {
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
        bit(value, [7, 4], type === 14 && options.version === 5 ? LEAVING : (PURPOSE[type] ?? '')),
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
