import { describe, expect, test } from 'vitest';
import { cannotTell, check, fail } from '../../checker/harness/check.js';
import { judge } from '../../checker/harness/judge.js';
import { defineLesson } from '../../checker/harness/lesson.js';
import type { Recording } from '../../checker/harness/recording.js';
import { overall } from '../../checker/harness/result.js';
import { scenario } from '../../checker/harness/scenario.js';
import { connected, crashedProgram, recording, sentPacket } from './recordings.js';

const on = scenario('s', { facts: () => ({}), run: async () => undefined });
const practice = { env: () => ({}) };
const context = { source: '', track: 'typescript' };

const failing = (id: string, more: object = {}) =>
  check({
    id,
    title: `claim ${id}`,
    clauses: [],
    on,
    verify: () => fail({ mistake: `m-${id}`, expected: 'e', seen: 's', why: 'w', try: 't' }),
    ...more,
  });
const passing = (id: string, more: object = {}) =>
  check({ id, title: `claim ${id}`, clauses: [], on, verify: () => undefined, ...more });

function verdicts(
  checks: Parameters<typeof defineLesson>[0]['checks'],
  one: Recording,
  diagnoses = [],
) {
  return judge(defineLesson({ id: 'x', checks, diagnoses, practice }), { s: one }, context);
}
const short = (list: ReturnType<typeof verdicts>) => list.map(one => `${one.id} ${one.status}`);

describe('judge', () => {
  test('a check whose need failed is not reached, whatever it would say itself', () => {
    const list = verdicts(
      [failing('T1'), passing('T2', { needs: ['T1'] }), failing('T3', { needs: ['T2'] })],
      recording(connected()),
    );
    expect(short(list)).toEqual(['T1 failed', 'T2 not-reached', 'T3 not-reached']);
    expect(list[2]?.waitsFor).toEqual(['T1']);
  });

  test('only a CheckFailure makes failed; anything else is unknown', () => {
    const broken = passing('T1', {
      verify: () => {
        throw new TypeError('ours');
      },
    });
    const slow = passing('T2', { verify: () => cannotTell('the machine was busy') });
    const list = verdicts([broken, slow], recording(connected()));
    expect(short(list)).toEqual(['T1 unknown', 'T2 unknown']);
    expect(overall(list)).toBe('unknown');
  });

  test('a scenario of ours that broke makes its checks unknown', () => {
    const list = verdicts([passing('T1')], { ...recording(connected()), fault: 'Error: ours' });
    expect(short(list)).toEqual(['T1 unknown']);
  });

  test('no check at all is unknown, never passed', () => {
    expect(overall([])).toBe('unknown');
  });

  test('a detector takes over the checks that failed where it found its cause', () => {
    const list = verdicts([passing('T1'), failing('T2'), failing('T3')], recording([]));
    expect(short(list)).toEqual(['U1 failed', 'T1 passed', 'T2 not-reached', 'T3 not-reached']);
    expect(list[2]?.waitsFor).toEqual(['U1']);
  });

  test('a check that explains a detector keeps its own words', () => {
    const list = verdicts([failing('T1', { explains: ['U1'] })], recording([]));
    expect(short(list)).toEqual(['T1 failed']);
  });

  test('a crash is named before what follows from it, with the line and the packet before it', () => {
    const entries = [
      ...connected(),
      sentPacket(3, { type: 'PINGRESP' }, { direction: 'to-client' }),
    ];
    const list = verdicts([failing('T1')], recording(entries, crashedProgram));
    expect(list[0]).toMatchObject({ id: 'U2', mistake: 'crashed', packets: [3] });
    expect(list[0]?.seen).toContain('main.ts:7');
    expect(list[0]?.seen).not.toContain('node:internal');
  });

  test('two connections under one name are a collision only when both stand', () => {
    const second = [
      sentPacket(
        3,
        {
          type: 'CONNECT',
          protocolName: 'MQTT',
          protocolVersion: 4,
          clientId: 'a',
          clean: true,
          keepalive: 1,
        },
        { connection: 2 },
      ),
    ];
    const list = verdicts([failing('T1')], recording([...connected(), ...second]));
    expect(list[0]?.id).toBe('U3');
    const closed = {
      kind: 'connection',
      t: 9,
      connection: 1,
      who: 'program',
      event: 'closed',
      by: 'client',
    } as const;
    const after = verdicts([failing('T1')], recording([...connected(), closed, ...second]));
    expect(after[0]?.id).toBe('T1');
  });

  test('a diagnosis replaces the words of its leading check and folds what it covers', () => {
    const lesson = defineLesson({
      id: 'x',
      checks: [failing('T1'), failing('T2'), passing('T3')],
      practice,
      diagnoses: [
        {
          leads: 'T1',
          covers: ['T2'],
          applies: pattern => pattern.failed('T1') && pattern.mistake('T2') === 'm-T2',
          failure: () => ({ mistake: 'both', why: 'one cause' }),
        },
      ],
    });
    const list = judge(lesson, { s: recording(connected()) }, context);
    expect(short(list)).toEqual(['T1 failed', 'T2 not-reached', 'T3 passed']);
    expect(list[0]).toMatchObject({ mistake: 'both', why: 'one cause', expected: 'e' });
  });

  test('a verdict names the field of the mistake; of a diagnosis, its own or none', () => {
    const field = { packet: 'PUBLISH', name: 'topic name' } as const;
    const named = failing('T1', {
      verify: () => fail({ mistake: 'm', field, expected: 'e', seen: 's', why: 'w', try: 't' }),
    });
    const told = (failure: { mistake: string; field?: typeof field }) => {
      const diagnosis = { leads: 'T1', applies: () => true, failure: () => failure };
      const lesson = defineLesson({ id: 'x', checks: [named], practice, diagnoses: [diagnosis] });
      return judge(lesson, { s: recording(connected()) }, context)[0]?.field;
    };
    expect(verdicts([named], recording(connected()))[0]?.field).toEqual(field);
    expect(told({ mistake: 'cause' })).toBeUndefined();
    expect(told({ mistake: 'cause', field })).toEqual(field);
  });

  test('a diagnosis learns nothing of checks that it does not speak of', () => {
    const seen: unknown[] = [];
    const lesson = defineLesson({
      id: 'x',
      checks: [failing('T1'), failing('T2'), passing('T3')],
      practice,
      diagnoses: [
        {
          leads: 'T1',
          applies: pattern => {
            seen.push(pattern.failed('T1'), pattern.mistake('T1'));
            seen.push(pattern.failed('T2'), pattern.mistake('T2'), pattern.passed('T3'));
            return false;
          },
          failure: () => ({ mistake: 'never' }),
        },
      ],
    });
    judge(lesson, { s: recording(connected()) }, context);
    expect(seen).toEqual([true, 'm-T1', false, undefined, false]);
  });

  test('an author who lets a check need a later one is told so', () => {
    expect(() =>
      defineLesson({ id: 'x', checks: [passing('T1', { needs: ['T2'] })], practice }),
    ).toThrow(/T1 needs T2/);
  });
});
