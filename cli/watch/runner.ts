import type { CheckOutcome, CheckProgress, CheckSession } from '../../checker/index.js';
import type { OpenWorkspace } from '../../course/index.js';
import { errorText } from '../../wire/error-text.js';
import { type CheckJob, type StoredOutcome, storeOutcome } from '../check/job.js';

export interface RunnerEvents {
  progress(event: CheckProgress): void;
  /** A failure is certain, and the rest is not known yet. */
  firstFailure(outcome: CheckOutcome, job: CheckJob): void;
  /** The check is done, and stored. */
  done(told: StoredOutcome, job: CheckJob): void;
  /** It could not be done: a sentence for the person. */
  problem(text: string): void;
}

export interface CheckRunner {
  /** Checks; a check that still runs is stopped first, and nothing is heard of it any more. */
  start(job: CheckJob): void;
  /** Stops what runs. Settles when it has ended, or does not end in time. */
  stop(): Promise<void>;
  close(): Promise<void>;
  readonly running: boolean;
}

/** So long a stopped check is given to take its programs down before the next one begins. */
const STOP_MS = 1500;

/** A session that is there at once: its first check waits until it is open. */
export function comingSession(session: Promise<CheckSession>): CheckSession {
  // Whoever checks hears of it; until then it is not left unheard.
  session.catch(() => undefined);
  return {
    check: async request => (await session).check(request),
    close: async () => (await session).close(),
  };
}

/** Runs one check at a time, the newest. */
export function createCheckRunner(
  session: CheckSession,
  opened: OpenWorkspace | undefined,
  events: RunnerEvents,
): CheckRunner {
  let current: { abort: AbortController; ended: Promise<void> } | undefined;
  let generation = 0;

  const halt = async () => {
    const last = current;
    if (!last) return;
    last.abort.abort();
    await within(last.ended, STOP_MS);
  };

  const run = async (job: CheckJob, mine: number, abort: AbortController): Promise<void> => {
    const valid = () => mine === generation && !abort.signal.aborted;
    try {
      const outcome = await session.check({
        ...job.request,
        signal: abort.signal,
        onProgress: event => {
          if (valid()) events.progress(event);
        },
        onFirstFailure: early => {
          if (valid()) events.firstFailure(early, job);
        },
      });
      if (!valid()) return;
      const told = await storeOutcome(job, opened, outcome, true);
      if (valid()) events.done(told, job);
    } catch (error) {
      if (valid()) events.problem(errorText(error));
    }
  };

  return {
    get running() {
      return current !== undefined;
    },
    start: job => {
      const mine = ++generation;
      void halt().then(() => {
        if (mine !== generation) return;
        const abort = new AbortController();
        const one = { abort, ended: Promise.resolve() };
        current = one;
        one.ended = run(job, mine, abort).finally(() => {
          if (current === one) current = undefined;
        });
      });
    },
    stop: () => {
      generation++;
      return halt();
    },
    close: async () => {
      generation++;
      await halt();
      await within(session.close(), STOP_MS);
    },
  };
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
