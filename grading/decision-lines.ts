import { points } from './exports/text.js';
import type { LessonGrade } from './types.js';

/** What a person decided on a lesson, a sentence each, reason and name included. */
export function decisionLines({ overrides = [], checks }: LessonGrade): string[] {
  return overrides.map(({ check, before, points: now, reason, who }) => {
    const title = checks.find(one => one.id === check)?.title;
    const what =
      check === undefined ? 'The points of this lesson' : `${check}${title ? ` ${title}` : ''}`;
    const was = before === null ? 'open' : points(before);
    return `${what}: ${points(now)} instead of ${was}, decided by ${who}: ${reason}`;
  });
}
