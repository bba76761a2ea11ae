import fc from 'fast-check';
import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import {
  describePacket,
  describePayload,
  type PacketEntry,
  packetLine,
  payloadOf,
  safeText,
  TRACE_SCHEMA,
  type Trace,
  traceLines,
  type WirePacket,
} from '../../wire/index.js';
import { wirePackets } from './packets.js';

const publish: WirePacket = {
  type: 'PUBLISH',
  topic: 'home/kitchen/temp',
  payload: payloadOf(Buffer.from('21.5')),
  qos: 1,
  retain: false,
  dup: false,
  id: 7,
};

const entry = (packet: WirePacket, more: Partial<PacketEntry> = {}): PacketEntry => ({
  kind: 'packet',
  n: 4,
  t: 61.2,
  connection: 1,
  who: 'sensor-1',
  direction: 'to-broker',
  packet,
  hex: '',
  fate: 'forwarded',
  ...more,
});

test('a packet as a line', () => {
  expect(packetLine(entry(publish))).toBe(
    '#4  +0.061 s  sensor-1 → broker  PUBLISH home/kitchen/temp "21.5" qos=1 id=7 retain=0 dup=0',
  );
  expect(packetLine(entry(publish, { direction: 'to-client' }), { ascii: true })).toBe(
    '#4  +0.061 s  broker -> sensor-1  PUBLISH home/kitchen/temp "21.5" qos=1 id=7 retain=0 dup=0',
  );
});

test.each([
  [{ fate: 'withheld' }, '(withheld)'],
  [{ fate: 'withheld', releasedAt: 1500 }, '(withheld, passed on at +1.500 s)'],
  [{ fate: 'dropped' }, '(dropped)'],
  [{ fate: 'lost' }, '(lost)'],
  [{ releasedAt: 90 }, '(passed on at +0.090 s)'],
  [{ madeByTap: true, copyOf: 3 }, '(copy of #3; made by the tap)'],
] as const)('%o is said behind the packet', (more, words) => {
  const line = packetLine(entry({ type: 'PINGREQ' }, more));
  expect(line).toBe(`#4  +0.061 s  sensor-1 → broker  PINGREQ  ${words}`);
});

const connect: WirePacket = {
  type: 'CONNECT',
  protocolName: 'MQTT',
  protocolVersion: 4,
  clientId: 'd7',
  clean: true,
  keepalive: 1,
};

test.each<[WirePacket, string]>([
  [connect, 'CONNECT clientId=d7 keepalive=1 clean=1 will=none'],
  [
    {
      ...connect,
      clientId: '',
      protocolVersion: 5,
      username: 'ann b',
      password: payloadOf(Buffer.from('top"secr€t')),
      will: {
        topic: 'plant/press-3/status',
        payload: payloadOf(Buffer.from('away')),
        qos: 1,
        retain: false,
      },
    },
    'CONNECT clientId="" keepalive=1 clean=1 username="ann b" password=(12 bytes) ' +
      'will=plant/press-3/status "away" qos=1 retain=0 protocol=5',
  ],
  [
    { type: 'CONNACK', sessionPresent: true, returnCode: 5 },
    'CONNACK returnCode=5 (not authorized) sessionPresent=1',
  ],
  [
    {
      type: 'SUBSCRIBE',
      id: 3,
      filters: [
        { filter: 'home/+/temp', qos: 1 },
        { filter: 'a b', qos: 0 },
      ],
    },
    'SUBSCRIBE home/+/temp qos=1, "a b" qos=0 id=3',
  ],
  [{ type: 'SUBACK', id: 3, codes: [1, 128] }, 'SUBACK codes=1,128 (refused) id=3'],
  [{ type: 'UNSUBSCRIBE', id: 3, filters: ['a', 'b'] }, 'UNSUBSCRIBE a, b id=3'],
  [{ type: 'PUBREL', id: 9 }, 'PUBREL id=9'],
  [{ type: 'PUBACK', id: 9, reasonCode: 16 }, 'PUBACK id=9 reason=0x10 (no matching subscribers)'],
  [{ type: 'DISCONNECT' }, 'DISCONNECT'],
  [{ type: 'MALFORMED', error: 'no\nnews' }, 'MALFORMED no\\nnews'],
  [
    {
      ...publish,
      qos: 0,
      retain: true,
      payload: payloadOf(Buffer.from([0, 255])),
    },
    'PUBLISH home/kitchen/temp 0x00ff qos=0 id=7 retain=1 dup=0',
  ],
])('%o in words', (packet, words) => {
  expect(describePacket(packet)).toBe(words);
});

