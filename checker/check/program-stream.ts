import type { StreamReply } from '../harness/stream.js';
import { hiddenTestFile, openTestHost, type ProgramRun, type TestHost } from './test-host.js';
import type { Said } from './worker-pool.js';

/** How much one engine has to do. */
export interface EngineLoad {
  /** Scenarios that are played now. */
  readonly playing: number;
  /** Scenarios that wait for their turn. */
  readonly waiting: number;
  /** By how much its thread is late, milliseconds. */
  readonly lateMs: number;
  /** Programs that are judged now. */
  readonly judging: number;
}

export interface StreamOptions {
  /** Scenarios at once. */
  readonly scenarios: number;
  /** Of those that mostly wait for protocol time, at once. */
  readonly thatWait: number;
  /** Told every so often, as long as the thread lives and goes on. */
  readonly onLoad: (load: EngineLoad) => void;
}

/** One loaded engine: one Vitest, one thread, one run, in which programs are judged as they come. */
export interface ProgramStream extends Pick<TestHost, 'run'> {
  /** Settles, with a reason, when the engine is lost. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

/** How long the run may take to end by itself. */
const END_MS = 1000;

/** Opens an engine; `run` may be called for many programs at once. */
export function openProgramStream(options: StreamOptions): ProgramStream {
  const host = openTestHost();
  const { threads, ended } = host.stream();
  const open = new Map<string, (reply: StreamReply) => void>();
  let count = 0;
  let lose: (why: string) => void = () => undefined;
  const lost = new Promise<string>(resolve => {
    lose = resolve;
  });
  threads.listen((said: Said | { readonly type: 'gone' }) => {
    if (said.type === 'gone') lose('the thread of the hidden tests ended');
    else if (said.type === 'load') options.onLoad({ ...said, judging: open.size });
    else open.get(said.program)?.(said);
  });
  const { scenarios, thatWait } = options;
  threads.tell({ type: 'watch', scenarios, thatWait });
  ended.then(
    () => lose('the run of the hidden tests ended'),
    (error: unknown) => lose(error instanceof Error ? error.message : String(error)),
  );

  async function judge(
    spec: Parameters<TestHost['run']>[0]['programs'][number],
    broker: string,
    signal: AbortSignal | undefined,
  ): Promise<ProgramRun> {
    const file = hiddenTestFile(spec.lesson);
    if (file === undefined) throw new Error(`there are no hidden tests for ${spec.lesson}`);
    count += 1;
    const id = `${count}/${spec.id}`;
    const stop = () => threads.stop(id);
    try {
      const reply = await new Promise<StreamReply>(resolve => {
        open.set(id, resolve);
        void lost.then(fault => resolve({ type: 'broke', program: id, fault }));
        threads.tell({ type: 'judge', spec: { ...spec, id }, file, broker });
        signal?.addEventListener('abort', stop, { once: true });
        if (signal?.aborted) stop();
      });
      if (reply.type === 'broke') return { spec, verdicts: [], fault: reply.fault };
      const { verdicts, recordings } = reply;
      return { spec, verdicts, recordings };
    } finally {
      open.delete(id);
      signal?.removeEventListener('abort', stop);
    }
  }

  return {
    lost,
    run: ({ programs, broker = 'embedded', signal }) =>
      Promise.all(programs.map(spec => judge(spec, broker, signal))),
    close: async () => {
      threads.tell({ type: 'end-stream' });
      const late = new Promise(resolve => setTimeout(resolve, END_MS).unref());
      await Promise.race([ended.catch(() => undefined), late]);
      await host.close();
    },
  };
}
