/** A class graded without running anything: what comes of a job follows from its files alone. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { lessonChecks, type Verdict } from '../../checker/index.js';
import {
  defaultCourseFile,
  defaultLimits,
  type Graded,
  type GradeEvent,
  type GradeRequest,
  gradeClass,
  type Job,
  type JobRunner,
  listSubmissions,
  type Outcome,
  planClass,
  type Roster,
  type Shard,
} from '../../grading/index.js';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mqtt-course-grade-test-'));
  made.push(path);
  return path;
}

/** The verdicts that a program "gets": some fail, which ones its text decides. */
export async function verdictsFor(job: Job): Promise<Verdict[]> {
  const text = readFileSync(job.entry, 'utf8');
  const hash = createHash('sha256').update(text).digest();
  return (await lessonChecks(job.lesson)).map((check, at) => {
    const base = { id: check.id, title: check.title, clauses: [...check.clauses], packets: [] };
    if (((hash[at] ?? 0) & 3) !== 0) return { ...base, status: 'passed' as const };
    const words = {
      expected: 'a',
      seen: `seed ${job.seed}`,
      why: 'b',
      try: 'c',
      mistake: 'made-up',
    };
    return { ...base, ...words, status: 'failed' as const, scenario: 'main' };
  });
}

export function judgedAs(checks: readonly Verdict[]): Outcome {
  const failed = checks.some(one => one.status === 'failed');
  const open = checks.some(one => one.status === 'unknown');
  const status = failed ? 'failed' : open ? 'unknown' : 'passed';
  const result = { status, checks } as const;
  const bundle = gzipSync(
    JSON.stringify({ schema: 'mqtt-course/bundle/1', result, recordings: {} }),
  );
  return { type: 'judged', result, bundle, rssMiB: 1, limitHits: [] };
}

export interface FakeRunner extends JobRunner {
  readonly jobs: Job[];
}

export function fakeRunner(
  outcome: (job: Job, turn: number) => Promise<Outcome> = async job =>
    judgedAs(await verdictsFor(job)),
): FakeRunner {
  const jobs: Job[] = [];
  return {
    jobs,
    run: async (job, begin) => {
      if (!begin()) return undefined;
      jobs.push(job);
      return outcome(job, jobs.length);
    },
    close: async () => undefined,
  };
}

export interface GradeOptions extends Partial<Omit<GradeRequest, 'plan' | 'runner'>> {
  readonly runner?: JobRunner;
  readonly shard?: Shard;
  readonly only?: readonly string[];
  readonly roster?: Roster;
}

/** Grades a folder. */
export async function grade(
  submissions: string,
  out: string,
  options: GradeOptions = {},
): Promise<Graded & { readonly events: readonly GradeEvent[] }> {
  const { shard, only, roster, ...rest } = options;
  const list = await listSubmissions(submissions, roster ? { roster } : {});
  const plan = planClass(list, {
    ...(roster ? { roster: roster.learners } : {}),
    ...(shard ? { shard } : {}),
    ...(only ? { only } : {}),
  });
  const events: GradeEvent[] = [];
  const graded = await gradeClass({
    lessons: ['02-publish-a-reading', '05-wildcards'],
    out,
    seed: 'class seed',
    limits: defaultLimits,
    isolation: 'process',
    workers: 2,
    tmp: join(folder(), 'unpacked'),
    runner: fakeRunner(),
    onEvent: event => events.push(event),
    ...(shard ? { shard } : {}),
    ...rest,
    plan,
  });
  return { ...graded, events };
}

export const courseFile = defaultCourseFile();

/** Every file under a folder with what is in it. */
export function filesOf(top: string, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    readdirSync(join(top, prefix), { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(entry => {
        const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
        return entry.isDirectory()
          ? Object.entries(filesOf(top, path))
          : [[path, readFileSync(join(top, path), 'base64')] as const];
      }),
  );
}
