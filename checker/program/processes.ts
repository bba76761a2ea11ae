import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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
 * @param threads `all` where the first thread may be asleep while others do the work, as with
 * paho-mqtt's network loop; their waiting is added up
 */
export function runDelayMs(pid: number | undefined, threads: 'first' | 'all' = 'first'): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  try {
    const at = `/proc/${pid}`;
    const each = threads === 'all' ? readdirSync(`${at}/task`).map(id => `${at}/task/${id}`) : [at];
    return each.reduce((sum, one) => sum + waitedMs(one), 0);
  } catch {
    return 0;
  }
}

function waitedMs(at: string): number {
  const [, delay] = readProc(`${at}/schedstat`).split(' ');
  return Number(delay) / 1e6;
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
