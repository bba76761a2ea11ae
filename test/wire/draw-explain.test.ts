import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../wire/draw/canvas.js';
import { type BytePart, explainBytes, explainPacket } from '../../wire/draw/explain.js';
import { explainTable } from '../../wire/draw/explain-table.js';
import { citedClauses, decode, encode, payloadOf, type WirePacket } from '../../wire/index.js';
import { connect, recording } from './draw-traces.js';
import { wirePackets } from './packets.js';
import { wirePacketsV5 } from './packets-v5.js';

/** The parts follow one another from the first byte to the last. */
function covers(parts: readonly BytePart[], size: number): void {
  let at = 0;
  for (const part of parts) {
    expect(part.from).toBe(at);
    expect(part.to).toBeGreaterThanOrEqual(part.from);
    at = part.to;
  }
  expect(at).toBe(size);
}

function citations(parts: readonly BytePart[]): string[] {
  return parts.flatMap(part => [part.clauses, ...(part.bits ?? []).map(one => one.clauses)]);
}

const all: readonly WirePacket[] = [
  connect('press-3', {
    clean: false,
    username: 'ada',
    password: payloadOf(Buffer.from('secret')),
    will: {
      topic: 'plant/press-3/status',
      payload: payloadOf(Buffer.from('away')),
      qos: 1,
      retain: true,
    },
  }),
  { type: 'CONNACK', sessionPresent: true, returnCode: 0 },
  {
    type: 'PUBLISH',
    topic: 'home/temp',
    payload: payloadOf(Buffer.from('21.5')),
    qos: 1,
    id: 7,
    retain: true,
    dup: true,
  },
  { type: 'PUBACK', id: 7 },
  { type: 'PUBREC', id: 8 },
  { type: 'PUBREL', id: 8 },
  { type: 'PUBCOMP', id: 8 },
  {
    type: 'SUBSCRIBE',
    id: 9,
    filters: [
      { filter: 'home/+/temp', qos: 1 },
      { filter: 'a/#', qos: 2 },
    ],
  },
  { type: 'SUBACK', id: 9, codes: [1, 128] },
  { type: 'UNSUBSCRIBE', id: 10, filters: ['home/+/temp'] },
  { type: 'UNSUBACK', id: 10 },
  { type: 'PINGREQ' },
  { type: 'PINGRESP' },
  { type: 'DISCONNECT' },
];

test('all packet types of 3.1.1', async () => {
  expect(new Set(all.map(one => one.type)).size).toBe(14);
  const tables = all.flatMap(packet => {
    const bytes = encode(packet);
    const parts = explainBytes(bytes);
    expect(parts.some(part => part.problem)).toBe(false);
    return [packet.type, ...explainTable(bytes, parts), ''];
  });
  await expect(tables.join('\n')).toMatchFileSnapshot('golden/explain-80.txt');
});

