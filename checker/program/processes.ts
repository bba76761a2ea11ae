import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { processIds, readProc } from './proc.js';

/** Ends a process and everything in its process group at once. Nothing happens when it is gone. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    const taskkill = join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'taskkill.exe');
    spawnSync(taskkill, ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone.
  }
}

/**
 * How long a process has waited for a processor, in milliseconds: the kernel's own account. A
 * deadline that passed while the program could not run says nothing about the program.
 * 0 where the platform does not tell.
 */
export function runDelayMs(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  try {
    const [, delay] = readProc(`/proc/${pid}/schedstat`).split(' ');
    return Number(delay) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * Ends every process that has `NAME=value` in its environment: what a program started and moved out
 * of its process group. Linux only; elsewhere the group has to do.
 */
export function killMarked(name: string, value: string): void {
  if (process.platform !== 'linux') return;
  const mark = `${name}=${value}`;
  for (const pid of processIds()) {
    if (pid === process.pid) continue;
    try {
      if (!readProc(`/proc/${pid}/environ`).split('\0').includes(mark)) continue;
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already, or somebody else's.
    }
  }
}
