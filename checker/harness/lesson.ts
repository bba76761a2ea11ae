import type { Check, Diagnosis } from './check.js';
import type { ScenarioDefinition } from './scenario.js';

/** The hidden tests of one lesson. */
export interface Lesson {
  /** `02-publish-a-reading`. */
  readonly id: string;
  readonly checks: readonly Check[];
  readonly diagnoses: readonly Diagnosis[];
}

/**
 * @throws Error when ids repeat, or a check needs one that does not stand before it: an author's slip
 */
export function defineLesson(
  id: string,
  checks: readonly Check[],
  diagnoses: readonly Diagnosis[] = [],
): Lesson {
  const seen = new Set<string>();
  for (const check of checks) {
    if (seen.has(check.id)) throw new Error(`${id}: two checks are called ${check.id}`);
    for (const need of check.needs ?? []) {
      if (!seen.has(need)) throw new Error(`${id}: ${check.id} needs ${need}, which does not stand before it`);
    }
    seen.add(check.id);
  }
  return { id, checks, diagnoses };
}

export function scenariosOf(check: Check): readonly ScenarioDefinition<unknown>[] {
  return 'name' in check.on ? [check.on] : check.on;
}

/** Every scenario of the lesson once, in the order in which the checks name them. */
export function lessonScenarios(lesson: Lesson): ScenarioDefinition<unknown>[] {
  return [...new Set(lesson.checks.flatMap(scenariosOf))];
}
