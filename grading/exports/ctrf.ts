/** CTRF, the common test report format (https://ctrf.io), in the version that `specVersion` names. */
import type { FeedbackOptions } from '../feedback/phrases.js';
import type { ClassGrades } from '../types.js';
import { allCases, type CaseStatus } from './cases.js';
import { cleanLine, jsonText } from './text.js';
import { type CaseTimes, NO_TIMES } from './times.js';

const STATUS: Readonly<Record<CaseStatus, string>> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  unknown: 'other',
};

/** A test for each learner, lesson and check. Points are in `extra`. `duration` is that of the stored run. */
export function ctrf(
  grades: ClassGrades,
  options: FeedbackOptions = {},
  times: CaseTimes = NO_TIMES,
): string {
  const tests = allCases(grades, options).flatMap(({ who, lesson, cases }) =>
    cases.map(one => ({
      name: cleanLine(`${who.learner.id}: ${lesson.lesson} ${one.id} ${one.title}`),
      status: STATUS[one.status],
      duration: times(who.learner.id, lesson.lesson, one.id),
      suite: [cleanLine(grades.title), cleanLine(who.learner.id), lesson.lesson],
      ...(one.message === '' ? {} : { message: cleanLine(one.message) }),
      ...(one.text === '' ? {} : { trace: one.text }),
      rawStatus: one.status,
      ...(one.clauses.length > 0 ? { tags: one.clauses } : {}),
      extra: {
        points: one.status === 'unknown' ? null : one.points,
        max: one.max,
        ...(one.mistake === undefined ? {} : { mistake: one.mistake }),
      },
    })),
  );
  const number = (status: string) => tests.filter(one => one.status === status).length;
  const report = {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    generatedBy: 'mqtt-course',
    results: {
      tool: { name: 'mqtt-course', version: grades.course, extra: { tests: grades.tests } },
      summary: {
        tests: tests.length,
        passed: number('passed'),
        failed: number('failed'),
        skipped: number('skipped'),
        pending: 0,
        other: number('other'),
        start: 0,
        stop: tests.reduce((sum, one) => sum + one.duration, 0),
      },
      tests,
    },
  };
  return jsonText(report);
}
