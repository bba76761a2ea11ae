import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { packageRoot } from '../../course/package-root.js';
import { type Child, type ChildRequest, type Ending, MARK } from './child.js';
import { coverInherited } from './inherited.js';
import { killMarked, runDelayMs } from './processes.js';
import { scratchFolder } from './scratch.js';

/**
 * Python programs without the price of starting Python: one Python that has loaded paho-mqtt forks
 * itself for each program (`dist/vendor/fork-server.py`). The fork has its own process group, its
 * own standard streams, environment and folder, and runs the file as `python FILE` does. Linux
 * only; elsewhere, and when it does not work, programs are started as usual.
 */
interface ForkServer {
  readonly process: ChildProcess;
  readonly listener: Server;
  readonly socket: string;
  readonly programs: Map<number, Forked>;
  alive: boolean;
}

interface Forked {
  pid: number | undefined;
  readonly streams: readonly [PassThrough, PassThrough, PassThrough];
  /** Its connections, by file descriptor. */
  readonly sockets: (Socket | undefined)[];
  end(ending: Ending): void;
}

/** How long a stream may take to arrive after the program that made it has ended. */
const LATE_MS = 300;

let server: { readonly key: string; readonly is: ForkServer | undefined } | undefined;
let count = 0;

/** Starts the Python that forks, so that it is ready when the first program is wanted. */
export function warmPython(request: ChildRequest): void {
  serverFor(request);
}

/** Ends the Python that forks, and with it every program of it. */
export function endForkServer(): void {
  if (server?.is) close(server.is);
  server = undefined;
}

/** A fork that runs the program; undefined where that cannot be done. */
export function forkPython(request: ChildRequest): Child | undefined {
  const forks = serverFor(request);
  if (!forks) return undefined;
  count += 1;
  const id = count;
  const mark = request.env[MARK] ?? '';
  const streams = [new PassThrough(), new PassThrough(), new PassThrough()] as const;
  let killed = false;
  let settle: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>(resolve => {
    settle = resolve;
  });
  const program: Forked = {
    pid: undefined,
    streams,
    sockets: [],
    end: ending => {
      program.sockets[0]?.destroy();
      killMarked(MARK, mark);
      settle(ending);
      // Its end may be known before its streams have arrived; killed early, it never had any.
      const finish = (late: boolean) => {
        for (const fd of [1, 2] as const) {
          if (program.sockets[fd] && !late) continue;
          program.sockets[fd]?.destroy();
          streams[fd].end();
        }
      };
      setTimeout(finish, LATE_MS, false);
      // A stray process may hold them open; nobody listens to it any more.
      setTimeout(finish, 5 * LATE_MS, true).unref();
    },
  };
  if (forks.programs.size === 0) hold(forks, 'ref');
  forks.programs.set(id, program);
  const closed = Promise.all([ended, ...streams.slice(1).map(one => finished(one))]).catch(
    () => undefined,
  );
  void closed.then(() => {
    forks.programs.delete(id);
    if (forks.programs.size === 0) hold(forks, 'unref');
  });
  const file = request.args.at(-1) ?? '';
  order(forks, { id, socket: forks.socket, file, cwd: request.cwd, env: request.env });
  return {
    get pid() {
      return program.pid;
    },
    stdin: streams[0],
    stdout: streams[1],
    stderr: streams[2],
    ended,
    closed,
    kill: () => {
      if (killed) return;
      killed = true;
      order(forks, { kill: id });
    },
    starvedMs: () => runDelayMs(program.pid, 'all'),
  };
}

