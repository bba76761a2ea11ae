/**
 * The thread in which hidden tests run: Vitest's worker, with what costs time to load kept from one
 * run to the next. See `worker-pool.ts`, which starts it and gives the orders.
 */
import './quiet.js';
import * as module from 'node:module';
import { pathToFileURL } from 'node:url';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { stopProgram } from '../harness/stopping.js';
import { shareProcessors } from '../harness/turns.js';
import { warmPython } from '../program/fork-server.js';
import { useScratchFolder } from '../program/scratch.js';
import { beginWarm, prepareAgain } from '../program/warm.js';
import { serveRuns } from './vitest-protocol.js';
import type { Order } from './worker-pool.js';

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
  if (order.type === 'stop') return stopProgram(order.program);
  // Processes first: they start while this thread goes on loading.
  if (order.node !== undefined) beginWarm(order.node);
  if (order.again) prepareAgain();
  if (order.python) warmPython(order.python);
  const { file } = order;
  // What is wrong with a file is told by the run that wants it.
  if (file) ready.then(() => load(file)).catch(() => undefined);
});

async function load(file: string): Promise<void> {
  const { startBroker } = await import('../../broker/index.js');
  await import(pathToFileURL(file).href);
  const broker = await startBroker({ listen: false });
  await broker.stop();
}

if (!parentPort) throw new Error('this file is the entry of a worker thread');
const ready = serveRuns(parentPort);
