import type { ChildProcess } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, journal } from '../journal.js';
import { BrokerStartError } from '../listen.js';
import type { Broker, LogEntry } from '../types.js';
import { confText, portsIn } from './conf-text.js';
import { findMosquitto } from './find.js';
import { DEADLINE, freePort, type Leftover, launch, sweepAtExit } from './process.js';

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

/** A mosquitto of ours, running or not. `start`, `end` and `crash` change it. */
interface MosquittoState {
  readonly binary: string;
  readonly options: MosquittoOptions;
  readonly journal: Journal;
  /** Its files, and its process while it runs. */
  readonly leftover: Leftover;
  child: ChildProcess | undefined;
  /** Kept while it is stopped, so that the ports are the same again. */
  listeners: { configured: number; port: number }[];
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
  const leftover: Leftover = { directory, pid: undefined };
  sweepAtExit(leftover);
  const state: MosquittoState = {
    binary,
    options,
    journal: book,
    leftover,
    child: undefined,
    listeners: [],
  };
  try {
    await start(state, 'keep');
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const port = (): number | undefined =>
    state.child === undefined ? undefined : state.listeners[0]?.port;
  return {
    get port() {
      return port();
    },
    get url() {
      return state.child === undefined ? undefined : `mqtt://127.0.0.1:${port()}`;
    },
    get running() {
      return state.child !== undefined;
    },
    get listeners() {
      return state.child === undefined ? [] : [...state.listeners];
    },
    open: () => connect({ port: state.listeners[0]?.port ?? 0, host: '127.0.0.1', noDelay: true }),
    start: (kept = 'keep') => start(state, kept),
    stop: () => crash(state),
    async restart(kept) {
      if (kept === 'keep') await crash(state);
      else await end(state);
      await start(state, kept);
    },
    disconnect: () => false,
    sessions: () => [],
    retained: () => [],
    onLog: book.listen,
  };
}

const databaseOf = ({ leftover }: MosquittoState): string =>
  join(leftover.directory, 'mosquitto.db');

async function start(state: MosquittoState, kept: 'keep' | 'wipe'): Promise<void> {
  if (state.child !== undefined) return;
  if (kept === 'wipe') await rm(databaseOf(state), { force: true });
  for (let attempt = 1; ; attempt++) {
    try {
      await run(state);
      return;
    } catch (error) {
      // Somebody else took the port between our look and Mosquitto's.
      const taken = /Address already in use/.test((error as Error).message);
      if (!taken || attempt === 3) throw error;
      state.listeners = [];
    }
  }
}

async function run(state: MosquittoState): Promise<void> {
  const { binary, options, leftover } = state;
  const text = options.conf ?? '';
  if (state.listeners.length === 0) {
    for (const configured of portsIn(text)) {
      state.listeners.push({ configured, port: await freePort() });
    }
  }
  const conf = join(leftover.directory, 'mosquitto.conf');
  await writeFile(conf, confText(text, state.listeners, leftover.directory));
  const { verbose = true, cwd } = options;
  state.child = await launch({ binary, conf, verbose, cwd }, state.journal);
  leftover.pid = state.child.pid;
}

/** Ends it as a power cut would: no wills are sent, and nothing more is written. */
async function end(state: MosquittoState): Promise<void> {
  const ending = state.child;
  state.child = undefined;
  if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
  const closed = new Promise<void>(resolve => ending.once('close', () => resolve()));
  ending.kill('SIGKILL');
  await closed;
  state.leftover.pid = undefined;
}

/** Writes the database, then ends. SIGTERM would write it too, and send the wills. */
async function crash(state: MosquittoState): Promise<void> {
  await save(state);
  await end(state);
}

async function save(state: MosquittoState): Promise<void> {
  const running = state.child;
  if (running === undefined || process.platform === 'win32') return;
  await new Promise<void>(resolve => {
    const finish = (): void => {
      clearTimeout(late);
      watcher.close();
      resolve();
    };
    const late = setTimeout(finish, DEADLINE);
    const watcher = watch(state.leftover.directory, (_event, file) => {
      if (file === 'mosquitto.db' && existsSync(databaseOf(state))) finish();
    });
    running.kill('SIGUSR1');
  });
}
