import { type ChildProcess, spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { networkArgs } from './argv.js';
import type { SandboxOptions } from './options.js';

/**
 * What the programs of one scenario share, and nobody else: a network with loopback only, whose
 * listening sockets are ours, and a scratch folder in memory with the submission's files and /tmp.
 */
export interface Network {
  /** A process that is in the network. */
  readonly pid: number;
  /** A listening socket on 127.0.0.1 in that network. Rejects with EADDRINUSE in `code`. */
  listen(port: number): Promise<Server>;
  /** Empties the scratch folder and copies the submission's files there. */
  reset(stage: string): Promise<void>;
  /** The programs in it are gone: the next scenario may have it. */
  release(): void;
  close(): void;
}

/**
 * The holder: sits in the network, opens listening sockets there and hands them over. A socket
 * belongs to the network that it was made in, so the tap accepts connections of programs that
 * cannot reach anything else, and what they see (refused, reset, half closed) is what TCP does at home.
 * Free ports are taken from below the range that the system gives to those who dial: a program that
 * dials again and again while nobody listens would reach itself one day.
 */
const holder = `
const fs = require('node:fs');
const net = require('node:net');
const scratch = process.argv[1] + '/scratch';
process.on('message', ({ id, port, stage }) => {
  if (stage !== undefined) {
    try {
      for (const name of fs.readdirSync(scratch)) {
        fs.rmSync(scratch + '/' + name, { recursive: true, force: true });
      }
      fs.mkdirSync(scratch + '/tmp', { mode: 0o700 });
      fs.cpSync(stage, scratch + '/stage', { recursive: true });
      process.send({ id, done: true });
    } catch (error) {
      process.send({ id, error: error.message });
    }
    return;
  }
  const open = left => {
    const server = net.createServer();
    server.on('error', error => {
      if (port === 0 && left > 0) open(left - 1);
      else process.send({ id, code: error.code, error: error.message });
    });
    const at = port || 10240 + Math.floor(Math.random() * 20000);
    server.listen(at, '127.0.0.1', 511, () =>
      process.send({ id }, server, () => server.close(() => process.send({ id, done: true }))));
  };
  open(20);
});
process.on('disconnect', () => process.exit());
process.send({ pid: process.pid });
`;

const START_MS = 20_000;
/** How long a network waits for its next scenario. */
const IDLE_MS = 5000;

const idle = new Map<string, Network[]>();

/** A network for one scenario: one that is free, else a new one. `stage` is copied to its scratch folder. */
export async function takeNetwork(options: SandboxOptions, stage: string): Promise<Network> {
  for (let free = idle.get(options.tmp)?.pop(); free; free = idle.get(options.tmp)?.pop()) {
    const made = await free.reset(stage).then(
      () => free,
      () => undefined,
    );
    if (made) return made;
    // Somebody left what cannot be removed.
    free.close();
  }
  const network = await openNetwork(options);
  await network.reset(stage);
  return network;
}

interface Answer {
  readonly id?: number;
  readonly pid?: number;
  readonly code?: string;
  readonly error?: string;
  readonly done?: true;
}

async function openNetwork(options: SandboxOptions): Promise<Network> {
  const [command = '', ...args] = networkArgs(options, [options.node, '-e', holder, options.tmp]);
  const child = spawn(command, args, {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const asked = new Map<number, { server?: Server; settle(answer: Answer): void }>();
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
      const answer = message as Answer;
      if (answer.pid !== undefined) {
        clearTimeout(late);
        resolve(answer.pid);
      }
      const one = asked.get(answer.id ?? -1);
      if (one && handle) one.server = handle as Server;
      if (one && (answer.done || answer.error)) one.settle(answer);
    });
  });
  detach(child);
  let next = 0;
  const ask = (question: { readonly port: number } | { readonly stage: string }) =>
    new Promise<Server | undefined>((resolve, reject) => {
      const id = next++;
      const one: { server?: Server; settle(answer: Answer): void } = {
        settle(answer) {
          asked.delete(id);
          if (asked.size === 0) child.channel?.unref();
          if (answer.error === undefined) resolve(one.server);
          else reject(Object.assign(new Error(answer.error), { code: answer.code }));
        },
      };
      asked.set(id, one);
      child.channel?.ref();
      child.send({ id, ...question }, error => error && one.settle({ error: error.message }));
    });
  const network: Network = {
    pid,
    listen: async port => {
      const server = await ask({ port });
      if (!server) throw new Error('the sandbox gave no listening socket');
      return server;
    },
    reset: stage => ask({ stage }).then(() => undefined),
    release() {
      if (child.exitCode !== null || !child.connected) return;
      const free = idle.get(options.tmp) ?? [];
      idle.set(options.tmp, free);
      free.push(network);
      setTimeout(() => {
        const at = free.indexOf(network);
        if (at < 0) return;
        free.splice(at, 1);
        if (free.length === 0) idle.delete(options.tmp);
        network.close();
      }, IDLE_MS).unref();
    },
    close() {
      if (child.connected) child.disconnect();
      child.kill('SIGKILL');
    },
  };
  return network;
}

/** A holder must not keep the process that uses it. It ends when that one ends. */
function detach(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  const { stderr } = child;
  if (stderr && 'unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
}
