import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { journal } from '../journal.js';
import { BrokerStartError } from '../listen.js';
import type { Broker, LogEntry, LogLevel } from '../types.js';

/** Milliseconds Mosquitto gets to start, to end, or to write its database. */
const DEADLINE = 10_000;

export interface MosquittoOptions {
  /** The program; default: the one `findMosquitto()` finds. */
  readonly binary?: string;
  /** The text of a mosquitto.conf. Every listener in it gets a free port of 127.0.0.1 instead of its
   * own; what it says about persistence, logging and the process is ours to say. Default: nothing,
   * as Mosquitto without a file: everybody on this machine is admitted. */
  readonly conf?: string;
  /** Where relative paths in `conf` start. */
  readonly cwd?: string;
  /** `false`: without `-v`, which costs Mosquitto much of its speed. Default true. */
  readonly verbose?: boolean;
  readonly log?: (entry: LogEntry) => void;
}

export interface MosquittoBroker extends Broker {
  /** The listeners of `conf`: the port written there, and the one that listens. */
  readonly listeners: readonly { readonly configured: number; readonly port: number }[];
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
export async function startMosquitto(options: MosquittoOptions = {}): Promise<MosquittoBroker> {
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
  let listeners: { configured: number; port: number }[] = [];
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
        listeners = [];
      }
    }
  }

  async function launch(): Promise<ChildProcess> {
    const conf = join(directory, 'mosquitto.conf');
    const text = options.conf ?? '';
    if (listeners.length === 0) {
      for (const configured of portsIn(text)) {
        listeners.push({ configured, port: await freePort() });
      }
    }
    await writeFile(conf, ours(text, listeners, directory));
    const started = spawn(
      binary as string,
      ['-c', conf, ...(options.verbose === false ? [] : ['-v'])],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
    );
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
        const words = said.filter(text => /error/i.test(text)).join('\n');
        reject(new BrokerStartError(words.replaceAll(conf, 'mosquitto.conf'), code ?? 1));
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
      return child === undefined ? undefined : listeners[0]?.port;
    },
    get url() {
      return child === undefined ? undefined : `mqtt://127.0.0.1:${listeners[0]?.port}`;
    },
    get running() {
      return child !== undefined;
    },
    get listeners() {
      return child === undefined ? [] : [...listeners];
    },
    open: () => connect({ port: listeners[0]?.port ?? 0, host: '127.0.0.1', noDelay: true }),
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

const LISTENER = /^( *)(listener|port) +(\d+)(.*)$/;
/** Lines that would take from us what we need: the log, the database, the process. */
const OURS =
  /^ *(persistence|persistence_location|persistence_file|autosave_interval|autosave_on_changes|pid_file|user|log_dest|log_type|log_timestamp|log_timestamp_format|bind_address)( |$)/;

/** Ports of the listeners in a mosquitto.conf; 1883 if there is none. */
function portsIn(text: string): number[] {
  const ports = text.split('\n').flatMap(line => {
    const found = LISTENER.exec(line);
    return found === null || found[3] === '0' ? [] : [Number(found[3])];
  });
  return ports.length === 0 ? [1883] : ports;
}

/** The file Mosquitto is given: each line in its place, so that the line numbers of its complaints
 * are right, and what we need behind. */
function ours(
  text: string,
  listeners: readonly { readonly port: number }[],
  directory: string,
): string {
  let next = 0;
  let standard = false;
  const lines = text.split('\n').map(line => {
    const found = LISTENER.exec(line);
    if (found !== null && found[3] !== '0') {
      const port = listeners[next++]?.port ?? 0;
      standard ||= found[2] === 'port';
      return found[2] === 'port' ? `port ${port}` : `listener ${port} 127.0.0.1`;
    }
    return OURS.test(line) ? `# ${line}` : line;
  });
  if (next === 0) {
    // Without a listener Mosquitto serves this machine and lets everybody in.
    lines.push(`port ${listeners[0]?.port ?? 0}`);
    standard = true;
    if (!/^ *allow_anonymous /m.test(text)) lines.push('allow_anonymous true');
  }
  if (standard) lines.push('bind_address 127.0.0.1');
  // Started by root it would give up its rights, and with them its files.
  if (process.getuid?.() === 0) lines.push('user root');
  lines.push('persistence true', `persistence_location ${directory}/`, 'autosave_interval 0', '');
  return lines.join('\n');
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
