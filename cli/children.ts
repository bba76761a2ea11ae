import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends the programs that this process has started, with everything they started: when we are
 * interrupted, nothing of a check may go on running. They lead process groups of their own, so
 * Ctrl-C does not reach them. On Windows they end with us: Node holds its children in a job, and
 * what they left is ended by `checker/program/leftovers.ts`.
 */
export function endChildren(): void {
  if (process.platform === 'win32') return;
  // A thread may be starting one at this moment: it is looked again until nothing new is there.
  const ended = new Set<number>();
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const fresh = children(process.pid).filter(pid => !ended.has(pid));
    if (fresh.length === 0) return;
    for (const pid of fresh) {
      ended.add(pid);
      // One that is not yet the leader of its group is ended by itself.
      for (const target of [-pid, pid]) end(target);
    }
  }
}

const MOST_LOOKS = 20;

function end(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Ids of the processes whose parent is `parent`. */
export function children(parent: number): number[] {
  return (process.platform === 'linux' ? fromProc() : fromPs())
    .filter(([, of]) => of === parent)
    .map(([pid]) => pid);
}

type ProcessAndParent = readonly [pid: number, parent: number];

function fromProc(): ProcessAndParent[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        // The name of the program, in brackets, may hold spaces and brackets itself.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [[Number(name), Number(parent)] as const];
      } catch {
        return [];
      }
    });
}

function fromPs(): ProcessAndParent[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap(line => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid && parent ? [[pid, parent] as const] : [];
  });
}
