import { readdirSync, readlinkSync } from 'node:fs';
import { processIds, readProc } from './proc.js';

/*
 * Whether a program could still do something of itself, as the kernel tells (Linux): for each thread
 * of each of its processes, the system call in which it sleeps and that call's time-out. Only ever a
 * reason to end a wait early: whatever is not recognised counts as awake.
 */

/** Numbers of the system calls in which a thread may be at rest, by architecture. */
interface Calls {
  /** Sleep until something comes: a byte, a connection, the end of a child, a signal. */
  readonly forever: readonly number[];
  /** The fourth argument is the time-out in milliseconds, an int; -1 is none. */
  readonly epoll: readonly number[];
  /** The third one is. */
  readonly poll: readonly number[];
  /** An argument points to the time-out; none when it is 0. By number, the argument. */
  readonly pointer: Readonly<Record<number, number>>;
  readonly futex: number;
  readonly select: number;
}

const calls: Readonly<Partial<Record<string, Calls>>> = {
  // read readv recvfrom recvmsg accept accept4 wait4 waitid pause rt_sigsuspend
  x64: {
    forever: [0, 19, 45, 47, 43, 288, 61, 247, 34, 130],
    epoll: [232, 281],
    poll: [7],
    // ppoll, rt_sigtimedwait, epoll_pwait2, select
    pointer: { 271: 2, 128: 2, 441: 3, 23: 4 },
    futex: 202,
    select: 270,
  },
  arm64: {
    forever: [63, 65, 207, 212, 202, 242, 260, 95, 133],
    epoll: [22],
    poll: [],
    pointer: { 73: 2, 137: 2, 441: 3 },
    futex: 98,
    select: 72,
  },
};

/**
 * The name that `fork-server.py` gives a thread while it is in paho-mqtt's own network loop. That
 * loop wakes once a second and looks at keep-alive; of itself it does nothing else.
 */
const PAHO_LOOP = 'paho-loop';

/** One look at a program. */
export interface RestLook {
  /** For so long nothing happens of itself: Infinity without a timer. 0 is awake, or not known. */
  readonly ms: number;
  /** Changes whenever a thread has run. */
  readonly ran: string;
}

const AWAKE: RestLook = { ms: 0, ran: '' };

/** Looks at one program again and again. */
export interface RestWatch {
  look(): RestLook;
  /**
   * What a look is too short for: timers that are not in a time-out, and processes that left the tree.
   * @param mark what such a process has in its environment; none where nothing can leave the tree
   */
  confirm(mark: string | undefined): boolean;
}

/**
 * @param pid asked at each look: a program has none before it has begun
 * @param now a clock in milliseconds
 */
export function watchRest(pid: () => number | undefined, now: () => number): RestWatch {
  /** When a thread was last seen to have run: its time-out began no earlier. */
  const lastRan = new Map<number, { ran: string; since: number }>();
  let previous = now();
  const known = process.platform === 'linux' ? calls[process.arch] : undefined;

  function thread(at: string, id: number, t: number, last: number, known: Calls): RestLook {
    const [number, ...words] = readProc(`${at}/syscall`).trim().split(' ');
    const call = Number(number);
    if (Number.isNaN(call)) return AWAKE;
    const stat = readProc(`${at}/stat`);
    if (stat.charAt(stat.lastIndexOf(')') + 2) !== 'S') return AWAKE;
    const ran = readProc(`${at}/schedstat`);
    const before = lastRan.get(id);
    // It began to wait after the look before the one that first saw it like this.
    const since = before?.ran === ran ? before.since : last;
    lastRan.set(id, { ran, since });
    const argument = (index: number) => Number(words[index]);
    const limited = (ms: number) =>
      ms < 0 ? Number.POSITIVE_INFINITY : Math.max(0, ms - (t - since));
    let ms = 0;
    if (known.forever.includes(call)) ms = Number.POSITIVE_INFINITY;
    else if (known.epoll.includes(call)) ms = limited(argument(3) | 0);
    else if (known.poll.includes(call)) ms = limited(argument(2) | 0);
    else if (call === known.futex && argument(3) === 0) ms = Number.POSITIVE_INFINITY;
    else if (call === known.select) {
      const idle = argument(4) === 0 || (argument(0) > 0 && name(at) === PAHO_LOOP);
      ms = idle ? Number.POSITIVE_INFINITY : 0;
    } else {
      const index = known.pointer[call];
      if (index !== undefined && argument(index) === 0) ms = Number.POSITIVE_INFINITY;
    }
    return { ms, ran };
  }

  return {
    look: () => {
      const t = now();
      const root = pid();
      if (root === undefined || !known) return AWAKE;
      const last = previous;
      previous = t;
      try {
        let least = Number.POSITIVE_INFINITY;
        let ran = '';
        const waiting = [root];
        for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
          for (const id of readdirSync(`/proc/${one}/task`)) {
            const at = `/proc/${one}/task/${id}`;
            const look = thread(at, Number(id), t, last, known);
            if (look.ms === 0) return AWAKE;
            least = Math.min(least, look.ms);
            ran += `${id} ${look.ran}`;
            for (const child of readProc(`${at}/children`).trim().split(' ')) {
              if (child !== '') waiting.push(Number(child));
            }
          }
        }
        return { ms: least, ran };
      } catch {
        return AWAKE;
      }
    },
    confirm: mark => {
      const root = pid();
      if (root === undefined || !known) return false;
      try {
        const tree = processTree(root);
        return tree.every(one => !mayBeWoken(one)) && !(mark && hasStrays(tree, mark));
      } catch {
        return false;
      }
    },
  };
}

function name(at: string): string {
  return readProc(`${at}/comm`).trim();
}

function processTree(root: number): number[] {
  const all: number[] = [];
  const waiting = [root];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    all.push(one);
    for (const id of readdirSync(`/proc/${one}/task`)) {
      const children = readProc(`/proc/${one}/task/${id}/children`).trim();
      if (children !== '') waiting.push(...children.split(' ').map(Number));
    }
  }
  return all;
}

const SIGALRM = 14;

/** A timer that no system call shows: a timerfd, or a handler for SIGALRM. */
function mayBeWoken(pid: number): boolean {
  const caught = /^SigCgt:\s*([\da-f]+)/m.exec(readProc(`/proc/${pid}/status`))?.[1];
  if (caught === undefined || (BigInt(`0x${caught}`) >> BigInt(SIGALRM - 1)) & 1n) return true;
  return readdirSync(`/proc/${pid}/fd`).some(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).includes('[timerfd]');
    } catch {
      return false;
    }
  });
}

/** Whether a process that carries the program's mark lives outside of its tree. */
function hasStrays(tree: readonly number[], mark: string): boolean {
  return processIds().some(pid => {
    if (pid === process.pid || tree.includes(pid)) return false;
    try {
      return readProc(`/proc/${pid}/environ`).split('\0').includes(mark);
    } catch {
      return false;
    }
  });
}
