import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { Bundle } from '../checker/index.js';
import { writeAtomic } from '../course/atomic.js';
import { UsageError } from '../course/index.js';
import { patientRemoval } from '../course/system/index.js';
import { isAlive, processBegan } from './alive.js';
import { gradeKey } from './cache-key.js';
import type { CourseFile } from './course-file.js';
import { jsonText } from './exports/text.js';
import { safeName } from './safe-name.js';
import { GRADE_SCHEMA, type GradeRecord, type Isolation, type Learner } from './types.js';

/*
 * The folder of a graded class:
 *
 *   run.json                             who is in the class, and how it was graded
 *   results/<learner>/<lesson>.json      one record each
 *   bundles/<learner>/<lesson>.json.gz   what is needed to judge it again without running it
 *   handed-in/<learner>/<lesson>/        the files as they were judged
 *   overrides.csv                        what a person decided
 *
 * Nothing in it depends on when or how fast it was made, but the bundles: they hold traces.
 */

export { safeName } from './safe-name.js';

export const RUN_SCHEMA = 'mqtt-course/run/1';

/** A learner of the class and what came from them. */
export interface Member {
  readonly learner: Learner;
  /** Name of the folder or archive; undefined when nothing came. */
  readonly submission?: string;
  /** ISO 8601 with offset, as far as anybody but the learner says so. */
  readonly submittedAt?: string;
  /** Where that comes from: `submissions.csv`, `Gradescope`, `Moodle worksheet`. */
  readonly submittedAtFrom?: string;
  readonly markedLate?: boolean;
  /** What else came from this learner and does not count: names. */
  readonly others?: readonly string[];
  /** Why what came cannot be read; nothing of it was graded. */
  readonly unreadable?: string;
  /** What a person should know about the submission as a whole. */
  readonly notices: readonly string[];
}

/** How a class was graded: `run.json`. */
export interface Run {
  readonly schema: typeof RUN_SCHEMA;
  readonly course: string;
  readonly tests: string;
  readonly seed: string;
  /** Of those that were used, the one that keeps least apart. */
  readonly isolation: Isolation;
  /** Lesson ids, in course order. */
  readonly lessons: readonly string[];
  readonly shard?: { readonly index: number; readonly count: number };
  /** Points, weights and deadlines in force, by content. */
  readonly courseFile?: CourseFile;
  /** Put together from several folders. */
  readonly merged?: true;
  /** Sorted by learner id. Those of the roster from whom nothing came are there, too. */
  readonly members: readonly Member[];
  readonly unexpected: readonly string[];
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
  readonly notices: readonly string[];
}

const learner = z.object({
  id: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  ids: z.record(z.string(), z.string()).optional(),
});
const runFile = z.object({
  schema: z.literal(RUN_SCHEMA),
  course: z.string(),
  tests: z.string(),
  seed: z.string(),
  isolation: z.enum(['bwrap', 'container', 'process']),
  lessons: z.array(z.string()),
  shard: z.object({ index: z.number(), count: z.number() }).optional(),
  // Written by us from a file that was checked.
  courseFile: z.looseObject({ title: z.string(), points: z.number() }).optional(),
  merged: z.literal(true).optional(),
  members: z.array(
    z.object({
      learner,
      submission: z.string().optional(),
      submittedAt: z.string().optional(),
      submittedAtFrom: z.string().optional(),
      markedLate: z.boolean().optional(),
      others: z.array(z.string()).optional(),
      unreadable: z.string().optional(),
      notices: z.array(z.string()),
    }),
  ),
  unexpected: z.array(z.string()),
  unreadable: z.array(z.object({ submission: z.string(), reason: z.string() })),
  notices: z.array(z.string()),
});
const recordFile = z.looseObject({
  schema: z.literal(GRADE_SCHEMA),
  key: z.string(),
  learner: z.string(),
  lesson: z.string(),
  status: z.enum(['graded', 'missing', 'unknown']),
  checks: z.array(z.looseObject({ id: z.string(), status: z.string() })),
  inputs: z.looseObject({ tests: z.string(), seed: z.string() }),
  attempts: z.number(),
  notices: z.array(z.string()),
});

/** Relative to the folder of the class. */
export function recordPath(learnerId: string, lesson: string): string {
  return `results/${safeName(learnerId)}/${lesson}.json`;
}

/** Relative to the folder of the class. */
export function bundlePath(learnerId: string, lesson: string): string {
  return `bundles/${safeName(learnerId)}/${lesson}.json.gz`;
}

/** The stored record; undefined when there is none, or when it is not whole. */
export async function readRecord(
  folder: string,
  learnerId: string,
  lesson: string,
): Promise<GradeRecord | undefined> {
  const text = await readFile(join(folder, recordPath(learnerId, lesson)), 'utf8').catch(
    () => undefined,
  );
  const record = text === undefined ? undefined : parseRecord(text);
  return record?.learner === learnerId && record.lesson === lesson ? record : undefined;
}

