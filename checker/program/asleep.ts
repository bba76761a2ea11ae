import { readdirSync, readFileSync } from 'node:fs';

/** Numbers of the system calls in which a Node process sleeps, by architecture. */
const calls: Readonly<Partial<Record<string, { epoll: readonly number[]; futex: number }>>> = {
  x64: { epoll: [232, 281], futex: 202 },
  arm64: { epoll: [22], futex: 98 },
};

/**
 * For how many milliseconds a Node process will do nothing unless something comes to it, as the
 * kernel tells: every thread of it sleeps, the event loop with a timeout that is its next timer.
 * Infinity when there is no timer; 0 when it runs, has children, or the system does not tell.
 *
 * Only ever a reason to end a wait early. Whatever is not recognised counts as awake.
 * @param ageMs how long ago the process was started: the sleep may have begun then
 */
export function asleepMs(pid: number | undefined, ageMs: number): number {
  const known = calls[process.arch];
  if (pid === undefined || process.platform !== 'linux' || !known) return 0;
  try {
    let least = Number.POSITIVE_INFINITY;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const at = `/proc/${pid}/task/${thread}`;
      if (readFileSync(`${at}/children`, 'latin1').trim() !== '') return 0;
      const [number, ...words] = readFileSync(`${at}/syscall`, 'latin1').trim().split(' ');
      const argument = (index: number) => Number(words[index]);
      if (known.epoll.includes(Number(number))) {
        // An int: -1 (no timeout) is shown as 0xffffffff.
        const timeout = argument(3) | 0;
        if (timeout >= 0) least = Math.min(least, timeout - ageMs);
      } else if (Number(number) !== known.futex || argument(3) !== 0) return 0;
    }
    return Math.max(0, least);
  } catch {
    return 0;
  }
}
