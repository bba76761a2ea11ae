import { describe, expect, test } from 'vitest';
import { fileName } from '../../grading/exports/text.js';
import {
  bins,
  clauseFacts,
  lessonFacts,
  looks,
  misconceptions,
  spread,
  toldMisconceptions,
} from '../../grading/report/facts.js';
import { classReport } from '../../grading/report/html.js';
import { percent } from '../../grading/report/parts.js';
import type { ClassGrades, ProgramLimits } from '../../grading/types.js';
import { bundleOf, classGrades, hostileClass } from './class.js';
import { expectSoundPage } from './pages.js';

const grades = classGrades();
const limits: ProgramLimits = {
  memoryMiB: 256,
  processes: 32,
  fileMiB: 16,
  cpuSeconds: 20,
  wallSeconds: 120,
  connections: 50,
  packetBytes: 262_144,
  retainedBytes: 1_048_576,
  queuedMessages: 1000,
};
const report = (of: ClassGrades = grades) =>
  classReport(of, {
    bundles: bundleOf,
    feedback: id => `feedback/${fileName(id)}.html`,
    limits,
  });

describe('counting', () => {
  test('lessons: what could not be told and what is missing is in no rate', () => {
    const will = lessonFacts(grades).find(one => one.id === '09-last-will');
    expect(will).toMatchObject({ graded: 9, missing: 2, unknown: 1, complete: 2 });
    const [first] = will?.checks ?? [];
    expect(first?.rate.of).toBe(9);
  });

  test('a check that was not reached is not passed', () => {
    const facts = lessonFacts(grades).find(one => one.id === '05-wildcards');
    const byHand = grades.learners.flatMap(one =>
      one.lessons.filter(it => it.lesson === '05-wildcards' && it.status === 'graded'),
    );
    for (const { id, rate } of facts?.checks ?? []) {
      const passed = byHand.filter(one => one.checks.find(it => it.id === id)?.status === 'passed');
      expect(rate).toEqual({ passed: passed.length, of: byHand.length });
    }
  });

  test('misconceptions: one learner counts once, in both languages; the commonest first', () => {
    const [first, second] = misconceptions(grades);
    expect(first).toMatchObject({
      mistake: 'everything',
      lesson: '05-wildcards',
      learners: ['bauer-j', 'chen-w', 'garcia-m', 'novak-p'],
    });
    expect(second?.mistake).toBe('retain-missing');
    const told = toldMisconceptions(misconceptions(grades));
    expect(told.map(one => one.learners.length)).toEqual([4, 4, 4, 2]);
  });

  test('in a class where nobody shares a mistake, a few are told all the same', () => {
    const alone = { ...grades, learners: grades.learners.slice(1, 2) };
    expect(toldMisconceptions(misconceptions(alone))).toHaveLength(3);
  });

  test('the spread, and every learner in one bin', () => {
    const facts = spread(grades);
    expect(facts.values).toEqual([4, 21, 26, 26.1, 29, 29, 30, 33, 41, 50]);
    expect(facts).toMatchObject({ median: 29, lowest: 4, highest: 50 });
    const counted = bins(facts, 50);
    expect(counted.map(one => one.learners)).toEqual([1, 0, 0, 0, 1, 4, 2, 0, 1, 1]);
    expect(spread({ ...grades, learners: [] }).median).toBeUndefined();
    expect(spread({ ...grades, learners: grades.learners.slice(0, 2) }).median).toBe(41.5);
  });

  test('clauses: the one that needs teaching most stands first', () => {
    const shares = clauseFacts(grades).map(({ total }) => total.passed / total.of);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.length).toBeGreaterThan(10);
  });

  test('what to look at: the open result first, the same for many in one line', () => {
    const all = looks(grades);
    expect(all[0]).toEqual({
      who: ['kowalska-z'],
      lessons: ['09-last-will'],
      why: 'could not be told: tried twice; the machine was too busy for a verdict',
    });
    const sandbox = all.filter(one => one.why.startsWith('ran without a sandbox'));
    expect(sandbox).toEqual([
      { who: ['novak-p'], lessons: grades.lessons.map(one => one.id), why: sandbox[0]?.why },
    ]);
    const contained = {
      ...grades,
      learners: grades.learners.map(one => ({
        ...one,
        lessons: one.lessons.map(it => ({ ...it, isolation: 'container' as const })),
      })),
    };
    expect(looks(contained).some(one => one.why.startsWith('ran in a container'))).toBe(true);
    const open = {
      ...grades,
      learners: grades.learners.map(one => ({
        ...one,
        lessons: one.lessons.map(it => ({ ...it, isolation: 'process' as const, notices: [] })),
      })),
    };
    const lines = looks(open).filter(one => one.why.startsWith('ran without'));
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(lines.flatMap(one => one.who)).toHaveLength(11);
  });

  test('percent: only all is 100, only none is 0', () => {
    expect(percent({ passed: 299, of: 300 })).toBe(99);
    expect(percent({ passed: 1, of: 300 })).toBe(1);
    expect(percent({ passed: 300, of: 300 })).toBe(100);
    expect(percent({ passed: 0, of: 0 })).toBe(0);
  });
});

describe('the page', () => {
  test('is sound, and says what an instructor looks for', () => {
    const { text, elements } = expectSoundPage(report());
    for (const part of [
      'To look at before the grades go out',
      'Sums of 10 learners',
      'Lowest 4, median 29, mean 28.91, highest 50 of 50',
      'will not stored',
      '#7 SUBSCRIBE # qos=0 id=1',
      'the will is stored',
      grades.tests,
      '256 MiB of memory, 32 processes, files up to 16 MiB, 20 s of processor',
      'c1a5501, c1a5502, c1a5505, c1a5508, c1a5509',
      'smith-a.rar',
      'copy of bauer-j (2).zip',
    ])
      expect(text).toContain(part);
    const links = elements.filter(one => one.attrs.some(it => it.value.startsWith('feedback/')));
    expect(links).toHaveLength(12);
    // The numbers of the histogram stand in a table, too.
    expect(text).toMatch(/25 to below 30\s*4/);
  });

  test('draws the whole exchange of a common mistake: the instructor knows the hidden test', () => {
    const page = report();
    expect(page.match(/<svg xmlns/g)).toHaveLength(4);
    expect(page).toContain('>newcomer<');
  });

  test('the same grades give the same bytes', () => {
    expect(report()).toBe(report(classGrades()));
  });

  test('of a hostile class is sound', () => {
    const { text } = expectSoundPage(report(hostileClass()));
    expect(text).toContain('<script>alert(1)</script><img src=x onerror=alert(2)>');
  });

  test('of an empty class is sound, too', () => {
    const empty = { ...grades, learners: [], absent: [], unexpected: [], unreadable: [] };
    const { text } = expectSoundPage(report(empty));
    expect(text).toContain('Nothing. Every submission was read and every check was judged.');
    expect(text).toContain('No known mistake was seen.');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('of a thousand learners stays a page that can be opened', () => {
    const many = {
      ...grades,
      learners: Array.from({ length: 1000 }, (_, at) => {
        const one = grades.learners[at % grades.learners.length];
        if (!one) throw new Error('no learner');
        return { ...one, learner: { id: `learner-${at}` } };
      }),
    };
    const page = classReport(many, { bundles: () => undefined });
    expect(page.length).toBeLessThan(1_500_000);
    expectSoundPage(page);
  });
});
