import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict, VerdictStatus } from '../../checker/index.js';
import { type CourseFile, defaultCourseFile, type LatePolicy } from '../../grading/course-file.js';
import { gradedLesson } from '../../grading/graded-lesson.js';
import {
  checkPoints,
  deadlineOf,
  type GradedLesson,
  gradeLearner,
  gradeLesson,
  lateFor,
} from '../../grading/points.js';
import { parseMoment } from '../../grading/time.js';
import { GRADE_SCHEMA, type GradeRecord, type GradeStatus } from '../../grading/types.js';

const lessonOf = (count: number): GradedLesson => ({
  id: '05-wildcards',
  title: 'Wildcards',
  checks: Array.from({ length: count }, (_, i) => ({
    id: `T${i + 1}`,
    title: `t${i}`,
    clauses: [],
  })),
});
const verdict = (id: string, status: VerdictStatus): Verdict => ({
  id,
  title: id,
  status,
  clauses: [],
  packets: [],
});
function record(statuses: readonly VerdictStatus[], more: Partial<GradeRecord> = {}): GradeRecord {
  return {
    schema: GRADE_SCHEMA,
    key: 'k',
    learner: 'ada',
    lesson: '05-wildcards',
    track: 'typescript',
    status: 'graded',
    checks: statuses.map((status, i) => verdict(`T${i + 1}`, status)),
    inputs: {
      submission: 's',
      tests: 't',
      seed: 'seed',
      limits: {} as GradeRecord['inputs']['limits'],
      isolation: 'bwrap',
      course: '0',
      runtime: 'node 20',
    },
    attempts: 1,
    notices: [],
    ...more,
  };
}
const course = (more: Partial<CourseFile> = {}): CourseFile => ({
  ...defaultCourseFile(),
  ...more,
});
const weights = (points: number, checks: Record<string, number>) =>
  course({ lessons: { '05-wildcards': { points, checks } } });
const berlin = (text: string) => parseMoment(`${text} Europe/Berlin`, { end: true });
const policy = (more: Partial<LatePolicy> = {}): LatePolicy => ({
  graceMinutes: 15,
  percentPerDay: 10,
  maxPercent: 50,
  ...more,
});
const ada = { id: 'ada' };

describe('partial credit', () => {
  it('of a lesson of the course: its title and all its checks', async () => {
    const lesson = await gradedLesson('05-wildcards');
    expect(lesson.title).not.toBe('');
    const shares = checkPoints(lesson, course());
    expect(shares.size).toBeGreaterThan(2);
    expect([...shares.keys()][0]).toBe('T1');
  });

  it('each check that passed earns its share, and the shares add up', () => {
    const grade = gradeLesson(record(['passed', 'failed', 'passed']), lessonOf(3), course());
    expect(grade.checks.map(check => check.max)).toEqual([3.34, 3.33, 3.33]);
    expect(grade).toMatchObject({ points: 6.67, earned: 6.67, max: 10, status: 'graded' });
    expect(grade.seed).toBe('seed');
  });

  it('by the weights of the course file', () => {
    const heavy = weights(20, { T1: 2, T3: 0 });
    const grade = gradeLesson(record(['passed', 'failed', 'failed']), lessonOf(3), heavy);
    expect(grade.checks.map(check => check.max)).toEqual([13.33, 6.67, 0]);
    expect(grade).toMatchObject({ points: 13.33, max: 20 });
  });

  it('a check that was not reached earns nothing, and is not unknown', () => {
    const grade = gradeLesson(record(['passed', 'failed', 'not-reached']), lessonOf(3), course());
    expect(grade).toMatchObject({ status: 'graded', points: 3.34 });
  });

  it('detectors carry no points', () => {
    const checks = [verdict('U2', 'failed'), verdict('T1', 'failed')];
    const grade = gradeLesson(record([], { checks }), lessonOf(1), course());
    expect(grade.checks.map(({ id, max }) => [id, max])).toEqual([
      ['T1', 10],
      ['U2', 0],
    ]);
  });

  it('a file that is no program reaches no check: 0 points, of a known maximum', () => {
    const checks = [verdict('U0', 'failed')];
    const grade = gradeLesson(record([], { checks }), lessonOf(2), course());
    expect(grade).toMatchObject({ status: 'graded', points: 0, max: 10 });
    expect(grade.checks[0]).toMatchObject({ id: 'T1', status: 'not-reached', waitsFor: ['U0'] });
  });

  it('nothing handed in: 0 points of a known maximum', () => {
    const missing = record([], { status: 'missing', track: null });
    const late = course({ deadline: berlin('2026-10-01 23:59') });
    const grade = gradeLesson(missing, lessonOf(2), late, { learner: ada });
    expect(grade).toMatchObject({ status: 'missing', points: 0, earned: 0, max: 10, notices: [] });
    expect(grade.late).toBeUndefined();
  });
});

