import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramLimits } from '../types.js';
import { SOCKETS } from './limits.js';
import {
  memoryAtMost,
  memoryBytes,
  processorSeconds,
  socketsIn,
  tasksOf,
  treeOf,
} from './processes.js';

/** How often a program is looked at. */
const EVERY_MS = 100;
const MIB = 1 << 20;

/** Why a program is ended, and by what signal it would have been where the kernel counts. */
export interface Excess {
  readonly text: string;
  readonly signal?: 'SIGXCPU';
}

export interface ProgramWatch {
  /** Looks at it no more. */
  end(): void;
}

/**
 * Looks at a program and all it starts while it runs. rlimits hold for each process alone, and not
 * at all for the clock: the sum is watched here.
 * @param onLimit called once, with words, when it went too far: end it
 */
export function watch(
  pid: number,
  limits: ProgramLimits,
  outbox: string | undefined,
  onLimit: (excess: Excess) => void,
): ProgramWatch {
  const until = performance.now() + limits.wallSeconds * 1000;
  const timer = setInterval(() => {
    const excess = tooFar(treeOf(pid), limits, until, outbox);
    if (excess === undefined) return;
    clearInterval(timer);
    onLimit(typeof excess === 'string' ? { text: excess } : excess);
  }, EVERY_MS);
  timer.unref();
  return { end: () => clearInterval(timer) };
}

function tooFar(
  tree: readonly number[],
  limits: ProgramLimits,
  until: number,
  outbox: string | undefined,
): string | Excess | undefined {
  const sum = (of: (pid: number) => number) => tree.reduce((all, pid) => all + of(pid), 0);
  const most = limits.memoryMiB * MIB;
  if (sum(memoryAtMost) > most && sum(memoryBytes) > most) {
    return `used more than ${limits.memoryMiB} MiB of memory`;
  }
  if (sum(tasksOf) >= limits.processes) {
    return `started ${limits.processes} processes and threads`;
  }
  const last = tree.at(-1);
  if (last !== undefined && socketsIn(last) > SOCKETS) return `opened more than ${SOCKETS} sockets`;
  if (sum(processorSeconds) > limits.cpuSeconds) {
    return { text: `used more than ${limits.cpuSeconds} s of processor time`, signal: 'SIGXCPU' };
  }
  if (performance.now() > until) return `ran longer than ${limits.wallSeconds} s`;
  if (outbox !== undefined && sizeOf(outbox) > limits.fileMiB * MIB) {
    return `wrote more than ${limits.fileMiB} MiB`;
  }
  return undefined;
}

/** Bytes below a folder; each name counts 4 KiB. */
function sizeOf(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((all, entry) => {
      const path = join(folder, entry.name);
      return all + 4096 + (entry.isDirectory() ? sizeOf(path) : lstatSync(path).size);
    }, 0);
  } catch {
    return 0;
  }
}
