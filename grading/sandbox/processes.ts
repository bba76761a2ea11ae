import { readdirSync, readlinkSync } from 'node:fs';
import { processIds, readProc } from '../../checker/program/proc.js';

const read = (path: string): string => {
  try {
    return readProc(path);
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

const field = (text: string, name: string) =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);

/** What the process itself has: shared pages count in full, so never less than `memoryBytes`. */
export function memoryAtMost(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  return field(status, 'RssAnon') + field(status, 'RssShmem') + field(status, 'VmSwap');
}

/**
 * Memory of a process that comes from no file, bytes: its own pages, its part of those that it shares
 * with others (a mapping that is shared and anonymous, a file in memory), and what was swapped out.
 * The kernel goes through all pages for it: ask `memoryAtMost` first.
 */
export function memoryBytes(pid: number): number {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  if (/^Pss_Anon:/m.test(rollup)) {
    return field(rollup, 'Pss_Anon') + field(rollup, 'Pss_Shmem') + field(rollup, 'SwapPss');
  }
  // It is not ours to read in full, or the kernel is older: shared pages count for each.
  return memoryAtMost(pid);
}

/** Ticks in a second, as /proc counts them everywhere. */
const TICKS = 100;

/** Processor time of a process and of its children that have ended, seconds. */
export function processorSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) / TICKS;
}

/** The network of a process, by its name in the kernel: `net:[4026531840]`. */
export function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** The processes in these networks that have not ended. */
export function processesIn(networks: ReadonlySet<string>): number[] {
  return processIds().filter(pid => {
    const network = networkOf(pid);
    return network !== undefined && networks.has(network) && !isOver(pid);
  });
}

/** Sockets in use in the network of a process. */
export function socketsIn(pid: number): number {
  return Number(/^sockets: used (\d+)/m.exec(read(`/proc/${pid}/net/sockstat`))?.[1] ?? 0);
}

/** Processes and threads. */
export function tasksOf(pid: number): number {
  return list(`/proc/${pid}/task`).length;
}

const wrappers = new Set(['sh', 'setpriv', 'nsenter', 'bwrap', 'prlimit']);

const isWrapper = (pid: number) => wrappers.has(read(`/proc/${pid}/comm`).trim());

/**
 * The program itself, behind the commands that were put around it; undefined while there are only
 * those. A program that calls itself like one of them is not seen to rest, and so waits longer.
 */
export function innermost(pid: number): number | undefined {
  for (let at: number | undefined = pid; at !== undefined; [at] = childrenOf(at)) {
    if (!isWrapper(at)) return at;
  }
  return undefined;
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

const isOver = (pid: number) => {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' || /^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
};

/**
 * Ends every process with this text in its command line: what a sandbox started has its folder
 * there. @returns how many were ended
 */
export function killNamed(text: string): number {
  const ours = processIds().filter(
    pid => pid !== process.pid && read(`/proc/${pid}/cmdline`).includes(text),
  );
  for (const pid of ours) kill(pid);
  return ours.length;
}

const ownerOf = (pid: number) =>
  Number(/^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? -1);

/** Processes of a user, or of the users from `uid` up to and not including `end`. */
export function processesOf(uid: number, end = uid + 1): number[] {
  return processIds().filter(pid => {
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

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Ends whoever is in these networks, again and again.
 * @param spare the process that holds the network open for us
 * @param uid only processes of this user: the names may be somebody else's by now
 * @returns who is still there after `withinMs`: nobody, unless something is badly wrong
 */
export async function emptyNetworks(
  networks: ReadonlySet<string>,
  spare: number | undefined,
  withinMs: number,
  uid?: number,
): Promise<readonly number[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const left = processesIn(networks).filter(
      pid => pid !== spare && (uid === undefined || ownerOf(pid) === uid),
    );
    if (left.length === 0 || performance.now() > until) return left;
    for (const pid of left) kill(pid);
    await pause(5);
  }
}
