/** A learner's workspace on a machine that something is wrong with. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkspace, packageRoot, type Track } from '../../course/index.js';
import { workspacePlace } from '../place.js';

export interface Learner {
  readonly folder: string;
  /** The file of an exercise. */
  file(lesson: string, track?: Track): string;
}

/** A new workspace in which these lessons are solved, in both tracks. */
export function learner(...lessons: string[]): Learner {
  const folder = workspacePlace();
  createWorkspace(folder);
  for (const lesson of lessons) {
    cpSync(join(packageRoot(), 'solutions', lesson), join(folder, 'exercises', lesson), {
      recursive: true,
    });
  }
  return {
    folder,
    file: (lesson, track = 'typescript') =>
      join(folder, 'exercises', lesson, track, track === 'python' ? 'main.py' : 'main.ts'),
  };
}

export const PUBLISH = '02-publish-a-reading';
export const TLS = '14-tls';
