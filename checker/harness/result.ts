/** The result of checking one lesson in one track: the only thing a renderer, a file or a grader sees. */
import type { PacketField } from './fields.js';

export const RESULT_SCHEMA = 'mqtt-course/result/1';

export type Track = 'typescript' | 'python';

/**
 * passed · failed: the learner's work · not-reached: a check it needs did not pass · unknown: we
 * could not tell (our fault or the machine's).
 */
export type VerdictStatus = 'passed' | 'failed' | 'not-reached' | 'unknown';

export interface Verdict {
  /** `T2` for a check of the lesson, `U1` for a detector. Unique in the result. */
  readonly id: string;
  readonly title: string;
  readonly status: VerdictStatus;
  /** Clauses of the standard with their version: `3.1.1 MQTT-4.7.1-3`. */
  readonly clauses: readonly string[];
  readonly expected?: string;
  /** May have several lines. */
  readonly seen?: string;
  readonly why?: string;
  readonly try?: string;
  /** Numbers of the packets cited, in the trace of `scenario`. */
  readonly packets: readonly number[];
  readonly scenario?: string;
  /** Which known mistake this is; unique in the lesson. */
  readonly mistake?: string;
  /** The field of one packet that is the mistake, if it is one. */
  readonly field?: PacketField;
  /** Of a passed check: what no program can judge with certainty, for the instructor to look at. */
  readonly remark?: string;
  /** Of a not-reached check: the ids of the checks it waits for. */
  readonly waitsFor?: readonly string[];
}

export interface ProgramOutput {
  /** Null while running, or when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal?: string;
  /** At most 256 KiB each; `stdoutBytes` and `stderrBytes` say how much there was. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export interface CheckResult {
  readonly schema: typeof RESULT_SCHEMA;
  /** Lesson id, `05-wildcards`. */
  readonly lesson: string;
  readonly track: Track | 'command';
  readonly status: 'passed' | 'failed' | 'unknown';
  readonly seed: string;
  readonly broker: string;
  readonly durationMs: number;
  /** Version of the course. */
  readonly course: string;
  readonly checks: readonly Verdict[];
  /** Output of the program in the scenario that the first failure is about, else of the first. */
  readonly program?: ProgramOutput;
  /** Path of the stored bundle with the traces, relative to the workspace. */
  readonly trace?: string;
  /** Said once, above the verdicts: a missing interpreter, a run that could not be judged. */
  readonly notice?: string;
}

/** `passed` needs every check passed; a run in which no check ran is `unknown`. */
export function overall(verdicts: readonly Verdict[]): 'passed' | 'failed' | 'unknown' {
  if (verdicts.some(one => one.status === 'failed')) return 'failed';
  if (verdicts.length === 0 || verdicts.some(one => one.status !== 'passed')) return 'unknown';
  return 'passed';
}