describe('what could not be told is never zero', () => {
  it('an unknown check that carries points makes the lesson unknown', () => {
    const grade = gradeLesson(record(['passed', 'unknown']), lessonOf(2), course());
    expect(grade).toMatchObject({ status: 'unknown', points: null, earned: null, max: 10 });
    expect(gradeLearner({ learner: ada }, [grade])).toMatchObject({ points: null, max: 10 });
  });

  it('one that carries none does not', () => {
    const grade = gradeLesson(record(['passed', 'unknown']), lessonOf(2), weights(10, { T2: 0 }));
    expect(grade).toMatchObject({ status: 'graded', points: 10 });
  });

  it('a record that is unknown, or one where a verdict is missing and nothing failed', () => {
    expect(gradeLesson(record([], { status: 'unknown' }), lessonOf(1), course()).points).toBeNull();
    expect(gradeLesson(record(['passed']), lessonOf(2), course())).toMatchObject({
      status: 'unknown',
      points: null,
    });
  });
});

describe('excused', () => {
  it('a lesson does not count: 0 of 0, also when it is unknown', () => {
    const excused = course({ excused: [{ learner: 'AL', lessons: ['05-wildcards'] }] });
    const learner = { id: 'ada', ids: { login: 'al' } };
    const grade = gradeLesson(record(['unknown']), lessonOf(1), excused, { learner });
    expect(grade).toMatchObject({ excused: true, points: 0, max: 0, earned: 0 });
    expect(gradeLearner({ learner, submission: 'ada.zip' }, [grade])).toMatchObject({
      points: 0,
      max: 0,
      submission: 'ada.zip',
    });
    const bob = gradeLesson(record(['passed']), lessonOf(1), excused, { learner: { id: 'bob' } });
    expect(bob).toMatchObject({ points: 10, max: 10 });
    expect(bob.excused).toBeUndefined();
  });
});

