/**
 * The thread in which hidden tests run: Vitest's worker, with what costs time to load kept from one
 * run to the next. See `worker-pool.ts`, which starts it and gives the orders.
 */
import './quiet.js';
import * as module from 'node:module';
import { pathToFileURL } from 'node:url';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { stopProgram } from '../harness/stopping.js';
import { endStream, judgeOne } from '../harness/stream.js';
import { scenariosHere, setRoom, shareProcessors } from '../harness/turns.js';
import { warmPython } from '../program/fork-server.js';
import { useScratchFolder } from '../program/scratch.js';
import { beginWarm, prepareAgain } from '../program/warm.js';
import { serveRuns } from './vitest-protocol.js';
import type { Order, Said } from './worker-pool.js';

// Each thread says so for itself; Node 22.8 and later.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { orders, scratch, threads } = workerData as {
  orders: MessagePort;
  scratch: string;
  threads: number;
};
useScratchFolder(scratch);
shareProcessors(threads);

orders.on('message', (order: Order) => {
  switch (order.type) {
    case 'stop':
      return stopProgram(order.program);
    case 'judge':
      // The words of Vitest come first: its run is what holds the thread.
      return void ready.then(() => judgeOne(order)).then(say);
    case 'watch':
      setRoom(order.scenarios, order.thatWait);
      return sayLoad();
    case 'end-stream':
      return endStream();
    default:
      prepare(order);
  }
});

function prepare(order: Extract<Order, { type: 'ready' }>): void {
  // Processes first: they start while this thread goes on loading.
  if (order.node !== undefined) beginWarm(order.node);
  if (order.again) prepareAgain();
  if (order.python) warmPython(order.python);
  const { file } = order;
  // What is wrong with a file is told by the run that wants it.
  if (file) ready.then(() => load(file)).catch(() => undefined);
}

function say(said: Said): void {
  orders.postMessage(said);
}

const LOAD_MS = 100;

function sayLoad(): void {
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    say({ type: 'load', ...scenariosHere(), lateMs: Math.max(0, now - last - LOAD_MS) });
    last = now;
  }, LOAD_MS).unref();
}

async function load(file: string): Promise<void> {
  const { startBroker } = await import('../../broker/index.js');
  await import(pathToFileURL(file).href);
  const broker = await startBroker({ listen: false });
  await broker.stop();
}

if (!parentPort) throw new Error('this file is the entry of a worker thread');
const ready = serveRuns(parentPort);
