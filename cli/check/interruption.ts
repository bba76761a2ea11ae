import { endChildren } from '../children.js';

/** So long a stopped check is given to come to its end. */
const STOP_MS = 2000;
const EXIT_CODE = 130;
/** Ctrl-C, the end of a service, and a terminal that is closed. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted when the person has interrupted. */
  readonly signal: AbortSignal;
  /** Waits for a check; when it was interrupted, this process ends instead of coming back. */
  settled<Result>(check: Promise<Result>): Promise<Result>;
  off(): void;
}

/**
 * Ends this process at Ctrl-C, and leaves no program behind. Checks run in threads that start
 * programs by themselves: what runs is ended at once, and once more when the check has heard of it
 * and nothing is started any more. A second Ctrl-C waits for nothing.
 */
export function endWhenInterrupted(onInterrupt: () => void): Interruption {
  const stop = new AbortController();
  let judging = false;
  const leave = (): never => {
    endChildren();
    process.exit(EXIT_CODE);
  };
  const interrupted = () => {
    if (stop.signal.aborted) leave();
    onInterrupt();
    stop.abort();
    if (!judging) leave();
    endChildren();
    setTimeout(leave, STOP_MS);
  };
  for (const signal of ENDING) process.on(signal, interrupted);
  return {
    signal: stop.signal,
    async settled(check) {
      judging = true;
      try {
        return await check;
      } finally {
        judging = false;
        if (stop.signal.aborted) leave();
      }
    },
    off() {
      for (const signal of ENDING) process.off(signal, interrupted);
    },
  };
}
