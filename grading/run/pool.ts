import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../sandbox/index.js';
import { killTree } from '../sandbox/processes.js';
import type { Job, JobRunner, LaunchedJob, Outcome, WorkerReply } from './job.js';

export interface PoolOptions {
  /** Jobs at once; of those that mostly wait, twice as many. */
  readonly workers: number;
  /** A sandbox for one worker. It is closed when the worker is replaced. */
  readonly sandbox: () => Promise<WorkerSandbox>;
  /** The worker's script; for tests. */
  readonly module?: string;
  /** A worker that needs more memory than this is ended, MiB. */
  readonly mostMiB?: number;
  /** Seconds after a job's own time before its worker is ended. */
  readonly graceSeconds?: number;
}

/** Heap of a worker, MiB. */
const HEAP_MIB = 512;
/** A worker with more than this at rest, or with more jobs behind it, makes room for a fresh one. */
const TIRED_MIB = 450;
const TIRED_JOBS = 200;
const WATCH_MS = 500;
/** What a job takes of the room. */
const WORKS = 2;
const WAITS = 1;

/** What of a sandbox is needed here. */
export type WorkerSandbox = Pick<Sandbox, 'launcher' | 'limitHits' | 'close'> &
  Partial<Pick<Sandbox, 'alarms'>>;

interface Worker {
  readonly child: ChildProcess;
  readonly sandbox: WorkerSandbox;
  jobs: number;
  /** Set while it works. */
  settle?: (reply: WorkerReply | { readonly type: 'dead'; readonly reason: string }) => void;
}

/** Worker processes, one job at a time each. A worker that dies, hangs or grows is replaced. */
export function openPool(options: PoolOptions): JobRunner {
  const module = options.module ?? workerModule();
  const mostMiB = options.mostMiB ?? 1024;
  const graceMs = (options.graceSeconds ?? 15) * 1000;
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: { readonly cost: number; readonly go: () => void }[] = [];
  let room = options.workers * WORKS;
  let closed = false;

  const watch = setInterval(() => {
    for (const worker of all) {
      if (worker.settle && residentMiB(worker.child.pid) > mostMiB) {
        worker.settle({ type: 'dead', reason: `it used more than ${mostMiB} MiB of memory` });
      }
    }
  }, WATCH_MS);
  watch.unref();

  async function open(): Promise<Worker> {
    const sandbox = await options.sandbox();
    const child = fork(module, [], {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C reaches a whole group of processes; who ends the workers, and when, is decided here.
      detached: process.platform !== 'win32',
    });
    const worker: Worker = { child, sandbox, jobs: 0 };
    all.add(worker);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-2000);
    });
    child.on('message', (reply: WorkerReply) => worker.settle?.(reply));
    child.on('error', error => worker.settle?.({ type: 'dead', reason: error.message }));
    child.once('exit', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      const how = signal ? `it was ended by ${signal}` : `it ended with ${code}`;
      worker.settle?.({ type: 'dead', reason: last === '' ? how : `${how}: ${last}` });
      all.delete(worker);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
    });
    return worker;
  }

  /** Ends a worker with everything that it started. */
  async function end(worker: Worker): Promise<void> {
    all.delete(worker);
    const { child } = worker;
    const running = child.exitCode === null && child.signalCode === null;
    const gone = new Promise<void>(resolve => {
      if (running) child.once('exit', () => resolve());
      else resolve();
    });
    if (running && child.pid !== undefined) killTree(child.pid);
    await gone;
    await worker.sandbox.close();
  }

  /** Asks a worker that does nothing to go. */
  async function retire(worker: Worker): Promise<void> {
    worker.child.disconnect();
    const late = setTimeout(() => worker.child.kill('SIGKILL'), 5000);
    if (worker.child.exitCode === null && worker.child.signalCode === null) {
      await new Promise<void>(resolve => worker.child.once('exit', () => resolve()));
    }
    clearTimeout(late);
    await end(worker);
  }

  /** In the order of asking, so that none waits for ever behind smaller ones. */
  async function turn(cost: number): Promise<void> {
    if (waiting.length === 0 && cost <= room) room -= cost;
    else await new Promise<void>(resolve => waiting.push({ cost, go: resolve }));
  }

  function done(cost: number): void {
    room += cost;
    for (let next = waiting[0]; next && next.cost <= room; next = waiting[0]) {
      waiting.shift();
      room -= next.cost;
      next.go();
    }
  }

  async function work(job: Job): Promise<Outcome> {
    if (closed) return { type: 'lost', reason: 'the grading was stopped', limitHits: [] };
    const worker = idle.pop() ?? (await open());
    const launcher = worker.sandbox.launcher({ folder: job.folder, track: job.track });
    const reply = await new Promise<WorkerReply | { type: 'dead'; reason: string }>(resolve => {
      const timer = setTimeout(
        () => resolve({ type: 'dead', reason: 'it did not answer any more' }),
        job.wallSeconds * 1000 + graceMs,
      );
      worker.settle = one => {
        clearTimeout(timer);
        delete worker.settle;
        resolve(one);
      };
      worker.child.send({ ...job, launcher } satisfies LaunchedJob, error => {
        if (error) worker.settle?.({ type: 'dead', reason: error.message });
      });
    });
    delete worker.settle;
    worker.jobs += 1;
    const limitHits = worker.sandbox.limitHits(job.folder);
    const alarm = worker.sandbox.alarms?.()[0];
    if (alarm !== undefined) {
      await end(worker);
      // Whatever was judged while it lived may be of its making.
      return { type: 'lost', reason: `ALARM: the sandbox did not come empty: ${alarm}`, limitHits };
    }
    if (reply.type === 'dead') {
      await end(worker);
      const reason = closed ? 'the grading was stopped' : `the checker was lost: ${reply.reason}`;
      return { type: 'lost', reason, limitHits };
    }
    if (closed) await end(worker);
    else if (reply.rssMiB > TIRED_MIB || worker.jobs >= TIRED_JOBS) await retire(worker);
    else idle.push(worker);
    if (reply.type === 'judged') return { ...reply, limitHits };
    const reason =
      reply.type === 'stopped'
        ? `it was not done after ${job.wallSeconds} s`
        : `the checker broke: ${reply.reason}`;
    return { type: 'lost', reason, limitHits };
  }

  return {
    run: async (job, begin) => {
      const cost = job.waits ? WAITS : WORKS;
      await turn(cost);
      try {
        return begin() ? await work(job) : undefined;
      } finally {
        done(cost);
      }
    },
    close: async () => {
      closed = true;
      clearInterval(watch);
      idle.length = 0;
      for (const worker of all) worker.settle?.({ type: 'dead', reason: 'stopped' });
      await Promise.all([...all].map(end));
    },
  };
}

/** Beside this file: `worker.js` when built, `worker.ts` in the sources. */
function workerModule(): string {
  return ['js', 'ts']
    .map(extension => fileURLToPath(new URL(`./worker.${extension}`, import.meta.url)))
    .find(existsSync) as string;
}

/** Memory of a process, MiB; 0 where that cannot be known. */
function residentMiB(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return Math.round((pages * 4096) / (1 << 20));
  } catch {
    return 0;
  }
}
