import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import { expect, test } from 'vitest';
import { decode, encode, payloadBytes, payloadOf, payloadText } from '../../wire/decode.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('never throws, and always says something', () => {
  const bodies = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      bodies,
      fc.constantFrom(3, 4, 5),
      (first, body, v) => {
        const frame = Buffer.from([first, body.length, ...body]);
        const packet = decode(frame, v);
        expect(packet.type).toMatch(/^[A-Z]+$/);
        // Whatever it is, it can be written to a file and read again.
        expect(JSON.parse(JSON.stringify(packet))).toEqual(packet);
      },
    ),
    { numRuns: 1500 },
  );
});

// Each of these is a packet to mqtt-packet 9.
test.each([
  ['PUBACK without identifier', '40 00', 'packet identifier'],
  ['PUBACK with half an identifier', '40 01 07', 'packet identifier'],
  ['PUBACK with more than an identifier', '40 03 0007 00', '1 bytes after'],
  ['CONNACK of one byte', '20 01 00', 'return code'],
  ['PINGREQ with a body', 'c0 01 00', '1 bytes after'],
  ['SUBSCRIBE without a filter', '82 02 0001', 'no topic filter'],
  ['UNSUBSCRIBE without a filter', 'a2 02 0001', 'no topic filter'],
  ['SUBACK without a code', '90 02 0001', 'no return code'],
  ['PUBLISH with a topic that is not UTF-8', '30 05 0002 c328 41', 'UTF-8'],
  ['PUBLISH QoS 1 without room for an identifier', '32 03 0001 61', 'packet identifier'],
  [
    'CONNECT with bytes after its last field',
    '10 0e 0004 4d515454 04 02 0000 0001 61 ff',
    '1 bytes after',
  ],
])('%s is malformed', (_, bytes, error) => {
  const frame = hex(bytes);
  let accepted = 0;
  const parser = mqtt.parser();
  parser.on('packet', () => {
    accepted++;
  });
  parser.on('error', () => {});
  parser.parse(frame);
  expect(accepted).toBe(1);
  const packet = decode(frame);
  expect(packet).toEqual({ type: 'MALFORMED', error: expect.stringContaining(error) });
});

test.each([
  ['AUTH in MQTT 3.1.1', 'f0 00'],
  ['CONNECT of another protocol', '10 0d 0004 4d515458 04 02 0000 0001 61'],
  ['CONNECT with the reserved flag', '10 0d 0004 4d515454 04 03 0000 0001 61'],
  ['SUBSCRIBE with QoS 3', '82 06 0001 0001 61 03'],
  ['a frame cut short', '30 05 0001'],
  ['nothing', ''],
])('%s is malformed', (_, bytes) => {
  expect(decode(hex(bytes)).type).toBe('MALFORMED');
});

test('a packet that cannot be written is a TypeError', () => {
  expect(() => encode({ type: 'MALFORMED', error: 'x' })).toThrow(TypeError);
  const connect = { type: 'CONNECT', protocolName: 'MQTT', protocolVersion: 4 } as const;
  expect(() => encode({ ...connect, clientId: '', clean: false, keepalive: 0 })).toThrow(/CONNECT/);
});

test('payloads keep every byte', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map(text => Buffer.from(text)),
      ),
      bytes => {
        const payload = payloadOf(bytes);
        expect(payloadBytes(payload).equals(Buffer.from(bytes))).toBe(true);
        expect(payload.bytes).toBe(bytes.length);
      },
    ),
  );
  expect(payloadText(payloadOf(Buffer.from('21.5')))).toBe('21.5');
  expect(payloadText(payloadOf(Buffer.from([0xff])))).toBeUndefined();
});