describe('handing in late', () => {
  const deadline = berlin('2026-10-01 23:59');
  const late = (submittedAt: string, more: Partial<LatePolicy> = {}) =>
    lateFor(policy(more), deadline, submittedAt);

  it.each([
    ['2026-10-01T21:59:59Z', 0, 0, 1],
    ['2026-10-01T22:00:00Z', 1, 0, 1],
    ['2026-10-01T22:14:59Z', 900, 0, 1],
    ['2026-10-01T22:15:00Z', 901, 1, 0.9],
    ['2026-10-02T22:14:59Z', 87_300, 1, 0.9],
    ['2026-10-02T22:15:00Z', 87_301, 2, 0.8],
    ['2026-10-09T00:00:00Z', 612_001, 8, 0.5],
  ])('%s is %i seconds and %i days late, factor %f', (at, seconds, days, factor) => {
    expect(late(at)).toEqual({ submittedAt: at, deadline: deadline.iso, seconds, days, factor });
  });

  it('counts no more days than the policy, and nothing after the cutoff', () => {
    expect(late('2026-10-09T00:00:00Z', { maxDays: 2 })).toMatchObject({ days: 8, factor: 0.8 });
    expect(late('2026-10-04T21:00:00Z', { cutoff: { days: 3 } }).factor).toBe(0.7);
    expect(late('2026-10-04T23:00:00Z', { cutoff: { days: 3 } }).factor).toBe(0);
    const until = berlin('2026-10-03 12:00');
    expect(late('2026-10-03T10:00:59Z', { cutoff: { until } }).factor).toBe(0.8);
    expect(late('2026-10-03T10:01:00Z', { cutoff: { until } }).factor).toBe(0);
  });

  it('a day is a day on the clock, also when summer time ends or begins', () => {
    const autumn = berlin('2026-10-24 23:59');
    const none = policy({ graceMinutes: 0 });
    expect(lateFor(none, autumn, '2026-10-25T23:59:59+01:00').days).toBe(1);
    expect(lateFor(none, autumn, '2026-10-26T00:00:00+01:00').days).toBe(2);
    const spring = berlin('2026-03-28 23:59');
    expect(lateFor(none, spring, '2026-03-29T23:59:59+02:00').days).toBe(1);
    expect(lateFor(none, spring, '2026-03-30T00:00:00+02:00').days).toBe(2);
    const offset = parseMoment('2026-10-24T23:59:59+02:00');
    expect(lateFor(none, offset, '2026-10-25T23:59:59+01:00').days).toBe(2);
  });

  it('is taken off what was earned, rounded half up', () => {
    const strict = course({ deadline, late: policy({ percentPerDay: 25 }) });
    const grade = gradeLesson(record(['passed', 'failed', 'failed']), lessonOf(3), strict, {
      learner: ada,
      submittedAt: '2026-10-02T12:00:00Z',
    });
    // 3.34 × 0.75 = 2.505
    expect(grade).toMatchObject({
      earned: 3.34,
      points: 2.51,
      max: 10,
      late: { days: 1, factor: 0.75 },
    });
  });

  it('is never guessed: without a time there is no penalty, and that is said', () => {
    const strict = course({ deadline, late: policy() });
    const grade = gradeLesson(record(['passed']), lessonOf(1), strict, { learner: ada });
    expect(grade.points).toBe(10);
    expect(grade.notices.join()).toMatch(/is not known; the late policy was not applied/);
  });

  it('a mark of the platform without a time is one day; with an extension it says nothing', () => {
    const strict = course({ deadline, late: policy() });
    const marked = { learner: ada, markedLate: true };
    const grade = gradeLesson(record(['passed']), lessonOf(1), strict, marked);
    expect(grade.points).toBe(9);
    expect(grade.late).toMatchObject({ days: 1, marked: true });
    expect(grade.notices.join()).toMatch(/marked as late.* counts as one day/);
    const more = { ...strict, extensions: [{ learner: 'ada', by: { days: 3 } }] };
    const extended = gradeLesson(record(['passed']), lessonOf(1), more, marked);
    expect(extended.points).toBe(10);
    expect(extended.notices.join()).toMatch(/by a clock without the extension/);
  });

  it('extensions: more days, or another time; never less; and the cutoff waits', () => {
    const extended = course({
      deadline,
      lessons: { '06-qos-handshakes': { deadline: berlin('2026-10-08 23:59'), checks: {} } },
      late: policy({ cutoff: { until: berlin('2026-10-02 12:00') } }),
      extensions: [
        { learner: 'ada', by: { days: 3 } },
        { learner: 'bob', by: { until: berlin('2026-09-01 12:00') } },
        { learner: 'eve', lessons: ['06-qos-handshakes'], by: { days: 0.5 } },
      ],
    });
    const due = (learner: string, lesson = '05-wildcards') =>
      deadlineOf(extended, lesson, { id: learner })?.iso;
    expect(due('ada')).toBe('2026-10-04T23:59:59+02:00');
    expect(due('ada', '06-qos-handshakes')).toBe('2026-10-11T23:59:59+02:00');
    expect(due('bob')).toBe(deadline.iso);
    expect(due('eve')).toBe(deadline.iso);
    expect(due('eve', '06-qos-handshakes')).toBe('2026-10-09T09:59:59+00:00');
    const handedIn = { learner: ada, submittedAt: '2026-10-04T12:00:00Z' };
    expect(gradeLesson(record(['passed']), lessonOf(1), extended, handedIn).points).toBe(10);
    const bob = { ...handedIn, learner: { id: 'bob' } };
    expect(gradeLesson(record(['passed']), lessonOf(1), extended, bob).points).toBe(0);
  });
});

