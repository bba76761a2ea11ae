import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { readProc } from './proc.js';

/** O_CLOEXEC in the flags of /proc/self/fdinfo, which are octal. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * File descriptors, beyond the three of every process, that a process started from here would have
 * too. Node opens its own so that they are not handed on; these came from whoever started us.
 */
export function inheritable(): number[] {
  if (process.platform !== 'linux') return [];
  const ipc = process.channel as { readonly fd?: number } | undefined;
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter(fd => fd > 2 && fd !== ipc?.fd && handedOn(fd));
}

function handedOn(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readProc(`/proc/self/fdinfo/${fd}`))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The one that the list was read with.
    return false;
  }
}

/**
 * For a process that is ours alone: closes what it was handed and never asked for, so that nothing it
 * starts gets it either.
 */
export function closeInherited(): void {
  for (const fd of inheritable()) closeSync(fd);
}

/** No process can put anything in the place of a file descriptor from this number on. */
function limit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

let nothing: number | undefined;
let strays: readonly number[] | undefined;

/**
 * What `spawn` is to put in the place of file descriptors that are not for a program, from the
 * fourth or fifth on: /dev/null. For where this process cannot close them, since it needs them itself.
 * @param from the first that is not given to the program on purpose
 */
export function coverInherited(from: number): ('ignore' | number)[] {
  // They were there when this process began, and none comes later: looked for once. A shell that sets
  // a limit may have some open that are beyond it: they stay.
  strays ??= inheritable().filter(fd => fd < limit());
  const stray = strays.filter(fd => fd >= from && fd !== nothing);
  if (stray.length === 0) return [];
  nothing ??= openSync('/dev/null', 'r');
  const cover: ('ignore' | number)[] = [];
  for (let fd = from; fd <= Math.max(...stray); fd++) {
    cover.push(stray.includes(fd) ? nothing : 'ignore');
  }
  return cover;
}
