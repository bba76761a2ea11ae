import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ctrf } from '../../grading/exports/ctrf.js';
import { gradescopeResults } from '../../grading/exports/gradescope.js';
import { junitXml } from '../../grading/exports/junit.js';
import { prairieLearnResults } from '../../grading/exports/prairielearn.js';
import type { ClassGrades } from '../../grading/types.js';
import { classGrades, hostileClass, learnerOf } from './class.js';

/** Three learners are enough for a golden file: failures, an open lesson, nothing at all. */
function few(): ClassGrades {
  const grades = classGrades();
  const ids = ['bauer-j', 'kowalska-z', 'okafor-n'];
  return { ...grades, learners: grades.learners.filter(one => ids.includes(one.learner.id)) };
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

test('JUnit XML of a class', async () => {
  const xml = junitXml(few());
  await expect(xml).toMatchFileSnapshot('golden/junit.xml');
  expect(xml.match(/<testsuite /g)).toHaveLength(15);
  const count = (name: string) => xml.match(new RegExp(`<${name} `, 'g'))?.length ?? 0;
  const [, tests, failures, errors, skipped] =
    /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(xml) ??
    [];
  expect([count('testcase'), count('failure'), count('error'), count('skipped')]).toEqual(
    [tests, failures, errors, skipped].map(Number),
  );
  expect(count('error')).toBe(1);
});

const python = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0;

test.skipIf(!python)('JUnit XML of a hostile class is well-formed (needs python3)', () => {
  const xml = junitXml(hostileClass());
  const script =
    'import sys, xml.etree.ElementTree as e; print(e.fromstring(sys.stdin.buffer.read()).tag)';
  const run = spawnSync('python3', ['-c', script], { input: xml, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout.trim()).toBe('testsuites');
});

test('JUnit XML holds no character that XML 1.0 forbids, and no markup of a learner’s', () => {
  const xml = junitXml(hostileClass());
  expect(xml).not.toMatch(/[^\n\P{Cc}]|[\uFFFE\uFFFF]/u);
  expect(Buffer.from(xml).toString()).toBe(xml);
  const names = new Set([...xml.matchAll(/<\/?([a-zA-Z!?[][\w-]*)/g)].map(([, name]) => name));
  expect([...names].sort()).toEqual([
    '?xml',
    'error',
    'failure',
    'properties',
    'property',
    'skipped',
    'testcase',
    'testsuite',
    'testsuites',
  ]);
});

/** The published structure of CTRF (ctrf.io): no other member is allowed in these objects. */
const ctrfReport = z.object({
  reportFormat: z.literal('CTRF'),
  specVersion: z.string().regex(/^\d+\.\d+\.\d+$/),
  generatedBy: z.string().optional(),
  results: z.object({
    tool: z.strictObject({
      name: z.string().min(1),
      version: z.string().optional(),
      extra: z.record(z.string(), z.unknown()).optional(),
    }),
    summary: z.strictObject({
      tests: z.int(),
      passed: z.int(),
      failed: z.int(),
      skipped: z.int(),
      pending: z.int(),
      other: z.int(),
      start: z.int(),
      stop: z.int(),
    }),
    tests: z.array(
      z.strictObject({
        name: z.string().min(1),
        status: z.enum(['passed', 'failed', 'skipped', 'pending', 'other']),
        duration: z.int(),
        suite: z.array(z.string()).min(1).optional(),
        message: z.string().optional(),
        trace: z.string().optional(),
        rawStatus: z.string().optional(),
        tags: z.array(z.string()).optional(),
        extra: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  }),
});

test('CTRF has the published structure, and its sums are right', async () => {
  const text = ctrf(few());
  await expect(text).toMatchFileSnapshot('golden/ctrf.json.txt');
  for (const grades of [classGrades(), hostileClass()]) {
    const { results } = ctrfReport.parse(JSON.parse(ctrf(grades)));
    const { tests, passed, failed, skipped, pending, other } = results.summary;
    expect(passed + failed + skipped + pending + other).toBe(tests);
    expect(results.tests).toHaveLength(tests);
    expect(results.tests.filter(one => one.status === 'other')).toHaveLength(other);
  }
});

test('Gradescope: points of each check, the sum after the late policy', async () => {
  const results = gradescopeResults(learnerOf(classGrades(), 'chen-w'));
  await expect(json(results)).toMatchFileSnapshot('golden/gradescope.json.txt');
  expect(results.score).toBe(26.1);
  expect(results.output).toContain('1 hour 30 minutes after the deadline');
  const max = results.tests.reduce((sum, one) => sum + (one.max_score ?? 0), 0);
  expect(max).toBe(50);
});

test('Gradescope: what could not be told has no score, not even of the whole', () => {
  const results = gradescopeResults(learnerOf(classGrades(), 'kowalska-z'));
  expect(results.score).toBeUndefined();
  expect(results.extra_data.unknown).toEqual(['09-last-will']);
  expect(results.tests.filter(one => one.score === undefined).map(one => one.name)).toEqual([
    'The last will: The last will (09-last-will)',
  ]);
});

test('Gradescope: visibility, and messages kept back', () => {
  const learner = learnerOf(classGrades(), 'bauer-j');
  const hidden = gradescopeResults(learner, { visibility: 'after_published', detail: 'points' });
  expect(new Set(hidden.tests.map(one => one.visibility))).toEqual(new Set(['after_published']));
  expect(JSON.stringify(hidden)).not.toContain('SUBSCRIBE #');
  expect(JSON.stringify(gradescopeResults(learner))).toContain('SUBSCRIBE #');
});

test('PrairieLearn: a share of the points, and no attempt where nothing could be told', async () => {
  const results = prairieLearnResults(learnerOf(classGrades(), 'bauer-j'));
  await expect(json(results)).toMatchFileSnapshot('golden/prairielearn.json.txt');
  expect(results).toMatchObject({ gradable: true, score: 0.66 });
  const points = results.tests?.reduce((sum, one) => sum + one.points, 0);
  expect(points).toBe(33);
  const open = prairieLearnResults(learnerOf(classGrades(), 'kowalska-z'));
  expect(open.gradable).toBe(false);
  expect(open.score).toBeUndefined();
  const hostile = hostileClass().learners.map(one => json(prairieLearnResults(one)).length);
  expect(Math.max(...hostile)).toBeLessThan(1_000_000);
});
