import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

export const HANDOUT_SCHEMA = 'mqtt-course/handout/2';

/** What an instructor left out of the course that students get: `handout.json` beside package.json. */
export interface Handout {
  readonly schema: typeof HANDOUT_SCHEMA;
  /** How many checks of a lesson are not in it; a lesson that is not there has all of them. */
  readonly keptBack: Readonly<Record<string, number>>;
}

const read = new Map<string, Handout | undefined>();

/** What this course is a handout of; undefined for the whole course. */
export function handout(root: string = packageRoot()): Handout | undefined {
  if (!read.has(root)) {
    const file = join(root, 'handout.json');
    read.set(
      root,
      existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Handout) : undefined,
    );
  }
  return read.get(root);
}
