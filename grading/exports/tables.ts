/** The grades as plain tables: one row a learner, or one row a check. */

import { decisionLines } from '../decision-lines.js';
import { renamedFile } from '../renamed.js';
import type { ClassGrades, LearnerGrade, LessonGrade } from '../types.js';
import { type CsvValue, csv } from './csv.js';
import { countingPoints } from './fill.js';

/** An excused lesson is that and nothing else, whatever came of it. */
const lessonsWith = (
  { lessons }: LearnerGrade,
  wanted: Extract<LessonGrade['status'], 'unknown' | 'missing'> | 'excused',
) =>
  lessons
    .filter(one => (one.excused ? 'excused' : one.status) === wanted)
    .map(one => one.lesson)
    .join(' ');

/**
 * `grades.csv`: a row for each learner, a column for each lesson. A lesson that could not be told
 * is an empty cell and named in the column `unknown`; so is the sum, since a sum with a hole is no
 * grade. One that does not count for the learner is an empty cell, too, and named under `excused`.
 */
export function gradesCsv(grades: ClassGrades): string {
  const head = [
    ...['learner', 'name', 'email', 'submission', 'points', 'max', 'unknown', 'missing', 'excused'],
    ...grades.lessons.map(one => one.id),
    'notes',
  ];
  const rows = grades.learners.map((one): CsvValue[] => [
    one.learner.id,
    one.learner.name ?? null,
    one.learner.email ?? null,
    one.submission ?? null,
    one.points,
    one.max,
    lessonsWith(one, 'unknown') || null,
    lessonsWith(one, 'missing') || null,
    lessonsWith(one, 'excused') || null,
    ...grades.lessons.map(({ id }) => countingPoints(grades, one, id)),
    notesOf(one) || null,
  ]);
  return csv([head, ...rows]);
}

/** What a person should know beside the points: files taken under another name, what could not be read. */
function notesOf(one: LearnerGrade): string {
  return [
    ...new Set(
      one.lessons.flatMap(lesson => [
        ...(lesson.unreadable === undefined ? [] : [`could not be read: ${lesson.unreadable}`]),
        ...(renamedFile(lesson) === undefined ? [] : [renamedFile(lesson) as string]),
        ...decisionLines(lesson).map(line => `${lesson.lesson}: ${line}`),
        ...(lesson.rubric ?? [])
          .filter(line => line.points === null && line.max > 0)
          .map(line => `${lesson.lesson}: ${line.id} waits for a person`),
      ]),
    ),
  ].join('; ');
}

/** `checks.csv`: a row for each learner, lesson and check; detectors that found a cause among them. */
export function checksCsv(grades: ClassGrades): string {
  const head = [
    ...['learner', 'lesson', 'track', 'check', 'title', 'status', 'points', 'max'],
    ...['mistake', 'clauses', 'waits for', 'decided by', 'reason'],
  ];
  const rows = grades.learners.flatMap(({ learner, lessons }) =>
    lessons.flatMap(lesson => [
      ...lesson.checks.map((check): CsvValue[] => [
        learner.id,
        lesson.lesson,
        lesson.track,
        check.id,
        check.title,
        check.status,
        check.status === 'unknown' && !check.decided ? null : check.points,
        check.max,
        check.mistake ?? null,
        check.clauses.join('; ') || null,
        check.waitsFor?.join(' ') || null,
        ...decisionCells(lesson, check.id),
      ]),
      ...(lesson.rubric ?? []).map((line): CsvValue[] => [
        ...[learner.id, lesson.lesson, lesson.track, line.id, line.title],
        line.points === null ? 'empty' : 'judged by a person',
        line.points,
        line.max,
        ...[null, null, null],
        line.who ?? null,
        line.reason ?? null,
      ]),
      ...(lesson.overrides ?? [])
        .filter(one => one.check === undefined)
        .map((one): CsvValue[] => [
          ...[learner.id, lesson.lesson, lesson.track, null, 'the points of the lesson'],
          'decided',
          one.points,
          lesson.max,
          ...[null, null, null],
          one.who,
          one.reason,
        ]),
    ]),
  );
  return csv([head, ...rows]);
}

function decisionCells({ overrides = [] }: LessonGrade, check: string): CsvValue[] {
  const own = overrides.find(one => one.check === check);
  return [own?.who ?? null, own?.reason ?? null];
}
