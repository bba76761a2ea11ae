import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { passedOn } from '../../course/environment.js';
import type { ProgramRecord } from '../harness/recording.js';
import { type Child, type ChildRequest, MARK, spawnChild } from './child.js';
import { forkPython } from './fork-server.js';
import { launchChild } from './launched.js';
import { type RestLook, watchRest } from './rest.js';
import type { Launcher, ProgramSpec } from './spec.js';
import { takeWarm } from './warm.js';

/** Output kept of each stream, in bytes. More is read and counted, not kept. */
export const OUTPUT_CAP = 256 * 1024;

/** One start of the learner's program. */
export interface RunningProgram {
  readonly name: string;
  /** Writes one JSON line to its standard input. */
  feed(line: unknown): void;
  /** Asks it to stop: end of standard input. */
  endInput(): void;
  /** Ends it at once, with everything it started: a crash, as the broker sees it. */
  kill(): void;
  /** Resolves when it has ended. */
  readonly exited: Promise<void>;
  readonly running: boolean;
  /** Its process id; undefined before there is one. */
  readonly pid: number | undefined;
  /** Whether it could do something of itself now; only ever a reason to end a wait early. */
  rest(): RestLook;
  /** What takes longer to look at: asked once, when the looks agree. */
  confirmRest(): boolean;
  /** Milliseconds that it waited for a processor so far; 0 where that cannot be known. */
  starvedMs(): number;
  record(): ProgramRecord;
}

/**
 * Starts a program. One of ours that is ready is used where there is one (a warm Node, a fork of a
 * Python that has loaded the client library); the program cannot tell the difference.
 * @throws Error when the program is to be launched in a sandbox and there is none
 */
export function startProgram(
  name: string,
  spec: ProgramSpec,
  env: Readonly<Record<string, string>>,
  now: () => number,
  onExit: (record: ProgramRecord) => void,
  onOutput: (stream: 'stdout' | 'stderr', text: string) => void = () => undefined,
  launcher?: Launcher,
): RunningProgram {
  const startedAt = now();
  const mark = randomUUID();
  const child = begin(name, spec, launcher, {
    command: spec.command,
    args: spec.args,
    cwd: spec.cwd,
    env: { ...spec.env, ...env, [MARK]: mark },
  });
  const resting = watchRest(() => (child.programPid ? child.programPid() : child.pid), now);
  const output = {
    stdout: collect(child.stdout, text => onOutput('stdout', text)),
    stderr: collect(child.stderr, text => onOutput('stderr', text)),
  };
  child.stdin?.on('error', () => {
    // The program closed its input, or ended: what it was not told is seen on the wire.
  });
  let state: Partial<ProgramRecord> & { exitCode: number | null } = { exitCode: null };
  let running = true;
  const record = (): ProgramRecord => ({
    name,
    startedAt,
    ...state,
    stdout: output.stdout.text(),
    stderr: output.stderr.text(),
    stdoutBytes: output.stdout.bytes(),
    stderrBytes: output.stderr.bytes(),
  });

  const ended = child.ended.then(({ code, signal, startError }) => {
    state = {
      ...state,
      exitCode: code,
      exitedAt: now(),
      ...(signal ? { signal } : {}),
      ...(startError ? { startError } : {}),
    };
    running = false;
  });
  // A program's children may hold its output open; they are gone by now, but a stray one must not
  // keep us waiting.
  const exited = ended
    .then(() => Promise.race([child.closed, wait(500)]))
    .then(() => onExit(record()));

  return {
    name,
    feed: line => {
      if (child.stdin?.writable) child.stdin.write(`${JSON.stringify(line)}\n`);
    },
    endInput: () => {
      state = { ...state, stopAskedAt: state.stopAskedAt ?? now() };
      child.stdin?.end();
    },
    kill: () => {
      if (running) state = { ...state, killedAt: now() };
      child.kill();
    },
    exited,
    get running() {
      return running;
    },
    get pid() {
      return child.pid;
    },
    rest: () => (running ? resting.look() : { ms: 0, ran: '' }),
    confirmRest: () => running && resting.confirm(child.contained ? undefined : `${MARK}=${mark}`),
    starvedMs: () => (running ? child.starvedMs() : 0),
    record,
  };
}

function begin(
  name: string,
  spec: ProgramSpec,
  launcher: Launcher | undefined,
  request: ChildRequest,
): Child {
  if (launcher) return launchChild(launcher, name, request);
  // Whoever asked for a sandbox must not get none.
  if (spec.launcher) throw new Error(`${name} was to be started by ${spec.launcher.module}`);
  const here = { ...request, env: { ...passedOn(), ...request.env } };
  const ready =
    spec.track === 'typescript'
      ? takeWarm(here)
      : spec.track === 'python'
        ? forkPython(here)
        : undefined;
  return ready ?? spawnChild(here);
}

function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms).unref());
}

function collect(stream: NodeJS.ReadableStream | null, onText: (text: string) => void) {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  const decoder = new StringDecoder('utf8');
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    onText(decoder.write(chunk));
    if (keptBytes >= OUTPUT_CAP) return;
    const part = chunk.subarray(0, OUTPUT_CAP - keptBytes);
    keptBytes += part.length;
    kept.push(part);
  });
  stream?.on('error', () => undefined);
  const text = () => Buffer.concat(kept).toString('utf8');
  // Bytes that are no UTF-8 take more room as text: what was not kept is the difference to the text.
  return { text, bytes: () => bytes - keptBytes + Buffer.byteLength(text()) };
}
