import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clause } from '../../wire/clauses.js';
import { decode, encode } from '../../wire/decode.js';
import { describePacket } from '../../wire/describe.js';
import {
  onePropertyBytes,
  type Property,
  type PropertyOwner,
  varint,
} from '../../wire/properties.js';
import type { WirePacket } from '../../wire/trace.js';
import { ALLOWED, properties, wirePacketsV5 } from './packets-v5.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const str = (text: string) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
const frame = (first: number, ...body: (Buffer | number[])[]) => {
  const bytes = Buffer.concat(body.map(part => Buffer.from(part as Buffer)));
  return Buffer.concat([Buffer.from([first]), varint(bytes.length), bytes]);
};

test('every packet that the standard allows survives both ways, byte for byte', () => {
  fc.assert(
    fc.property(wirePacketsV5, packet => {
      const bytes = encode(packet, 5);
      const read = decode(bytes, 5);
      expect(read).toEqual(packet);
      expect(encode(read, 5).equals(bytes)).toBe(true);
      expect(JSON.parse(JSON.stringify(read))).toEqual(packet);
    }),
    { numRuns: 3000 },
  );
});

test('5.0 MQTT-3.3.2-18: user properties keep order, repeats and empty values', () => {
  const userProperties: Property[] = [
    { name: 'userProperty', value: { name: 'a', value: '1' } },
    { name: 'contentType', value: '' },
    { name: 'userProperty', value: { name: 'b', value: '' } },
    { name: 'userProperty', value: { name: 'a', value: '2' } },
    { name: 'userProperty', value: { name: '', value: '' } },
    { name: 'userProperty', value: { name: '__proto__', value: 'x' } },
  ];
  const packet: WirePacket = {
    type: 'PUBLISH',
    topic: 't',
    payload: { bytes: 0, text: '' },
    qos: 0,
    retain: false,
    dup: false,
    properties: userProperties,
  };
  expect(decode(encode(packet, 5), 5)).toEqual(packet);
  expect(describePacket(packet)).toBe(
    'PUBLISH t "" qos=0 retain=0 dup=0 userProperty[a=1] contentType="" userProperty[b=""] ' +
      'userProperty[a=2] userProperty[""=""] userProperty[__proto__=x]',
  );
});

test('short acknowledgements stay short', () => {
  for (const bytes of [
    '40020007',
    '4003000700',
    '400400070000',
    'e000',
    'e00100',
    'e0020000',
    'f000',
  ]) {
    const packet = decode(hex(bytes), 5);
    expect(packet.type, bytes).not.toBe('MALFORMED');
    expect(encode(packet, 5).toString('hex')).toBe(bytes);
  }
});

test('a broker that does not know MQTT 5 refuses it in its own words', () => {
  const refusal = decode(hex('20020001'), 5);
  expect(refusal).toEqual({ type: 'CONNACK', sessionPresent: false, returnCode: 1 });
  expect(encode(refusal, 5).toString('hex')).toBe('20020001');
});

/** A packet around a list of properties. */
function around(owner: PropertyOwner, list: Buffer): Buffer {
  const sized = Buffer.concat([varint(list.length), list]);
  const connect = (flags: number): [Buffer, number[]] => [str('MQTT'), [5, flags, 0, 0]];
  switch (owner) {
    case 'CONNECT':
      return frame(0x10, ...connect(2), sized, str('c'));
    case 'will':
      return frame(0x10, ...connect(6), [0], str('c'), sized, str('w'), str(''));
    case 'CONNACK':
      return frame(0x20, [0, 0], sized);
    case 'PUBLISH':
      return frame(0x30, str('t'), sized);
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP': {
      const first = { PUBACK: 0x40, PUBREC: 0x50, PUBREL: 0x62, PUBCOMP: 0x70 }[owner];
      return frame(first, [0, 7, 0], sized);
    }
    case 'SUBSCRIBE':
      return frame(0x82, [0, 7], sized, str('f'), [0]);
    case 'UNSUBSCRIBE':
      return frame(0xa2, [0, 7], sized, str('f'));
    case 'SUBACK':
      return frame(0x90, [0, 7], sized, [0]);
    case 'UNSUBACK':
      return frame(0xb0, [0, 7], sized, [0]);
    case 'DISCONNECT':
      return frame(0xe0, [0], sized);
    case 'AUTH':
      return frame(0xf0, [0], sized);
  }
}

