import { rm } from 'node:fs/promises';
import type { Machine } from './shell.js';

/** What a file answers on Windows while an antivirus, an indexer or an editor holds it. */
const held = new Set(['EBUSY', 'EPERM', 'EACCES', 'ENOTEMPTY']);

export interface Patience extends Machine {
  /** How long a lock is waited for, in all. */
  readonly ms?: number;
  /** Waits; for tests. */
  readonly pause?: (ms: number) => void;
}

/** An antivirus looks at a new file for some tenths of a second; a lock that stays is none of it. */
const PATIENCE_MS = 2000;

/**
 * Does something with a file; where somebody holds it for a moment, again and again. On other
 * systems than Windows nobody holds files, and the first error is the answer.
 */
export function whileLocked<Result>(
  work: () => Result,
  { platform = process.platform, ms = PATIENCE_MS, pause = sleep }: Patience = {},
): Result {
  for (let waited = 0, step = 10; ; waited += step, step = Math.min(200, step * 2)) {
    try {
      return work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
      if (platform !== 'win32' || !held.has(code) || waited >= ms) throw error;
      pause(step);
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** For `rm` and `rmSync`: a file that is held for a moment is waited for. */
export const patientRemoval = {
  recursive: true,
  force: true,
  maxRetries: 8,
  retryDelay: 50,
} as const;

/**
 * Removes what lies in a temporary folder. What is still held after a while stays: it is no reason
 * for anything else to fail.
 */
export async function removeTemporary(path: string): Promise<void> {
  await rm(path, patientRemoval).catch(() => undefined);
}
