import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { BoundSocket } from '../../wire/index.js';
import { networkArgs } from './argv.js';
import { askBind, askFill, holderCommand } from './holder.js';
import { networksFile, type SandboxOptions } from './options.js';
import { networkOf } from './processes.js';

/**
 * What the programs of one scenario share, and nobody else, before or after: a network with loopback
 * only, whose listening sockets are ours, and a scratch folder in memory with the submission's files
 * and /tmp.
 */
export interface Network {
  /** A process that is in the network. */
  readonly pid: number;
  /** The network's name in the kernel. */
  readonly name: string | undefined;
  /** A socket bound to 127.0.0.1 in that network. Rejects with EADDRINUSE in `code`. */
  bind(port: number): Promise<BoundSocket>;
  /** Copies the submission's files to the scratch folder. */
  fill(files: string): Promise<void>;
  /**
   * It goes, and the kernel may give its name to another network from now on.
   * @param empty whether nobody was left in it; else it is still looked for when the sandbox is closed
   */
  close(empty: boolean): void;
}

const START_MS = 20_000;
/** How long a network that was made ahead waits for a scenario. */
const IDLE_MS = 5000;

/** Made ahead, never used: a scenario does not wait for its network, and none is used twice. */
const ahead = new Map<string, Promise<Made | undefined>>();

/** A new network for one scenario. `files` is copied to its scratch folder. */
export async function takeNetwork(options: SandboxOptions, files: string): Promise<Network> {
  const made = ahead.get(options.tmp);
  ahead.delete(options.tmp);
  const ready = await made;
  const network = ready?.alive() ? ready : await openNetwork(options);
  makeAhead(options);
  try {
    await network.fill(files);
  } catch (error) {
    network.close(true);
    throw error;
  }
  return network;
}

function makeAhead(options: SandboxOptions): void {
  if (ahead.has(options.tmp)) return;
  const made = openNetwork(options).catch(() => undefined);
  ahead.set(options.tmp, made);
  setTimeout(() => {
    if (ahead.get(options.tmp) !== made) return;
    ahead.delete(options.tmp);
    void made.then(network => network?.close(true));
  }, IDLE_MS).unref();
}

type Made = Network & {
  /** Whether it is still there. */
  alive(): boolean;
};

interface HelperAnswer {
  readonly id?: number;
  readonly pid?: number;
  readonly code?: string;
  readonly error?: string;
  readonly done?: true;
}

async function openNetwork(options: SandboxOptions): Promise<Made> {
  const [command = '', ...args] = networkArgs(options, holderCommand(options));
  const child = spawn(command, args, {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const asked = new Map<number, { socket?: BoundSocket; settle(answer: HelperAnswer): void }>();
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(-2000);
  });
  const pid = await new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => failed('it did not start in time'), START_MS);
    function failed(why: string): void {
      clearTimeout(late);
      child.kill('SIGKILL');
      reject(new Error(`the sandbox has no network: ${said.trim() || why}`));
    }
    child.once('error', error => failed(error.message));
    child.once('exit', code => {
      // What was asked of a holder that has ended is never answered.
      for (const { settle } of asked.values()) settle({ error: 'the holder of the network ended' });
      failed(`exit code ${code}`);
    });
    child.on('message', (message, handle) => {
      const answer = message as HelperAnswer;
      if (answer.pid !== undefined) {
        clearTimeout(late);
        resolve(answer.pid);
      }
      const one = asked.get(answer.id ?? -1);
      if (one && handle) one.socket = handle;
      if (one && (answer.done || answer.error)) one.settle(answer);
    });
  });
  detach(child);
  let next = 0;
  const ask = (question: (id: number) => string) =>
    new Promise<BoundSocket | undefined>((resolve, reject) => {
      const id = next++;
      const one: { socket?: BoundSocket; settle(answer: HelperAnswer): void } = {
        settle(answer) {
          asked.delete(id);
          if (asked.size === 0) child.channel?.unref();
          if (answer.error === undefined) resolve(one.socket);
          else reject(Object.assign(new Error(answer.error), { code: answer.code }));
        },
      };
      asked.set(id, one);
      child.channel?.ref();
      child.send(question(id), error => error && one.settle({ error: error.message }));
    });
  const name = networkOf(pid);
  const note = (mark: '+' | '-') => {
    if (name !== undefined) appendFileSync(networksFile(options.tmp), `${mark}${name}\n`);
  };
  note('+');
  return {
    pid,
    name,
    bind: async port => {
      const socket = await ask(id => askBind(id, port));
      if (!socket) throw new Error('the sandbox gave no socket');
      return socket;
    },
    fill: files => ask(id => askFill(id, files)).then(() => undefined),
    alive: () => child.exitCode === null && child.signalCode === null && child.connected,
    close(empty) {
      // Before the holder ends: what has its name afterwards is somebody else's. Where the list is gone,
      // the sandbox is closed, and nobody looks for its networks any more.
      try {
        if (empty) note('-');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      if (child.connected) child.disconnect();
      child.kill('SIGKILL');
    },
  };
}

/** A holder must not keep the process that uses it. It ends when that one ends. */
function detach(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  const { stderr } = child;
  if (stderr && 'unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
}
