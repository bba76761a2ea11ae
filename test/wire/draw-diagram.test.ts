import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from '../../wire/draw/canvas.js';
import { drawDiagram } from '../../wire/draw/diagram.js';
import { folded, sceneOf } from '../../wire/draw/scene.js';
import type { PacketEntry, Trace } from '../../wire/trace.js';
import { connect, crowd, faulty, publish, recording, steady, traceOf } from './draw-traces.js';
import { wirePackets } from './packets.js';

const cited = new Map([[16, ['T3', 'T5']]]);

test.each([
  ['faulty-80', faulty(), { cited }],
  ['faulty-120', faulty(), { cited, width: 120 }],
  ['faulty-plain', faulty(), { cited, ascii: true }],
  ['faulty-40-plain', faulty(), { ascii: true, width: 40 }],
  ['steady-80', steady(30), {}],
  ['steady-unfolded-plain', steady(4), { fold: false, ascii: true }],
  ['crowd-80', crowd(9), {}],
] as const)('%s', async (name, trace, options) => {
  const drawn = `${drawDiagram(trace, options).join('\n')}\n`;
  await expect(drawn).toMatchFileSnapshot(`golden/diagram-${name}.txt`);
});

test('every packet has a row with its number, where nothing is folded', () => {
  const trace = faulty();
  const numbers = drawDiagram(trace, { fold: false }).flatMap(line => {
    const found = /^[ ▶] #(\d+) /.exec(line);
    return found ? [Number(found[1])] : [];
  });
  expect(numbers).toEqual(trace.entries.flatMap(one => (one.kind === 'packet' ? [one.n] : [])));
});

test('a word stands beside each symbol, and ASCII needs no symbol', () => {
  const lines = drawDiagram(faulty());
  for (const [symbol, word] of [
    ['✗', 'lost'],
    ['⏸', 'withheld'],
    ['⧉', 'copy of #11'],
    ['∅', 'absorbed by the tap'],
  ] as const) {
    expect(lines.some(line => line.includes(`${symbol} ${word}`))).toBe(true);
    const plain = drawDiagram(faulty(), { ascii: true });
    expect(plain.some(line => line.includes(word))).toBe(true);
  }
});

test('what is cited is marked, and the checks are named below', () => {
  const lines = drawDiagram(faulty(), { cited });
  expect(lines.filter(line => line.startsWith('▶'))).toEqual([
    expect.stringMatching(/^▶ #16 .*PUBREC id=8/),
    '▶ cited by a failed check: #16 (T3, T5)',
  ]);
});

test('what is cited, stopped or different is never folded away', () => {
  const trace = steady(40);
  const lines = drawDiagram(trace, { cited: new Map([[41, ['T1']]]) });
  expect(lines.some(line => /^▶ #41 .*PUBLISH/.test(line))).toBe(true);
  expect(lines.filter(line => line.includes('times more the same 2 packets'))).toHaveLength(2);
  expect(lines.some(line => line.includes('DISCONNECT'))).toBe(true);
});

test('a fold stands for as many rows as it hides', () => {
  const count = (trace: Trace) =>
    folded(sceneOf(trace).rows).reduce(
      (sum, row) => sum + (row.kind === 'fold' ? row.hidden.length : 1),
      0,
    );
  for (const trace of [steady(0), steady(3), steady(4), steady(200), faulty(), crowd(30)]) {
    expect(count(trace)).toBe(sceneOf(trace).rows.length);
  }
  expect(folded(sceneOf(steady(3)).rows).some(row => row.kind === 'fold')).toBe(false);
});

test('a program that connects again and again is folded with its connections', () => {
  const on = recording();
  for (let at = 1; at <= 12; at++) {
    on.connection('program', at, 'opened');
    on.packet('program', 'to-broker', connect('twin'), { connection: at });
    on.connection('program', at, 'closed', 'broker');
  }
  const lines = drawDiagram(on.trace());
  expect(lines.some(line => line.includes('11 times more the same 3 lines (#2 to #12)'))).toBe(
    true,
  );
});

test('names and payloads that would act on a terminal are shown as escapes', () => {
  const on = recording();
  on.connection('evil\u001B[2J\nname', 1, 'opened');
  on.packet('evil\u001B[2J\nname', 'to-broker', publish('a\u202Eb', '\u001B]0;title\u0007\n'));
  on.fault('\u001B[31m', 'text \u001B[31m\r\n of a fault');
  on.note('x', '\u0007bell');
  const text = drawDiagram(on.trace(), { width: 160 }).join('\n');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

const entries = fc.array(
  fc.record({
    packet: wirePackets,
    who: fc.constantFrom('program', 'viewer', 'a very long name of a client', '漢字クライアント'),
    toBroker: fc.boolean(),
    fate: fc.constantFrom('forwarded', 'withheld', 'dropped', 'lost', 'absorbed'),
    made: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);

test('no line is wider than the window, whatever came over the wire', () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 40, max: 200 }), fc.boolean(), (all, width, ascii) => {
      const trace = traceOf(
        all.map(({ packet, who, toBroker, fate, made }, at) => ({
          kind: 'packet',
          n: at + 1,
          t: at,
          connection: 1,
          who,
          direction: toBroker ? 'to-broker' : 'to-client',
          packet,
          hex: '',
          fate: fate as PacketEntry['fate'],
          ...(made ? { madeByTap: true } : {}),
        })),
      );
      for (const line of drawDiagram(trace, { width, ascii })) {
        expect(columnsOf(line)).toBeLessThanOrEqual(width);
        if (ascii) expect(line).toMatch(/^[\x20-\x7e]*$/);
      }
    }),
    { numRuns: 60 },
  );
});

test('an empty trace is no drawing, but a sentence', () => {
  expect(drawDiagram(traceOf([]))).toEqual(['nothing was recorded']);
});
