import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { startable } from '../../course/system/index.js';
import { coverInherited } from './inherited.js';
import { endLeftovers, programBegins } from './leftovers.js';
import { killGroup, runDelayMs } from './processes.js';

/** Carried by a program and all it starts, so that nothing of it outlives it. */
export const MARK = 'MQTT_COURSE_PROGRAM';

/** How a program ended: what the system says of it. */
export interface Ending {
  readonly code: number | null;
  readonly signal?: string;
  /** Set when it could not be started at all. */
  readonly startError?: string;
}

/** A process that runs a learner's program, however it came to life. */
export interface Child {
  readonly pid: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** What the command itself says, beside the program in it: file descriptor 3, where asked for. */
  readonly status?: Readable | null;
  /** Resolves when the process has ended. Nothing that it started is left then. */
  readonly ended: Promise<Ending>;
  /** Resolves when it has ended and all of its output was read. */
  readonly closed: Promise<unknown>;
  /** Ends it and its process group at once. */
  kill(): void;
  /** Nothing that it starts can leave its tree of processes, or outlive it. */
  readonly contained?: boolean;
  /** The process that is the program itself, where the command around it is another one. */
  programPid?(): number | undefined;
  /** Milliseconds that it has waited for a processor since it is the learner's program. */
  starvedMs(pid?: number): number;
}

export interface ChildRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

function neverStarted(startError: string): Child {
  return {
    pid: undefined,
    stdin: null,
    stdout: null,
    stderr: null,
    ended: Promise.resolve({ code: null, startError }),
    closed: Promise.resolve(),
    kill: () => undefined,
    starvedMs: () => 0,
  };
}

/**
 * Starts a command as the leader of a process group of its own.
 * @param options.mark the environment that carries the mark, where it is not the command's own
 */
export function spawnChild(
  request: ChildRequest,
  options: {
    readonly status?: boolean;
    readonly mark?: Readonly<Record<string, string>>;
    /** See `Child.contained`: nobody has to be looked for when it has ended. */
    readonly contained?: boolean;
  } = {},
): Child {
  const { command, args, verbatim, problem } = startable(request.command, request.args, request);
  if (problem !== undefined) return neverStarted(problem);
  const begun = programBegins();
  let child: ChildProcess;
  try {
    child = spawn(command, [...args], {
      cwd: request.cwd,
      env: request.env,
      detached: process.platform !== 'win32',
      stdio: [
        'pipe',
        'pipe',
        'pipe',
        ...(options.status ? (['pipe'] as const) : []),
        ...coverInherited(options.status ? 4 : 3),
      ],
      windowsHide: true,
      ...(verbatim ? { windowsVerbatimArguments: true } : {}),
    });
  } catch (error) {
    // What is no program at all is told at once, not with an event.
    return neverStarted(error instanceof Error ? error.message : String(error));
  }
  begun(child.pid);
  const mark = options.contained ? undefined : (options.mark ?? request.env)[MARK];
  const ended = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => {
      endLeftovers(child.pid, MARK, mark);
      resolve({ code, ...(signal ? { signal } : {}) });
    });
    child.once('error', error => {
      if (child.pid === undefined) resolve({ code: null, startError: error.message });
    });
  });
  const closed = once(child, 'close').catch(() => undefined);
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ...(options.status ? { status: (child.stdio[3] ?? null) as Readable | null } : {}),
    ended,
    closed,
    kill: () => killGroup(child.pid),
    starvedMs: (pid = child.pid) => runDelayMs(pid),
  };
}
