/** The grades as plain tables: one row a learner, or one row a check. */
import type { ClassGrades, LearnerGrade, LessonGrade } from '../types.js';
import { type Cell, csv } from './csv.js';

const lessonsWith = ({ lessons }: LearnerGrade, status: LessonGrade['status']) =>
  lessons
    .filter(one => one.status === status && !one.excused)
    .map(one => one.lesson)
    .join(' ');

const excusedOf = ({ lessons }: LearnerGrade) =>
  lessons
    .filter(one => one.excused)
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
  ];
  const rows = grades.learners.map((one): Cell[] => [
    one.learner.id,
    one.learner.name ?? null,
    one.learner.email ?? null,
    one.submission ?? null,
    one.points,
    one.max,
    lessonsWith(one, 'unknown') || null,
    lessonsWith(one, 'missing') || null,
    excusedOf(one) || null,
    ...grades.lessons.map(({ id }) => {
      const lesson = one.lessons.find(it => it.lesson === id);
      return lesson?.excused ? null : (lesson?.points ?? null);
    }),
  ]);
  return csv([head, ...rows]);
}

/** `checks.csv`: a row for each learner, lesson and check; detectors that found a cause among them. */
export function checksCsv(grades: ClassGrades): string {
  const head = [
    ...['learner', 'lesson', 'track', 'check', 'title', 'status', 'points', 'max'],
    ...['mistake', 'clauses', 'waits for'],
  ];
  const rows = grades.learners.flatMap(({ learner, lessons }) =>
    lessons.flatMap(lesson =>
      lesson.checks.map((check): Cell[] => [
        learner.id,
        lesson.lesson,
        lesson.track,
        check.id,
        check.title,
        check.status,
        check.status === 'unknown' ? null : check.points,
        check.max,
        check.mistake ?? null,
        check.clauses.join('; ') || null,
        check.waitsFor?.join(' ') || null,
      ]),
    ),
  );
  return csv([head, ...rows]);
}
