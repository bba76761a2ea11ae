import { readdirSync, readFileSync } from 'node:fs';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended between two looks.
    return '';
  }
};

const list = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** Children of every thread of a process. */
function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap(thread =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** A process and all that came of it. In a pid namespace nobody leaves this tree. */
export function treeOf(pid: number): number[] {
  const found = [pid];
  for (const one of found) found.push(...childrenOf(one));
  return found;
}

/** Private memory of a process, bytes. What it shares with others (its own binary) is left out. */
export function privateBytes(pid: number): number {
  const [, resident = 0, shared = 0] = read(`/proc/${pid}/statm`).split(' ').map(Number);
  return (resident - shared) * 4096;
}

/** Processes and threads. */
export function tasksOf(pid: number): number {
  return list(`/proc/${pid}/task`).length;
}

const wrappers = new Set(['setpriv', 'nsenter', 'bwrap', 'prlimit']);

/** The program itself, behind the commands that were put around it. */
export function innermost(pid: number): number {
  let at = pid;
  for (;;) {
    if (!wrappers.has(read(`/proc/${at}/comm`).trim())) return at;
    const [child] = childrenOf(at);
    if (child === undefined) return at;
    at = child;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, or not ours.
  }
}

/**
 * Ends a process and all that came of it, the innermost first. When the outermost goes first, the
 * program sees the end of its input for a moment, and a crash looks like an orderly stop.
 */
export function killTree(pid: number): void {
  for (const one of treeOf(pid).reverse()) kill(one);
}

const pids = () => list('/proc').map(Number).filter(Number.isInteger);

/**
 * Ends every process with this text in its command line: what a sandbox started has its folder
 * there. @returns how many were ended
 */
export function killNamed(text: string): number {
  const ours = pids().filter(
    pid => pid !== process.pid && read(`/proc/${pid}/cmdline`).includes(text),
  );
  for (const pid of ours) kill(pid);
  return ours.length;
}

/** Processes of a user, or of the users from `uid` up to and not including `end`. */
export function processesOf(uid: number, end = uid + 1): number[] {
  return pids().filter(pid => {
    const status = read(`/proc/${pid}/status`);
    const owner = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1);
    return owner >= uid && owner < end && !/^State:\s+[ZX]/m.test(status);
  });
}

/** Ends all processes of a user: again, while one of them still forks. */
export function killUser(uid: number): void {
  for (let round = 0; round < 50; round++) {
    const left = processesOf(uid);
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
  }
}
