import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientRemoval } from '../../course/machine/locked.js';

let folder: string | undefined;

/** The folder of this process for short-lived files of running programs; removed when it ends. */
export function scratchFolder(): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'mqtt-course-run-'));
    const made = folder;
    process.once('exit', () => discard(made));
  }
  return folder;
}

/** Removes what is no longer wanted. What somebody still holds stays: it is in a temporary folder. */
export function discard(path: string): void {
  try {
    rmSync(path, patientRemoval);
  } catch {
    // Held for longer than it is worth waiting for.
  }
}

/** In a thread: uses the folder of the process. A thread may end without a chance to clean up. */
export function useScratchFolder(given: string): void {
  folder = given;
}
