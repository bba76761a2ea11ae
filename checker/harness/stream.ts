import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import type { ProgramSpec } from '../program/spec.js';
import type { Recordings } from './judge.js';
import type { Lesson } from './lesson.js';
import type { Verdict } from './result.js';
import { runLesson } from './run.js';
import { forgetProgram, stopSignal } from './stopping.js';

/*
 * Programs that are judged as they come, of any lesson and many at once, in one run of Vitest that
 * lasts: while one waits for a timer, another one starts. A run for each would have a thread, and all
 * that is loaded, for each.
 */

/** A program to be judged. Its id is unique in the run. */
export interface StreamOrder {
  readonly type: 'judge';
  readonly spec: ProgramSpec;
  /** The file of its lesson's hidden tests. */
  readonly file: string;
  readonly broker: string;
}

/** What came of it. */
export type StreamReply =
  | {
      readonly type: 'judged';
      readonly program: string;
      readonly verdicts: readonly Verdict[];
      readonly recordings: Recordings;
    }
  | { readonly type: 'broke'; readonly program: string; readonly fault: string };

let end: () => void = () => undefined;
const ended = new Promise<void>(resolve => {
  end = resolve;
});

/** Makes the one test of such a run: it lasts until `endStream`. */
export function describeStream(): void {
  test('programs as they come', { timeout: 0 }, () => ended);
}

/** Lets the run come to its end. */
export function endStream(): void {
  end();
}

/** Judges one program. Never throws: what breaks is told, and the others go on. */
export async function judgeOne({ spec, file, broker }: StreamOrder): Promise<StreamReply> {
  const program = spec.id;
  try {
    const { lesson } = (await import(pathToFileURL(file).href)) as { lesson: Lesson };
    const run = runLesson(lesson, spec, { brokerKind: broker, signal: stopSignal(program) });
    const verdicts = await run.verdicts();
    return { type: 'judged', program, verdicts, recordings: await run.recordings() };
  } catch (error) {
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { type: 'broke', program, fault };
  } finally {
    forgetProgram(program);
  }
}
