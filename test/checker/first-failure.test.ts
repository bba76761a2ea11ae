import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadLesson } from '../../checker/check/test-host.js';
import {
  type Check,
  cannotTell,
  check,
  type Diagnosis,
  fail,
} from '../../checker/harness/check.js';
import { certainFailure } from '../../checker/harness/first-failure.js';
import { judge, type Recordings } from '../../checker/harness/judge.js';
import { defineLesson, type Lesson, scenariosOf } from '../../checker/harness/lesson.js';
import type { Recording } from '../../checker/harness/recording.js';
import { scenario } from '../../checker/harness/scenario.js';
import { parseBundle } from '../../checker/replay/index.js';
import { connected, crashedProgram, recording } from './recordings.js';

const context = { source: '', track: 'typescript' };
const practice = { env: () => ({}) };
const names = ['a', 'b', 'c', 'd'] as const;
const scenarios = names.map(name =>
  scenario(name, { facts: () => ({}), run: async () => undefined }),
);

type Outcome = 'passed' | 'failed' | 'unknown';

/** A check that comes out as it is told, in each of its scenarios. */
function made(id: string, on: readonly number[], outcomes: readonly Outcome[], needs: string[]) {
  return check({
    id,
    title: `claim ${id}`,
    clauses: [],
    on: on.map(index => scenarios[index]) as unknown as Check['on'],
    ...(needs.length > 0 ? { needs } : {}),
    verify: ({ scenario: name }: Recording) => {
      const outcome = outcomes[names.indexOf(name as (typeof names)[number])];
      if (outcome === 'unknown') cannotTell('busy');
      if (outcome === 'failed')
        fail({ mistake: `${id}-${name}`, expected: 'e', seen: name, why: 'w', try: 't' });
    },
  });
}

/** What is certain at any moment stands in the end, word for word; and what failed is certain at the end. */
function holds(lesson: Lesson, recordings: Recordings, order: readonly string[]) {
  const verdicts = judge(lesson, recordings, context);
  const failed = verdicts.filter(one => one.status === 'failed');
  const known: Record<string, Recording> = {};
  let at: number | undefined;
  for (const [index, name] of order.entries()) {
    known[name] = recordings[name] as Recording;
    const certain = certainFailure(lesson, known, context);
    if (certain) {
      at ??= index;
      expect(failed).toContainEqual(certain.verdict);
      expect(certain.recording).toBe(recordings[certain.verdict.scenario as string]);
    }
  }
  expect(at !== undefined).toBe(failed.length > 0);
  return { at, failed };
}

const outcome = fc.constantFrom<Outcome>('passed', 'passed', 'failed', 'unknown');
const lessons = fc
  .array(
    fc.record({
      on: fc.subarray([0, 1, 2, 3], { minLength: 1, maxLength: 3 }),
      outcomes: fc.tuple(outcome, outcome, outcome, outcome),
      needs: fc.array(fc.nat(5), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain(list =>
    fc.record({
      checks: fc.constant(list),
      diagnoses: fc.array(
        fc.record({
          leads: fc.nat(list.length - 1),
          covers: fc.array(fc.nat(list.length - 1), { maxLength: 2 }),
          wants: fc.array(fc.constantFrom('failed', 'passed', 'any'), {
            minLength: 3,
            maxLength: 3,
          }),
        }),
        { maxLength: 3 },
      ),
      crashes: fc.subarray([...names]),
      order: fc.shuffledSubarray([...names], { minLength: 4, maxLength: 4 }),
    }),
  );

describe('the first failure that is certain', () => {
  test('is what the result says in the end, in whatever order the scenarios end', () => {
    let early = 0;
    fc.assert(
      fc.property(lessons, ({ checks, diagnoses, crashes, order }) => {
        const lesson = defineLesson({
          id: 'x',
          practice,
          checks: checks.map(({ on, outcomes, needs }, index) =>
            made(`T${index}`, on, outcomes, [
              ...new Set(needs.filter(need => need < index).map(need => `T${need}`)),
            ]),
          ),
          diagnoses: diagnoses.map(({ leads, covers, wants }): Diagnosis => {
            const spoken = [leads, ...covers].map(index => `T${index}`);
            return {
              leads: `T${leads}`,
              covers: covers.filter(one => one !== leads).map(index => `T${index}`),
              applies: pattern =>
                spoken.every((id, index) => {
                  const wanted = wants[index];
                  if (wanted === 'failed') return pattern.failed(id);
                  return wanted === 'passed' ? pattern.passed(id) : true;
                }),
              failure: () => ({
                mistake: `diagnosed-T${leads}`,
                expected: 'e',
                seen: 's',
                why: spoken.join(),
                try: 't',
              }),
            };
          }),
        });
        const used = new Set(lesson.checks.flatMap(scenariosOf));
        const recordings = Object.fromEntries(
          [...used].map(({ name }) => {
            const program = crashes.includes(name as 'a') ? crashedProgram : {};
            return [name, { ...recording(connected(), program), scenario: name }];
          }),
        );
        const mine = order.filter(name => recordings[name]);
        const { at } = holds(lesson, recordings, mine);
        if (at !== undefined && at < mine.length - 1) early += 1;
      }),
      { numRuns: 3000 },
    );
    // Else the property would hold for a function that never says anything early.
    expect(early).toBeGreaterThan(300);
  });

  test('of exchanges that were recorded: the same, from the first to the last and the other way', async () => {
    const folder = join(import.meta.dirname, '..', 'cli', 'failures', 'recorded');
    let tried = 0;
    for (const file of readdirSync(folder).filter(name => name.endsWith('.bundle'))) {
      const { result, recordings } = parseBundle(readFileSync(join(folder, file), 'utf8'));
      if (Object.keys(recordings).length === 0) continue;
      const lesson = await loadLesson(result.lesson);
      const whole = lesson.checks.flatMap(scenariosOf).every(({ name }) => recordings[name]);
      if (!whole) continue;
      const order = Object.keys(recordings);
      tried += 1;
      holds(lesson, recordings, order);
      holds(lesson, recordings, order.toReversed());
    }
    expect(tried).toBeGreaterThan(0);
  });

  test('a cause that all checks share waits for those that stand before', () => {
    const lesson = defineLesson({
      id: 'x',
      practice,
      checks: [
        made('T0', [0], ['failed', 'failed', 'failed', 'failed'], []),
        made('T1', [1], ['failed', 'failed', 'failed', 'failed'], []),
      ],
    });
    const crash = (name: string) => ({
      ...recording(connected(), crashedProgram),
      scenario: name,
    });
    expect(certainFailure(lesson, { b: crash('b') }, context)).toBeUndefined();
    const both = certainFailure(lesson, { a: crash('a') }, context);
    expect(both?.verdict).toMatchObject({ id: 'U2', scenario: 'a' });
  });
});
