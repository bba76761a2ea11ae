import { z } from 'zod';
import { packageVersion } from '../../course/package-root.js';
import { BUNDLE_SCHEMA, outputOf } from '../check/check-program.js';
import { hiddenTestFile, loadLesson } from '../check/test-host.js';
import { judge, type Recordings } from '../harness/judge.js';
import { type CheckResult, overall, RESULT_SCHEMA, type Verdict } from '../harness/result.js';
import type { StoredBundle } from './bundle.js';

/** A check whose verdict is not what the bundle says. */
export interface Difference {
  readonly id: string;
  readonly title: string;
  /** As stored; undefined for a check that was not there. */
  readonly before?: string;
  /** As judged now; undefined for a check that is no more. */
  readonly now?: string;
}

export interface Replayed {
  /** The verdicts of today's checks on the stored exchange. */
  readonly result: CheckResult;
  readonly differences: readonly Difference[];
  /** Version of the course that made the bundle, where it is not this one. */
  readonly otherCourse?: string;
  /** False when nothing was recorded: the verdicts are the stored ones. */
  readonly judged: boolean;
}

/** What is wrong with a file that should be a bundle, as the end of a sentence: "it …". */
export class NotABundle extends Error {
  override readonly name = 'NotABundle';
}

const text = z.string();
const statuses = z.enum(['passed', 'failed', 'not-reached', 'unknown']);
const output = {
  exitCode: z.number().nullable(),
  stdout: text,
  stderr: text,
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
};

const entry = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('packet'),
    n: z.number(),
    t: z.number(),
    connection: z.number(),
    who: text,
    direction: z.enum(['to-broker', 'to-client']),
    packet: z.looseObject({ type: text }),
    hex: z.string().regex(/^[\da-f]*$/i),
    fate: text,
  }),
  z.looseObject({ kind: z.literal('connection'), t: z.number(), connection: z.number() }),
  z.looseObject({ kind: z.literal('fault'), t: z.number(), text }),
  z.looseObject({ kind: z.literal('note'), t: z.number(), text }),
]);

const recording = z.looseObject({
  scenario: text,
  trace: z.looseObject({ schema: text, startedAt: text, entries: z.array(entry) }),
  programs: z.array(z.looseObject({ ...output, name: text, startedAt: z.number() })),
  stalls: z.array(z.looseObject({ from: z.number(), to: z.number() })),
});

const bundleSchema = z.looseObject({
  schema: z.literal(BUNDLE_SCHEMA),
  result: z.looseObject({
    schema: z.literal(RESULT_SCHEMA),
    lesson: z.string().regex(/^\d+-[a-z0-9-]+$/),
    track: z.enum(['typescript', 'python', 'command']),
    status: z.enum(['passed', 'failed', 'unknown']),
    seed: text,
    broker: text,
    durationMs: z.number(),
    course: text,
    checks: z.array(
      z.looseObject({
        id: text,
        title: text,
        status: statuses,
        clauses: z.array(text),
        packets: z.array(z.number()),
      }),
    ),
    program: z.looseObject(output).optional(),
    notice: text.optional(),
  }),
  recordings: z.record(text, recording),
  files: z.array(z.looseObject({ path: text, sha256: text })).default([]),
  versions: z.looseObject({ course: text, node: text, platform: text }).optional(),
});

/** Reads the text of a bundle. @throws NotABundle */
export function parseBundle(source: string): StoredBundle {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new NotABundle('is not JSON, or only a part of it is there');
  }
  const { schema } = (typeof value === 'object' && value !== null ? value : {}) as {
    schema?: unknown;
  };
  if (typeof schema !== 'string' || !schema.startsWith('mqtt-course/')) {
    throw new NotABundle('is JSON of something else: a bundle has the schema mqtt-course/bundle/1');
  }
  if (schema === RESULT_SCHEMA) {
    throw new NotABundle(
      'is a result, and has no packets in it. The bundle is beside it in last/, with the same lesson',
    );
  }
  if (schema !== BUNDLE_SCHEMA) {
    throw new NotABundle(`has the schema ${schema}, and this course reads ${BUNDLE_SCHEMA}`);
  }
  const parsed = bundleSchema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as StoredBundle;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'its top';
  throw new NotABundle(`is damaged at ${place}: ${issue?.message ?? 'it does not fit'}`);
}

/**
 * Judges a stored exchange with the checks of this course; runs nothing.
 * @param source the text of the learner's file, where it is at hand: it only words one message
 * @throws NotABundle when its lesson is not in this course
 */
export async function replayBundle(bundle: StoredBundle, source?: string): Promise<Replayed> {
  const { result: stored, recordings } = bundle;
  if (!hiddenTestFile(stored.lesson)) {
    throw new NotABundle(`is of ${stored.lesson}, and this course has no such lesson`);
  }
  const course = packageVersion();
  const other = stored.course === course ? {} : { otherCourse: stored.course };
  if (Object.keys(recordings).length === 0) {
    return { result: stored, differences: [], judged: false, ...other };
  }
  const lesson = await loadLesson(stored.lesson);
  const checks = judge(lesson, recordings, {
    source: source ?? recalled(stored),
    track: stored.track,
  });
  const { program: _, trace: __, notice: ___, ...facts } = stored;
  const output = outputOf({ verdicts: checks, recordings: recordings as Recordings });
  const result: CheckResult = {
    ...facts,
    course,
    status: overall(checks),
    checks,
    ...(output ? { program: output } : {}),
  };
  return { result, differences: compare(stored.checks, checks), judged: true, ...other };
}

/** The source is not in a bundle; that it held an address was said in the verdict. */
function recalled(stored: CheckResult): string {
  const literal = stored.checks.some(one => one.mistake === 'literal-address');
  return literal ? 'mqtt://localhost' : '';
}

function compare(before: readonly Verdict[], now: readonly Verdict[]): Difference[] {
  const ids = [...new Set([...before, ...now].map(one => one.id))];
  return ids.flatMap(id => {
    const old = before.find(one => one.id === id);
    const fresh = now.find(one => one.id === id);
    const [was, is] = [saying(old), saying(fresh)];
    if (was === is) return [];
    return [
      {
        id,
        title: fresh?.title ?? old?.title ?? '',
        ...(was ? { before: was } : {}),
        ...(is ? { now: is } : {}),
      },
    ];
  });
}

/** `passed`, `failed: no-goodbye`. */
function saying(verdict: Verdict | undefined): string | undefined {
  if (!verdict) return undefined;
  const { status, mistake } = verdict;
  return status === 'failed' && mistake ? `failed: ${mistake}` : status;
}
