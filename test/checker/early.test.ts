import { describe, expect, test } from 'vitest';
import { type Check, check, fail } from '../../checker/harness/check.js';
import { defineLesson } from '../../checker/harness/lesson.js';
import { runLesson } from '../../checker/harness/run.js';
import { scenario } from '../../checker/harness/scenario.js';
import type { KnownMistake, ProgramSpec } from '../../checker/program/spec.js';

const spec: ProgramSpec = {
  id: 'none',
  lesson: 'x',
  track: 'typescript',
  seed: 'early',
  source: '',
  command: process.execPath,
  args: ['-e', ''],
  cwd: process.cwd(),
  env: {},
};

/** A lesson of four checks, each with a scenario of its own; those that are named fail. */
function lessonWith(failing: readonly string[], broken: readonly string[] = []) {
  const played: string[] = [];
  const checks: Check[] = ['T1', 'T2', 'T3', 'T4'].map(id =>
    check({
      id,
      title: id,
      clauses: [],
      on: scenario(id, {
        facts: () => ({}),
        run: async () => {
          if (!played.includes(id)) played.push(id);
        },
      }),
      verify: () => {
        if (broken.includes(id)) throw new Error('a slip of the check');
        if (!failing.includes(id)) return;
        fail({ mistake: `${id} is wrong`, expected: 'e', seen: 's', why: 'w', try: 't' });
      },
    }),
  );
  return { lesson: defineLesson({ id: 'x', checks, practice: { env: () => ({}) } }), played };
}

async function play(
  failing: readonly string[],
  until: KnownMistake | undefined,
  broken: readonly string[] = [],
) {
  const { lesson, played } = lessonWith(failing, broken);
  const run = runLesson(lesson, { ...spec, ...(until ? { until } : {}) });
  const verdicts = await run.verdicts();
  const firsts = await Promise.all(lesson.checks.map(({ id }) => run.first(id)));
  return {
    played: played.sort(),
    verdicts: verdicts.map(({ id, status }) => `${id} ${status}`),
    firsts: firsts.map(one => one?.status),
    recordings: Object.keys(await run.recordings()),
  };
}

const second: KnownMistake = { mistake: 'T2 is wrong', fails: ['T2'] };
const whole = ['T1', 'T2', 'T3', 'T4'];

describe('a wrong program whose mistake is known', () => {
  test('is played no further once it has failed so', async () => {
    expect(await play(['T2'], second)).toEqual({
      played: ['T1', 'T2'],
      verdicts: ['T1 passed', 'T2 failed'],
      firsts: ['passed', 'failed', undefined, undefined],
      recordings: ['T1', 'T2'],
    });
  });

  test('is played as a whole when nothing is known of it', async () => {
    const { played, verdicts } = await play(['T2'], undefined);
    expect(played).toEqual(whole);
    expect(verdicts).toEqual(['T1 passed', 'T2 failed', 'T3 passed', 'T4 passed']);
  });

  test.each<[string, readonly string[], KnownMistake, readonly string[]]>([
    ['it passes', [], second, []],
    ['another check fails before it', ['T1', 'T2'], second, []],
    ['only another one fails', ['T3'], second, []],
    ['it fails with another mistake', ['T2'], { ...second, mistake: 'other' }, []],
    ['one that should fail as well does not', ['T2'], { ...second, fails: ['T1', 'T2'] }, []],
    ['what stands before it could not be told', ['T2'], second, ['T1']],
  ])('is played as a whole when %s', async (_, failing, until, broken) => {
    const { played, verdicts } = await play(failing, until, broken);
    expect(played).toEqual(whole);
    expect(verdicts.map(one => one.split(' ')[0])).toEqual(whole);
  });

  test('up to the last check that fails, where several do', async () => {
    const both = { mistake: 'T3 is wrong', fails: ['T1', 'T3'] };
    expect((await play(['T1', 'T3', 'T4'], both)).played).toEqual(['T1', 'T2', 'T3']);
  });
});
