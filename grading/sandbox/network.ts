import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { BoundSocket } from '../../wire/index.js';
import { networkArgs } from './argv.js';
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
  /** It goes, with all that was in it. */
  close(): void;
}

/**
 * The holder: sits in the network, binds sockets there and hands them over. A socket
 * belongs to the network that it was made in, so the tap accepts connections of programs that
 * cannot reach anything else, and what they see (refused, reset, half closed) is what TCP does at home.
 * It never listens itself, not even for a moment: it would accept, and hold, who dials just then. A
 * bound socket that does not listen is what node:cluster hands over, by the same function.
 * Free ports are taken from below the range that the system gives to those who dial: a program that
 * dials again and again while nobody listens would reach itself one day.
 */
const holder = `
const fs = require('node:fs');
const net = require('node:net');
const util = require('node:util');
const scratch = process.argv[1] + '/scratch';
process.on('message', ({ id, port, files }) => {
  if (files !== undefined) {
    try {
      for (const name of ['tmp', 'shm']) fs.mkdirSync(scratch + '/' + name, { mode: 0o700 });
      fs.cpSync(files, scratch + '/submission', { recursive: true });
      process.send({ id, done: true });
    } catch (error) {
      process.send({ id, error: error.message });
    }
    return;
  }
  let handle;
  let failed;
  for (let left = 20; left > 0; left--) {
    const at = port || 10240 + Math.floor(Math.random() * 20000);
    handle = net._createServerHandle('127.0.0.1', at, 4);
    // That the address is taken is told by bind for some sockets, and when it is asked for by others.
    failed = typeof handle === 'number' ? handle : handle.getsockname({});
    if (!failed) break;
    if (typeof handle !== 'number') handle.close();
    if (port !== 0) break;
  }
  if (failed) {
    const code = util.getSystemErrorName(failed);
    process.send({ id, code, error: 'bind ' + code });
    return;
  }
  process.send({ id }, handle, () => {
    handle.close();
    process.send({ id, done: true });
  });
});
process.on('disconnect', () => process.exit());
process.send({ pid: process.pid });
`;

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
    network.close();
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
    void made.then(network => network?.close());
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
  const [command = '', ...args] = networkArgs(options, [options.node, '-e', holder, options.tmp]);
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
  const ask = (question: { readonly port: number } | { readonly files: string }) =>
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
      child.send({ id, ...question }, error => error && one.settle({ error: error.message }));
    });
  const name = networkOf(pid);
  if (name !== undefined) appendFileSync(networksFile(options.tmp), `${name}\n`);
  return {
    pid,
    name,
    bind: async port => {
      const socket = await ask({ port });
      if (!socket) throw new Error('the sandbox gave no socket');
      return socket;
    },
    fill: files => ask({ files }).then(() => undefined),
    alive: () => child.exitCode === null && child.signalCode === null && child.connected,
    close() {
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