test('every byte of a valid packet is explained, in order, with clauses that exist', () => {
  fc.assert(
    fc.property(wirePackets, fc.constantFrom('to-broker', 'to-client'), (packet, direction) => {
      const bytes = encode(packet);
      const parts = explainBytes(bytes, { direction: direction as 'to-broker' });
      covers(parts, bytes.length);
      expect(parts.filter(part => part.problem)).toEqual([]);
      for (const text of citations(parts)) {
        expect(text === '' || citedClauses(text).length > 0).toBe(true);
        expect(citedClauses(text).filter(one => one.problem)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('any bytes at all are covered, and what is refused has a reason', () => {
  const noise = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    fc.tuple(wirePackets, fc.nat(), fc.nat(255)).map(([packet, place, value]) => {
      const bytes = encode(packet);
      bytes[place % bytes.length] = value;
      return new Uint8Array(bytes);
    }),
    fc.tuple(wirePackets, fc.nat()).map(([packet, end]) => {
      const bytes = encode(packet);
      return new Uint8Array(bytes.subarray(0, 1 + (end % bytes.length)));
    }),
  );
  fc.assert(
    fc.property(noise, fc.constantFrom(4, 5), (bytes, version) => {
      const parts = explainBytes(bytes, { version });
      covers(parts, bytes.length);
      for (const part of parts) if (part.problem) expect(part.meaning).not.toBe('');
      expect(
        citations(parts)
          .flatMap(citedClauses)
          .filter(one => one.problem),
      ).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('no line of a table is wider than asked for, and ASCII is ASCII', () => {
  fc.assert(
    fc.property(wirePackets, fc.integer({ min: 40, max: 140 }), (packet, width) => {
      const bytes = encode(packet);
      const options = { width, ascii: true };
      for (const line of explainTable(bytes, explainBytes(bytes, options), options)) {
        expect(columnsOf(line)).toBeLessThanOrEqual(width);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
      }
    }),
    { numRuns: 100 },
  );
});

describe('a broken packet', () => {
  test.each([
    ['0000', /type 0 is reserved/, ''],
    ['3600', /no QoS 3/, '3.1.1 MQTT-3.3.1-4'],
    ['8003000161', /flags of SUBSCRIBE must be 0010/, '3.1.1 MQTT-2.2.2-2'],
    ['30ffffffffff', /remaining length is longer than four bytes/, ''],
    ['3005000961', /5 bytes should follow, and 3 did/, ''],
    ['30030009 61', /no whole topic name: it has 9 bytes, but only 1 are left/, ''],
    ['30040002 c328', /topic name is not UTF-8/, '3.1.1 MQTT-1.5.3-1'],
    ['32050001 61 0000', /packet identifier is never 0/, '3.1.1 MQTT-2.3.1-1'],
    ['8202 0001', /no topic filter/, '3.1.1 MQTT-3.8.3-3'],
    ['a202 0001', /no topic filter/, '3.1.1 MQTT-3.10.3-2'],
    ['8206 0001 000161 03', /QoS is 0, 1 or 2/, '3.1.1 MQTT-3.8.3-4'],
    ['4003 0001 00', /bytes after the last field/, ''],
    ['100e 0004 4d515454 04 01 003c 0002 6162', /reserved flag is set/, '3.1.1 MQTT-3.1.2-3'],
    [
      '100e 0004 4d515454 04 40 003c 0002 6162',
      /password without a user name/,
      '3.1.1 MQTT-3.1.2-22',
    ],
  ])('%s', (hex, reason, clauses) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const parts = explainBytes(bytes);
    covers(parts, bytes.length);
    expect(parts.at(-1)).toMatchObject({ problem: true, value: 'it breaks here', clauses });
    expect(parts.at(-1)?.meaning).toMatch(reason);
    expect(parts.filter(part => part.problem)).toHaveLength(1);
  });

  test('that only the library refuses has its reason at the end', () => {
    const on = recording();
    const entry = on.packet(
      'program',
      'to-broker',
      { type: 'MALFORMED', error: 'too clever' },
      { hex: 'c000' },
    );
    expect(explainPacket(on.trace(), entry).at(-1)).toMatchObject({
      problem: true,
      meaning: 'too clever',
    });
  });

  test('of a long packet whose end was not kept: how much is missing', () => {
    const bytes = encode({
      type: 'PUBLISH',
      topic: 'a',
      payload: payloadOf(Buffer.alloc(1000, 0x61)),
      qos: 0,
      retain: false,
      dup: false,
    });
    const parts = explainBytes(bytes.subarray(0, 100), { length: bytes.length });
    covers(parts, 100);
    expect(parts.at(-1)).toMatchObject({ field: 'payload' });
    expect(parts.at(-1)?.meaning).toContain(`${bytes.length - 100} more bytes`);
    expect(parts.some(part => part.problem)).toBe(false);
  });
});

test('MQTT 5: the connection says so, and properties are read', () => {
  const on = recording();
  on.packet(
    'program',
    'to-broker',
    connect('five', {
      protocolVersion: 5,
      properties: [{ name: 'sessionExpiryInterval', value: 3600 }],
    }),
  );
  const packet: WirePacket = {
    type: 'PUBLISH',
    topic: 'a',
    payload: payloadOf(Buffer.from('x')),
    qos: 0,
    retain: false,
    dup: false,
    properties: [
      { name: 'contentType', value: 'text/plain' },
      { name: 'userProperty', value: { name: 'a', value: 'b' } },
    ],
  };
  const bytes = encode(packet, 5);
  expect(decode(bytes, 5).type).toBe('PUBLISH');
  const entry = on.packet('program', 'to-broker', packet, { hex: bytes.toString('hex') });
  const parts = explainPacket(on.trace(), entry);
  covers(parts, bytes.length);
  expect(parts.some(part => part.problem)).toBe(false);
  expect(parts.map(part => part.field)).toEqual(
    expect.arrayContaining(['content type', 'user property: value', 'payload']),
  );
});

test('MQTT 5: every byte of every packet is explained, with clauses of 5.0 only', () => {
  fc.assert(
    fc.property(wirePacketsV5, packet => {
      const bytes = encode(packet, 5);
      const parts = explainBytes(bytes, { version: 5 });
      covers(parts, bytes.length);
      expect(parts.filter(part => part.problem)).toEqual([]);
      for (const { clauses, bits } of parts) {
        for (const cited of [clauses, ...(bits ?? []).map(one => one.clauses)]) {
          expect(cited).not.toContain('3.1.1');
          expect(citedClauses(cited).filter(one => one.problem !== undefined)).toEqual([]);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('MQTT 5: reason codes and properties by name', () => {
  const said = (text: string) =>
    explainBytes(Buffer.from(text, 'hex'), { version: 5, direction: 'to-client' }).map(
      ({ field, value, meaning }) => `${field}: ${value} ${meaning}`.trim(),
    );
  expect(said('e0058e031f0000')).toEqual([
    'type and flags: 0xe0',
    'remaining length: 5 bytes follow this field',
    'reason code: 0x8e session taken over',
    'property length: 3 bytes of properties that follow',
    'property: 0x1f reason string',
    'reason string length: 0 bytes',
    'reason string: (empty) the reason in words, for people',
  ]);
  expect(said('4003000787')).toContain('reason code: 0x87 not authorized');
});

test('RETAIN is explained by the direction, and a password is only counted', () => {
  const retained = encode(all[2] as WirePacket);
  const said = (direction: 'to-broker' | 'to-client') =>
    explainBytes(retained, { direction })[0]?.bits?.at(-1)?.clauses;
  expect(said('to-broker')).toBe('3.1.1 MQTT-3.3.1-5');
  expect(said('to-client')).toBe('3.1.1 MQTT-3.3.1-8');
  const values = explainBytes(encode(all[0] as WirePacket)).map(part => part.value);
  expect(values).toContain('(6 bytes)');
  expect(values.join()).not.toContain('secret');
});