function serverFor({ command, args, env }: ChildRequest): ForkServer | undefined {
  const flags = args.slice(0, -1);
  // What Python reads when it starts has to be the same for all programs of one server.
  const early = Object.entries(env).filter(([name]) => /^(PYTHON|LC_|LANG|PATH|HOME)/.test(name));
  const key = JSON.stringify([command, flags, early.sort()]);
  if (server?.key === key && (server.is === undefined || server.is.alive)) return server.is;
  if (server?.is) {
    if (server.is.alive) return undefined;
    // It has died once; what it forked has died with it. That is no place for a program.
    server = { key, is: undefined };
    return undefined;
  }
  server = { key, is: open(command, flags, env) };
  return server.is;
}

function open(
  command: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): ForkServer | undefined {
  const source = join(packageRoot(), 'dist', 'vendor', 'fork-server.py');
  if (process.platform !== 'linux' || !existsSync(source)) return undefined;
  const socket = join(scratchFolder(), `${randomUUID().slice(0, 8)}.sock`);
  // The kernel's limit for the name of such a socket.
  if (Buffer.byteLength(socket) > 100) return undefined;
  const programs = new Map<number, Forked>();
  const listener = createServer({ allowHalfOpen: true }, stream => admit(programs, stream));
  listener.listen(socket);
  const python = spawn(command, [...flags, source], {
    cwd: dirname(source),
    // As long as every program's mark: a fork writes its own into this place.
    env: { ...env, [MARK]: randomUUID() },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...coverInherited(4)],
  });
  // No process could be made: the program's own start will say why.
  if (python.pid === undefined) {
    python.on('error', () => undefined);
    listener.close();
    return undefined;
  }
  const is: ForkServer = { process: python, listener, socket, programs, alive: true };
  const gone = () => {
    is.alive = false;
    for (const program of programs.values()) {
      program.end({ code: null, startError: 'the Python that starts programs has ended' });
    }
    close(is);
  };
  python.once('exit', gone);
  python.once('error', gone);
  listener.on('error', gone);
  control(is).on('error', () => undefined);
  createInterface({ input: python.stdio[3] as NodeJS.ReadableStream }).on('line', line => {
    hear(is, line);
  });
  hold(is, 'unref');
  return is;
}

function hear(is: ForkServer, line: string): void {
  const { id, pid, code, signal } = JSON.parse(line) as Record<string, number | undefined>;
  const program = id === undefined ? undefined : is.programs.get(id);
  if (!program) return;
  if (pid !== undefined) program.pid = pid;
  else if (code !== undefined) program.end({ code });
  else program.end({ code: null, signal: signalName(signal ?? 0) });
}

function signalName(number: number): NodeJS.Signals {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return (found?.[0] ?? 'SIGKILL') as NodeJS.Signals;
}

/** Takes one of a program's three streams: its first line says whose it is. */
function admit(programs: ReadonlyMap<number, Forked>, socket: Socket): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(10);
    if (end < 0) return;
    socket.off('data', onData);
    const [id, fd] = head.subarray(0, end).toString().split(' ').map(Number);
    const program = programs.get(id ?? -1);
    const stream = program?.streams[fd ?? -1];
    if (!program || !stream) return void socket.destroy();
    program.sockets[fd ?? -1] = socket;
    const rest = head.subarray(end + 1);
    if (fd === 0) {
      stream.pipe(socket);
      socket.resume();
    } else {
      socket.end();
      if (rest.length > 0) stream.write(rest);
      socket.pipe(stream);
      socket.on('error', () => stream.end());
    }
  };
  socket.on('error', () => undefined);
  socket.on('data', onData);
}

function control(is: ForkServer): Writable {
  return is.process.stdio[3] as Writable;
}

function order(is: ForkServer, message: unknown): void {
  if (control(is).writable) control(is).write(`${JSON.stringify(message)}\n`);
}

/** While no program runs, the server must not keep us running. */
function hold(is: ForkServer, how: 'ref' | 'unref'): void {
  is.process[how]();
  is.listener[how]();
  (control(is) as unknown as Socket)[how]();
}

function close(is: ForkServer): void {
  is.alive = false;
  control(is).end();
  is.listener.close();
  rmSync(is.socket, { force: true });
}
