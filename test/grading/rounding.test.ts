/** The rounding rule of docs/grading.md, against numbers that were worked out by hand. */
import { describe, expect, it } from 'vitest';
import { defaultCourseFile, type LatePolicy } from '../../grading/course-file.js';
import { proportion, scaledCents } from '../../grading/decimal.js';
import { checkPoints, type GradedLesson, lateFor } from '../../grading/points.js';
import { parseMoment } from '../../grading/time.js';

const lesson = (checks: number): GradedLesson => ({
  id: '05-wildcards',
  title: 'Wildcards',
  checks: Array.from({ length: checks }, (_, at) => ({ id: `T${at + 1}`, title: '', clauses: [] })),
});
const shares = (points: number, weights: readonly number[]) => {
  const checks = Object.fromEntries(weights.map((weight, at) => [`T${at + 1}`, weight]));
  const course = { ...defaultCourseFile(), lessons: { '05-wildcards': { points, checks } } };
  return [...checkPoints(lesson(weights.length), course).values()];
};

describe('points of the checks: whole hundredths, by the largest remainder', () => {
  it.each([
    [10, [1, 1, 1], [3.34, 3.33, 3.33]],
    [10, [0.1, 0.2, 0.3], [1.67, 3.33, 5]],
    [1, [1, 1, 1, 1, 1, 1, 1], [0.15, 0.15, 0.14, 0.14, 0.14, 0.14, 0.14]],
    // 0.1 + 0.2 is 0.3 here: the two remainders are equal, and the first is served.
    [0.01, [0.3, 0.3], [0.01, 0]],
    [1.005, [1], [1.01]],
    [8.345, [1], [8.35]],
    [2.675, [1, 1], [1.34, 1.34]],
    [33.333, [2, 1], [22.22, 11.11]],
  ])('%f points, weights %j', (points, weights, expected) => {
    expect(shares(points, weights)).toEqual(expected);
  });
});

describe('late: what is left of the points, half up', () => {
  const deadline = parseMoment('2026-10-01 12:00 UTC');
  const policy = (more: Partial<LatePolicy>): LatePolicy => ({
    graceMinutes: 0,
    percentPerDay: 0,
    maxPercent: 100,
    ...more,
  });
  const daysAfter = (days: number) => new Date(Date.parse(deadline.iso) + days * 86_400_000 - 1000);
  it.each([
    // percent a day, days, points, what is left
    [10, 1, 9.95, 8.96], // 8.955
    [33.35, 2, 10, 3.33], // 3.33
    [12.345, 3, 10, 6.3], // 6.2965
    [12.345, 3, 1, 0.63], // 0.62965
    [0.05, 1, 10, 10], // 9.995
    [0.06, 1, 10, 9.99], // 9.994
    [28.5, 1, 0.1, 0.07], // 0.0715
    [15, 1, 0.1, 0.09], // 0.085: half up
    [14.3, 5, 1.15, 0.33], // 0.32775
    [33.335, 1, 2, 1.33], // 1.3333
  ])('%f %% a day, %i days late, %f points: %f', (percentPerDay, days, points, left) => {
    const { factor } = lateFor(policy({ percentPerDay }), deadline, daysAfter(days).toISOString());
    expect(scaledCents(Math.round(points * 100), factor) / 100).toBe(left);
  });

  it('of half a percent no more is taken off than the most', () => {
    const late = lateFor(
      policy({ percentPerDay: 33.4, maxPercent: 50.5 }),
      deadline,
      daysAfter(2).toISOString(),
    );
    expect(late.factor).toBe(0.495);
  });
});

it.each([
  [7.35, 100, 10, 73.5],
  [1.15, 15, 10, 1.73], // 1.725
  [2.345, 10, 7, 3.35],
  [1.005, 1, 1, 1.01],
])('scaled to a gradebook: %f × %f ÷ %f', (points, possible, max, expected) => {
  expect(proportion(points, possible, max)).toBe(expected);
});
