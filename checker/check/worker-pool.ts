import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { PoolRunnerInitializer } from 'vitest/node';
import { forThreads } from '../../course/environment.js';
import type { StreamOrder, StreamReply } from '../harness/stream.js';
import type { ChildRequest } from '../program/child.js';
import { scratchFolder } from '../program/scratch.js';
import { borrowWorker, type LastingWorker } from './vitest-protocol.js';

/** What the thread of the hidden tests is told beside what Vitest tells it. */
export type Order =
  | {
      readonly type: 'ready';
      /** Load this file of hidden tests. */
      readonly file?: string;
      /** Have so many processes wait for TypeScript programs. */
      readonly node?: number;
      /** Have a Python ready that starts such programs. */
      readonly python?: ChildRequest;
      /** After each check, make ready what the next one will want. */
      readonly again?: boolean;
    }
  | { readonly type: 'stop'; readonly program: string }
  | StreamOrder
  | {
      /** Say every so often how much there is to do. */
      readonly type: 'watch';
      /** Scenarios at once, and of those that mostly wait. */
      readonly scenarios: number;
      readonly thatWait: number;
    }
  | { readonly type: 'end-stream' };

/** What a thread says while it judges programs as they come. */
export type Said =
  | StreamReply
  | {
      readonly type: 'load';
      readonly playing: number;
      readonly waiting: number;
      /** How late the thread came to say so, milliseconds: it has too much to do. */
      readonly lateMs: number;
    };

/** WorkerPool for hidden tests, which outlive the run that they were started for. */
export interface WorkerPool {
  /** For Vitest's option `pool`. */
  readonly pool: PoolRunnerInitializer;
  /** Starts a thread before it is needed, or tells those that are there. */
  ready(order: Extract<Order, { type: 'ready' }>): void;
  /** Gives an order to the threads; there is one of them where programs come as a stream. */
  tell(order: Order): void;
  /** Hears what the threads say, and the end of one. */
  listen(heard: (said: Said | { readonly type: 'gone' }) => void): void;
  /** Ends the scenarios of a program: its processes are killed, and its tests end at once. */
  stop(program: string): void;
  close(): Promise<void>;
}

interface PoolThread extends LastingWorker {
  readonly orders: MessagePort;
  alive: boolean;
}

const entry = join(dirname(fileURLToPath(import.meta.url)), 'worker.js');

/**
 * Vitest ends a worker with the run. These stay: with the modules of the hidden tests, the broker,
 * and the processes that wait for a learner's program.
 * @param threads how many of them share the processors
 */
export function openWorkerPool(threads = 1): WorkerPool {
  const all = new Set<PoolThread>();
  const idle: PoolThread[] = [];
  let hear: ((said: Said | { readonly type: 'gone' }) => void) | undefined;
  const open = (): PoolThread => {
    if (!existsSync(entry))
      throw new Error('the hidden tests run from the built course: npm run build');
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(entry, {
      workerData: { orders: port2, scratch: scratchFolder(), threads },
      transferList: [port2],
      env: forThreads(),
      // Kept from the terminal: see `quiet.ts`.
      stdout: true,
      stderr: true,
      // Of our own options, only what measures.
      execArgv: process.execArgv.filter(one => /^--(cpu|heap)-prof/.test(one)),
    });
    // What Node prints there by itself would wait for a reader, and keep this process running.
    worker.stdout.destroy();
    worker.stderr.destroy();
    const thread: PoolThread = { worker, orders: port1, prepared: false, alive: true };
    worker.once('exit', () => {
      thread.alive = false;
      all.delete(thread);
      hear?.({ type: 'gone' });
    });
    port1.on('message', (said: Said) => hear?.(said));
    // Whoever uses it hears of it, too; while it is idle there is nobody to tell.
    worker.on('error', () => undefined);
    port1.unref();
    all.add(thread);
    return thread;
  };
  const take = (): PoolThread => {
    for (let one = idle.pop(); one; one = idle.pop()) if (one.alive) return one;
    return open();
  };
  const giveBack = (thread: PoolThread) => {
    if (thread.alive) idle.push(thread);
  };
  const tell = (order: Order) => {
    for (const { orders } of all) orders.postMessage(order);
  };
  return {
    pool: { name: 'mqtt-course', createPoolWorker: () => borrowWorker(take, giveBack) },
    ready: order => {
      if (all.size === 0) {
        const thread = open();
        thread.worker.unref();
        idle.push(thread);
      }
      tell(order);
    },
    tell,
    listen: heard => {
      hear = heard;
    },
    stop: program => tell({ type: 'stop', program }),
    close: async () => {
      await Promise.all([...all].map(({ worker }) => worker.terminate()));
    },
  };
}
