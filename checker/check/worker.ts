/**
 * The thread in which hidden tests run: Vitest's worker, with what costs time to load kept from one
 * run to the next. See `thread.ts`, which is its other end.
 */
import * as module from 'node:module';
import { pathToFileURL } from 'node:url';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { stopProgram } from '../harness/stopping.js';
import { warmPython } from '../program/fork-server.js';
import { useScratchFolder } from '../program/scratch.js';
import { beginWarm, prepareAgain } from '../program/warm.js';
import type { Order } from './worker-pool.js';

// Each thread says so for itself; Node 22.8 and later.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { orders, scratch } = workerData as { orders: MessagePort; scratch: string };
useScratchFolder(scratch);

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

const ready = Promise.all([import('vitest/worker'), import('../harness/vitest.js')]).then(
  ([{ init, runBaseTests, setupEnvironment }, { registerHere }]) => {
    registerHere();
    const port = parentPort;
    if (!port) throw new Error('this file is the entry of a worker thread');
    init({
      post: response => port.postMessage(response),
      on: callback => port.on('message', callback),
      off: callback => port.off('message', callback),
      runTests: (state, traces) => runBaseTests('run', state, traces),
      collectTests: (state, traces) => runBaseTests('collect', state, traces),
      // With Vitest's module runner off, its setup puts hooks into Node's loader, for mocks that
      // hidden tests do not have. That thread of its own costs a tenth of a second.
      setup: context => {
        const { config } = context;
        const experimental = { ...config.experimental, viteModuleRunner: true };
        return setupEnvironment({ ...context, config: { ...config, experimental } });
      },
    });
  },
);
