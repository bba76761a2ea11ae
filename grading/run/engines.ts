import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { killTree } from '../sandbox/processes.js';
import {
  type EngineState,
  engineForNext,
  enginesHere,
  type MachineState,
  SCENARIOS,
  THAT_WAIT,
  watchMachine,
} from './admission.js';
import type { EngineOrder, EngineWord, Job, JobRunner, Outcome, WorkerReply } from './job.js';
import { openPool, type WorkerSandbox } from './pool.js';

export interface EnginesOptions {
  /** At most so many jobs at once; default: as the processors and the memory take. */
  readonly most?: number;
  /** Processes, each with one loaded engine; default: one for each processor. */
  readonly engines?: number;
  /** A sandbox for one engine, or for one worker. It is closed when that is replaced. */
  readonly sandbox: () => Promise<WorkerSandbox>;
  /** The engine's script, and that of a worker that judges one job; for tests. */
  readonly module?: string;
  readonly workerModule?: string;
  /** What the machine has left; for tests. */
  readonly machine?: () => MachineState;
  /** An engine that needs more memory than this is ended, MiB. */
  readonly mostMiB?: number;
  /** An engine that says nothing for so long is ended, seconds. */
  readonly silentSeconds?: number;
}

/** Heap of an engine, MiB. */
const HEAP_MIB = 768;
/** An engine with more than this, or with more jobs behind it, takes no more and makes room for a fresh one. */
const TIRED_MIB = 600;
const TIRED_JOBS = 600;
const TICK_MS = 250;

interface Given {
  readonly job: Job;
  /** It was not alone in its engine at some time: what befell it may be another's doing. */
  company: boolean;
  settle(outcome: Outcome): void;
}

interface Engine {
  readonly child: ChildProcess;
  readonly sandbox: WorkerSandbox;
  readonly jobs: Map<number, Given>;
  /** The last that it said of itself. */
  load: Extract<EngineWord, { type: 'load' }>;
  /** Jobs given to it since then. */
  since: number;
  behind: number;
  tired: boolean;
  silentTicks: number;
}

const NOTHING_YET = {
  type: 'load',
  playing: 0,
  waiting: 0,
  preparing: 0,
  lateMs: 0,
  rssMiB: 150,
} as const;

/**
 * Few processes with one loaded engine each, and many jobs in each of them. A job that an engine was
 * lost with, or in which something could not be told, is judged once more, alone in a process of its
 * own: nobody pays for what somebody else's program did.
 */
