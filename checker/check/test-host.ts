import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TestCase, TestModule, Vitest } from 'vitest/node';
import type { SentenceId } from '../../course/contract.js';
import type { FirstFailure } from '../harness/first-failure.js';
import type { Recordings } from '../harness/judge.js';
import type { Lesson } from '../harness/lesson.js';
import type { Verdict } from '../harness/result.js';
import type { ProgramSpec } from '../program/spec.js';
import { fastStart } from './vitest-protocol.js';
import { type Order, openWorkerPool, type WorkerPool } from './worker-pool.js';

/** What came of one program. */
export interface ProgramRun {
  readonly spec: ProgramSpec;
  readonly verdicts: readonly Verdict[];
  readonly recordings?: Recordings;
  /** Set when the hidden tests themselves broke: nothing was judged. */
  readonly fault?: string;
}

export interface HostRequest {
  readonly programs: readonly ProgramSpec[];
  readonly broker?: string;
  readonly keepRecordings?: boolean;
  /** Called as each check of a program is done, in the order in which they finish. */
  readonly onCheck?: (programId: string, title: string, state: 'passed' | 'failed') => void;
  /** Called at most once for a program, before all of its verdicts are known. */
  readonly onFirstFailure?: (programId: string, failure: FirstFailure) => void;
  /** Called when all verdicts of a program are known. */
  readonly onProgram?: (run: ProgramRun) => void;
  /** Ends all of it early: programs are killed, and what was not judged has a fault. */
  readonly signal?: AbortSignal;
  /** Hidden tests at once; default: as many files as processors. */
  readonly workers?: number;
}

/** The room `checker`: `dist/checker` when built. */
const here = dirname(dirname(fileURLToPath(import.meta.url)));
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

/** A check without what it does: for lists of checks. */
export interface CheckFacts {
  readonly id: string;
  readonly title: string;
  readonly clauses: readonly string[];
  /** The sentences of the contract that it judges. */
  readonly judges: readonly SentenceId[];
}

/** The checks of a lesson with the clauses they rest on, and the sentences that they judge. */
export async function lessonChecks(id: string): Promise<CheckFacts[]> {
  const { checks } = await loadLesson(id);
  return checks.map(({ id, title, clauses, judges = [] }) => ({ id, title, clauses, judges }));
}

/** A Vitest that stays, with the threads in which it runs hidden tests. One run at a time. */
export interface TestHost {
  /** Begins to load what a check of this kind will want. */
  ready(
    order: Omit<Extract<Order, { type: 'ready' }>, 'type' | 'file'> & { lesson?: string },
  ): void;
  /** @returns one run for each program, in their order */
  run(request: HostRequest): Promise<ProgramRun[]>;
  /**
   * Begins a run that lasts until the host is closed: programs are given to the pool's thread as they
   * come. @returns settles when the run has ended, of itself or with an error
   */
  stream(): { readonly threads: WorkerPool; readonly ended: Promise<unknown> };
  close(): Promise<void>;
}

/** The run that the reporter of an host reports to. */
interface Current {
  readonly request: HostRequest;
  /** By the id that a program has in this run. */
  readonly specs: ReadonlyMap<string, ProgramSpec>;
  readonly runs: Map<string, ProgramRun>;
  readonly faults: string[];
}

let runCount = 0;

/**
 * Starts Vitest and a thread for it.
 * @param maxWorkers hidden test files at once; default 1
 * @param threads all that share the processors with it, its own included
 */
export function openTestHost(maxWorkers = 1, threads = maxWorkers): TestHost {
  const workers = openWorkerPool(threads);
  let current: Current | undefined;
  const vitest = startVitest(maxWorkers, workers.pool, () => current);
  // A failure is told to whoever runs something.
  vitest.catch(() => undefined);

  async function run(request: HostRequest): Promise<ProgramRun[]> {
    runCount += 1;
    const keyed = request.programs.map(spec => ({ spec, key: `${runCount}/${spec.id}` }));
    const specs = new Map(keyed.map(({ spec, key }) => [key, spec]));
    const here: Current = { request, specs, runs: new Map(), faults: [] };
    const files = [...new Set(request.programs.map(one => one.lesson))].map(requireTestFile);
    const stop = () => {
      for (const { key } of keyed) workers.stop(key);
    };
    const exitCode = process.exitCode;
    try {
      const running = await vitest;
      const project = running.getRootProject();
      current = here;
      project.provide(
        'programs',
        keyed.map(({ spec, key }) => ({ ...spec, id: key })),
      );
      project.provide('keepRecordings', request.keepRecordings ?? false);
      project.provide('firstFailure', request.onFirstFailure !== undefined);
      project.provide('broker', request.broker ?? 'embedded');
      request.signal?.addEventListener('abort', stop, { once: true });
      if (request.signal?.aborted)
        return keyed.map(({ spec }) => nothingFrom(spec, 'the check was stopped'));
      await running.runTestSpecifications(files.map(file => project.createSpecification(file)));
      here.faults.push(...unhandled(running));
    } finally {
      current = undefined;
      request.signal?.removeEventListener('abort', stop);
      // Vitest sets the exit code when a test fails; what our exit code is, the command decides.
      process.exitCode = exitCode;
    }
    return keyed.map(
      ({ spec, key }) =>
        here.runs.get(key) ??
        nothingFrom(spec, here.faults.join('\n') || 'the hidden tests gave no result'),
    );
  }

  return {
    ready: ({ lesson, ...order }) => {
      const file = lesson === undefined ? undefined : hiddenTestFile(lesson);
      workers.ready({ type: 'ready', ...(file ? { file } : {}), ...order });
    },
    run,
    stream: () => {
      workers.ready({ type: 'ready' });
      const ended = vitest.then(running => {
        const project = running.getRootProject();
        project.provide('stream', true);
        // Any file: its lesson is not looked at.
        const any = readdirSync(join(here, 'lessons')).find(name => name.endsWith('.test.js'));
        const file = join(here, 'lessons', any ?? 'none');
        return running.runTestSpecifications([project.createSpecification(file)]);
      });
      return { threads: workers, ended };
    },
    close: async () => {
      await workers.close();
      await vitest.then(
        running => running.close(),
        () => undefined,
      );
    },
  };
}

