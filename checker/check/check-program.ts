import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { packageVersion } from '../../course/package-root.js';
import { howToInstall } from '../../course/system/index.js';
import type { FirstFailure } from '../harness/first-failure.js';
import type { Recordings } from '../harness/judge.js';
import { newSeed } from '../harness/random.js';
import type { Recording } from '../harness/recording.js';
import {
  type CheckResult,
  overall,
  type ProgramOutput,
  RESULT_SCHEMA,
  type Track,
  type Verdict,
} from '../harness/result.js';
import { machineFault, watchClock } from '../program/machine.js';
import { type PreparedProgram, prepareProgram } from '../program/prepare.js';
import { encodingNotice } from '../program/source.js';
import { type LauncherRef, ProgramUnavailable } from '../program/spec.js';
import { shownPath } from '../program/typescript.js';
import type { ProgramRun, TestHost } from './test-host.js';

export const BUNDLE_SCHEMA = 'mqtt-course/bundle/1';

/** What a check leaves behind: enough to judge it again without running anything. */
export interface Bundle {
  readonly schema: typeof BUNDLE_SCHEMA;
  readonly result: CheckResult;
  readonly recordings: Recordings;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** What the learner gave: a file of a track, or any command. */
export type ProgramSource =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'command';
      readonly command: readonly string[];
      readonly cwd: string;
      /** Run once before anything is started. */
      readonly build?: string | undefined;
    };

export type CheckProgress =
  | { readonly type: 'waiting'; readonly text: string }
  | { readonly type: 'check'; readonly title: string; readonly state: 'passed' | 'failed' };

export interface CheckRequest {
  readonly lesson: string;
  readonly track: Track | 'command';
  readonly program: ProgramSource;
  /** Replays a run; default a new one. */
  readonly seed?: string;
  readonly broker?: string;
  /** The learner's folder: names in messages are relative to it, and its Python environment is used. */
  readonly workspace?: string;
  /** How the program is started: in a sandbox. */
  readonly launcher?: LauncherRef;
  readonly onProgress?: (event: CheckProgress) => void;
  /**
   * Told as soon as a failure is certain, before the rest is known: the result, with this verdict
   * alone. What comes at the end has the same verdict, or cannot tell because of this machine.
   */
  readonly onFirstFailure?: (outcome: CheckOutcome) => void;
  readonly signal?: AbortSignal;
}

export interface CheckOutcome {
  readonly result: CheckResult;
  readonly bundle: Bundle;
}

/**
 * Whether a broker of that name can be used here.
 * @returns what stands in the way, with what to do about it; undefined when nothing does
 */
export async function brokerProblem(
  name: string,
): Promise<{ reason: 'use' | 'machine'; text: string } | undefined> {
  if (name === 'embedded') return undefined;
  const { findMosquitto, remoteBroker } = await import('../../broker/index.js');
  if (name === 'mosquitto') {
    if (findMosquitto()) return undefined;
    const text = `Mosquitto is not on this machine. ${howToInstall('mosquitto')}`;
    return { reason: 'machine', text };
  }
  try {
    const broker = remoteBroker(name);
    const silent = await unreachable(broker.open());
    if (silent === undefined) return undefined;
    const text = `nobody answers at ${name} (${silent}). Is the broker running, and is the address right?`;
    return { reason: 'machine', text };
  } catch {
    return {
      reason: 'use',
      text: `there is no broker called ${name}; choose embedded, mosquitto, or an address such as mqtt://localhost:1883`,
    };
  }
}

/** How long a broker may take to accept a connection. */
const DIAL_MS = 3000;

/** Why a connection does not come to stand; undefined when it does. */
async function unreachable(stream: Duplex): Promise<string | undefined> {
  const deadline = AbortSignal.timeout(DIAL_MS);
  try {
    await once(stream, 'connect', { signal: deadline });
    return undefined;
  } catch (error) {
    if (deadline.aborted) return `no answer within ${DIAL_MS / 1000} s`;
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    stream.on('error', () => undefined);
    stream.destroy();
  }
}

/**
 * Checks one lesson's program on the wire. Never throws for a mistake of the learner's.
 * @param take gives an host that nobody else uses until `release` is called
 */