export function openEngines(options: EnginesOptions): JobRunner {
  const wanted = Math.min(options.engines ?? enginesHere(), options.most ?? Infinity);
  const most = options.most ?? Number.POSITIVE_INFINITY;
  const mostMiB = options.mostMiB ?? 1024;
  const silentTicks = ((options.silentSeconds ?? 30) * 1000) / TICK_MS;
  const engines = new Set<Engine>();
  const queue: { readonly job: Job; begin(): boolean; resolve(one: Outcome | undefined): void }[] =
    [];
  /** Folders of jobs that are to be judged alone from now on. */
  const alone = new Set<string>();
  const machine = options.machine ?? watchMachine();
  const lone = openPool({
    workers: 1,
    sandbox: options.sandbox,
    ...(options.workerModule ? { module: options.workerModule } : {}),
  });
  let opening = 0;
  let running = 0;
  let count = 0;
  let closed = false;

  const tick = setInterval(() => {
    for (const engine of engines) {
      // Counted in looks of ours: when the machine sleeps, nobody is silent.
      engine.silentTicks += 1;
      if (engine.jobs.size === 0) continue;
      if (engine.silentTicks > silentTicks) void lose(engine, 'it did not answer any more');
      else if (engine.load.rssMiB > mostMiB)
        void lose(engine, `it used more than ${mostMiB} MiB of memory`);
    }
    admit();
  }, TICK_MS);
  tick.unref();

  async function open(): Promise<void> {
    const sandbox = await options.sandbox();
    const child = fork(options.module ?? engineModule(), [String(SCENARIOS), String(THAT_WAIT)], {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C reaches a whole group of processes; who ends the engines, and when, is decided here.
      detached: process.platform !== 'win32',
    });
    const engine: Engine = {
      child,
      sandbox,
      jobs: new Map(),
      load: NOTHING_YET,
      since: 0,
      behind: 0,
      tired: false,
      silentTicks: 0,
    };
    engines.add(engine);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-2000);
    });
    child.on('message', (word: EngineWord) => {
      engine.silentTicks = 0;
      if (word.type === 'done') return done(engine, word.id, word.reply);
      engine.load = word;
      engine.since = 0;
      admit();
    });
    child.on('error', error => void lose(engine, error.message));
    child.once('exit', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      const how = signal ? `it was ended by ${signal}` : `it ended with ${code}`;
      void lose(engine, last === '' ? how : `${how}: ${last}`);
    });
  }

  /** Ends an engine with everything that it started. */
  async function end(engine: Engine): Promise<void> {
    engines.delete(engine);
    const { child } = engine;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
      killTree(child.pid);
      await gone;
    }
    await engine.sandbox.close();
  }

  /** An engine cannot be used any more, nor believed in what it has not said yet. */
  async function lose(
    engine: Engine,
    reason: string,
    culprits?: ReadonlySet<number>,
  ): Promise<void> {
    if (!engines.has(engine)) return;
    const open = [...engine.jobs];
    engine.jobs.clear();
    const hits = new Map(open.map(([id, { job }]) => [id, engine.sandbox.limitHits(job.folder)]));
    await end(engine).catch(() => undefined);
    for (const [id, given] of open) {
      const limitHits = hits.get(id) ?? [];
      const text = closed ? 'the grading was stopped' : reason;
      const its = culprits ? culprits.has(id) : open.length === 1;
      if (its || closed) given.settle({ type: 'lost', reason: text, limitHits });
      else void again(given);
    }
    admit();
  }

  /** Judges a job alone, for which nothing is known yet. */
  async function again({ job, settle }: Given): Promise<void> {
    alone.add(job.folder);
    const outcome = await lone.run(job, () => !closed);
    settle(outcome ?? { type: 'lost', reason: 'the grading was stopped', limitHits: [] });
  }

  function done(engine: Engine, id: number, reply: WorkerReply): void {
    const given = engine.jobs.get(id);
    if (!given) return;
    const { job } = given;
    if ((engine.sandbox.alarms?.().length ?? 0) > 0) {
      alarm(engine);
      return;
    }
    engine.jobs.delete(id);
    engine.behind += 1;
    const limitHits = engine.sandbox.limitHits(job.folder);
    if (reply.type === 'judged') {
      // What could not be told is asked again: alone, on a machine that is less busy.
      if (reply.result.status === 'unknown') alone.add(job.folder);
      given.settle({ ...reply, limitHits });
    } else if (given.company) void again(given);
    else {
      const reason =
        reply.type === 'stopped'
          ? `it was not done after ${job.wallSeconds} s`
          : `the checker broke: ${reply.reason}`;
      given.settle({ type: 'lost', reason, limitHits });
    }
    engine.tired ||= reply.rssMiB > TIRED_MIB || engine.behind >= TIRED_JOBS;
    if (engine.tired && engine.jobs.size === 0) void end(engine);
    admit();
  }

  /** A sandbox did not come empty. Whatever was judged while it lived may be of its making. */
  function alarm(engine: Engine): void {
    const text = engine.sandbox.alarms?.()[0] ?? '';
    const culprits = new Set(
      [...engine.jobs]
        .filter(([, { job }]) => (engine.sandbox.alarms?.(job.folder).length ?? 0) > 0)
        .map(([id]) => id),
    );
    void lose(engine, `ALARM: the sandbox did not come empty: ${text}`, culprits);
  }

  function admit(): void {
    if (closed) return;
    while (queue.length > 0 && running < most) {
      const usable = [...engines].filter(one => !one.tired);
      const states = usable.map(stateOf);
      const index = engineForNext(states, machine());
      const busy = index === undefined || (states[index]?.jobs ?? 0) > 0;
      if (busy && usable.length + opening < wanted) {
        opening += 1;
        void open()
          .catch(error => failToOpen(error))
          .finally(() => {
            opening -= 1;
            admit();
          });
      }
      const engine = index === undefined ? undefined : usable[index];
      if (!engine) return;
      const next = queue.shift();
      if (!next) return;
      if (!next.begin()) next.resolve(undefined);
      else give(engine, next.job, next.resolve);
    }
  }

  /** No engine can be had: the first of those who wait hears why. */
  function failToOpen(error: unknown): void {
    const reason = `the checker was lost: ${error instanceof Error ? error.message : String(error)}`;
    if (engines.size === 0) queue.shift()?.resolve({ type: 'lost', reason, limitHits: [] });
  }

  function give(engine: Engine, job: Job, resolve: (outcome: Outcome) => void): void {
    const id = count++;
    running += 1;
    const settle = (outcome: Outcome) => {
      running -= 1;
      resolve(outcome);
    };
    engine.jobs.set(id, { job, company: false, settle });
    if (engine.jobs.size > 1) for (const one of engine.jobs.values()) one.company = true;
    engine.since += 1;
    const launcher = engine.sandbox.launcher({ folder: job.folder, track: job.track });
    engine.child.send({ id, job: { ...job, launcher } } satisfies EngineOrder, error => {
      if (error) void lose(engine, error.message);
    });
  }

  return {
    run: (job, begin) => {
      if (closed) return Promise.resolve(undefined);
      if (alone.has(job.folder)) return lone.run(job, begin);
      return new Promise(resolve => {
        queue.push({ job, begin, resolve });
        admit();
      });
    },
    close: async () => {
      closed = true;
      clearInterval(tick);
      for (const one of queue.splice(0)) one.resolve(undefined);
      await Promise.all([...[...engines].map(one => lose(one, 'stopped')), lone.close()]);
    },
  };
}

function stateOf({ jobs, load, since }: Engine): EngineState {
  return { ...load, jobs: jobs.size, preparing: load.preparing + since };
}

/** Beside this file: `engine.js` when built, `engine.ts` in the sources. */
function engineModule(): string {
  return ['js', 'ts']
    .map(extension => fileURLToPath(new URL(`./engine.${extension}`, import.meta.url)))
    .find(existsSync) as string;
}
