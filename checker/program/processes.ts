import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ends a process and everything in its process group at once. Nothing happens when it is gone. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' });
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
    const [, delay] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(delay) / 1e6;
  } catch {
    return 0;
  }
}
