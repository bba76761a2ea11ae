import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Verdict } from '../checker/index.js';
import { NotABundle, parseBundle, replayBundle } from '../checker/replay/index.js';
import { packageVersion, UsageError } from '../course/index.js';
import { gradeKey, testsHash } from './cache-key.js';
import { OVERRIDES_FILE } from './overrides.js';
import {
  bundlePath,
  openOut,
  type Run,
  readBundle,
  readRecords,
  readRun,
  type StoredRecord,
  writeBundle,
  writeRecord,
  writeRun,
} from './store.js';
import type { GradeRecord } from './types.js';

const zip = promisify(gzip);

/** A result that could not be judged from what was stored: its program has to be run again. */
export interface MustRun {
  readonly learner: string;
  readonly lesson: string;
  readonly reason: string;
}

export interface Regraded {
  readonly run: Run;
  readonly records: readonly StoredRecord[];
  readonly mustRun: readonly MustRun[];
  /** Results that were judged again. */
  readonly judged: number;
}

/**
 * Judges the stored exchanges of a class with the checks of this course. Nothing is run. What has no
 * exchange, or one in which a check finds nothing to look at, stays as it was and is named.
 * @param from the `--out` of a grading; it is only read
 * @param out a folder of its own
 * @throws UsageError when `from` holds no results, or `out` is no place for others
 */
export async function regradeClass(from: string, out: string): Promise<Regraded> {
  const stored = readRun(from);
  if (!stored) throw noResults(from);
  if (existsSync(out) && readRun(out)) {
    throw new UsageError(
      `${out} holds results already. Choose a folder of its own for the new ones: --out DIR`,
    );
  }
  openOut(out);
  const tests = testsHash();
  const { records, damaged } = readRecords(from);
  const kept: StoredRecord[] = [];
  const mustRun: MustRun[] = [];
  let judged = 0;
  const lessons = new Set(stored.lessons);
  for (const one of records) {
    const { record } = one;
    if (!lessons.has(record.lesson)) continue;
    const again =
      record.track === null ? untouched(record, tests) : await judgeAgain(from, record, tests);
    if ('reason' in again) {
      mustRun.push({ learner: record.learner, lesson: record.lesson, reason: again.reason });
      kept.push(one);
      writeRecord(out, record);
      continue;
    }
    if (record.track !== null) judged += 1;
    writeRecord(out, again.record);
    kept.push({ record: again.record, text: '' });
    const bundle = again.bundle;
    if (bundle) await writeBundle(out, record.learner, record.lesson, bundle);
  }
  const run: Run = {
    ...stored,
    course: packageVersion(),
    tests,
    notices: [...stored.notices, ...damaged.map(file => `${file} is damaged; it was left out`)],
  };
  for (const name of ['handed-in', OVERRIDES_FILE]) {
    if (existsSync(join(from, name)))
      cpSync(join(from, name), join(out, name), { recursive: true });
  }
  writeRun(out, run);
  return { run, records: kept, mustRun, judged };
}

function noResults(folder: string): UsageError {
  return new UsageError(
    existsSync(folder)
      ? `${folder} holds no results: there is no run.json in it. Name the --out of a grading.`
      : `there is no folder ${folder}.`,
  );
}

type Again =
  | { readonly record: GradeRecord; readonly bundle?: Uint8Array }
  | { readonly reason: string };

/** Nothing was handed in, and so nothing is judged: only the tests are others. */
function untouched(record: GradeRecord, tests: string): Again {
  return { record: withTests(record, tests) };
}

function withTests(record: GradeRecord, tests: string): GradeRecord {
  const inputs = { ...record.inputs, tests, course: packageVersion() };
  return { ...record, inputs, key: gradeKey(inputs) };
}

async function judgeAgain(from: string, record: GradeRecord, tests: string): Promise<Again> {
  const stored = await readBundle(from, record.learner, record.lesson);
  if (!stored) return { reason: 'its packets were not kept' };
  let checks: readonly Verdict[];
  let bundle: Uint8Array;
  try {
    const parsed = parseBundle(JSON.stringify(stored));
    const replayed = await replayBundle(parsed);
    if (!replayed.judged) return { reason: 'nothing was recorded' };
    checks = replayed.result.checks;
    bundle = await zip(JSON.stringify({ ...parsed, result: replayed.result }));
  } catch (error) {
    if (!(error instanceof NotABundle)) throw error;
    return { reason: `its bundle ${error.message}` };
  }
  const blind = checks.find(one => one.status === 'unknown');
  const before = record.checks.find(one => one.id === blind?.id);
  if (blind && before?.status !== 'unknown') {
    return {
      reason: `${blind.id} looks at something that was not recorded then: ${firstLine(blind)}`,
    };
  }
  const renewed = withTests(record, tests);
  return {
    record: {
      ...renewed,
      checks,
      status: blind ? 'unknown' : 'graded',
      bundle: bundlePath(record.learner, record.lesson),
    },
    bundle,
  };
}

const firstLine = ({ seen }: Verdict) => (seen ?? 'no reason was given').split('\n')[0] ?? '';
