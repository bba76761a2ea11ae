import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/** The folder of this process for short-lived files of running programs; removed when it ends. */
export function scratchFolder(): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'mqtt-course-run-'));
    const made = folder;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return folder;
}

/** In a thread: uses the folder of the process. A thread may end without a chance to clean up. */
export function useScratchFolder(given: string): void {
  folder = given;
}
