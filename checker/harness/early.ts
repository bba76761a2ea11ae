import type { KnownMistake } from '../program/spec.js';
import type { DetectorContext } from './detectors/index.js';
import { judge, type Recordings } from './judge.js';
import { type Lesson, lessonScenarios, scenariosOf } from './lesson.js';
import type { ScenarioDefinition } from './scenario.js';

/*
 * A wrong program of ours says which checks it fails. Once these have failed, in its words, and every
 * check that stands before them is decided, a learner's first verdicts are proven; what stands behind
 * them is proven by a whole run. Anything else than what is known plays all, as if nothing were known.
 */

/** The scenarios that may settle it, and those that are played only when they do not. */
export function settlingScenarios(
  lesson: Lesson,
  known: KnownMistake | undefined,
): {
  readonly first: readonly ScenarioDefinition<unknown>[];
  readonly later: readonly ScenarioDefinition<unknown>[];
} {
  const all = lessonScenarios(lesson);
  if (!known) return { first: all, later: [] };
  const first = new Set(checksUntil(lesson, known).flatMap(scenariosOf));
  return { first: all.filter(one => first.has(one)), later: all.filter(one => !first.has(one)) };
}

/** Whether these recordings show what is known of the program, and leave nothing before it open. */
export function isSettled(
  lesson: Lesson,
  recordings: Recordings,
  known: KnownMistake | undefined,
  context: DetectorContext,
): boolean {
  if (!known) return false;
  const verdicts = judge(lesson, recordings, context);
  const failed = verdicts.filter(one => one.status === 'failed');
  const open = checksUntil(lesson, known).some(
    ({ id }) => verdicts.find(one => one.id === id)?.status === 'unknown',
  );
  return (
    !open &&
    failed.some(one => one.mistake === known.mistake) &&
    failed.length === known.fails.length &&
    known.fails.every(id => failed.some(one => one.id === id))
  );
}

/** The checks up to the last one that fails. A detector speaks of whichever fails first: of the first one. */
function checksUntil(lesson: Lesson, { fails }: KnownMistake): Lesson['checks'] {
  const last = lesson.checks.findLastIndex(check => fails.includes(check.id));
  return lesson.checks.slice(0, Math.max(last, 0) + 1);
}
