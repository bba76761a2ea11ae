import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

export const HANDOUT_SCHEMA = 'mqtt-course/handout/1';

/** What an instructor left out of the course that students get: `handout.json` beside package.json. */
export interface Handout {
  readonly schema: typeof HANDOUT_SCHEMA;
  /** Ids of the checks that students see, by lesson; a lesson that is not there has all of them. */
  readonly public: Readonly<Record<string, readonly string[]>>;
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

/** The checks of a lesson that students see; undefined when they see all. */
export function publicChecks(lesson: string, root?: string): readonly string[] | undefined {
  return handout(root)?.public[lesson];
}
