import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { explainWrite, timeStamp, withLock, writeAtomic } from './atomic.js';
import { UsageError } from './errors.js';
import { packageVersion } from './package-root.js';

export const STATE_SCHEMA = 'mqtt-course/state/1';

const status = z.enum(['passed', 'failed', 'unknown']);

const trackProgress = z.looseObject({
  /** The best that was ever reached. */
  best: status,
  /** What came of the last check. */
  last: status,
  attempts: z.number().int().nonnegative(),
  lastAt: z.string().optional(),
  passedAt: z.string().optional(),
  /** Where the last attempts stopped, the newest last. What is damaged is forgotten. */
  recent: z
    .array(z.looseObject({ status, stopped: z.string().optional() }))
    .optional()
    .catch(undefined),
});

const answer = z.looseObject({
  answer: z.union([z.number(), z.string()]),
  correct: z.boolean(),
  at: z.string(),
});

const lessonProgress = z.looseObject({
  /** By track; a program given as a command counts as the track `command`. */
  tracks: z.record(z.string(), trackProgress).default({}),
  /** How many hints have been shown, by track. */
  hintsShown: z.record(z.string(), z.number().int()).default({}),
  /** When the solution was shown before a pass, by track. */
  solutionShown: z.record(z.string(), z.string()).default({}),
  /** The command that is this workspace's program for the lesson. What is damaged is forgotten. */
  command: z
    .looseObject({
      words: z.array(z.string()).min(1),
      cwd: z.string(),
      build: z.string().optional(),
    })
    .optional()
    .catch(undefined),
  prediction: answer.optional(),
  quiz: z.record(z.string(), answer).default({}),
});

const stateSchema = z.looseObject({
  schema: z.literal(STATE_SCHEMA),
  course: z.string(),
  track: z.enum(['typescript', 'python']).optional(),
  /** Id of the lesson the learner is at. */
  current: z.string().optional(),
  lessons: z.record(z.string(), lessonProgress).default({}),
  /** Hash of each stub as the course delivered it, by path in the workspace. */
  stubs: z.record(z.string(), z.string()).default({}),
});

/** What `.mqtt-course/state.json` holds. Lessons and fields that are unknown here are kept. */
export type State = z.infer<typeof stateSchema>;
export type LessonProgress = z.infer<typeof lessonProgress>;
export type TrackProgress = z.infer<typeof trackProgress>;
export type Answer = z.infer<typeof answer>;
export type Status = z.infer<typeof status>;

export interface ReadState {
  readonly state: State;
  /** What the learner should be told: the file was damaged. */
  readonly notices: readonly string[];
}

export function emptyState(): State {
  return { schema: STATE_SCHEMA, course: packageVersion(), lessons: {}, stubs: {} };
}

export function emptyLesson(): LessonProgress {
  return { tracks: {}, hintsShown: {}, solutionShown: {}, quiz: {} };
}

/**
 * Reads the progress of a workspace. A damaged file is kept aside as `state.damaged-<time>.json`,
 * and the progress is made again from the stored results.
 * @param meta the folder `.mqtt-course`
 * @throws UsageError when a newer version of the course wrote it
 */
export function readState(meta: string): ReadState {
  const file = join(meta, 'state.json');
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch {
    return { state: rebuild(meta), notices: [] };
  }
  const read = parse(source);
  if (read.ok) return { state: read.state, notices: [] };
  if (read.newer) {
    throw new UsageError(
      `${file} was written by a newer version of the course (${read.newer}). Update: npx mqtt-course@latest start`,
    );
  }
  const state = rebuild(meta);
  const aside = join(meta, `state.damaged-${timeStamp()}.json`);
  try {
    renameSync(file, aside);
    writeAtomic(file, serialise(state));
  } catch {
    // Read-only, or another process was faster: what was rebuilt is right all the same.
  }
  return {
    state,
    notices: [
      `Your progress file was damaged. It is kept as ${aside}; the progress was made again from your stored results.`,
    ],
  };
}

/** Reads, changes and writes the progress; two processes at once lose nothing of each other. */
export function updateState(meta: string, change: (state: State) => void): State {
  try {
    return withLock(join(meta, 'state.lock'), () => {
      const { state } = readState(meta);
      change(state);
      writeAtomic(join(meta, 'state.json'), serialise(state));
      return state;
    });
  } catch (error) {
    throw explainWrite(error, meta);
  }
}

function serialise(state: State): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

type Parsed = { ok: true; state: State } | { ok: false; newer?: string };

function parse(source: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { ok: false };
  }
  const parsed = stateSchema.safeParse(value);
  if (parsed.success) return { ok: true, state: parsed.data };
  const { schema } = (value ?? {}) as { schema?: unknown };
  const newer = /^mqtt-course\/state\/(\d+)$/.exec(String(schema))?.[1];
  return newer !== undefined && Number(newer) > 1
    ? { ok: false, newer: String(schema) }
    : { ok: false };
}

const storedResult = z.looseObject({
  lesson: z.string(),
  track: z.string(),
  status,
});

/** Progress from the files in `results/`: what was passed, and what came last. */
function rebuild(meta: string): State {
  const state = emptyState();
  const folder = join(meta, 'results');
  if (!existsSync(folder)) return state;
  for (const name of readdirSync(folder)
    .filter(one => one.endsWith('.json'))
    .sort()) {
    const result = readResult(join(folder, name));
    if (!result) continue;
    const { lesson, track } = result;
    const progress = state.lessons[lesson] ?? emptyLesson();
    const before = progress.tracks[track];
    const last = name.endsWith('.passed.json') ? (before?.last ?? 'passed') : result.status;
    const best = [before?.best, result.status].includes('passed') ? 'passed' : result.status;
    progress.tracks[track] = { best, last, attempts: before?.attempts ?? 1 };
    state.lessons[lesson] = progress;
  }
  return state;
}

function readResult(path: string): z.infer<typeof storedResult> | undefined {
  try {
    return storedResult.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