/** A record that says what it was made from, and was made from that. */
function parseRecord(text: string): GradeRecord | undefined {
  try {
    const record = recordFile.parse(JSON.parse(text)) as unknown as GradeRecord;
    return record.key === gradeKey(record.inputs) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function writeRecord(folder: string, record: GradeRecord): void {
  writeAtomic(join(folder, recordPath(record.learner, record.lesson)), jsonText(record));
}

/** Takes away what an earlier attempt left. */
export function removeBundle(folder: string, learnerId: string, lesson: string): void {
  rmSync(join(folder, bundlePath(learnerId, lesson)), { force: true });
}

/** @param packed the bundle as gzipped JSON */
export async function writeBundle(
  folder: string,
  learnerId: string,
  lesson: string,
  packed: Uint8Array,
): Promise<void> {
  const path = join(folder, bundlePath(learnerId, lesson));
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, packed);
  await rename(temporary, path);
}

const unzip = promisify(gunzip);

/** The stored bundle; undefined when there is none, or when it is not whole. */
export async function readBundle(
  folder: string,
  learnerId: string,
  lesson: string,
): Promise<Bundle | undefined> {
  try {
    const packed = await readFile(join(folder, bundlePath(learnerId, lesson)));
    return JSON.parse((await unzip(packed)).toString('utf8')) as Bundle;
  } catch {
    return undefined;
  }
}

export interface StoredRecord {
  readonly record: GradeRecord;
  /** The bytes of its file. */
  readonly text: string;
}

/** Every record of a folder, and the files that are none. */
export function readRecords(folder: string): {
  readonly records: readonly StoredRecord[];
  readonly damaged: readonly string[];
} {
  const top = join(folder, 'results');
  const records: StoredRecord[] = [];
  const damaged: string[] = [];
  for (const name of existsSync(top) ? readdirSync(top).sort() : []) {
    let files: string[] = [];
    try {
      files = readdirSync(join(top, name)).sort();
    } catch {
      damaged.push(`results/${name}`);
    }
    for (const file of files.filter(one => one.endsWith('.json'))) {
      const path = `results/${name}/${file}`;
      const text = readFileSync(join(folder, path), 'utf8');
      const record = parseRecord(text);
      if (record && recordPath(record.learner, record.lesson) === path) {
        records.push({ record, text });
      } else damaged.push(path);
    }
  }
  return { records, damaged };
}

/** What `run.json` says; undefined when there is none. @throws UsageError when it is something else */
export function readRun(folder: string): Run | undefined {
  const path = join(folder, 'run.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return runFile.parse(JSON.parse(text)) as unknown as Run;
  } catch {
    throw new UsageError(
      `${path} is not of this course. Choose another folder for the results: --out DIR`,
    );
  }
}

export function writeRun(folder: string, run: Run): void {
  writeAtomic(join(folder, 'run.json'), jsonText(run));
}

/** Puts the results of a folder into another one, which is then one of ours, too. */
export function copyResults(from: string, out: string, run: Run): void {
  for (const name of ['results', 'bundles', 'handed-in', 'overrides.csv']) {
    if (name !== 'overrides.csv') rmSync(join(out, name), patientRemoval);
    if (existsSync(join(from, name))) {
      cpSync(join(from, name), join(out, name), { recursive: true });
    }
  }
  writeRun(out, run);
}

const LOCK = '.grading';

/**
 * Keeps others from grading into the same folder at the same time. What a killed grading of this
 * machine left is taken over.
 * @returns gives the folder free
 * @throws UsageError when somebody grades into it
 */
export function lockOut(folder: string): () => void {
  const path = join(folder, LOCK);
  const own = JSON.stringify({ pid: process.pid, host: hostname(), began: processBegan() });
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (tries > 0 || isGrading(path)) {
        throw new UsageError(
          `another grading writes to ${folder} now. Wait for its end, or choose another folder: --out DIR. If there is none, remove ${path}`,
        );
      }
      rmSync(path, { force: true });
    }
  }
  return () => {
    if (existsSync(path) && readFileSync(path, 'utf8') === own) rmSync(path, { force: true });
  };
}

/** Whether the process that a lock names is there; of another machine nobody can tell. */
function isGrading(path: string): boolean {
  try {
    const { pid, host, began } = JSON.parse(readFileSync(path, 'utf8'));
    if (host !== hostname()) return true;
    return isAlive(pid) && (began === null || began === processBegan(pid));
  } catch {
    return false;
  }
}

/** Makes the folder of results, or says why it cannot be one. @throws UsageError */
export function openOut(folder: string): void {
  const retry = 'Choose another folder for the results: --out DIR';
  try {
    mkdirSync(join(folder, 'results'), { recursive: true });
    const probe = join(folder, `.write-${process.pid}`);
    writeAtomic(probe, '');
    rmSync(probe, { force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'EEXIST') {
      throw new UsageError(`${folder} is a file, not a folder. ${retry}`);
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new UsageError(`${folder} cannot be written: it is read-only for you. ${retry}`);
    }
    if (code === 'ENOSPC') throw new UsageError(`${folder} cannot be written: the disk is full.`);
    throw error;
  }
}
