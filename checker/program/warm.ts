import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { passedOn } from '../../course/environment.js';
import { packageRoot } from '../../course/package-root.js';
import { type Child, type ChildRequest, type Ending, MARK } from './child.js';
import { coverInherited } from './inherited.js';
import { endLeftovers, programBegins } from './leftovers.js';
import { killGroup, runDelayMs } from './processes.js';
import { discard, scratchFolder } from './scratch.js';

/**
 * Node processes that have started and loaded the client library before they are needed. Each waits
 * (blocked, in `dist/vendor/warm.mjs`) for one word on a pipe: environment, folder and file. Then it
 * closes the pipe and goes on as `node FILE` does: the learner's file is its main module. Each is
 * used once.
 */
interface Waiting {
  readonly child: ChildProcess;
  readonly mark: string;
  /** The path that was given as the main module; it is made when the word is given. */
  readonly main: string;
  alive: boolean;
}

const waiting: Waiting[] = [];
let wanted = 0;
let taken = 0;
let again = false;

/** Whether a start of this command can be served by a process that waits. */
function fits({ command, args }: ChildRequest): boolean {
  return (
    command === process.execPath &&
    args.length === 2 &&
    args[0] === '--enable-source-maps' &&
    (args[1]?.endsWith('main.mjs') ?? false)
  );
}

/** Has this many processes wait from now on. 0 ends those that do. */
export function keepWarm(processes: number): void {
  wanted = processes;
  refillWarm();
}

/** Has at least this many processes wait now, where no more were wanted so far. */
export function beginWarm(processes: number): void {
  if (wanted < processes) keepWarm(processes);
}

/** Starts as many processes as are missing. Not during a check: it would take its processors. */
export function refillWarm(): void {
  const preload = join(packageRoot(), 'dist', 'vendor', 'warm.mjs');
  if (wanted > 0 && !existsSync(preload)) return;
  for (const one of waiting.splice(wanted)) end(one);
  try {
    while (waiting.length < wanted) waiting.push(begin(preload));
  } catch {
    // The system makes no more processes: the program's own start will say why.
  }
}

/** How many of them were used since this was last asked: what the next check will want, too. */
export function takenSince(): number {
  const seen = taken;
  taken = 0;
  return seen;
}

/** More that wait than this are no help: the processors are busy with those that run. */
const MOST = 8;

/** After each check, as many processes are made ready as it has used. */
export function prepareAgain(): void {
  again = true;
}

/** Makes ready what the next check will want, when this one's results are on their way. */
export function refillSoon(): void {
  if (!again) return;
  const used = takenSince();
  setTimeout(() => keepWarm(Math.min(MOST, Math.max(used, wanted))), 10).unref();
}

function begin(preload: string): Waiting {
  const mark = randomUUID();
  // As deep as a built program: see `dist/vendor/warm.mjs`.
  const main = join(scratchFolder(), `warm-${mark}`, 'main.mjs');
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--import', pathToFileURL(preload).href, main],
    {
      env: { ...passedOn(), [MARK]: mark },
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...coverInherited(4)],
      windowsHide: true,
    },
  );
  const one: Waiting = { child, mark, main, alive: child.pid !== undefined };
  const gone = () => {
    one.alive = false;
  };
  child.once('exit', gone);
  child.on('error', gone);
  // Where no process could be made, it has no pipes either.
  word(child)?.on('error', gone);
  // A process that only waits must not keep us running; it ends by itself when we are gone.
  held(child, 'unref');
  return one;
}

function word(child: ChildProcess): Writable | undefined {
  return child.stdio?.[3] as Writable | undefined;
}

function held(child: ChildProcess, how: 'ref' | 'unref'): void {
  child[how]();
  for (const stream of child.stdio ?? []) (stream as Socket | null)?.[how]();
}

function end({ child }: Waiting): void {
  killGroup(child.pid);
}

/** A process that waited, now running the program that was asked for; undefined when there is none. */
export function takeWarm(request: ChildRequest): Child | undefined {
  if (!fits(request)) return undefined;
  taken += 1;
  let one = waiting.shift();
  while (one && !one.alive) one = waiting.shift();
  if (!one) return undefined;
  const { child, mark, main } = one;
  held(child, 'ref');
  const ended = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => {
      endLeftovers(child.pid, MARK, mark);
      discard(dirname(main));
      resolve({ code, ...(signal ? { signal } : {}) });
    });
  });
  const closed = once(child, 'close').catch(() => undefined);
  const before = runDelayMs(child.pid);
  programBegins()(child.pid);
  const [, file] = request.args;
  const env = { ...request.env, [MARK]: mark };
  word(child)?.end(`${JSON.stringify({ main, file, cwd: request.cwd, env })}\n`);
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    closed,
    kill: () => killGroup(child.pid),
    starvedMs: () => Math.max(0, runDelayMs(child.pid) - before),
  };
}

/** Process ids of those that wait now. */
export function waitingPids(): number[] {
  return waiting.flatMap(({ child, alive }) => (alive && child.pid ? [child.pid] : []));
}
