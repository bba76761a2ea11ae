import type { ProgramOutput, Track, Verdict } from '../../checker/index.js';
import { loadLesson, packageVersion } from '../../course/index.js';
import { gradeKey, NOTHING, runtimes, testsHash } from '../cache-key.js';
import type { CourseFile } from '../course-file.js';
import { keepHandedIn, removeHandedIn } from '../handed-in.js';
import { learnerSeed } from '../seeds.js';
import type { Shard } from '../shard.js';
import {
  bundlePath,
  type Member,
  RUN_SCHEMA,
  type Run,
  readRecord,
  readRun,
  removeBundle,
  writeBundle,
  writeRecord,
  writeRun,
} from '../store.js';
import {
  openUnpacker,
  type Submission,
  type UnpackedExercise,
  type UnpackedSubmission,
  UnreadableSubmission,
} from '../submissions/index.js';
import {
  GRADE_SCHEMA,
  type GradeInputs,
  type GradeRecord,
  type Isolation,
  type ProgramLimits,
} from '../types.js';
import type { GradeEvent } from './events.js';
import type { JobRunner, Outcome } from './job.js';
import type { ClassPlan } from './plan.js';

export interface GradeRequest {
  readonly plan: ClassPlan;
  /** Lesson ids, in course order. */
  readonly lessons: readonly string[];
  /** The folder of results; it is there and can be written. */
  readonly out: string;
  readonly seed: string;
  readonly limits: ProgramLimits;
  readonly isolation: Isolation;
  readonly runner: JobRunner;
  /** Jobs at once that the runner takes. */
  readonly workers: number;
  /** Where submissions are unpacked. */
  readonly tmp: string;
  readonly track?: Track;
  readonly shard?: Shard;
  /** In force for the class; stored with the results. */
  readonly courseFile?: CourseFile;
  /** Only some are graded: what is known of the others, and of other lessons, stays. */
  readonly some?: boolean;
  /** Also runs what has a result from the same inputs. */
  readonly force?: boolean;
  /** When aborted, no more work is begun. */
  readonly stop?: AbortSignal;
  readonly onEvent?: (event: GradeEvent) => void;
}

export interface Graded {
  readonly run: Run;
  /** Whether everything that was asked for has a result. */
  readonly complete: boolean;
}

/** Runs of one submission and lesson: a second one, with the same seed, when the first cannot tell. */
const ATTEMPTS = 2;
/** Bytes of a program's output kept in a record; the bundle has all that was kept. */
const OUTPUT_BYTES = 32 * 1024;

