import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../wire/decode.js';
import { createFramer } from '../../wire/framing.js';
import type { WirePacket } from '../../wire/trace.js';
import { wirePackets } from './packets.js';

interface Cut {
  frames: { hex: string; error: string | undefined }[];
  rest: string;
}

function cutUp(stream: Buffer, chunks: readonly number[], maxFrame = 1024): Cut {
  const framer = createFramer({ maxFrame });
  const frames: Cut['frames'] = [];
  let at = 0;
  const sizes = [...chunks, stream.length];
  for (const size of sizes) {
    framer.push(stream.subarray(at, at + size));
    at = Math.min(stream.length, at + size);
    for (let frame = framer.next(); frame; frame = framer.next()) {
      frames.push({ hex: frame.bytes.toString('hex'), error: frame.error });
    }
  }
  return { frames, rest: framer.rest().toString('hex') };
}

const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });

test('any byte stream split anywhere gives the same frames', () => {
  const streams = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.oneof(
          wirePackets.map(packet => encode(packet)),
          fc.uint8Array({ maxLength: 6 }),
        ),
        { maxLength: 8 },
      )
      .map(parts => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(streams, sizes, (stream, chunks) => {
      const bytes = Buffer.from(stream);
      const whole = cutUp(bytes, []);
      expect(cutUp(bytes, chunks)).toEqual(whole);
      expect(
        cutUp(
          bytes,
          bytes.toJSON().data.map(() => 1),
        ),
      ).toEqual(whole);
      // Nothing is lost and nothing is invented.
      expect(whole.frames.map(frame => frame.hex).join('') + whole.rest).toBe(
        bytes.toString('hex'),
      );
    }),
    { numRuns: 300 },
  );
});

test('packets come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(wirePackets, { maxLength: 10 }), packets => {
      const framer = createFramer();
      framer.push(Buffer.concat(packets.map(packet => encode(packet))));
      const found: WirePacket[] = [];
      for (let frame = framer.next(); frame; frame = framer.next()) found.push(decode(frame.bytes));
      expect(found).toEqual(packets);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['a remaining length of five bytes', '30ffffffffff', 'four bytes', '30ffffffff'],
  ['packet type 0', '0000aa', 'type 0', '0000'],
  ['PUBLISH with QoS 3', '3602aaaa', 'QoS 3', '3602'],
  ['SUBSCRIBE without its flag', '8002aaaa', 'flags', '8002'],
  ['TLS', '160301020001', 'TLS', '1603'],
  ['HTTP', Buffer.from('GET / HTTP/1.1').toString('hex'), 'HTTP', '4745'],
  ['more than the tap reads', '30ff7f', 'at most 1024', '30ff7f'],
])('%s is malformed, and the rest is opaque', (_, hex, error, head) => {
  const framer = createFramer({ maxFrame: 1024 });
  framer.push(Buffer.from(hex, 'hex'));
  const frame = framer.next();
  expect(frame?.error).toContain(error);
  expect(frame?.bytes.toString('hex')).toBe(head);
  framer.push(encode({ type: 'PINGREQ' }));
  expect(framer.next()).toBeUndefined();
  expect(framer.opaque).toBe(true);
  expect(head + framer.rest().toString('hex')).toBe(`${hex}c000`);
});
