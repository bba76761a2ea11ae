/** How long a check took: formats of test reports want it. From the stored run, so a report says the same twice. */
import type { Bundle } from '../../checker/index.js';
import type { LearnerGrade, LessonGrade } from '../types.js';
import type { Case } from './cases.js';

/** Milliseconds of a check; 0 where it is not known. */
export type CaseTimes = (learner: string, lesson: string, check: string) => number;

export const NO_TIMES: CaseTimes = () => 0;

/**
 * What each check took: its scenarios are played one after another, and several checks look at one.
 * The time of the whole lesson is shared among its checks, a scenario's longer ones by their length.
 */
export function checkTimes({ result, recordings }: Bundle): ReadonlyMap<string, number> {
  const whole = result.durationMs ?? 0;
  const checks = result.checks ?? [];
  const lengthOf = (scenario: string | undefined) =>
    scenario === undefined ? 0 : (recordings[scenario]?.trace.entries.at(-1)?.t ?? 0);
  const seen = new Map<string, number>();
  for (const { scenario } of checks) {
    if (scenario !== undefined) seen.set(scenario, (seen.get(scenario) ?? 0) + 1);
  }
  const weights = checks.map(
    ({ scenario }) => 1 + lengthOf(scenario) / (seen.get(scenario ?? '') ?? 1),
  );
  const sum = weights.reduce((all, one) => all + one, 0);
  return new Map(
    checks.map(({ id }, at) => [id, Math.round((whole * (weights[at] ?? 0)) / Math.max(1, sum))]),
  );
}

/** Milliseconds of some cases together. */
export function timeOf(
  who: LearnerGrade,
  lesson: LessonGrade,
  cases: readonly Case[],
  times: CaseTimes,
): number {
  return cases.reduce((sum, one) => sum + times(who.learner.id, lesson.lesson, one.id), 0);
}

/** Seconds, as JUnit writes them. */
export const seconds = (ms: number) => (ms === 0 ? '0' : (ms / 1000).toFixed(3));