const OWNERS = Object.keys(ALLOWED) as PropertyOwner[];
const owners = fc.constantFrom(...OWNERS);

test('5.0 section 2.2.2.2: a property of another packet is refused, one of its own is not', () => {
  fc.assert(
    fc.property(owners, owners, fc.gen(), (from, into, gen) => {
      const [one] = gen(properties, from).filter(({ name }) => name !== 'authenticationData');
      if (one === undefined) return;
      const packet = decode(around(into, onePropertyBytes(one)), 5);
      if (ALLOWED[into].includes(one.name)) expect(packet.type).not.toBe('MALFORMED');
      else expect(packet).toMatchObject({ error: expect.stringContaining(`${one.name} may not`) });
    }),
    { numRuns: 2000 },
  );
});

test('5.0 section 2.2.2.2: a property that stands twice is told as such', () => {
  fc.assert(
    fc.property(owners, fc.gen(), (owner, gen) => {
      const [one] = gen(properties, owner).filter(
        ({ name }) => name !== 'authenticationData' && name !== 'userProperty',
      );
      if (one === undefined || (owner === 'PUBLISH' && one.name === 'subscriptionIdentifier'))
        return;
      const bytes = onePropertyBytes(one);
      expect(decode(around(owner, Buffer.concat([bytes, bytes])), 5)).toEqual({
        type: 'MALFORMED',
        error: `${one.name} stands there twice [5.0 section 2.2.2.2]`,
      });
    }),
    { numRuns: 1000 },
  );
});

