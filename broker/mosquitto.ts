import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { journal } from './journal.js';
import { BrokerStartError } from './listen.js';
import type { Broker, LogEntry, LogLevel } from './types.js';

/** Milliseconds Mosquitto gets to start, to end, or to write its database. */
const DEADLINE = 10_000;

export interface MosquittoOptions {
  /** The program; default: the one `findMosquitto()` finds. */
  readonly binary?: string;
  /** Lines of mosquitto.conf besides the listener (`%PORT%` stands for the port). With lines about
   * who may come in, say `allow_anonymous` too; without any lines everybody is admitted. */
  readonly conf?: string;
  readonly log?: (entry: LogEntry) => void;
}

/** The path of the system's mosquitto broker, or undefined. */
export function findMosquitto(): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  if (process.platform === 'darwin') places.push('/opt/homebrew/sbin');
  if (process.platform === 'win32') places.push('C:\\Program Files\\mosquitto');
  const file = process.platform === 'win32' ? 'mosquitto.exe' : 'mosquitto';
  for (const place of places) {
    const path = join(place, file);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** Starts the system's mosquitto on an ephemeral port of 127.0.0.1. Same shape as the embedded
 * broker, but it does not tell its sessions and retained messages (`sessions()` and `retained()` are
 * empty) and cannot cut one client (`disconnect()` is false). Rejects with `BrokerStartError`. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Broker> {
  const binary = options.binary ?? findMosquitto();
  if (binary === undefined) {
    throw new BrokerStartError('Error: no mosquitto program on this machine.');
  }
  const book = journal(options.log);
  const directory = await mkdtemp(join(tmpdir(), 'mqtt-course-mosquitto-'));
  const database = join(directory, 'mosquitto.db');
  const leftover = { directory, pid: undefined as number | undefined };
  leftovers.add(leftover);
  if (leftovers.size === 1) process.once('exit', sweep);
  let port = await freePort();
  let child: ChildProcess | undefined;

  async function start(state: 'keep' | 'wipe' = 'keep'): Promise<void> {
    if (child !== undefined) return;
    if (state === 'wipe') await rm(database, { force: true });
    for (let attempt = 1; ; attempt++) {
      try {
        child = await launch();
        return;
      } catch (error) {
        // Somebody else took the port between our look and Mosquitto's.
        const taken = /Address already in use/.test((error as Error).message);
        if (!taken || attempt === 3) throw error;
        port = await freePort();
      }
    }
  }

  async function launch(): Promise<ChildProcess> {
    const conf = join(directory, 'mosquitto.conf');
    const lines = [
      // Started by root it would give up its rights, and with them the files in here.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      'persistence true',
      `persistence_location ${directory}/`,
      'autosave_interval 0',
      (options.conf ?? 'allow_anonymous true').replaceAll('%PORT%', String(port)),
    ];
    const own = /^\s*(listener|port) /m.test(options.conf ?? '');
    // Before the other lines: with per_listener_settings they belong to the listener above them.
    const first = /^\s*per_listener_settings.*$/m.exec(options.conf ?? '')?.[0];
    const door = own ? [] : [...(first === undefined ? [] : [first]), `listener ${port} 127.0.0.1`];
    await writeFile(conf, `${[...door, ...lines].join('\n')}\n`);
    const started = spawn(binary as string, ['-c', conf, '-v'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        started.kill('SIGKILL');
        reject(new BrokerStartError('Error: mosquitto did not start in time.'));
      }, DEADLINE);
      started.once('error', error => {
        clearTimeout(late);
        reject(new BrokerStartError(`Error: mosquitto cannot be run: ${error.message}`));
      });
      started.once('close', code => {
        clearTimeout(late);
        reject(new BrokerStartError(said.join('\n'), code ?? 1));
      });
      createInterface({ input: started.stderr as NodeJS.ReadableStream }).on('line', line => {
        const text = line.replace(/^\d+: /, '');
        if (said.length < 50) said.push(text);
        book.log(levelOf(text), text);
        if (!/^mosquitto version .* running$/.test(text)) return;
        clearTimeout(late);
        resolve();
      });
    });
    leftover.pid = started.pid;
    return started;
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const closed = new Promise<void>(resolve => ending.once('close', () => resolve()));
    ending.kill(signal);
    await closed;
    leftover.pid = undefined;
  }

  /** Writes the database without ending, so that the end can be a crash: no wills are sent. */
  async function save(): Promise<void> {
    if (child === undefined || process.platform === 'win32') return;
    const running = child;
    await new Promise<void>(resolve => {
      const finish = (): void => {
        clearTimeout(late);
        watcher.close();
        resolve();
      };
      const late = setTimeout(finish, DEADLINE);
      const watcher = watch(directory, (_event, file) => {
        if (file === 'mosquitto.db' && existsSync(database)) finish();
      });
      running.kill('SIGUSR1');
    });
  }

  async function crash(): Promise<void> {
    await save();
    await end('SIGKILL');
  }

  try {
    await start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    get port() {
      return child === undefined ? undefined : port;
    },
    get url() {
      return child === undefined ? undefined : `mqtt://127.0.0.1:${port}`;
    },
    get running() {
      return child !== undefined;
    },
    open: () => connect({ port, host: '127.0.0.1', noDelay: true }),
    start,
    stop: crash,
    async restart(state) {
      if (state === 'keep') await crash();
      else await end('SIGKILL');
      await start(state);
    },
    disconnect: () => false,
    sessions: () => [],
    retained: () => [],
    onLog: book.listen,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function levelOf(text: string): LogLevel {
  if (text.startsWith('Error')) return 'error';
  if (text.startsWith('Warning')) return 'warning';
  if (/^(New |Client |Opening |mosquitto )/.test(text)) return 'notice';
  return 'debug';
}

/** stop() may be followed by start(), so processes and files go when this process does. */
const leftovers = new Set<{ directory: string; pid: number | undefined }>();

function sweep(): void {
  for (const { directory, pid } of leftovers) {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
    rmSync(directory, { recursive: true, force: true });
  }
}
