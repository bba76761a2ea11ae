import type { MessagePort, Worker } from 'node:worker_threads';
import type { PoolWorker, WorkerRequest } from 'vitest/node';

/*
 * The one file that speaks what Vitest does not document: the messages between its main thread and
 * a worker, and two of its experimental options. Everything else uses `vitest/node`'s public
 * interface. The version is pinned exactly in package.json, and `test/checker/vitest-protocol.test.ts`
 * fails on any other one.
 */

/** The version whose messages this file speaks. */
export const VITEST_VERSION = '4.1.12';

/** Where to look when the version changes; the contract test prints it. */
export const WHAT_TO_LOOK_AT = [
  "the messages of PoolRunner in vitest's main thread: 'start', 'run', 'cancel', 'stop', each answered by an object with __vitest_worker_response__ and a type",
  "init() of 'vitest/worker', which answers them in the worker",
  "setupEnvironment() of 'vitest/worker': with experimental.viteModuleRunner false it puts hooks into Node's loader",
].join('\n');

/**
 * Options without which a check starts a tenth of a second later. Hidden tests are JavaScript of
 * ours: nothing has to be transformed or mocked.
 */
export const fastStart = { viteModuleRunner: false, nodeLoader: false } as const;

/** A worker thread that outlives the run it was started for. */
export interface LastingWorker {
  readonly worker: Worker;
  /** Whether Vitest's own preparation in it is done. */
  prepared: boolean;
}

/** The answer that Vitest's main thread waits for after 'start' and 'stop'. */
function response(type: 'started' | 'stopped') {
  return { __vitest_worker_response__: true, type };
}

/**
 * One run's use of a lasting worker. Vitest starts and stops what it is given for each run; this one
 * borrows a worker and gives it back, and answers for it where nothing has to be done again.
 * @param take gives a worker that is free, or a new one
 * @param giveBack is called once when the run is over
 */
export function borrowWorker<One extends LastingWorker>(
  take: () => One,
  giveBack: (one: One) => void,
): PoolWorker {
  let mine: One | undefined;
  const listeners: { readonly event: string; readonly callback: (value: unknown) => void }[] = [];
  const answer = (type: 'started' | 'stopped') => {
    const message = response(type);
    queueMicrotask(() => {
      for (const { event, callback } of [...listeners]) if (event === 'message') callback(message);
    });
  };
  return {
    name: 'mqtt-course',
    deserialize: data => data,
    canReuse: () => true,
    start: async () => {
      mine = take();
      mine.worker.ref();
    },
    on: (event, callback) => {
      listeners.push({ event, callback });
      mine?.worker.on(event, callback);
    },
    off: (event, callback) => {
      const at = listeners.findIndex(one => one.event === event && one.callback === callback);
      if (at >= 0) listeners.splice(at, 1);
      mine?.worker.off(event, callback);
    },
    send: (message: WorkerRequest) => {
      if (!mine) return;
      if (message.type === 'stop') answer('stopped');
      else if (message.type === 'start' && mine.prepared) answer('started');
      else {
        if (message.type === 'start') mine.prepared = true;
        mine.worker.postMessage(message);
      }
    },
    stop: async () => {
      if (!mine) return;
      for (const { event, callback } of listeners.splice(0)) mine.worker.off(event, callback);
      mine.worker.unref();
      giveBack(mine);
      mine = undefined;
    },
  };
}

/** Lets Vitest run tests in this worker thread; resolves once it listens. */
export async function serveRuns(port: MessagePort): Promise<void> {
  const { init, runBaseTests, setupEnvironment } = await import('vitest/worker');
  init({
    post: message => port.postMessage(message),
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
}
