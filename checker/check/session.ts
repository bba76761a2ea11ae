import { availableParallelism } from 'node:os';
import { ProgramUnavailable } from '../program/spec.js';
import { type CheckOutcome, type CheckRequest, checkWith } from './check-program.js';
import { openProgramStream, type StreamOptions } from './program-stream.js';
import { openTestHost, type TestHost } from './test-host.js';

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

/** What can be known of a check before the learner's file is read. */
export interface Expected {
  readonly lesson?: string;
  readonly track?: CheckRequest['track'];
}

/** Checks at once, each with a Vitest of its own; further ones wait for their turn. */
const MOST_AT_ONCE = Math.max(4, availableParallelism());
/** Node processes that start while the rest is loaded: about as many scenarios begin at once. */
const FIRST_PROCESSES = 4;

/** Opens a session; what can be loaded before the first check begins to load now. */
export async function openCheckSession(): Promise<CheckSession> {
  const session = open({ again: true });
  session.expect({});
  return session;
}

/**
 * Opens a session for many programs at once, of any lesson and of people who do not know each other:
 * one engine for all, and nothing is made ready for a program before it comes.
 */
export function openSharedSession(options: StreamOptions): CheckSession & {
  /** Settles, with a reason, when the engine is lost with all that was judged in it. */
  readonly lost: Promise<string>;
} {
  const stream = openProgramStream(options);
  return {
    check: request => checkWith(request, async () => stream),
    lost: stream.lost,
    close: () => stream.close(),
  };
}

let own: ReturnType<typeof open> | undefined;

/** Checks one lesson's program on the wire. Never throws for a mistake of the learner's. */
export async function checkLesson(request: CheckRequest): Promise<CheckOutcome> {
  own ??= open({ again: false });
  return own.check(request);
}

/**
 * A `checkLesson` will follow: begins to load what it needs. Nothing of it keeps the process
 * running, so nothing has to be taken back when no check comes.
 */
export function expectCheck(expected: Expected): void {
  own ??= open({ again: false });
  own.expect(expected);
}

/** @param options `again`: after each check, processes for the next one are made ready */
function open(options: { readonly again: boolean }) {
  const hosts = new Set<TestHost>();
  const free: TestHost[] = [];
  const waiting: ((host: TestHost) => void)[] = [];
  let closed = false;

  const add = (): TestHost => {
    const host = openTestHost();
    host.ready(options);
    hosts.add(host);
    return host;
  };
  /** Prepares the host that the next check will take. */
  const expect = ({ lesson, track }: Expected) => {
    try {
      if (free.length === 0 && hosts.size < MOST_AT_ONCE) free.push(add());
      free.at(-1)?.ready({
        ...(lesson ? { lesson } : {}),
        ...(track === 'typescript' ? { node: FIRST_PROCESSES } : {}),
      });
    } catch (error) {
      // What the machine does not give is told by the check itself.
      if (!(error instanceof ProgramUnavailable)) throw error;
    }
  };
  const take = async (signal: AbortSignal | undefined): Promise<Pick<TestHost, 'run'>> => {
    if (closed) throw new Error('the session is closed');
    const host = free.pop() ?? (hosts.size < MOST_AT_ONCE ? add() : undefined);
    if (host) return host;
    return new Promise(resolve => {
      const served = (host: TestHost) => {
        signal?.removeEventListener('abort', stop);
        resolve(host);
      };
      const stop = () => {
        waiting.splice(waiting.indexOf(served), 1);
        resolve(stopped);
      };
      waiting.push(served);
      signal?.addEventListener('abort', stop, { once: true });
    });
  };
  const give = (host: TestHost) => {
    const next = waiting.shift();
    if (next) next(host);
    else free.push(host);
  };

  return {
    expect,
    check: async (request: CheckRequest): Promise<CheckOutcome> => {
      // What is missing starts beside the build of the program.
      if (!closed) expect(request);
      let mine: Pick<TestHost, 'run'> | undefined;
      return checkWith(
        request,
        async () => {
          mine = await take(request.signal);
          return mine;
        },
        () => {
          for (const host of hosts) if (host === mine) give(host);
        },
      );
    },
    close: async () => {
      closed = true;
      await Promise.all([...hosts].map(host => host.close()));
    },
  };
}

/** For a check that was stopped while it waited for its turn. */
const stopped: Pick<TestHost, 'run'> = {
  run: async ({ programs }) =>
    programs.map(spec => ({ spec, verdicts: [], fault: 'the check was stopped' })),
};
