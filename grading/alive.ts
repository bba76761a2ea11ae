/** Which processes are there, and the temporary folders of those that are not. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientRemoval } from '../course/system/index.js';

/** Whether a process of this machine is there, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What tells a process from another that got its number later; null where the system does not say. */
export function processBegan(pid: number = process.pid): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may hold spaces and brackets: the fields behind it are counted.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const PREFIX = 'mqtt-course-grade-';

/** A temporary folder for one grading; its name says whose it is. */
export function gradingFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** Removes what gradings left that were killed. Folders of others and of living gradings stay. */
export function removeLeftFolders(): void {
  const own = process.getuid?.();
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-[A-Za-z0-9]{6}$`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(tmpdir(), name);
    try {
      const stats = statSync(path);
      if (stats.isDirectory() && (own === undefined || stats.uid === own))
        rmSync(path, patientRemoval);
    } catch {
      // It is gone, or not ours to remove.
    }
  }
}
