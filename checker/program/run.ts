import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import type { ProgramRecord } from '../harness/recording.js';
import { killGroup, killMarked, runDelayMs } from './processes.js';
import type { Launcher, ProgramSpec } from './spec.js';

/** Output kept of each stream, in bytes. More is read and counted, not kept. */
export const OUTPUT_CAP = 256 * 1024;

/** Carried by a program and all it starts, so that nothing of it outlives it. */
const MARK = 'MQTT_COURSE_PROGRAM';

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
  /** Milliseconds that it waited for a processor so far; 0 where that cannot be known. */
  starvedMs(): number;
  record(): ProgramRecord;
}

/** Variables of the machine that a program may see; the rest is the contract of the lesson. */
const passedOn =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE|PATHEXT|COMSPEC|VIRTUAL_ENV|PYENV_\w+|LD_LIBRARY_PATH)$/i;

export function startProgram(
  name: string,
  spec: ProgramSpec,
  env: Readonly<Record<string, string>>,
  now: () => number,
  onExit: (record: ProgramRecord) => void,
  onOutput: (stream: 'stdout' | 'stderr', text: string) => void = () => undefined,
  launcher?: Launcher,
): RunningProgram {
  const machine = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => passedOn.test(key)),
  );
  const startedAt = now();
  const mark = randomUUID();
  const { command, args, cwd } = spec;
  const own = { ...spec.env, ...env, [MARK]: mark };
  const launched = launcher?.launch({ name, command, args, cwd, env: own });
  const child = execa(launched?.command ?? command, [...(launched?.args ?? args)], {
    cwd: launched?.cwd ?? cwd,
    env: launched?.env ?? ({ ...machine, ...own } as Record<string, string>),
    extendEnv: false,
    detached: process.platform !== 'win32',
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    windowsHide: true,
  });
  if (child.pid !== undefined) launched?.started(child.pid);
  const seen = (stream: 'stdout' | 'stderr', text: string) => {
    onOutput(stream, text);
    if (!launched || output.stdout.bytes() + output.stderr.bytes() <= launched.outputBytes) return;
    launched.flooded();
  };
  const output = {
    stdout: collect(child.stdout, text => seen('stdout', text)),
    stderr: collect(child.stderr, text => seen('stderr', text)),
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

  const ended = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      running = false;
      killGroup(child.pid);
      killMarked(MARK, mark);
      const own = { exitCode: code, ...(signal ? { signal } : {}) };
      const ending = launched?.ended(code, signal ?? undefined) ?? own;
      state = { ...state, exitedAt: now(), ...ending };
      resolve();
    });
    child.once('error', error => {
      if (child.pid !== undefined) return;
      launched?.ended(null, undefined);
      state = { ...state, exitedAt: now(), startError: error.message };
      running = false;
      resolve();
    });
  });
  // A program's children may hold its output open; they are gone by now, but a stray one must not
  // keep us waiting.
  const exited = ended
    .then(() => Promise.race([child.then(() => undefined), wait(500)]))
    .then(() => onExit(record()));
  child.catch(() => undefined);

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
      if (running && child.pid !== undefined) launched?.kill(child.pid);
      killGroup(child.pid);
    },
    exited,
    get running() {
      return running;
    },
    starvedMs: () => {
      if (!running || child.pid === undefined) return 0;
      return runDelayMs(launched?.programPid(child.pid) ?? child.pid);
    },
    record,
  };
}

function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms).unref());
}

function collect(stream: NodeJS.ReadableStream | null, onText: (text: string) => void) {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    onText(chunk.toString('utf8'));
    if (keptBytes >= OUTPUT_CAP) return;
    const part = chunk.subarray(0, OUTPUT_CAP - keptBytes);
    keptBytes += part.length;
    kept.push(part);
  });
  stream?.on('error', () => undefined);
  return { text: () => Buffer.concat(kept).toString('utf8'), bytes: () => bytes };
}
