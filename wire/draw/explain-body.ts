/** What follows the fixed header, packet by packet. */
import type { ReasonedType } from '../reason-codes.js';
import { connect } from './explain-connect.js';
import type { ExplainOptions } from './explain-header.js';
import { Broken, bit, type FieldReader } from './explain-reader.js';
import { optionBits, properties, reason, reasonCode } from './explain-v5.js';

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

function identifier(reader: FieldReader, meaning: string, clauses: string): void {
  let zero = false;
  reader.number('packet identifier', value => {
    zero = value === 0;
    return { meaning, clauses };
  });
  if (zero) throw new Broken('a packet identifier is never 0', '3.1.1 MQTT-2.3.1-1');
}

function publish(
  reader: FieldReader,
  first: number,
  version: number,
  options: ExplainOptions,
): void {
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

function connack(reader: FieldReader, version: number): void {
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
  if (version === 5) {
    reasonCode(reader, 'CONNACK');
    properties(reader);
    return;
  }
  reader.byte('return code', value => ({
    meaning: REFUSED[value] ?? 'not in the standard',
    clauses: value === 0 ? '3.1.1 MQTT-3.1.4-4' : '3.1.1 MQTT-3.2.2-5',
  }));
}

function requestedQos(reader: FieldReader, version: number): void {
  let wrong = false;
  reader.byte(version === 5 ? 'subscription options' : 'requested QoS', value => {
    const qos = value & 3;
    wrong = qos === 3 || (version !== 5 && value > 2);
    const highest =
      ['at most QoS 0', 'at most QoS 1', 'at most QoS 2'][qos] ?? 'QoS 3 does not exist';
    if (version === 5) return { bits: optionBits(value) };
    return {
      bits: [
        bit(value, [7, 2], 'reserved, always 0', '3.1.1 MQTT-3.8.3-4'),
        bit(value, [1, 0], `deliver ${highest}`, '3.1.1 MQTT-3.8.4-6'),
      ],
    };
  });
  if (wrong) throw new Broken('the requested QoS is 0, 1 or 2', '3.1.1 MQTT-3.8.3-4');
}

function filters(reader: FieldReader, type: number, version: number): void {
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

function codes(reader: FieldReader, type: number, version: number): void {
  if (version === 5) properties(reader);
  if (type === 11 && version !== 5) return;
  let count = 0;
  if (reader.left === 0) throw new Broken('there is no return code', '3.1.1 MQTT-3.8.4-5');
  while (reader.left > 0) {
    count++;
    if (version === 5) {
      reasonCode(reader, type === 9 ? 'SUBACK' : 'UNSUBACK', `reason code ${count}`);
      continue;
    }
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

const REASONED: Readonly<Record<number, ReasonedType>> = {
  4: 'PUBACK',
  5: 'PUBREC',
  6: 'PUBREL',
  7: 'PUBCOMP',
  14: 'DISCONNECT',
  15: 'AUTH',
};

/** What follows the fixed header. @throws Broken where the standard does not allow what stands there */
export function body(reader: FieldReader, first: number, options: ExplainOptions): void {
  const type = first >> 4;
  const version = options.version ?? 4;
  const id = ID_OF[type];
  const reasoned = version === 5 ? REASONED[type] : undefined;
  if (type === 1) connect(reader);
  else if (type === 2) connack(reader, version);
  else if (type === 3) publish(reader, first, version, options);
  else if (id) {
    identifier(reader, id[0], id[1]);
    if (type === 8 || type === 10) filters(reader, type, version);
    else if (type === 9 || type === 11) codes(reader, type, version);
  }
  if (reasoned !== undefined) reason(reader, reasoned);
  if (reader.left > 0) throw new Broken('bytes after the last field of the packet');
}
