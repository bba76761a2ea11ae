import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TestCase, TestModule, Vitest } from 'vitest/node';
import type { Recordings } from './harness/judge.js';
import type { Lesson } from './harness/lesson.js';
import type { ProgramSpec } from './program/spec.js';
import type { Verdict } from './result.js';

/** What came of one program. */
export interface ProgramRun {
  readonly spec: ProgramSpec;
  readonly verdicts: readonly Verdict[];
  readonly recordings?: Recordings;
  /** Set when the hidden tests themselves broke: nothing was judged. */
  readonly fault?: string;
}

export interface EngineRequest {
  readonly programs: readonly ProgramSpec[];
  readonly broker?: string;
  readonly keepRecordings?: boolean;
  /** Called as each check of a program is done, in the order in which they finish. */
  readonly onCheck?: (programId: string, title: string, state: 'passed' | 'failed') => void;
  /** Called when all verdicts of a program are known. */
  readonly onProgram?: (run: ProgramRun) => void;
  readonly signal?: AbortSignal;
  /** Hidden tests at once; default: as many files as processors. */
  readonly workers?: number;
}

/** The folder of the hidden tests: `dist/checker/lessons` when built, `checker/lessons` in the sources. */
const here = dirname(fileURLToPath(import.meta.url));
const packageRoot = here.includes(`${join('dist', 'checker')}`)
  ? join(here, '..', '..')
  : join(here, '..');

/** The file with the hidden tests of a lesson; undefined when the lesson has none. */
export function hiddenTestFile(lesson: string): string | undefined {
  return ['js', 'ts']
    .map(extension => join(here, 'lessons', `${lesson}.test.${extension}`))
    .find(existsSync);
}

/** Loads a lesson's definition without running it: to practise, or to judge a stored exchange again. */
export async function loadLesson(id: string): Promise<Lesson> {
  const file = hiddenTestFile(id);
  if (!file) throw new Error(`there are no hidden tests for ${id}`);
  const module = (await import(pathToFileURL(file).href)) as { lesson: Lesson };
  return module.lesson;
}

/** The checks of a lesson with the clauses they rest on. */
export async function lessonChecks(
  id: string,
): Promise<{ readonly id: string; readonly title: string; readonly clauses: readonly string[] }[]> {
  const { checks } = await loadLesson(id);
  return checks.map(({ id, title, clauses }) => ({ id, title, clauses }));
}

/**
 * Runs the hidden tests of the programs' lessons with Vitest.
 * @returns one run for each program, in their order
 */
export async function runHiddenTests(request: EngineRequest): Promise<ProgramRun[]> {
  const runs = new Map<string, ProgramRun>();
  const lessons = [...new Set(request.programs.map(one => one.lesson))];
  const files = lessons.map(lesson => {
    const file = hiddenTestFile(lesson);
    if (!file) throw new Error(`there are no hidden tests for ${lesson}`);
    return file;
  });
  const specs = new Map(request.programs.map(spec => [spec.id, spec]));
  const faults: string[] = [];

  const { createVitest } = await import('vitest/node');
  const vitest = await createVitest(
    'test',
    {
      root: packageRoot,
      config: false,
      watch: false,
      include: files,
      exclude: [],
      environment: 'node',
      pool: 'threads',
      isolate: false,
      maxWorkers: Math.min(files.length, request.workers ?? availableParallelism()),
      maxConcurrency: 16,
      fileParallelism: files.length > 1,
      experimental: { viteModuleRunner: false, nodeLoader: false },
      reporters: [
        {
          onTestCaseResult: (test: TestCase) => {
            const { program, verdicts, recordings } = test.meta();
            if (program === undefined) return;
            const spec = specs.get(program);
            if (verdicts && spec) {
              const run = { spec, verdicts, ...(recordings ? { recordings } : {}) };
              runs.set(program, run);
              request.onProgram?.(run);
            } else if (!verdicts) {
              request.onCheck?.(program, test.name, test.ok() ? 'passed' : 'failed');
            }
          },
          onTestModuleEnd: (module: TestModule) => {
            faults.push(...module.errors().map(error => error.stack ?? error.message));
          },
        },
      ],
      provide: {
        programs: request.programs,
        keepRecordings: request.keepRecordings ?? false,
        broker: request.broker ?? 'embedded',
      },
    },
    { logLevel: 'silent', clearScreen: false },
  );
  const stop = () => void vitest.cancelCurrentRun('keyboard-input');
  request.signal?.addEventListener('abort', stop, { once: true });
  const exitCode = process.exitCode;
  try {
    await vitest.start();
    faults.push(...unhandled(vitest));
  } finally {
    request.signal?.removeEventListener('abort', stop);
    await vitest.close();
    // Vitest sets the exit code when a test fails; what our exit code is, the command decides.
    process.exitCode = exitCode;
  }
  return request.programs.map(
    spec =>
      runs.get(spec.id) ?? {
        spec,
        verdicts: [],
        fault: faults.join('\n') || 'the hidden tests gave no result',
      },
  );
}

function unhandled(vitest: Vitest): string[] {
  return vitest.state
    .getUnhandledErrors()
    .map(error => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
}