/** Grades a class: whatever has no result from the same inputs yet is run, and each result stored. */
export async function gradeClass(request: GradeRequest): Promise<Graded> {
  const { plan, lessons, out, seed, stop, onEvent = () => undefined } = request;
  const tests = testsHash();
  const runtime = await runtimes();
  const stored = readRun(out);
  const earlier = request.some ? stored : undefined;
  const before = new Map((stored?.members ?? []).map(one => [one.learner.id, one]));
  const chosen = new Set(plan.submissions.map(one => one.learner.id));
  const members = new Map(
    plan.members.map((one): [string, Member] => {
      const known = chosen.has(one.learner.id) ? undefined : before.get(one.learner.id);
      const same = known?.submission === one.submission ? known : undefined;
      return [
        one.learner.id,
        {
          ...one,
          ...(same?.unreadable ? { unreadable: same.unreadable } : {}),
          notices: same?.notices ?? [],
        },
      ];
    }),
  );
  for (const one of earlier?.members ?? []) {
    if (!members.has(one.learner.id)) members.set(one.learner.id, one);
  }
  const sorted = () => [...members.values()].sort((a, b) => (a.learner.id < b.learner.id ? -1 : 1));
  const all = (own: readonly string[], known: readonly string[] = []) => [
    ...new Set([...known, ...own]),
  ];
  const courseFile = request.courseFile ?? stored?.courseFile;
  const describe = (): Run => ({
    schema: RUN_SCHEMA,
    course: packageVersion(),
    tests,
    seed,
    isolation: request.isolation,
    lessons: all(lessons, earlier?.lessons).sort(),
    ...(request.shard ? { shard: request.shard } : {}),
    ...(courseFile ? { courseFile } : {}),
    members: sorted(),
    unexpected: all(plan.unexpected, earlier?.unexpected),
    unreadable: [
      ...plan.unreadable,
      ...(earlier?.unreadable ?? []).filter(
        one => !plan.unreadable.some(other => other.submission === one.submission),
      ),
    ],
    notices: all(plan.notices, earlier?.notices),
  });
  writeRun(out, describe());
  onEvent({
    type: 'plan',
    submissions: plan.submissions.length,
    lessons,
    jobs: plan.submissions.length * lessons.length,
    seed,
    isolation: request.isolation,
    workers: request.workers,
  });
  for (const one of plan.unreadable) onEvent({ type: 'unreadable', ...one, jobs: 0 });

  const stopped = () => stop?.aborted ?? false;
  const unpacker = openUnpacker();
  let complete = true;

  async function gradeOne(submission: Submission): Promise<void> {
    const { learner } = submission;
    const member = members.get(learner.id) as Member;
    let unpacked: UnpackedSubmission;
    try {
      if (submission.problem !== undefined) throw new UnreadableSubmission(submission.problem);
      const { track, tmp } = request;
      unpacked = await unpacker.unpack(submission, {
        lessons,
        into: tmp,
        ...(track ? { track } : {}),
      });
    } catch (error) {
      if (!(error instanceof UnreadableSubmission)) throw error;
      members.set(learner.id, { ...member, unreadable: error.message });
      onEvent({
        type: 'unreadable',
        learner: learner.id,
        submission: submission.name,
        reason: error.message,
        jobs: lessons.length,
      });
      return;
    }
    try {
      members.set(learner.id, { ...member, notices: unpacked.notices });
      await Promise.all(lessons.map(lesson => gradeLesson(learner.id, lesson, unpacked)));
    } finally {
      await unpacked.dispose();
    }
  }

  async function gradeLesson(
    learner: string,
    lesson: string,
    unpacked: UnpackedSubmission,
  ): Promise<void> {
    const exercise = unpacked.exercises.get(lesson);
    const inputs: GradeInputs = {
      submission: exercise?.hash ?? NOTHING,
      tests,
      seed: learnerSeed(seed, learner, lesson),
      limits: request.limits,
      isolation: request.isolation,
      course: packageVersion(),
      runtime: runtime[exercise?.track ?? 'typescript'],
    };
    const key = gradeKey(inputs);
    const stored = await readRecord(out, learner, lesson);
    if (stored?.key === key && !request.force && !isOpen(stored)) {
      onEvent(doneEvent(stored, true));
      return;
    }
    const base = { schema: GRADE_SCHEMA, key, learner, lesson, inputs } as const;
    const unreadable = unpacked.open.get(lesson);
    if (unreadable !== undefined) {
      const notices = [`could not be read: ${unreadable}`, ...(exercise?.notices ?? [])];
      removeBundle(out, learner, lesson);
      removeHandedIn(out, learner, lesson);
      const open = { track: null, status: 'unknown', checks: [], attempts: 0, notices } as const;
      keep({ ...base, ...open, unreadable });
      return;
    }
    if (!exercise || exercise.isStub) {
      const notices = exercise
        ? ['the exercise is as it was handed out: nothing was done in it', ...exercise.notices]
        : [];
      removeBundle(out, learner, lesson);
      removeHandedIn(out, learner, lesson);
      const missing = { track: null, status: 'missing', checks: [], attempts: 0, notices } as const;
      keep({ ...base, ...missing });
      return;
    }
    const record = await judged(base, exercise);
    if (record) keep(record);
    else complete = false;
  }

  function keep(record: GradeRecord): void {
    writeRecord(out, record);
    onEvent(doneEvent(record, false));
  }

  /** @returns undefined when the grading was stopped before it was told */
  async function judged(
    base: Pick<GradeRecord, 'schema' | 'key' | 'learner' | 'lesson' | 'inputs'>,
    exercise: UnpackedExercise,
  ): Promise<GradeRecord | undefined> {
    const { learner, lesson } = base;
    const { track, folder, entry } = exercise;
    const job = {
      lesson,
      track,
      folder,
      entry,
      seed: base.inputs.seed,
      waits: loadLesson(lesson).timers,
      wallSeconds: request.limits.wallSeconds,
    };
    let best: Outcome | undefined;
    let attempts = 0;
    while (attempts < ATTEMPTS && (!best || reasonOf(best) !== undefined)) {
      const last = best && reasonOf(best);
      const outcome = await request.runner.run(job, () => {
        if (stopped()) return false;
        onEvent(
          last === undefined
            ? { type: 'start', learner, lesson }
            : { type: 'again', learner, lesson, reason: last },
        );
        return true;
      });
      // What was cut off by us is no result.
      if (!outcome || (stopped() && reasonOf(outcome) !== undefined)) return undefined;
      attempts += 1;
      if (!best || openChecks(outcome) <= openChecks(best)) best = outcome;
    }
    if (!best) return undefined;
    const reason = reasonOf(best);
    keepHandedIn(out, learner, lesson, folder);
    if (best.type === 'judged') await writeBundle(out, learner, lesson, best.bundle);
    else removeBundle(out, learner, lesson);
    return {
      ...base,
      track,
      status: reason === undefined ? 'graded' : 'unknown',
      checks: best.type === 'judged' ? best.result.checks : [],
      attempts,
      notices: [
        ...(reason === undefined ? [] : [`could not be told: ${reason}`]),
        ...exercise.notices,
        ...best.limitHits,
      ],
      ...(best.type === 'judged' && best.result.program
        ? { program: shortened(best.result.program) }
        : {}),
      ...(best.type === 'judged' ? { bundle: bundlePath(learner, lesson) } : {}),
    };
  }

  const rest = [...plan.submissions];
  // Enough submissions at once that no worker waits for one to be unpacked.
  const slots = Math.min(rest.length, request.workers + 1);
  try {
    await Promise.all(
      Array.from({ length: slots }, async () => {
        for (let next = rest.shift(); next; next = rest.shift()) {
          if (stopped()) {
            complete = false;
            return;
          }
          await gradeOne(next);
        }
      }),
    );
  } finally {
    unpacker.close();
  }
  const run = describe();
  writeRun(out, run);
  return { run, complete };
}

