import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killUser, processesOf } from './processes.js';

/** Users that programs may run as when we are root: nobody else's, and no account needed. */
const FIRST = 64_100;
/** Users of one sandbox: that many scenarios at once. */
export const USERS_EACH = 64;
const SANDBOXES = 20;

/** Ranges that sandboxes of this process hold: nothing may run in them yet. */
const held = new Set<number>();

/** The first of a range of users of whom no process runs, and that no other sandbox of ours holds. */
export function freeUsers(): number {
  for (let tried = 0; ; tried++) {
    const first = FIRST + ((process.pid + tried) % SANDBOXES) * USERS_EACH;
    const free = !held.has(first) && processesOf(first, first + USERS_EACH).length === 0;
    if (!free && tried < SANDBOXES) continue;
    held.add(first);
    return first;
  }
}

/** Gives a range back. */
export function releaseUsers(first: number): void {
  held.delete(first);
}

/** A user for one scenario, out of those of its sandbox. @throws Error when all are taken */
export function claimUser(tmp: string, first: number): { uid: number; release(): void } {
  const folder = join(tmp, 'users');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let uid = first; uid < first + USERS_EACH; uid++) {
    const mark = join(folder, String(uid));
    try {
      closeSync(openSync(mark, 'wx'));
    } catch {
      continue;
    }
    return {
      uid,
      release() {
        killUser(uid);
        rmSync(mark, { force: true });
      },
    };
  }
  throw new Error(`more than ${USERS_EACH} scenarios at once in one sandbox`);
}
