import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientRemoval } from '../../course/system/index.js';
import { faultText, temporaryProblem } from './machine.js';
import { ProgramUnavailable } from './spec.js';

let folder: string | undefined;

/** What a check says of a folder for temporary files that cannot be written. */
export function temporaryUnavailable(error: unknown): ProgramUnavailable {
  const title = 'Folder for temporary files';
  const text = faultText({ id: 'temporary', title, ...temporaryProblem(error) });
  return new ProgramUnavailable(text, 'machine');
}

/**
 * The folder of this process for short-lived files of running programs; removed when it ends.
 * @throws ProgramUnavailable when there is no place for it
 */
export function scratchFolder(): string {
  if (folder === undefined) {
    try {
      folder = mkdtempSync(join(tmpdir(), 'mqtt-course-run-'));
    } catch (error) {
      throw temporaryUnavailable(error);
    }
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
