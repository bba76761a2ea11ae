import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../course/package-root.js';

/**
 * A new folder for what tests build of the sources: in the clone, because from there the packages
 * and the course's own files are found, and in the one folder of it that is nobody's work.
 */
export function buildFolder(name: string): string {
  const place = join(packageRoot(), 'node_modules', '.mqtt-course-tests');
  mkdirSync(place, { recursive: true });
  return mkdtempSync(join(place, `${name}-`));
}

/** Where a workspace can be made for the tests of a file, in a folder of its own. */
export function workspacePlace(): string {
  return join(mkdtempSync(join(tmpdir(), 'w-')), 'mqtt-course');
}
