import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './errors.js';
import { MachineError, machineReason } from './machine.js';
import { patientRemoval, whileLocked } from './system/locked.js';

/** True for the errors of a folder that may not be written. */
export function isReadOnly(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
}

/** What to say when a folder cannot be written; any other error is passed on as it is. */
export function explainWrite(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (isReadOnly(error)) {
    return new UsageError(
      `${folder} cannot be written: it is read-only for you. Choose another folder: npx mqtt-course start --dir DIR`,
    );
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new UsageError(
      `${folder} cannot be made: a file is in the way. Choose another folder: npx mqtt-course start --dir DIR`,
    );
  }
  const reason = machineReason(error);
  return reason === undefined ? error : new MachineError(`${folder} cannot be written: ${reason}`);
}

/** Writes a file so that a reader sees the old text or the new one, never a part. */
export function writeAtomic(path: string, text: string, mode?: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, text, mode === undefined ? {} : { mode });
    // Somebody who reads the old file keeps it from being replaced for a moment.
    whileLocked(() => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const STALE_MS = 10_000;
const PATIENCE_MS = 5_000;
const MOST_REFUSALS = 50;

/**
 * Runs `work` while nobody else does with the same lock. A lock left behind by a process that died
 * is taken over.
 */
export function withLock<Result>(path: string, work: () => Result): Result {
  const deadline = Date.now() + PATIENCE_MS;
  let refused = 0;
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if (!taken(error)) throw error;
      if (!existsSync(path)) refused += 1;
      // Refused again and again, with nothing there: the folder may not be written.
      if (refused > MOST_REFUSALS) throw error;
      if (age(path) > STALE_MS || Date.now() > deadline) rmSync(path, patientRemoval);
      else pause(15);
    }
  }
  try {
    return work();
  } finally {
    try {
      rmSync(path, patientRemoval);
    } catch {
      // Somebody holds it: the next one takes it over when it is old.
    }
  }
}

/** On Windows a folder that is being deleted answers as one that may not be made. */
function taken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EEXIST' || (process.platform === 'win32' && isReadOnly(error));
}

function age(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A time for file names: `2026-05-01_14-03-22`, in UTC. */
export function timeStamp(now: Date = new Date()): string {
  return now.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
}
