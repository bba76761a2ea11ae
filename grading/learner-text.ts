import type { Learner } from './types.js';

/** A learner as the instructor reads it: the id, and the name where it is known and another. */
export function learnerText({ id, name }: Learner): string {
  return name === undefined || name === id ? id : `${id} ${name}`;
}