describe('what holds for all points', () => {
  const cents = (value: number) => Math.round(value * 100);
  const status = fc.constantFrom<VerdictStatus>('passed', 'failed', 'not-reached', 'unknown');
  const setting = fc
    .record({
      total: fc.integer({ min: 0, max: 10_000 }).map(value => value / 100),
      weights: fc.array(fc.double({ min: 0, max: 9, noNaN: true }), {
        minLength: 1,
        maxLength: 12,
      }),
    })
    .filter(({ weights: list }) => list.some(weight => weight > 1e-6));
  const courseOf = (total: number, list: readonly number[]) =>
    weights(total, Object.fromEntries(list.map((weight, i) => [`T${i + 1}`, weight])));

  it('what the checks can earn adds up to the points of the lesson, and weight 0 earns 0', () => {
    fc.assert(
      fc.property(setting, ({ total, weights: list }) => {
        const shares = [...checkPoints(lessonOf(list.length), courseOf(total, list)).values()];
        expect(shares.reduce((sum, one) => sum + cents(one), 0)).toBe(cents(total));
        shares.forEach((share, i) => {
          if (list[i] === 0) expect(share).toBe(0);
          expect(share).toBeGreaterThanOrEqual(0);
        });
        // No share is more than a hundredth from its exact value.
        const sum = list.reduce((all, one) => all + one, 0);
        shares.forEach((share, i) => {
          expect(Math.abs(share - (total * (list[i] ?? 0)) / sum)).toBeLessThan(0.010001);
        });
      }),
    );
  });

  it('points lie between 0 and the maximum; one more pass never takes any away', () => {
    fc.assert(
      fc.property(setting, fc.array(status, { minLength: 12, maxLength: 12 }), (one, statuses) => {
        const { total, weights: list } = one;
        const own = statuses.slice(0, list.length);
        const lesson = lessonOf(list.length);
        const grade = gradeLesson(record(own), lesson, courseOf(total, list));
        const open = own.some((state, i) => state === 'unknown' && (grade.checks[i]?.max ?? 0) > 0);
        expect(grade.points === null).toBe(open);
        if (grade.points === null) return;
        expect(grade.points).toBeGreaterThanOrEqual(0);
        expect(grade.points).toBeLessThanOrEqual(grade.max);
        own.forEach((_, i) => {
          const better = own.map((state, j) => (i === j ? 'passed' : state));
          const more = gradeLesson(record(better), lesson, courseOf(total, list));
          expect(more.points).toBeGreaterThanOrEqual(grade.points ?? 0);
        });
        if (own.every(state => state === 'passed')) expect(grade.points).toBe(grade.max);
      }),
    );
  });

  it('the order of verdicts does not count', () => {
    fc.assert(
      fc.property(fc.array(status, { minLength: 1, maxLength: 8 }), statuses => {
        const lesson = lessonOf(statuses.length);
        const forth = record(statuses);
        const back = { ...forth, checks: [...forth.checks].reverse() };
        expect(gradeLesson(back, lesson, course())).toEqual(gradeLesson(forth, lesson, course()));
      }),
    );
  });

  it('later never earns more; in time and in grace nothing is lost', () => {
    const policies = fc.record({
      graceMinutes: fc.integer({ min: 0, max: 2000 }),
      percentPerDay: fc.integer({ min: 0, max: 10_000 }).map(value => value / 100),
      maxPercent: fc.integer({ min: 0, max: 10_000 }).map(value => value / 100),
      maxDays: fc.integer({ min: 0, max: 10 }),
      cutoff: fc.integer({ min: 0, max: 20 }).map(days => ({ days })),
    });
    const start = Date.parse('2026-10-20T21:59:59Z');
    const deadline = berlin('2026-10-20 23:59');
    const moment = fc.integer({ min: -100_000, max: 1_500_000 });
    fc.assert(
      fc.property(policies, moment, moment, (rules, a, b) => {
        const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
        const [early, later] = [
          lateFor(rules, deadline, at(Math.min(a, b))),
          lateFor(rules, deadline, at(Math.max(a, b))),
        ];
        expect(later.factor).toBeLessThanOrEqual(early.factor);
        expect(later.days).toBeGreaterThanOrEqual(early.days);
        for (const one of [early, later]) {
          expect(one.factor).toBeGreaterThanOrEqual(0);
          expect(one.factor).toBeLessThanOrEqual(1);
          if (one.seconds <= rules.graceMinutes * 60) expect(one.factor).toBe(1);
        }
      }),
    );
  });

  it('a learner has the sum of the lessons', () => {
    const statuses = fc.constantFrom<GradeStatus>('graded', 'missing', 'unknown');
    fc.assert(
      fc.property(fc.array(fc.tuple(statuses, status), { maxLength: 6 }), list => {
        const grades = list.map(([of, state]) =>
          gradeLesson(record([state, 'passed', 'passed'], { status: of }), lessonOf(3), course()),
        );
        const sum = gradeLearner({ learner: ada }, grades);
        expect(sum.max).toBe(10 * list.length);
        expect(sum.points === null).toBe(grades.some(one => one.points === null));
        if (sum.points !== null) {
          expect(cents(sum.points)).toBe(
            grades.reduce((all, one) => all + cents(one.points ?? 0), 0),
          );
        }
      }),
    );
  });
});
