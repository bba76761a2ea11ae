import { type CheckOutcome, type CheckRequest, checkLesson } from './check.js';

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

/** Opens a session; what can be loaded before the first check begins to load now. */
export async function openCheckSession(): Promise<CheckSession> {
  return { check: checkLesson, close: async () => undefined };
}