function nothingFrom(spec: ProgramSpec, fault: string): ProgramRun {
  return { spec, verdicts: [], fault };
}

function requireTestFile(lesson: string): string {
  const file = hiddenTestFile(lesson);
  if (!file) throw new Error(`there are no hidden tests for ${lesson}`);
  return file;
}

async function startVitest(
  workers: number,
  pool: ReturnType<typeof openWorkerPool>['pool'],
  current: () => Current | undefined,
): Promise<Vitest> {
  const { createVitest } = await import('vitest/node');
  return createVitest(
    'test',
    {
      root: packageRoot,
      config: false,
      watch: false,
      cache: false,
      include: [join(here, 'lessons', '*.test.js')],
      exclude: [],
      environment: 'node',
      pool,
      runner: join(here, 'harness', 'runner.js'),
      isolate: false,
      maxWorkers: workers,
      // Whose turn it is, the scenarios say: see `checker/harness/turns.ts`.
      maxConcurrency: 100_000,
      fileParallelism: workers > 1,
      experimental: fastStart,
      reporters: [
        {
          onTestCaseResult: (test: TestCase) => {
            const now = current();
            const { program, verdicts, recordings, firstFailure } = test.meta();
            const spec = program === undefined ? undefined : now?.specs.get(program);
            if (!now || program === undefined || !spec) return;
            if (test.name === 'first failure') {
              if (firstFailure) now.request.onFirstFailure?.(spec.id, firstFailure);
            } else if (verdicts) {
              const run = { spec, verdicts, ...(recordings ? { recordings } : {}) };
              now.runs.set(program, run);
              now.request.onProgram?.(run);
            } else {
              // What broke is told where nothing could be judged.
              if (test.name === 'verdicts') now.faults.push(...errorsOf(test));
              now.request.onCheck?.(spec.id, test.name, test.ok() ? 'passed' : 'failed');
            }
          },
          onTestModuleEnd: (module: TestModule) => {
            current()?.faults.push(...module.errors().map(error => error.stack ?? error.message));
          },
        },
      ],
    },
    // It listens to nobody; by a name it would ask the system for its address.
    { logLevel: 'silent', clearScreen: false, server: { host: '127.0.0.1' } },
  );
}

/** Threads for each processor: while one of them only waits for its last scenario, another one works. */
const THREADS = 2;

/**
 * Runs the hidden tests of the programs' lessons once. A thread takes a lesson at a time, so the
 * programs of a few lessons are parted among several hosts.
 * @returns one run for each program, in their order
 * @throws Error when it was stopped by `request.signal`: nothing is started any more then
 */
export async function runHiddenTests(request: HostRequest): Promise<ProgramRun[]> {
  const { programs, signal, ...rest } = request;
  const lessons = new Set(programs.map(one => one.lesson)).size;
  const processors = availableParallelism();
  const count = lessons < processors ? Math.min(processors, programs.length) : 1;
  const threads = Math.min(lessons, request.workers ?? processors * THREADS);
  const parts = Array.from({ length: count }, (_, part) =>
    programs.filter((_, at) => at % count === part),
  );
  const hosts = parts.map(() => openTestHost(threads, count * threads));
  const close = () => Promise.all(hosts.map(host => host.close()));
  const stopped = stoppedBy(signal);
  try {
    const all = Promise.all(
      hosts.map((host, part) => host.run({ ...rest, programs: parts[part] ?? [] })),
    );
    const runs = await Promise.race([all, stopped.promise]);
    return programs.flatMap((_, at) => runs[at % count]?.[Math.floor(at / count)] ?? []);
  } finally {
    stopped.off();
    await close();
  }
}

/** Rejects once the signal is aborted. */
function stoppedBy(signal: AbortSignal | undefined): { promise: Promise<never>; off(): void } {
  const stopped = new AbortController();
  const promise = new Promise<never>((_, reject) => {
    const stop = () => reject(new Error('it was stopped'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { signal: stopped.signal });
  });
  promise.catch(() => undefined);
  return { promise, off: () => stopped.abort() };
}

function errorsOf(test: TestCase): string[] {
  return (test.result().errors ?? []).map(error => error.stack ?? error.message);
}

function unhandled(vitest: Vitest): string[] {
  // From another thread an error comes as a plain object.
  return vitest.state.getUnhandledErrors().map(error => {
    const { stack, message } = error as { stack?: unknown; message?: unknown };
    return String(stack ?? message ?? 'an error without a message');
  });
}