describe.each([
  ['1.5.4-1', 'text that is not UTF-8', frame(0x30, [0, 2, 0xc3, 0x28, 0])],
  ['1.5.4-1', 'a surrogate', frame(0x30, [0, 3, 0xed, 0xa0, 0x80, 0])],
  ['1.5.4-2', 'U+0000', frame(0x30, [0, 1, 0, 0])],
  ['1.5.5-1', 'a length in too many bytes', hex('c0 80 00')],
  ['1.5.5-1', 'a property length in too many bytes', frame(0x30, str('t'), [0x80, 0])],
  ['1.5.4-1', '1.5.7-1: a user property that is no text', around('PUBLISH', hex('26 0001ff 0000'))],
  ['2.1.3-1', 'flags of PINGREQ', hex('c1 00')],
  ['2.2.1-3', 'packet identifier 0', frame(0x32, str('t'), [0, 0, 0])],
  ['3.1.2-3', 'the reserved flag', frame(0x10, str('MQTT'), [5, 3, 0, 0, 0], str(''))],
  ['3.1.2-11', 'will QoS without a will', frame(0x10, str('MQTT'), [5, 0x0a, 0, 0, 0], str(''))],
  ['3.1.2-12', 'will QoS 3', frame(0x10, str('MQTT'), [5, 0x1e, 0, 0, 0], str(''))],
  ['3.1.2-13', 'will retain without a will', frame(0x10, str('MQTT'), [5, 0x22, 0, 0, 0], str(''))],
  ['3.2.2-1', 'CONNACK flags', frame(0x20, [2, 0, 0])],
  ['3.2.2-6', 'a refusal with session present', frame(0x20, [1, 0x87, 0])],
  ['3.2.2-8', 'a CONNACK code that is not listed', frame(0x20, [0, 0x8e, 0])],
  ['3.3.1-2', 'DUP at QoS 0', frame(0x38, str('t'), [0])],
  ['3.3.1-4', 'QoS 3', frame(0x36, str('t'), [0, 1, 0])],
  ['3.3.2-8', 'topic alias 0', around('PUBLISH', hex('23 0000'))],
  ['3.3.2-14', 'a response topic with a wildcard', around('PUBLISH', hex('08 0003 612f2b'))],
  ['3.4.2-1', 'a PUBACK code that is not listed', frame(0x40, [0, 1, 0x92])],
  ['3.5.2-1', 'a PUBREC code that is not listed', frame(0x50, [0, 1, 0x92])],
  ['3.6.2-1', 'a PUBREL code that is not listed', frame(0x62, [0, 1, 0x80])],
  ['3.7.2-1', 'a PUBCOMP code that is not listed', frame(0x70, [0, 1, 0x80])],
  ['3.6.1-1', 'flags of PUBREL', frame(0x60, [0, 1])],
  ['3.8.1-1', 'flags of SUBSCRIBE', frame(0x80, [0, 1, 0], str('f'), [0])],
  ['3.8.3-2', 'SUBSCRIBE without a filter', frame(0x82, [0, 1, 0])],
  ['3.8.3-4', 'no local on a share', frame(0x82, [0, 1, 0], str('$share/g/t'), [4])],
  ['3.8.3-5', 'reserved options', frame(0x82, [0, 1, 0], str('f'), [0x40])],
  ['3.9.3-2', 'a SUBACK code that is not listed', frame(0x90, [0, 1, 0, 0x11])],
  ['3.10.1-1', 'flags of UNSUBSCRIBE', frame(0xa0, [0, 1, 0], str('f'))],
  ['3.10.3-2', 'UNSUBSCRIBE without a filter', frame(0xa2, [0, 1, 0])],
  ['3.11.3-2', 'an UNSUBACK code that is not listed', frame(0xb0, [0, 1, 0, 2])],
  ['3.14.1-1', 'flags of DISCONNECT', hex('e1 00')],
  ['3.14.2-1', 'a DISCONNECT code that is not listed', frame(0xe0, [0x86])],
  ['3.14.2-2', 'session expiry from the server', around('DISCONNECT', hex('11 00000001'))],
  ['3.15.1-1', 'flags of AUTH', hex('f1 00')],
  ['3.15.2-1', 'an AUTH code that is not listed', frame(0xf0, [0x01])],
])('5.0 MQTT-%s', (id, what, bytes) => {
  test(`${what} is refused with the clause`, () => {
    expect(clause(`5.0 MQTT-${id}`)).toBeDefined();
    expect(decode(bytes, 5, 'to-client')).toMatchObject({
      type: 'MALFORMED',
      error: expect.stringContaining(`[5.0 MQTT-${id}]`),
    });
  });
});

test.each([
  ['receive maximum 0', around('CONNECT', hex('21 0000'))],
  ['maximum packet size 0', around('CONNECT', hex('27 00000000'))],
  ['subscription identifier 0', around('SUBSCRIBE', hex('0b 00'))],
  ['payload format 2', around('PUBLISH', hex('01 02'))],
  ['an unknown property', around('PUBLISH', hex('7f'))],
  ['retain handling 3', frame(0x82, [0, 1, 0], str('f'), [0x30])],
  ['requested QoS 3', frame(0x82, [0, 1, 0], str('f'), [3])],
  ['authentication data without a method', around('CONNECT', hex('16 0000'))],
  ['neither topic nor alias', frame(0x30, str(''), [0])],
  ['properties longer than the packet', frame(0x30, str('t'), [5])],
  ['a value that ends too early', around('PUBLISH', hex('02 0000'))],
  ['bytes behind the last field', hex('c0 01 00')],
])('5.0, statements without a number: %s is refused', (_, bytes) => {
  expect(decode(bytes, 5).type).toBe('MALFORMED');
});

test('every packet with one byte changed is read or refused, and never stops the tap', () => {
  fc.assert(
    fc.property(wirePacketsV5, fc.nat(), fc.nat(255), (packet, at, byte) => {
      const bytes = encode(packet, 5);
      bytes[at % bytes.length] = byte;
      const read = decode(bytes, 5);
      if (read.type !== 'MALFORMED') expect(decode(encode(read, 5), 5)).toEqual(read);
    }),
    { numRuns: 3000 },
  );
});