export async function checkWith(
  request: CheckRequest,
  take: () => Promise<Pick<TestHost, 'run'>>,
  release: () => void = () => undefined,
): Promise<CheckOutcome> {
  const started = performance.now();
  const jumped = watchClock();
  const seed = request.seed ?? newSeed();
  const base = {
    schema: RESULT_SCHEMA,
    lesson: request.lesson,
    track: request.track,
    seed,
    broker: request.broker ?? 'embedded',
    course: packageVersion(),
  } as const;
  const finish = (
    rest: Pick<CheckResult, 'status' | 'checks'> & Partial<Pick<CheckResult, 'program' | 'notice'>>,
    recordings: Recordings = {},
    files: Bundle['files'] = [],
  ): CheckOutcome => {
    const result: CheckResult = {
      ...base,
      ...rest,
      durationMs: Math.round(performance.now() - started),
    };
    return { result, bundle: { schema: BUNDLE_SCHEMA, result, recordings, files } };
  };

  let over = false;
  const tellFirst = async ({ verdict, recording }: FirstFailure) => {
    // Of a machine that is out of order nothing is told before all of it.
    if ((await machineFault(jumped())) !== undefined || over || request.signal?.aborted) return;
    const recordings = { [recording.scenario]: recording };
    const rest = { status: 'failed', checks: [verdict] } as const;
    request.onFirstFailure?.(finish(rest, recordings, prepared.files));
  };

  const problem = await brokerProblem(base.broker);
  if (problem) return finish({ status: 'unknown', checks: [], notice: problem.text });
  let prepared: PreparedProgram;
  try {
    prepared = await prepareProgram({ ...request, seed, id: 'learner' });
  } catch (error) {
    if (!(error instanceof ProgramUnavailable)) throw error;
    if (error.reason === 'machine')
      return finish({ status: 'unknown', checks: [], notice: error.message });
    return finish({ status: 'failed', checks: [unreadable(error, request.workspace)] });
  }
  try {
    const host = await take();
    const [run] = await host
      .run({
        programs: [prepared.spec],
        keepRecordings: true,
        ...(request.broker ? { broker: request.broker } : {}),
        ...(request.signal ? { signal: request.signal } : {}),
        onCheck: (_, title, state) => request.onProgress?.({ type: 'check', title, state }),
        ...(request.onFirstFailure
          ? { onFirstFailure: (_: string, failure: FirstFailure) => void tellFirst(failure) }
          : {}),
      })
      .finally(release);
    over = true;
    if (!run || run.fault) {
      const machine = request.launcher ? undefined : await machineFault(jumped());
      const notice = machine ?? run?.fault ?? 'nothing was judged';
      return finish({ status: 'unknown', checks: [], notice }, {}, prepared.files);
    }
    const output = outputOf(run);
    const status = overall(run.verdicts);
    // What a machine that is out of order makes of a program is no failure of the program. In a
    // sandbox a program may be the reason for it, and must not gain from that.
    const fault =
      status === 'passed' || request.launcher ? undefined : await machineFault(jumped());
    if (fault !== undefined) {
      const told = { status: 'unknown', checks: [], notice: fault } as const;
      return finish(told, run.recordings, prepared.files);
    }
    const notice = status === 'failed' ? await encodingNoticeOf(request.program) : undefined;
    return finish(
      {
        status,
        checks: run.verdicts,
        ...(notice === undefined ? {} : { notice }),
        ...(output ? { program: output } : {}),
      },
      run.recordings,
      prepared.files,
    );
  } catch (error) {
    if (!(error instanceof ProgramUnavailable)) throw error;
    return finish({ status: 'unknown', checks: [], notice: error.message }, {}, prepared.files);
  } finally {
    await prepared.dispose();
  }
}

/** A word on the bytes of the learner's files, for a result that is red. */
async function encodingNoticeOf(program: ProgramSource): Promise<string | undefined> {
  if (program.kind !== 'file') return undefined;
  const folder = dirname(program.path);
  const beside = await readdir(folder).catch(() => []);
  const names = [basename(program.path), ...beside.filter(isText)];
  for (const name of new Set(names)) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    const notice = bytes && encodingNotice(bytes, name);
    if (notice) return notice;
  }
  return undefined;
}

/** What a lesson has beside a program: configurations, password and rule files, a document. */
const isText = (name: string): boolean => /^[\w-]+(\.(conf|txt|md))?$/.test(name);

/** The verdict on a file that cannot be read as a program. */
function unreadable(error: ProgramUnavailable, workspace = process.cwd()): Verdict {
  const place = error.place;
  return {
    id: 'U0',
    title: 'the file is a program',
    status: 'failed',
    clauses: [],
    expected: 'a program that your language can read',
    seen: place
      ? `${shownPath(place.file, workspace)}:${place.line}\n${error.message}\n${place.excerpt}`
      : error.message,
    why: 'the file does not parse, so not one line of it ran',
    try: 'mend the place under the caret; the slip is often one line earlier',
    packets: [],
    mistake: 'syntax-error',
    ...error.words,
  };
}

/** The output in the scenario that the first failure is about, else in the first scenario. */
export function outputOf(
  run: Pick<ProgramRun, 'verdicts' | 'recordings'>,
): ProgramOutput | undefined {
  const recordings = run.recordings ?? {};
  const failed = run.verdicts.find(one => one.status === 'failed' || one.status === 'unknown');
  const recording: Recording | undefined =
    (failed?.scenario ? recordings[failed.scenario] : undefined) ?? Object.values(recordings)[0];
  const program = recording?.programs[0];
  if (!program) return undefined;
  const { exitCode, signal, stdout, stderr, stdoutBytes, stderrBytes } = program;
  return { exitCode, stdout, stderr, stdoutBytes, stderrBytes, ...(signal ? { signal } : {}) };
}