/** Why nobody can tell yet; undefined when everything was told. */
function reasonOf(outcome: Outcome): string | undefined {
  if (outcome.type === 'lost') return outcome.reason;
  const { result } = outcome;
  const open = result.checks.find(one => one.status === 'unknown');
  if (open) return `${open.id} ${open.title}: ${firstLine(open)}`;
  return result.status === 'unknown' ? (result.notice ?? 'nothing was judged') : undefined;
}

const firstLine = ({ seen }: Verdict) => seen?.split('\n')[0] ?? 'no reason was given';

function openChecks(outcome: Outcome): number {
  if (outcome.type === 'lost' || outcome.result.checks.length === 0)
    return Number.POSITIVE_INFINITY;
  return outcome.result.checks.filter(one => one.status === 'unknown').length;
}

/** A result that a person would have to look at is tried again with the next command. */
function isOpen({ status, checks }: GradeRecord): boolean {
  return status === 'unknown' || checks.some(one => one.status === 'unknown');
}

function doneEvent(record: GradeRecord, kept: boolean): GradeEvent {
  const { learner, lesson, status, checks, notices } = record;
  const count = (wanted: string) => checks.filter(one => one.status === wanted).length;
  const reason = status === 'unknown' ? notices[0] : undefined;
  return {
    type: 'done',
    learner,
    lesson,
    status,
    passed: count('passed'),
    failed: count('failed'),
    kept,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** How much there was is still told by `stdoutBytes` and `stderrBytes`. */
function shortened(program: ProgramOutput): ProgramOutput {
  const cut = (text: string) => {
    const bytes = Buffer.from(text);
    if (bytes.length <= OUTPUT_BYTES) return text;
    return new TextDecoder().decode(bytes.subarray(0, OUTPUT_BYTES), { stream: true });
  };
  return { ...program, stdout: cut(program.stdout), stderr: cut(program.stderr) };
}
