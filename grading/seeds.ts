/** What is random in a grading, all of it from one seed. */
import { createHmac, randomBytes } from 'node:crypto';

/** A seed for the grading of a class, long enough that nobody finds it from what is derived of it. */
export function newRunSeed(): string {
  return randomBytes(8).toString('hex');
}

/**
 * What is random for one learner and lesson: other values than for anybody else, the same on every
 * machine. Who knows one of these does not know the seed of the run.
 */
export function learnerSeed(run: string, learner: string, lesson: string): string {
  return derived(run, `${learner}\n${lesson}`);
}

/** Keeps the checker's own peers apart from programs; see `openSandbox`. */
export function saltOf(run: string): string {
  return derived(run, 'salt of the sandbox');
}

function derived(run: string, what: string): string {
  return createHmac('sha256', run).update(what).digest('hex').slice(0, 16);
}
