import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { corpus } from '../../../checker/prove/corpus.js';
import { parseExcuses, readExcuses } from '../../../checker/prove/mutate/excused.js';
import { mutantsOf } from '../../../checker/prove/mutate/mutants.js';
import { readRates } from '../../../checker/prove/mutate/rates.js';
import { openOutcomes } from '../../../checker/prove/mutate/store.js';
import { lessonIds } from '../../../course/index.js';

const folder = mkdtempSync(join(tmpdir(), 'mutate-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('excuses', () => {
  test('a reason holds for the lines below it', () => {
    const { excuses, problems } = parseExcuses(
      '> For people.\n\n# permitted: any QoS will do\ntypescript solution a\npython solution b\n# equivalent: the library does it\ntypescript solution c\n',
    );
    expect(problems).toEqual([]);
    expect(excuses.get('python solution b')).toMatchObject({
      kind: 'permitted',
      reason: 'any QoS will do',
      line: 5,
    });
    expect(excuses.get('typescript solution c')?.kind).toBe('equivalent');
  });

  test('without a reason, or twice, it is told with its line', () => {
    const { problems } = parseExcuses('a\n# because: no\n# permitted: yes\nb\nb\n');
    expect(problems.map(one => one.line)).toEqual([1, 2, 5]);
  });

  test('each excuse of the course is of a mutant that can be made', async () => {
    for (const lesson of lessonIds()) {
      const { excuses, problems } = readExcuses(lesson);
      expect(problems, lesson).toEqual([]);
      if (excuses.size === 0) continue;
      const names = new Set<string>();
      for (const track of ['typescript', 'python'] as const) {
        for (const { id } of await mutantsOf(corpus(lesson, track))) names.add(id);
      }
      expect(
        [...excuses.keys()].filter(id => !names.has(id)),
        lesson,
      ).toEqual([]);
    }
  }, 60_000);
});

test('mutants of a lesson are each known by one name, and differ from every right program', async () => {
  const programs = corpus('05-wildcards', 'typescript');
  const mutants = await mutantsOf(programs);
  expect(new Set(mutants.map(one => one.id)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThan(50);
  const right = programs
    .filter(({ role }) => role === 'solution' || role === 'variant')
    .map(one => one.files.get('main.ts')?.toString());
  expect(mutants.filter(one => right.includes(one.files.get('main.ts')?.toString()))).toEqual([]);
});

test('outcomes survive the end of a run, and half a line', () => {
  const store = openOutcomes(folder, 'x');
  store.keep('k1', 'a mutant', { status: 'survived' });
  expect(openOutcomes(folder, 'x').find('k1')).toEqual({ status: 'survived' });
  expect(openOutcomes(folder, 'x').find('k2')).toBeUndefined();
  expect(openOutcomes(folder, 'x').last('a mutant')).toEqual({ status: 'survived' });
});

test('the figures under review add up, and excuses are under a quarter of all', () => {
  const rates = readRates();
  for (const one of rates) {
    expect(one.killed + one.excused + one.survived + one.unknown, one.lesson).toBe(one.mutants);
  }
  const sum = (of: 'mutants' | 'excused') => rates.reduce((all, one) => all + one[of], 0);
  expect(sum('excused')).toBeLessThanOrEqual(sum('mutants') / 4);
});
