import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUNDLE_SCHEMA, type Bundle } from '../../checker/check/check-program.js';
import { loadLesson } from '../../checker/check/test-host.js';
import { overall, RESULT_SCHEMA } from '../../checker/harness/result.js';
import { runLesson } from '../../checker/harness/run.js';
import { prepareProgram } from '../../checker/program/prepare.js';
import { packageVersion } from '../../course/index.js';
import { gradeKey } from '../../grading/cache-key.js';
import {
  buildClass,
  bundlePath,
  defaultCourseFile,
  defaultLimits,
  GRADE_SCHEMA,
  type GradeInputs,
  type GradeRecord,
  gradeChanges,
  gradedLessons,
  openOut,
  type Run,
  readBundle,
  readRecords,
  readRun,
  regradeClass,
  testsHash,
  writeBundle,
  writeRecord,
  writeRun,
} from '../../grading/index.js';
import { programFile } from '../programs.js';

const LESSON = '04-topic-names';
const top = mkdtempSync(join(tmpdir(), 'regrade-test-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const bundles = new Map<string, Bundle>();

/** Results of a class as an older version of the tests left them. */
async function oldResults(
  name: string,
  change: (learner: string, record: GradeRecord) => GradeRecord = (_, record) => record,
  store: (learner: string, bundle: Bundle) => Bundle | undefined = (_, bundle) => bundle,
): Promise<string> {
  const folder = join(top, name);
  openOut(folder);
  for (const [learner, bundle] of bundles) {
    const inputs: GradeInputs = {
      submission: 'a',
      tests: 'older tests',
      seed: bundle.result.seed,
      limits: defaultLimits,
      isolation: 'bwrap',
      course: '0.0.9',
      runtime: 'node 20',
    };
    writeRecord(
      folder,
      change(learner, {
        schema: GRADE_SCHEMA,
        key: gradeKey(inputs),
        learner,
        lesson: LESSON,
        track: 'typescript',
        status: 'graded',
        checks: bundle.result.checks,
        inputs,
        attempts: 1,
        notices: [],
        bundle: bundlePath(learner, LESSON),
      }),
    );
    const kept = store(learner, bundle);
    if (kept) await writeBundle(folder, learner, LESSON, gzipSync(JSON.stringify(kept)));
  }
  writeRun(folder, {
    schema: 'mqtt-course/run/1',
    course: '0.0.9',
    tests: 'older tests',
    seed: 's',
    isolation: 'bwrap',
    lessons: [LESSON],
    members: [...bundles.keys()].map(id => ({ learner: { id }, submission: id, notices: [] })),
    unexpected: [],
    unreadable: [],
    notices: [],
  });
  return folder;
}

async function classOf(folder: string) {
  return buildClass({
    run: readRun(folder) as Run,
    records: readRecords(folder).records,
    lessons: await gradedLessons([LESSON]),
    courseFile: defaultCourseFile(),
  });
}

beforeAll(async () => {
  const programs = {
    ada: join('solutions', LESSON, 'typescript', 'main.ts'),
    bea: 'mutant/trailing-slash',
  };
  for (const [learner, path] of Object.entries(programs)) {
    const seed = `regrade-${learner}`;
    const prepared = await prepareProgram({
      id: learner,
      lesson: LESSON,
      track: 'typescript',
      program: { kind: 'file', path: programFile(LESSON, path) },
      seed,
    });
    const run = runLesson(await loadLesson(LESSON), prepared.spec);
    const checks = await run.verdicts();
    const bundle: Bundle = {
      schema: BUNDLE_SCHEMA,
      result: {
        schema: RESULT_SCHEMA,
        lesson: LESSON,
        track: 'typescript',
        status: overall(checks),
        seed,
        broker: 'embedded',
        durationMs: 0,
        course: '0.0.9',
        checks,
      },
      recordings: await run.recordings(),
      files: [],
    };
    await prepared.dispose();
    bundles.set(learner, bundle);
  }
}, 60_000);

test('the same tests move nobody, and the old results stay as they are', async () => {
  const old = await oldResults('same');
  const out = join(top, 'same-2');
  const { mustRun, judged } = await regradeClass(old, out);
  expect({ mustRun, judged }).toEqual({ mustRun: [], judged: 2 });
  const moves = gradeChanges(await classOf(old), await classOf(out));
  expect(moves).toEqual({ moves: [], compared: 2, onlyBefore: [], onlyNow: [] });
  expect(readRun(old)?.tests).toBe('older tests');
  expect(readRun(out)).toMatchObject({ tests: testsHash(), course: packageVersion() });
  expect(readRecords(out).records.map(one => one.record.inputs.tests)).toEqual([
    testsHash(),
    testsHash(),
  ]);
  expect((await readBundle(out, 'ada', LESSON))?.recordings).toEqual(
    bundles.get('ada')?.recordings,
  );
});

test('a check that was wrong then: who gets points by that, which check, and why', async () => {
  const old = await oldResults('mended', (learner, record) =>
    learner === 'ada'
      ? {
          ...record,
          checks: record.checks.map(one =>
            one.id === 'T5'
              ? { ...one, status: 'failed', mistake: 'our-slip', why: 'a wrong reason' }
              : one,
          ),
        }
      : record,
  );
  const out = join(top, 'mended-2');
  await regradeClass(old, out);
  const { moves } = gradeChanges(await classOf(old), await classOf(out));
  expect(moves).toHaveLength(1);
  expect(moves[0]).toMatchObject({
    learner: 'ada',
    lesson: LESSON,
    now: 10,
    checks: [{ id: 'T5', before: 'failed: our-slip', now: 'passed', why: 'a wrong reason' }],
  });
  expect(moves[0]?.before).toBeLessThan(10);
});

test('without its packets, or without a scenario, a result stands and must be run again', async () => {
  const scenario = Object.keys(bundles.get('ada')?.recordings ?? {})[1] ?? '';
  const old = await oldResults('blind', undefined, (learner, bundle) => {
    if (learner === 'bea') return undefined;
    const { [scenario]: _, ...recordings } = bundle.recordings;
    return { ...bundle, recordings };
  });
  const out = join(top, 'blind-2');
  const { mustRun } = await regradeClass(old, out);
  expect(mustRun.map(one => one.learner)).toEqual(['ada', 'bea']);
  expect(mustRun[1]?.reason).toBe('its packets were not kept');
  expect(mustRun[0]?.reason).toContain(`scenario ${scenario} was not recorded`);
  expect(gradeChanges(await classOf(old), await classOf(out)).moves).toEqual([]);
});

test('results are never written over others', async () => {
  const old = await oldResults('twice');
  await expect(regradeClass(old, old)).rejects.toThrow('holds results already');
  await expect(regradeClass(join(top, 'nowhere'), join(top, 'x'))).rejects.toThrow(
    'there is no folder',
  );
});
