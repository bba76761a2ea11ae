import { describe, inject, test } from 'vitest';
import type { ProgramSpec } from '../program/spec.js';
import { seenText } from './check.js';
import type { FirstFailure } from './first-failure.js';
import type { ProvisionalVerdict, Recordings } from './judge.js';
import type { Lesson } from './lesson.js';
import { overall, type Verdict } from './result.js';
import { type LessonRun, runLesson } from './run.js';
import { forgetProgram, stopSignal } from './stopping.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The programs to check, of any lesson. */
    programs: readonly ProgramSpec[];
    /** Whether programs come while it runs, by another way: see `stream.ts`. */
    stream: boolean;
    /** Whether recordings go back to the caller. */
    keepRecordings: boolean;
    /** Whether somebody wants to hear of the first failure before all is known. */
    firstFailure: boolean;
    /** `embedded`, `mosquitto`, or the URL of a broker. */
    broker: string;
  }
  export interface TaskMeta {
    program?: string;
    /** Known as soon as the check's own scenarios are recorded. */
    verdict?: Verdict;
    /** Of a program: known before everything is recorded. */
    firstFailure?: FirstFailure;
    /** On the last test of a program: all verdicts, detectors included. */
    verdicts?: readonly Verdict[];
    recordings?: Recordings;
  }
}

/** What the file of a lesson exports. Our runner makes its tests: see `runner.ts`. */
export function hiddenTests(lesson: Lesson): Lesson {
  return lesson;
}

/** Makes Vitest tests of a lesson: a group for each program, a test for each check. */
export function describeLesson(lesson: Lesson): void {
  const programs: readonly ProgramSpec[] = inject('programs') ?? [];
  for (const spec of programs.filter(one => one.lesson === lesson.id)) {
    // A test has no limit: it may wait for its turn. The scenarios that it waits for have one.
    describe.concurrent(spec.id, { timeout: 0 }, () => {
      let started: LessonRun | undefined;
      const run = () => {
        started ??= runLesson(lesson, spec, {
          brokerKind: inject('broker'),
          signal: stopSignal(spec.id),
        });
        return started;
      };
      if (inject('firstFailure')) {
        test('first failure', async ({ task }) => {
          task.meta.program = spec.id;
          const failure = await run().firstFailure();
          if (failure) task.meta.firstFailure = failure;
        });
      }
      for (const check of lesson.checks) {
        test(`${check.id} ${check.title}`, async context => {
          context.task.meta.program = spec.id;
          const first = await run().first(check.id);
          if (!first) return context.skip('its scenarios were not needed');
          report(check.id, first);
        });
      }
      test('verdicts', async ({ task }) => {
        task.meta.program = spec.id;
        const verdicts = await run().verdicts();
        task.meta.verdicts = verdicts;
        if (inject('keepRecordings')) task.meta.recordings = await run().recordings();
        forgetProgram(spec.id);
        if (overall(verdicts) !== 'passed') throw new Error('not every check passed');
      });
    });
  }
}

function report(id: string, first: ProvisionalVerdict): void {
  if (first.status === 'passed') return;
  if (first.status === 'unknown') throw new Error(`could not tell: ${first.reason}`);
  const { failure } = first;
  throw new Error(
    [
      `${id}: ${failure.mistake}`,
      `Expected  ${failure.expected}`,
      `Seen      ${seenText(failure.seen).text}`,
      `Why       ${failure.why}`,
      `Try       ${failure.try}`,
    ].join('\n'),
  );
}