test('payloads are escaped and shortened', () => {
  const words = (bytes: Buffer | string, ascii = false) =>
    describePayload(payloadOf(Buffer.from(bytes)), { ascii });
  expect(words('')).toBe('""');
  expect(words('a "b"\\\n\u001b[31m')).toBe('"a \\"b\\"\\\\\\n\\x1b[31m"');
  expect(words('a\u202eb\u200b')).toBe('"a\\u{202e}b\\u{200b}"');
  expect(words('grün')).toBe('"grün"');
  expect(words('grün', true)).toBe('"gr\\xfcn"');
  expect(words('x'.repeat(100_000))).toBe(`"${'x'.repeat(80)}…" (100000 bytes)`);
  expect(words(Buffer.alloc(1000, 0xff))).toBe(`0x${'ff'.repeat(16)}… (1000 bytes)`);
  expect(words(Buffer.alloc(16, 0xff))).toBe(`0x${'ff'.repeat(16)}`);
});

test('nothing untrusted reaches a terminal raw', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const raw = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
  const nasty = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(nasty, nasty, fc.boolean(), (text, who, ascii) => {
      const packets: WirePacket[] = [
        { ...publish, topic: text, payload: { bytes: 1, text } },
        { ...connect, clientId: text, username: text },
        { type: 'SUBSCRIBE', id: 1, filters: [{ filter: text, qos: 0 }] },
        { type: 'MALFORMED', error: text },
        { type: 'DISCONNECT', properties: [{ name: 'reasonString', value: text }] },
      ];
      const trace: Trace = {
        schema: TRACE_SCHEMA,
        startedAt: '',
        entries: [
          ...packets.map(packet => entry(packet, { who })),
          { kind: 'connection', t: 0, connection: 1, who, event: 'opened' },
          { kind: 'fault', t: 0, fault: text, text },
          { kind: 'note', t: 0, note: text, who, text },
        ],
      };
      for (const line of traceLines(trace, { ascii })) {
        expect(line).not.toMatch(raw);
        expect(line).not.toMatch(/\p{Cs}/u);
        if (ascii) expect(line).toMatch(/^[ -~]*$/);
      }
    }),
    { numRuns: 200 },
  );
  expect(safeText('\ud800')).toBe('\\u{d800}');
});

test('a line fits the width it is given', () => {
  fc.assert(
    fc.property(
      wirePackets,
      fc.integer({ min: 20, max: 120 }),
      fc.boolean(),
      (packet, width, ascii) => {
        const line = packetLine(entry(packet), { width, ascii });
        expect(stringWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
    { numRuns: 300 },
  );
  const wide = entry({ ...publish, payload: payloadOf(Buffer.from('温度'.repeat(20))) });
  expect(packetLine(wide, { width: 70 })).toBe(
    '#4  +0.061 s  sensor-1 → broker  PUBLISH home/kitchen/temp "温度温度…',
  );
});

test('a trace in columns', () => {
  const trace: Trace = {
    schema: TRACE_SCHEMA,
    startedAt: '2024-01-01T00:00:00.000Z',
    entries: [
      { kind: 'connection', t: 0.4, connection: 1, who: 'sensor-1', event: 'opened' },
      entry(connect, { n: 1, t: 1 }),
      entry({ type: 'PUBACK', id: 7 }, { n: 12, t: 10_061, direction: 'to-client', who: 'p' }),
      { kind: 'fault', t: 10_062, fault: 'withhold', connection: 1, packet: 12, text: 'kept back' },
      { kind: 'note', t: 10_063, note: 'stopped', who: 'sensor-1', text: 'exit code 0' },
      { kind: 'connection', t: 10_064, connection: 1, who: 'sensor-1', event: 'closed', by: 'tap' },
    ],
  };
  expect(traceLines(trace)).toEqual([
    '--    +0.000 s  sensor-1 connection 1 opened',
    '#1    +0.001 s  sensor-1 → broker  CONNECT clientId=d7 keepalive=1 clean=1 will=none',
    '#12  +10.061 s  broker → p         PUBACK id=7',
    '!!   +10.062 s  fault withhold: kept back',
    '--   +10.063 s  sensor-1 stopped: exit code 0',
    '--   +10.064 s  sensor-1 connection 1 closed by the tap',
  ]);
});

test('JSON stands as it is: its own quotes are not escaped', () => {
  expect(describePayload(payloadOf(Buffer.from('{"temp":21.5}')))).toBe('{"temp":21.5}');
  expect(describePayload(payloadOf(Buffer.from('[1,\u001b]')))).toBe('[1,\\x1b]');
});
