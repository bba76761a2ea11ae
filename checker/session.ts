import { availableParallelism } from 'node:os';
import { type CheckOutcome, type CheckRequest, checkWith, FIRST_PROCESSES } from './check.js';
import { type Engine, openEngine } from './engine.js';

/**
 * A checker that stays ready: what costs time to load is loaded once and used for every check.
 * Checks of one session may overlap; each has its own brokers, taps and programs.
 */
export interface CheckSession {
  /** As `checkLesson`. Stops early when `request.signal` is aborted, and leaves no process behind. */
  check(request: CheckRequest): Promise<CheckOutcome>;
  /** Ends what was kept ready. */
  close(): Promise<void>;
}

/** Checks at once, each with a Vitest of its own; further ones wait for their turn. */
const MOST_AT_ONCE = Math.max(4, availableParallelism());

/** For a check that was stopped while it waited for its turn. */
const stoppedEngine: Pick<Engine, 'run'> = {
  run: async ({ programs }) =>
    programs.map(spec => ({ spec, verdicts: [], fault: 'the check was stopped' })),
};

/** Opens a session; what can be loaded before the first check begins to load now. */
export async function openCheckSession(): Promise<CheckSession> {
  const engines = new Set<Engine>();
  const free: Engine[] = [];
  const waiting: ((engine: Engine) => void)[] = [];
  let closed = false;
  let first = true;

  const open = (): Engine => {
    const engine = openEngine();
    engine.ready({ again: true });
    engines.add(engine);
    return engine;
  };
  const take = async (signal: AbortSignal | undefined): Promise<Pick<Engine, 'run'>> => {
    if (closed) throw new Error('the session is closed');
    const engine = free.pop() ?? (engines.size < MOST_AT_ONCE ? open() : undefined);
    if (engine) return engine;
    return new Promise(resolve => {
      const served = (engine: Engine) => {
        signal?.removeEventListener('abort', stop);
        resolve(engine);
      };
      const stop = () => {
        waiting.splice(waiting.indexOf(served), 1);
        resolve(stoppedEngine);
      };
      waiting.push(served);
      signal?.addEventListener('abort', stop, { once: true });
    });
  };
  const give = (engine: Engine) => {
    const next = waiting.shift();
    if (next) next(engine);
    else free.push(engine);
  };
  free.push(open());

  return {
    check: async request => {
      // The engine that will be used: what is missing there starts beside the build.
      free.at(-1)?.ready({
        lesson: request.lesson,
        ...(request.track === 'typescript' && first ? { node: FIRST_PROCESSES } : {}),
      });
      first = false;
      let mine: Pick<Engine, 'run'> | undefined;
      return checkWith(
        request,
        async () => {
          mine = await take(request.signal);
          return mine;
        },
        () => {
          for (const engine of engines) if (engine === mine) give(engine);
        },
      );
    },
    close: async () => {
      closed = true;
      await Promise.all([...engines].map(engine => engine.close()));
    },
  };
}
