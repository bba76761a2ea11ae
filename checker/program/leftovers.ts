import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../course/package-root.js';
import { killGroup, killMarked } from './processes.js';

/**
 * What a program started and left behind when it ended. On Linux it carries a mark, and elsewhere it
 * is in the program's process group. Windows has neither, and does not tell a parent of its
 * grandchildren: there a process of our own (`dist/vendor/leftovers.mjs`) is told of every program,
 * looks at the system's list when they have ended, and ends what is left. It outlives us by that one
 * look, so that nothing goes on when we are ended ourselves.
 */
let keeper: ChildProcess | undefined;

/** A program begins; to be said before it is started. @returns to be called with its process id */
export function programBegins(): (pid: number | undefined) => void {
  if (process.platform !== 'win32') return () => undefined;
  const at = Date.now();
  return pid => {
    if (pid !== undefined) tell({ began: pid, at });
  };
}

/** A program has ended: nothing that it started goes on. */
export function endLeftovers(
  pid: number | undefined,
  name: string,
  mark: string | undefined,
): void {
  if (process.platform !== 'win32') {
    killGroup(pid);
    if (mark) killMarked(name, mark);
  } else if (pid !== undefined) tell({ ended: pid, at: Date.now() });
}

function tell(message: Readonly<Record<string, number>>): void {
  keeper ??= open();
  const input = keeper?.stdin;
  if (input?.writable) input.write(`${JSON.stringify(message)}\n`);
}

function open(): ChildProcess | undefined {
  const script = join(packageRoot(), 'dist', 'vendor', 'leftovers.mjs');
  if (!existsSync(script)) return undefined;
  const child = spawn(process.execPath, [script], {
    // Without our job object, in which every other child of Node ends with us.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.once('exit', () => {
    if (keeper === child) keeper = undefined;
  });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
