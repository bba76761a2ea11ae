import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawMermaid } from '../../wire/draw/mermaid.js';
import { encode } from '../../wire/index.js';
import { faulty, recording, steady } from './draw-traces.js';
import { wirePackets } from './packets.js';

/** Text in which all that Mermaid treats specially is an entity. */
const TEXT = String.raw`(?:[\p{L}\p{N} ._/=,()'-]|#\d+;)*`;
const LINE = new RegExp(
  `^  (?:participant (?:C\\d+|B) as ${TEXT}|(?:C\\d+|B)(?:->>|-->>|-x)(?:C\\d+|B): ${TEXT}|Note over (?:C\\d+|B): ${TEXT})$`,
  'u',
);

function grammatical(text: string): void {
  const [first, ...rest] = text.trimEnd().split('\n');
  expect(first).toBe('sequenceDiagram');
  for (const line of rest) expect(line).toMatch(LINE);
}

test('a golden diagram', async () => {
  const text = drawMermaid(faulty(), { cited: new Map([[16, ['T3']]]) });
  grammatical(text);
  await expect(text).toMatchFileSnapshot('golden/faulty.mmd');
});

test('nothing in names and payloads means anything to Mermaid', () => {
  fc.assert(
    fc.property(wirePackets, fc.string({ unit: 'binary' }), fc.string(), (packet, who, text) => {
      const on = recording();
      on.connection(who, 1, 'opened');
      on.packet(who, 'to-broker', packet, { hex: encode(packet).toString('hex') });
      on.fault(text, `%%{init: {}}%% ${text}; end`);
      on.note(text, text, who);
      grammatical(drawMermaid(on.trace()));
    }),
    { numRuns: 150 },
  );
});

test('a long exchange is cut, and says so', () => {
  const text = drawMermaid(steady(300), { fold: false, most: 50 });
  grammatical(text);
  expect(text).toMatch(/Note over B: cut here, 556 more lines are not shown\n$/);
});
