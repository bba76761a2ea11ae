/** JUnit XML, as continuous integration and many platforms read it. */
import { decisionLines } from '../decision-lines.js';
import type { FeedbackOptions } from '../feedback/phrases.js';
import type { ClassGrades } from '../types.js';
import { allCases, type Case } from './cases.js';
import { html, htmlLine, points } from './text.js';
import { type CaseTimes, NO_TIMES, seconds, timeOf } from './times.js';

/**
 * One `<testsuite>` for each learner and lesson. A wrong work is a `<failure>`, what could not be told
 * an `<error>`, what was not reached or handed in `<skipped>`. The format knows no points: they are
 * properties, which readers that do not know them pass over. Times
 * are those of the stored runs: the same results give the same bytes.
 */
export function junitXml(
  grades: ClassGrades,
  options: FeedbackOptions = {},
  times: CaseTimes = NO_TIMES,
): string {
  const suites = allCases(grades, options);
  const all = suites.flatMap(one => one.cases);
  const whole = suites.reduce(
    (sum, { who, lesson, cases }) => sum + timeOf(who, lesson, cases, times),
    0,
  );
  const lines = suites.flatMap(({ who, lesson, cases }) => {
    const name = `${who.learner.id}/${lesson.lesson}`;
    return [
      `  <testsuite name="${htmlLine(name)}"${counts(cases)} time="${seconds(timeOf(who, lesson, cases, times))}">`,
      ...properties('    ', [
        ['points', lesson.points === null ? 'unknown' : points(lesson.points)],
        ['max', points(lesson.max)],
        ['seed', lesson.seed],
        ['isolation', lesson.isolation],
        ['tests', grades.tests],
        ...decisionLines(lesson).map(line => ['decided', line] as const),
        ...(lesson.track === null ? [] : ([['track', lesson.track]] as const)),
      ]),
      ...cases.flatMap(one =>
        testcase(name, one, seconds(times(who.learner.id, lesson.lesson, one.id))),
      ),
      '  </testsuite>',
    ];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${htmlLine(grades.title)}"${counts(all)} time="${seconds(whole)}">`,
    ...lines,
    '</testsuites>',
    '',
  ].join('\n');
}

function counts(cases: readonly Case[]): string {
  const of = (status: Case['status']) => cases.filter(one => one.status === status).length;
  return ` tests="${cases.length}" failures="${of('failed')}" errors="${of('unknown')}" skipped="${of('skipped')}"`;
}

function properties(indent: string, pairs: readonly (readonly [string, string])[]): string[] {
  return [
    `${indent}<properties>`,
    ...pairs.map(
      ([name, value]) => `${indent}  <property name="${name}" value="${htmlLine(value)}"/>`,
    ),
    `${indent}</properties>`,
  ];
}

function testcase(suite: string, one: Case, time: string): string[] {
  const name = `${one.id} ${one.title}`;
  const message = htmlLine(one.message);
  const body: Record<Case['status'], string[]> = {
    passed: [],
    skipped: [`      <skipped message="${message}"/>`],
    unknown: [`      <error type="unknown" message="${message}"/>`],
    failed: [
      `      <failure type="${htmlLine(one.mistake ?? 'failed')}" message="${message}">${html(one.text)}</failure>`,
    ],
  };
  return [
    `    <testcase classname="${htmlLine(suite)}" name="${htmlLine(name)}" time="${time}">`,
    ...properties('      ', [
      ['points', one.status === 'unknown' ? 'unknown' : points(one.points)],
      ['max', points(one.max)],
      ...(one.clauses.length > 0 ? ([['clauses', one.clauses.join('; ')]] as const) : []),
    ]),
    ...body[one.status],
    '    </testcase>',
  ];
}
