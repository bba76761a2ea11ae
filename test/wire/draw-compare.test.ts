import { describe, expect, test } from 'vitest';
import { alignTraces } from '../../wire/draw/align.js';
import { columnsOf } from '../../wire/draw/canvas.js';
import { drawComparison } from '../../wire/draw/compare.js';
import type { QoS, Trace, WirePacket } from '../../wire/trace.js';
import { ack, connack, connect, publish, recording, steady } from './draw-traces.js';

interface Program {
  readonly clientId?: string;
  readonly qos?: QoS;
  readonly first?: number;
  readonly subscribes?: boolean;
  readonly payload?: string;
  readonly late?: boolean;
}

/** A program that connects, subscribes, and publishes twice at QoS 1. */
function run(how: Program = {}): Trace {
  const { clientId = 'pump', qos = 1, first = 1, subscribes = true, payload = '{"amps":3}' } = how;
  const on = recording();
  on.note('started', 'the program was started', 'program');
  on.connection('program', 1, 'opened');
  on.packet('program', 'to-broker', connect(clientId));
  on.packet('program', 'to-client', connack);
  if (subscribes) {
    on.packet('program', 'to-broker', {
      type: 'SUBSCRIBE',
      id: first,
      filters: [{ filter: 'house/pump/set', qos: 1 }],
    });
    on.packet('program', 'to-client', { type: 'SUBACK', id: first, codes: [1] });
  }
  const send = (at: number): WirePacket =>
    publish(
      'house/pump/amps',
      payload,
      at === 1 ? qos : 1,
      qos === 0 && at === 1 ? undefined : first + at,
    );
  on.packet('program', 'to-broker', send(1));
  if (!how.late && qos > 0) on.packet('program', 'to-client', ack('PUBACK', first + 1));
  on.packet('program', 'to-broker', send(2));
  if (how.late && qos > 0) on.packet('program', 'to-client', ack('PUBACK', first + 1));
  on.packet('program', 'to-client', ack('PUBACK', first + 2));
  return on.trace();
}

describe('no difference', () => {
  test.each([
    ['identifiers', { first: 4711 }, {}],
    [
      'client identifiers that libraries make up',
      { clientId: 'mqttjs_1a2b' },
      { clientId: 'mqttjs_9f' },
    ],
    [
      'times in payloads',
      { payload: '{"at":"2026-03-01T03:00:00.123Z","ms":1772334000123}' },
      { payload: '{"at":"2027-01-01T00:00:00Z","ms":1798761600000}' },
    ],
    ['how the two directions interleave', { late: true }, {}],
  ])('%s', (_, mine, theirs) => {
    const found = drawComparison(run(mine), run(theirs));
    expect(found.different).toBe(0);
    expect(found.lines.at(-1)).toMatch(/^No difference in \d packets\.$/);
  });
});

describe('a difference', () => {
  test('in a field: its value here and there', () => {
    const { different, lines } = drawComparison(run({ qos: 0 }), run());
    expect(different).toBe(2);
    expect(lines).toContain('First difference: PUBLISH #5: qos 0, in the solution 1');
    expect(lines.filter(line => line.startsWith('▶'))).toEqual([
      expect.stringMatching(/^▶ differs +#5 → PUBLISH .* │ #5 → PUBLISH/),
    ]);
  });

  test('a packet that is missing, and one too many', () => {
    const states = (mine: Trace, theirs: Trace) =>
      alignTraces(mine, theirs).flatMap(pair =>
        pair.state === 'same'
          ? []
          : [`${pair.state} ${'mine' in pair ? pair.mine.packet.type : pair.theirs.packet.type}`],
      );
    expect(states(run({ subscribes: false }), run())).toEqual([
      'missing SUBSCRIBE',
      'missing SUBACK',
    ]);
    expect(states(run(), run({ subscribes: false }))).toEqual(['extra SUBSCRIBE', 'extra SUBACK']);
    const { lines } = drawComparison(run({ subscribes: false }), run());
    expect(lines.at(-1)).toMatch(
      /^First difference: only the solution has #3 SUBSCRIBE house\/pump\/set/,
    );
  });
});

test('a golden comparison', async () => {
  const { lines } = drawComparison(run({ qos: 0, subscribes: false }), run());
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/compare-80.txt');
});

test('fits, in ASCII too, and folds what is the same', () => {
  for (const width of [60, 80, 133]) {
    const { lines } = drawComparison(steady(40), steady(41), { width, ascii: true });
    for (const line of lines) {
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(lines.some(line => /: \d+ more the same/.test(line))).toBe(true);
  }
});
