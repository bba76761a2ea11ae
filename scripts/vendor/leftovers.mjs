/**
 * Ends what programs left behind, on Windows. Is told on standard input, a JSON line each, that a
 * program began or ended. When none runs any more, and when whoever tells is gone, it looks at the
 * system's list of processes once.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A pid is used again soon on Windows; times tell whose child a process is. Its clock ticks in 16 ms. */
const TICK_MS = 50;
/** The next program often begins at once. */
const QUIET_MS = 1500;

/**
 * Ids of the processes that programs started and left, and of programs that are still there.
 * @param {readonly {pid: number, from: number, until?: number}[]} programs
 * @param {readonly {pid: number, parent: number, created: number}[]} processes
 * @returns {number[]}
 */
export function leftBehind(programs, processes) {
  const found = new Map();
  for (const { pid, from, until = Number.POSITIVE_INFINITY } of programs) {
    for (const one of processes) {
      const itself = one.pid === pid && until === Number.POSITIVE_INFINITY;
      const its = itself || one.parent === pid;
      if (its && one.created >= from - TICK_MS && one.created <= until + TICK_MS) {
        found.set(one.pid, one);
      }
    }
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const one of processes) {
      const parent = found.get(one.parent);
      if (parent && one.pid !== parent.pid && one.created >= parent.created - TICK_MS) {
        found.set(one.pid, one);
      }
    }
  }
  return [...found.keys()];
}

/** The only list of processes with parents and times that every Windows has. */
const command =
  "Get-CimInstance Win32_Process | Where-Object CreationDate | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, $_.CreationDate.ToFileTimeUtc() }";

/** Lines `pid parent time`, the time in units of 100 ns since 1601. */
export function parseProcesses(text) {
  return text.split('\n').flatMap(line => {
    const [pid, parent, time] = line.trim().split(' ').map(Number);
    return pid && time
      ? [{ pid, parent: parent ?? 0, created: time / 1e4 - 11_644_473_600_000 }]
      : [];
  });
}

function processes() {
  const shell = join(
    process.env.SystemRoot ?? 'C:\\Windows',
    'System32\\WindowsPowerShell\\v1.0\\powershell.exe',
  );
  return new Promise(resolve => {
    const child = spawn(shell, ['-NoProfile', '-NonInteractive', '-Command', command], {
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
    child.once('error', () => resolve([]));
    child.once('close', () => resolve(parseProcesses(text)));
  });
}

const programs = new Map();
let timer;

async function look() {
  const known = [...programs.values()];
  if (known.length === 0) return;
  for (const one of known) if (one.until !== undefined) programs.delete(one.key);
  const list = await processes();
  for (const pid of leftBehind(known, list)) {
    if (pid === process.pid) continue;
    try {
      process.kill(pid);
    } catch {
      // Gone already.
    }
  }
}

function hear(line) {
  const { began, ended, at } = JSON.parse(line);
  clearTimeout(timer);
  if (began !== undefined) {
    const key = `${began} ${at}`;
    programs.set(key, { key, pid: began, from: at });
  }
  for (const one of programs.values()) {
    if (one.pid === ended && one.until === undefined) one.until = at;
  }
  const running = [...programs.values()].some(one => one.until === undefined);
  if (!running) timer = setTimeout(look, QUIET_MS);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  createInterface({ input: process.stdin })
    .on('line', hear)
    .on('close', () => {
      clearTimeout(timer);
      void look().then(() => process.exit());
    });
}
