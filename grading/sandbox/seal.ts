import { chmodSync, existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../course/index.js';
import { findTool } from './options.js';
import { freeUsers, releaseUsers } from './users.js';

/** What of the course no program may read: solutions, hidden tests, wrong programs and their reasons. */
const secrets = [
  'solutions',
  'checker/lessons',
  'checker/prove',
  'dist/checker/lessons',
  'dist/checker/prove',
];

export interface SealRequest {
  /** Folders of this grading: what was handed in, and the results. */
  readonly folders: readonly string[];
  /** Where the course is installed; for tests. */
  readonly root?: string;
}

/**
 * For the isolation `container`, where programs see the files that everybody sees: takes from everybody
 * but us what a program must not read, then tries, as a program's user, whether it holds.
 * @returns the paths that a program could still read: it is no sandbox then
 */
export async function sealContainer({
  folders,
  root = packageRoot(),
}: SealRequest): Promise<readonly string[]> {
  const paths = [...secrets.map(path => join(root, path)), ...folders].filter(existsSync);
  for (const path of paths) {
    try {
      chmodSync(path, lstatSync(path).mode & 0o700);
    } catch {
      // Not ours, or on a disk that cannot be written: the trial tells whether that matters.
    }
  }
  return readableFor(paths);
}

/** Tries as a user that programs run as. What cannot be tried counts as readable. */
async function readableFor(paths: readonly string[]): Promise<readonly string[]> {
  const setpriv = findTool('setpriv');
  if (!setpriv || process.getuid?.() !== 0) return paths;
  const uid = freeUsers();
  try {
    const drop = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
    const script =
      'for p; do if [ -r "$p" ] || [ -x "$p" ] || [ -w "$p" ]; then printf "%s\\0" "$p"; fi; done; printf done';
    const tried = await execa(setpriv, [...drop, '/bin/sh', '-c', script, 'sh', ...paths], {
      reject: false,
      extendEnv: false,
      env: { PATH: '/usr/bin:/bin' },
    });
    const found = tried.stdout.split('\0');
    return found.pop() === 'done' ? found : paths;
  } finally {
    releaseUsers(uid);
  }
}
