import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.js';

export const META = '.mqtt-course';
export const DEFAULT_FOLDER = 'mqtt-course';

/** The learner's own folder. */
export interface Workspace {
  readonly folder: string;
  /** `.mqtt-course/` in it: progress, results, the last exchange of each lesson, backups. */
  readonly meta: string;
}

/** The workspace in a folder that is known to be one. */
export function workspaceAt(folder: string): Workspace {
  return { folder, meta: join(folder, META) };
}

export function isWorkspace(folder: string): boolean {
  return statSync(join(folder, META), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Finds the workspace that a folder belongs to: the folder or one above it, or one of these with a
 * workspace in `mqtt-course/` directly below (a clone of the course, the folder where `start` ran).
 */
export function findWorkspace(from: string): Workspace | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (isWorkspace(folder)) return workspaceAt(folder);
    const below = join(folder, DEFAULT_FOLDER);
    if (isWorkspace(below)) return workspaceAt(below);
    if (folder === dirname(folder)) return undefined;
  }
}

/** @throws UsageError when there is none */
export function requireWorkspace(from: string): Workspace {
  const found = findWorkspace(from);
  if (found) return found;
  throw new UsageError(
    'There is no workspace here or in a folder above. Make one: npx mqtt-course start',
  );
}
